//!
//! Everything here is pure: no I/O, no clock, no randomness, no tokio, no teloxide, no redis. Text from outside
//! becomes a type that cannot be wrong (`Prompt`, `AspectRatio`, `JobId` …), so that no other room checks it again.

pub mod account;
pub mod album;
pub mod batch;
pub mod buttons;
pub mod caption;
pub mod catalogue;
pub mod failure;
pub mod grammar;
pub mod ids;
pub mod incoming;
pub mod job;
pub mod money;
pub mod prefs;
pub mod press;
pub mod request;
pub mod safety;
pub mod scenes;
pub mod story;
pub mod text;
pub mod texts;

pub use account::AccountId;
pub use catalogue::{Catalogue, Misfit, Model, ModelId, ModelKind};
pub use failure::{Failure, FailureClass};
pub use ids::{BotId, ChatId, JobId, MessageId, ThreadId, UpdateId, UserId};
pub use incoming::{Answered, Chat, ChatKind, Content, Incoming, Picture, Unfit, User};
pub use job::{BadJob, JOB_VERSION, Job, JobState, Place};
pub use money::Usd;
pub use prefs::{Field, Prefs, Switch};
pub use press::{BadPress, BatchWish, JobWish, PictureWish, Press, StoryWish};
pub use request::{AspectRatio, Count, InputImage, Options, Prompt, Request, Seed};
pub use texts::{Language, Say, Tell};
