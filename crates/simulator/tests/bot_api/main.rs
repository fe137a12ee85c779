//! The Bot API simulator over real HTTP: one file per group of rules.

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
