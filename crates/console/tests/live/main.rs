//! The console over a real server: what it says of jobs at every point of their lives, and what it does to them.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

mod acts;
mod line;
mod port;
mod stories;
