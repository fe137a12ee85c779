//! Messages that no edit can stand for, each sent at most once over all workers and their deaths.
//!
//! The message is claimed on record right before the call and given back only when Telegram certainly did not take it, so
//! a worker that dies in between costs the message, never a second one.

use atelier_domain::Job;
use atelier_queue::{Spend, Urgency};
use atelier_telegram::{DeliveryError, Hindrance, Place, Scope};
use tracing::{info, warn};

use crate::{Shop, slot};

/// What became of such a message.
pub(crate) enum Once<T> {
    /// It is in the chat.
    Sent(T),
    /// Nothing is left to do: somebody else sent it, or it may be in the chat.
    Settled,
    /// It is certainly not in the chat, and worth another try.
    Again,
    /// It certainly is not and will not be.
    Refused(DeliveryError),
}

impl<T> Once<T> {
    /// Whether whoever wanted it sent need not come again.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self, Self::Again)
    }
}

/// Whether the same message is sent once more, to where it belongs now.
fn comes_again(error: &DeliveryError) -> bool {
    matches!(error, DeliveryError::NotPosted { .. } | DeliveryError::Migrated(_) | DeliveryError::ThreadGone)
}

/// Sends the message of that name, of so many units, to where the job belongs, under the shared budget. It follows a group
/// that moved, and leaves a topic that is closed.
pub(crate) async fn send<T, F>(
    shop: &Shop,
    name: &str,
    job: &Job,
    units: u32,
    call: impl Fn(Place) -> F + Send + Sync,
) -> Once<T>
where
    T: Send,
    F: Future<Output = Result<T, DeliveryError>> + Send,
{
    let queue = &shop.queue;
    let mut place = Place { chat: job.place.chat, thread: job.place.thread };
    loop {
        let attempt = || {
            let call = call(place);
            async move {
                match queue.claim_message(name).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(error) => {
                        warn!(name, %error, "a message could not be claimed, so it is not sent");
                        let (hindrance, scope) = (Hindrance::Unconnected, Scope::Unknown);
                        return Err(DeliveryError::NotPosted { hindrance, retry_after: None, scope });
                    }
                }
                let sent = call.await;
                if sent.as_ref().is_err_and(comes_again)
                    && let Err(error) = queue.release_message(name).await
                {
                    // better none than two
                    warn!(name, %error, "a message stays claimed though it was not sent");
                    return Ok(None);
                }
                sent.map(Some)
            }
        };
        let spend = Spend::send(job.place.bot, place.chat).items(units);
        return match queue.paced(spend, Urgency::Result, slot::flood, attempt).await {
            Ok(Some(Some(sent))) => Once::Sent(sent),
            Ok(_) => Once::Settled,
            Err(DeliveryError::Migrated(moved)) if moved != place.chat => {
                info!(name, from = place.chat.0, to = moved.0, "the group became a supergroup");
                place.chat = moved;
                continue;
            }
            Err(DeliveryError::ThreadGone) if place.thread.is_some() => {
                place.thread = None;
                continue;
            }
            Err(error @ DeliveryError::NotPosted { .. }) => {
                warn!(name, outcome = error.name(), "a message could not be sent; it is tried again");
                Once::Again
            }
            Err(error) if error.may_be_done() => {
                warn!(name, %error, "a message may have been sent; it is not sent again");
                Once::Settled
            }
            Err(error) => {
                warn!(name, outcome = error.name(), %error, "a message could not be sent");
                Once::Refused(error)
            }
        };
    }
}
