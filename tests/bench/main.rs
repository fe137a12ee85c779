//! The benchmark: the figures that the project states about itself, each beside a floor measured in the same run.
//!
//! `bench providers` measures what the line adds to a provider's own time. `bench chat` measures what
//! the chat promises. `bench queue` measures the queue with nothing else in the program ([`queue`]). Without a word it measures the whole
//! line: the queue through its run loop beside the least that a queue with visible jobs must do ([`floor`]), the rest
//! with real processes on the simulators. Deliberately absent: a verdict. A noisy machine misses targets; people read
//! them, and ratios travel better than milliseconds.
#![expect(clippy::expect_used, reason = "a benchmark that cannot measure fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

#[cfg(feature = "world")]
mod chat;
mod floor;
mod observe;
mod options;
#[cfg(feature = "world")]
mod providers;
mod queue;
mod sample;
#[cfg(feature = "world")]
mod whole;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    match words.peek().map(String::as_str) {
        Some("queue") => Box::pin(queue::main(words.skip(1))).await,
        Some("worker") => queue::worker::main(words.skip(1).collect()).await,
        #[cfg(feature = "world")]
        Some("chat") => Box::pin(chat::main(words.skip(1))).await,
        #[cfg(feature = "world")]
        Some("providers") => Box::pin(providers::main()).await,
        _ => whole(words).await,
    }
}

#[cfg(feature = "world")]
async fn whole(words: impl Iterator<Item = String>) -> ExitCode {
    whole::main(words).await
}

#[cfg(not(feature = "world"))]
async fn whole(_: impl Iterator<Item = String>) -> ExitCode {
    eprintln!("this build measures the queue alone: bench queue");
    ExitCode::from(64)
}
