//! Updates in, at least once.
//!
//! Invariant: **the offset passes an update only after its handler returned `Ok`** or the update is known to be of no use
//! to anybody (nothing for us, unreadable, the handler panicked). Telegram keeps what is not passed for 24 hours, so a
//! process that dies anywhere loses nothing; it may see an update twice, and `Incoming::update` is the key by which the
//! queue recognises it.
//!
//! | what happens to an update | offset | counted as |
//! |---|---|---|
//! | handler returned `Ok` | moves | handled |
//! | handler returned [`Hold`] | **stays**, the rest of the batch waits too; again after 0.2 … 5 s | held |
//! | handler panicked | moves, logged with its id | panicked |
//! | cannot be read | moves, logged with its id | unreadable |
//! | nothing for us (sticker, another bot's command …) | moves | ignored |
//!
//! Each update is read alone and with structures of our own that take only what they need: teloxide's parser turns a
//! message with an entity kind newer than itself into an empty one, and the prompt in it would vanish.
//!
//! Absent: work. The handler submits and returns; no Telegram call belongs on this path. A handler that never returns
//! stops the intake, so it must bound its own waits. One poller per token: a second one is reported, not fought.
//! Updates come by polling ([`pump`]) or by webhook ([`Webhooks`]), under the same rules.

mod backoff;
mod command;
mod observer;
mod one;
mod poller;
mod read;
mod webhook;

use std::sync::Arc;

use atelier_domain::Incoming;
use futures::FutureExt;
use futures::future::BoxFuture;
use teloxide::types::AllowedUpdate;
use tokio_util::sync::CancellationToken;

use crate::calls::Telegram;

pub use observer::{Observer, Snapshot};
pub use webhook::Webhooks;

/// The handler cannot accept updates for now: everything waits, in order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("updates are held back: {reason}")]
pub struct Hold {
    /// For the log: what is unreachable.
    pub reason: String,
}

/// Why the intake ended other than by request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntakeEnd {
    /// Telegram refuses the token; nothing will ever arrive.
    #[error("Telegram refuses the bot token: it is mistyped, or was revoked at @BotFather")]
    Unauthorised,
}

/// The updates asked for: what nobody reads is not sent.
fn kinds() -> Vec<AllowedUpdate> {
    vec![AllowedUpdate::Message, AllowedUpdate::CallbackQuery, AllowedUpdate::MyChatMember]
}

/// The handler as the poller holds it.
type Handler = Arc<dyn Fn(Incoming) -> BoxFuture<'static, Result<(), Hold>> + Send + Sync>;

/// Polls for updates and hands them to `handler`, one after another, until `shutdown`.
///
/// On shutdown the running handler is awaited, and the offset reached is confirmed, so that a clean restart repeats
/// nothing. Network faults, floods and rival pollers are waited out, for ever; only a refused token ends the intake.
pub fn pump(
    telegram: Telegram,
    handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), Hold>> + Send + Sync + 'static,
    observer: Observer,
    shutdown: CancellationToken,
) -> BoxFuture<'static, Result<(), IntakeEnd>> {
    poll(telegram, Arc::new(handler), observer, shutdown)
}

/// The part of [`pump`] that does not depend on the handler's type, so that it is compiled here.
fn poll(
    telegram: Telegram,
    handler: Handler,
    observer: Observer,
    shutdown: CancellationToken,
) -> BoxFuture<'static, Result<(), IntakeEnd>> {
    async move { poller::Poller::new(telegram, handler, observer, shutdown).run().await }.boxed()
}
