//! The Bot API simulator over real HTTP: one file per group of rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod albums;
mod chats;
mod durability;
mod edits;
mod faults;
mod limits;
mod media;
mod support;
mod texts;
mod updates;
mod webhooks;
