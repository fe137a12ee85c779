//! The message of a job in the chat: found, waited for, or posted by the worker itself.

use std::time::Duration;

use atelier_domain::{ChatId, Job, JobId, MessageId, album};
use atelier_queue::{Album, Part, Spend, Urgency};
use atelier_telegram::{DeliveryError, Hindrance, Keyboard, Place, Post, Telegram};
use tokio::time::Instant;
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

impl Slot {
    fn of(message: MessageId, album: Option<&Album>) -> Self {
        Self { message, tile: album.is_some_and(|album| album.is_tile(message)) }
    }
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

/// How the album stands that is to hold a job's message, while nobody knows the message.
enum Awaited {
    /// Nobody has begun to post it: the bot does right after the submission.
    Nobody,
    /// Somebody says again and again that it waits for its turn.
    InLine,
    /// It may be in the chat, until its messages are known.
    Sent,
    /// It may be in the chat, and its messages will not be known.
    Lost,
    /// It is in the chat, and whoever posted it has not come to saying which message is whose.
    Posted(MessageId),
}

impl Awaited {
    async fn of(walk: &Walk, batch: &JobId, first: u8, album: &Album) -> Self {
        let tiles = album.tiles(first).unwrap_or_default();
        if let Some((_, tile)) = tiles.iter().find(|(index, _)| *index == walk.job().index) {
            Self::Posted(*tile)
        } else if album.waits(first) {
            Self::InLine
        } else if !album.may_be_there(first) {
            Self::Nobody
        } else if album.is_lost(first) || walk.shop.queue.is_part_lost(batch, Part::Album(first)).await.unwrap_or(false)
        {
            Self::Lost
        } else {
            Self::Sent
        }
    }
}

/// The slot on record, waiting a moment for the bot that is about to post it. Of an album that nobody is about to post any
/// longer this worker posts it.
pub(crate) async fn find(walk: &Walk) -> Option<Slot> {
    let (job, queue, shop) = (walk.job(), &walk.shop.queue, &walk.shop);
    let range = album::albums(job.of).into_iter().find(|range| range.contains(&job.index));
    let (started, mut known, mut tried) = (Instant::now(), walk.claimed.progress.slot, false);
    loop {
        if known.is_none() {
            known = queue.record(&job.id).await.ok().flatten().and_then(|record| record.slot);
        }
        let album = album_of(walk).await;
        if let Some(message) = known {
            return Some(Slot::of(message, album.as_ref()));
        }
        let own = walk.batch().await.zip(range.as_ref().map(|range| range.start));
        let shared = own.zip(album.as_ref());
        let awaited = match shared {
            Some(((batch, first), album)) => Awaited::of(walk, batch, first, album).await,
            None => Awaited::Nobody,
        };
        let waited_for = |patience| started.elapsed() + LOOK > patience;
        let moment = shop.settings.slot_wait;
        let (patience, may_be_free) = match awaited {
            Awaited::Posted(tile) => {
                if let Ok(Some(message)) = queue.record_slot(&job.id, tile, None).await {
                    known = Some(message);
                    continue;
                }
                (moment, false)
            }
            Awaited::Nobody => (moment, waited_for(moment)),
            Awaited::InLine => (LINE_WAIT, true),
            Awaited::Sent => (ALBUM_WAIT, false),
            Awaited::Lost => (Duration::ZERO, false),
        };
        if let Some(((batch, first), _)) = shared
            && may_be_free
            && !tried
            && queue.hold_part(batch, Part::Album(first), &shop.holder).await.unwrap_or(false)
        {
            tried = true;
            // beside this: the picture has a place as soon as its own album has, and need not wait for all the others
            let (shop, batch) = (shop.clone(), batch.clone());
            tokio::spawn(async move { albums::take_over(&shop, &batch).await });
            continue;
        }
        if waited_for(patience) {
            return None;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What is known of the messages that the job shares with others of its batch, if it does. It waits for Redis, like every
/// step that cannot go on without it: a tile that is taken for a message of the job's own is edited in a way that Telegram
/// refuses for good.
async fn album_of(walk: &Walk) -> Option<Album> {
    let look = async || match walk.batch_or_error().await? {
        Some(batch) => walk.shop.queue.album(batch).await.map(Some),
        None => Ok(None),
    };
    loop {
        match look().await {
            Ok(album) => return album,
            Err(error) => debug!(job.id = %walk.job().id, %error, "the album of a job could not be looked up"),
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
            Ok(Posted::Other(Slot::of(other, album_of(walk).await.as_ref())))
        }
        _ => Ok(Posted::Mine(Slot { message: mine, tile: false })),
    }
}
