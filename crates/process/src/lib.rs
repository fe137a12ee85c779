//! Birth and death of a process: tracing, signals, exit codes, a name, and breakpoints for tests.
//!
//! Invariant: nothing here knows what the process does; every process of the system is started and stopped through
//! these few functions. Deliberately absent: configuration (it belongs to the executable's command line) and any
//! business word.

pub mod breakpoint;
mod exit;
mod identity;
pub mod shutdown;
pub mod telemetry;

pub use exit::Exit;
pub use identity::{host_name, worker_name};
