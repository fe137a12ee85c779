//! The Replicate client against a small real server that answers with the documented bodies.

#![expect(clippy::unwrap_used, reason = "a helper that cannot set its test up has failed it")]

mod creation;
mod download;
mod fake;
mod following;
