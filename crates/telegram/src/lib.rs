//! Updates in as domain commands; messages, edits and files out; every error a named outcome.
//!
//! Invariants:
//! - **No teloxide type leaves this crate** and every asynchronous function returns a boxed future: teloxide's generic
//!   machinery is compiled here once, not again in every executable (measured: 60 CPU seconds a release build).
//! - **A failed call names a decision** ([`DeliveryError`]): retry, rewrite the chat, post anew, send as a document, give
//!   up, or "may be posted". Nobody else reads Telegram's error texts.
//! - **An update is acknowledged only after its handler accepted it** ([`intake::pump`]).
//! - **The token appears nowhere**: not in errors, not in `Debug`, not in logs.
//! - **Text is plain**: no parse mode is ever set, so that no user text can break a message.
//!
//! teloxide supplies the vocabulary (payloads, keyboards, media descriptions and their wire form). The exchange itself is
//! ours (`wire`): teloxide's own hides the HTTP status and sleeps 10 s inside any call that is answered with a 5xx.
//! Also absent: rate limiting (shared by all processes, hence in Redis, hence in `queue`) and retries (the caller knows
//! whether a call may be repeated).

mod calls;
mod error;
mod files;
pub mod intake;
mod keyboard;
mod media;
mod messages;
mod place;
mod settings;
mod verdict;
mod wire;

#[cfg(test)]
mod tests;

pub use calls::{CommandHelp, CommandScope, Identity, Telegram, Webhook};
pub use error::{DeliveryError, Hindrance, MediaReason, Rival, Scope, UnreachableReason};
pub use keyboard::{BadButton, Button, ButtonData, Keyboard};
pub use media::{Album, AlbumItem, BadAlbum, Media, MediaKind, Posted};
pub use messages::Action;
pub use place::{Place, Post};
pub use settings::{BadSettings, Settings};
