//! The message of a job in the chat: found, waited for, or posted by the worker itself.

use std::time::Duration;

use atelier_domain::{ChatId, MessageId};
use atelier_queue::Urgency;
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

/// The slot on record, waiting a moment for the bot that is about to post it.
pub(crate) async fn find(walk: &Walk) -> Option<MessageId> {
    if walk.claimed.progress.slot.is_some() {
        return walk.claimed.progress.slot;
    }
    let deadline = tokio::time::Instant::now() + walk.shop.settings.slot_wait;
    loop {
        if let Ok(Some(record)) = walk.shop.queue.record(&walk.job().id).await
            && record.slot.is_some()
        {
            return record.slot;
        }
        let next = tokio::time::Instant::now() + Duration::from_millis(100);
        if next > deadline {
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
) -> Result<MessageId, DeliveryError> {
    let (job, queue) = (walk.job(), &walk.shop.queue);
    let target = Post { chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let sent = queue
        .paced((job.place.bot, chat), Urgency::Result, flood, || {
            walk.telegram.send_text(&target, text, &Keyboard::none())
        })
        .await?;
    // `Result` is never dropped
    let Some(mine) = sent else { return Err(DeliveryError::Unknown { detail: "the slot was not sent".to_owned() }) };
    match queue.record_slot(&job.id, mine, gone).await {
        Ok(Some(other)) if other != mine => {
            debug!(job.id = %job.id, "the bot's slot came first");
            let _ = walk.telegram.delete(place(walk, chat), mine).await;
            Ok(other)
        }
        _ => Ok(mine),
    }
}
