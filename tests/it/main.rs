//! One integration binary: what the system promises, shown with real processes.
//!
//! One binary, so that the harness is linked once. Each module is a promise of the design; each test has a Redis
//! server, simulators and processes of its own, and waits on events only.

#![expect(clippy::expect_used, reason = "the steps that tests share fail by panicking, as tests do")]

mod accounts;
mod albums;
mod batches;
mod buttons;
mod chaos;
mod conversation;
mod crashes;
mod delivery;
mod demo;
mod fair;
mod faults;
mod groups;
mod hooks;
mod hostile;
mod intake;
mod lanes;
mod limits;
mod models;
mod operators;
mod pictures;
mod ready;
mod services;
mod settings;
mod shutdown;
mod soak;
mod spending;
mod stories;
mod webchat;
mod webflows;
