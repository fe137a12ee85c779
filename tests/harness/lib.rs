//! The harness: a private Redis server, the simulators, and the real executable's processes, all the test's own.
//!
//! A test waits on events (the simulators' wait endpoints, breakpoints, a process's end), never on time. Everything
//! ends with the [`World`]. A helper that cannot do its work panics: it is a test's failure.

#![cfg(feature = "world")]
#![expect(clippy::expect_used, clippy::print_stderr, reason = "a harness fails its test by panicking")]

mod breakpoint;
mod browser;
mod chat;
mod events;
mod group;
pub mod page;
mod process;
mod provider;
mod proxy;
mod services;
mod world;

pub use breakpoint::{Breakpoint, Hit};
pub use browser::{Browser, View};
pub use chat::{BotApi, Chat, is_result};
pub use events::Events;
pub use group::Group;
pub use process::Process;
pub use provider::Replicate;
pub use proxy::Proxy;
pub use services::Services;
pub use world::{World, executable, free_address};

use std::time::Duration;

/// The longest that any awaited event may take; reached only by a failing test.
pub const PATIENCE: Duration = Duration::from_secs(60);
