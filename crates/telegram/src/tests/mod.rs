//! The crate against a real HTTP server that plays scripted replies.

mod calls;
mod exchange;
mod intake;
mod media;
mod server;
mod webhook;
