//! The message of a job in the chat: found, waited for, or posted by the worker itself.

use std::time::Duration;

use atelier_domain::{ChatId, Job, MessageId, album};
use atelier_queue::{Part, Spend, Urgency};
use atelier_telegram::{DeliveryError, Hindrance, Keyboard, Place, Post, Telegram};
use tracing::debug;

use crate::line::Walk;
use crate::{Shop, albums};

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

/// How long a finished job waits for an album that is being sent, as somebody keeps saying.
const ALBUM_WAIT: Duration = Duration::from_secs(25);
/// How long it waits for one that stands in line for its turn, as somebody keeps saying: a group's minute, and a little more.
const LINE_WAIT: Duration = Duration::from_secs(75);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);

/// The slot on record, waiting a moment for the bot that is about to post it. Of an album that nobody is about to post any
/// longer this worker posts it.
pub(crate) async fn find(walk: &Walk) -> Option<Slot> {
    let batch = walk.batch().await;
    let started = tokio::time::Instant::now();
    let first = album::albums(walk.job().of).into_iter().find(|range| range.contains(&walk.job().index));
    let mut known = walk.claimed.progress.slot;
    let mut tried = false;
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
        let mut patience = walk.shop.settings.slot_wait;
        let late = started.elapsed() + LOOK > patience;
        if let (Some(album), Some(batch), Some(range)) = (album, batch, &first) {
            let (queue, part) = (&walk.shop.queue, Part::Album(range.start));
            let tiles = album.tiles(range.start).unwrap_or_default();
            if let Some((_, tile)) = tiles.iter().find(|(index, _)| *index == walk.job().index)
                && let Ok(Some(message)) = queue.record_slot(&walk.job().id, *tile, None).await
            {
                // whoever posted it has not come to saying so, and may never
                known = Some(message);
                continue;
            }
            let waits = album.waits(range.start);
            if waits {
                patience = LINE_WAIT;
            } else if album.may_be_there(range.start) {
                let lost = album.is_lost(range.start) || matches!(queue.is_part_lost(batch, part).await, Ok(true));
                patience = if lost { Duration::ZERO } else { ALBUM_WAIT };
            }
            let free = !album.may_be_there(range.start) && (late || waits) && !tried;
            if free && matches!(queue.hold_part(batch, part, &walk.shop.holder).await, Ok(true)) {
                tried = true;
                // beside this: the picture has a place as soon as its own album has, and need not wait for all the others
                let (shop, batch) = (walk.shop.clone(), batch.clone());
                tokio::spawn(async move { albums::take_over(&shop, &batch).await });
                continue;
            }
        }
        if started.elapsed() + LOOK > patience {
            return None;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Deletes a message that was posted beside another; it may stay when that fails.
pub(crate) async fn remove(shop: &Shop, telegram: &Telegram, job: &Job, message: MessageId) {
    let place = Place { chat: job.place.chat, thread: job.place.thread };
    let spend = Spend::free(job.place.bot, job.place.chat, "delete");
    let removed = shop.queue.paced(spend, Urgency::Answer, flood, || telegram.delete(place, message)).await;
    if let Err(error) = removed {
        debug!(job.id = %job.id, outcome = error.name(), "a spare message could not be deleted");
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
    let mut target = Post { chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let sent = loop {
        let send = || walk.telegram.send_text(&target, text, &Keyboard::none());
        match queue.paced(Spend::send(job.place.bot, chat), Urgency::Result, flood, send).await {
            // a topic that was closed meanwhile: better elsewhere in the group than not at all
            Err(DeliveryError::ThreadGone) if target.thread.is_some() => target.thread = None,
            sent => break sent?,
        }
    };
    // `Result` is never dropped
    let Some(mine) = sent else { return Err(DeliveryError::Unknown { detail: "the slot was not sent".to_owned() }) };
    match queue.record_slot(&job.id, mine, gone).await {
        Ok(Some(other)) if other != mine => {
            debug!(job.id = %job.id, "the bot's slot came first");
            remove(&walk.shop, &walk.telegram, job, mine).await;
            let album = match walk.batch().await {
                Some(batch) => queue.album(batch).await.ok(),
                None => None,
            };
            Ok(Posted::Other(Slot { message: other, tile: album.is_some_and(|album| album.is_tile(other)) }))
        }
        _ => Ok(Posted::Mine(Slot { message: mine, tile: false })),
    }
}
