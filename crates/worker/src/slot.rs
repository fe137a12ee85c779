//! The message of a job in the chat: found, waited for, or posted by the worker itself.

use std::time::Duration;

use atelier_domain::{ChatId, MessageId};
use atelier_queue::{Spend, Urgency};
use atelier_telegram::{DeliveryError, Hindrance, Keyboard, Place, Post};
use tracing::debug;

use crate::line::Walk;

/// Where the job's messages stand.
pub(crate) fn place(walk: &Walk, chat: ChatId) -> Place {
    Place { chat, thread: walk.job().place.thread }
}

/// The flood wait in an error, if it is one.
pub(crate) fn flood(error: &DeliveryError) -> Option<Duration> {
    match error {
        DeliveryError::NotPosted { hindrance: Hindrance::Flood, retry_after, .. } => {
            Some(retry_after.unwrap_or(Duration::from_secs(1)))
        }
        _ => None,
    }
}

/// A job's message, and what it can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) message: MessageId,
    /// An item of an album: it has no buttons, and holds a photo or a video.
    pub(crate) tile: bool,
}

/// What came of posting a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// It is the job's, and says what it was posted with.
    Mine(Slot),
    /// Another one came first, which says something else.
    Other(Slot),
}

impl Posted {
    pub(crate) fn slot(self) -> Slot {
        match self {
            Self::Mine(slot) | Self::Other(slot) => slot,
        }
    }
}

/// How long a finished job waits for an album that somebody is about to post: it may have to wait for budget itself.
const ALBUM_WAIT: Duration = Duration::from_secs(25);

/// The slot on record, waiting a moment for the bot that is about to post it.
pub(crate) async fn find(walk: &Walk) -> Option<Slot> {
    let batch = walk.batch().await;
    let started = tokio::time::Instant::now();
    let mut known = walk.claimed.progress.slot;
    loop {
        if known.is_none() {
            known = walk.shop.queue.record(&walk.job().id).await.ok().flatten().and_then(|record| record.slot);
        }
        let album = match batch {
            Some(batch) => walk.shop.queue.album(batch).await.ok(),
            None => None,
        };
        if let Some(message) = known {
            return Some(Slot { message, tile: album.is_some_and(|album| album.is_tile(message)) });
        }
        let coming = album.is_some_and(|album| album.is_coming(walk.job().index));
        let patience = if coming { ALBUM_WAIT } else { walk.shop.settings.slot_wait };
        let next = tokio::time::Instant::now() + Duration::from_millis(100);
        if next > started + patience {
            return None;
        }
        tokio::time::sleep_until(next).await;
    }
}

/// Posts a slot and records it; whoever finds another slot recorded deletes its own. `gone` is a slot that turned out
/// to be deleted.
pub(crate) async fn post(
    walk: &Walk,
    chat: ChatId,
    text: &str,
    gone: Option<MessageId>,
) -> Result<Posted, DeliveryError> {
    let (job, queue) = (walk.job(), &walk.shop.queue);
    let target = Post { chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let sent = queue
        .paced(Spend::send(job.place.bot, chat), Urgency::Result, flood, || {
            walk.telegram.send_text(&target, text, &Keyboard::none())
        })
        .await?;
    // `Result` is never dropped
    let Some(mine) = sent else { return Err(DeliveryError::Unknown { detail: "the slot was not sent".to_owned() }) };
    match queue.record_slot(&job.id, mine, gone).await {
        Ok(Some(other)) if other != mine => {
            debug!(job.id = %job.id, "the bot's slot came first");
            let _ = walk.telegram.delete(place(walk, chat), mine).await;
            let album = match walk.batch().await {
                Some(batch) => queue.album(batch).await.ok(),
                None => None,
            };
            Ok(Posted::Other(Slot { message: other, tile: album.is_some_and(|album| album.is_tile(other)) }))
        }
        _ => Ok(Posted::Mine(Slot { message: mine, tile: false })),
    }
}
