//! The words of Atelier: requests, jobs, the model catalogue, prompt grammar, states, failure classes, money.
//!
//! Everything here is pure: no I/O, no clock, no randomness, no tokio, no teloxide, no redis. Text from outside
//! becomes a type that cannot be wrong (`Prompt`, `AspectRatio`, `JobId` …), so that no other room checks it again.

pub mod failure;
pub mod ids;
pub mod incoming;
pub mod money;

pub use failure::{Failure, FailureClass};
pub use ids::{BotId, ChatId, JobId, MessageId, ThreadId, UpdateId, UserId};
pub use incoming::{Chat, ChatKind, Content, Incoming, User};
pub use money::Usd;
