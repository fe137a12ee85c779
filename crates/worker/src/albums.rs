//! Albums of cards that nobody is about to post any longer: their bot died in line, or before it got there.
//!
//! Whoever notices first takes them over: a worker that has claimed one of the jobs, or has a picture for one, or any worker
//! by a notice. What may have been sent already is left alone.

use std::ops::Range;
use std::time::Duration;

use atelier_domain::{Job, JobId, MessageId, Tell, album, caption};
use atelier_queue::{Batch, Part, Spend, Urgency};
use atelier_sketch::Mood;
use atelier_telegram::{Album, AlbumItem, DeliveryError, Post, Telegram};
use futures::future::join_all;
use tracing::{debug, info, warn};

use crate::line::Walk;
use crate::{Shop, cards, panel, slot};

/// Sees to it that a claimed job has an album to come into: a bot that died right after it accepted the jobs may have told
/// nobody. One that lives has said by then that it is about to post it.
pub(crate) fn expect(walk: &Walk) {
    if walk.job().of < 2 || walk.claimed.progress.slot.is_some() {
        return;
    }
    let (shop, job) = (walk.shop.clone(), walk.claimed.job.clone());
    tokio::spawn(async move {
        tokio::time::sleep(shop.settings.slot_wait).await;
        let Ok(Some(record)) = shop.queue.record(&job.id).await else { return };
        let Some(batch) = record.batch.filter(|_| record.slot.is_none() && !record.state.is_final()) else { return };
        let range = album::albums(job.of).into_iter().find(|range| range.contains(&job.index));
        let (Ok(known), Some(range)) = (shop.queue.album(&batch).await, range) else { return };
        let part = Part::Album(range.start);
        if known.is_unknown(range.start) && matches!(shop.queue.hold_part(&batch, part, &shop.holder).await, Ok(true)) {
            take_over(&shop, &batch).await;
        }
    });
}

/// Posts what is missing of the messages that these jobs share; true when nothing of it is left to others.
pub(crate) async fn take_over(shop: &Shop, id: &JobId) -> bool {
    let (batch, known) = match (shop.queue.batch(id).await, shop.queue.album(id).await) {
        (Ok(Some(batch)), Ok(known)) => (batch, known),
        (Ok(None), _) => return true,
        _ => return false,
    };
    let Some(job) = batch.jobs.iter().find_map(|record| record.job.as_ref()) else { return true };
    // another worker may have the token
    let Some(telegram) = shop.telegrams.get(&job.place.bot) else { return false };
    let missing = |range: &Range<u8>| known.tiles(range.start).is_none() && !known.may_be_there(range.start);
    let ranges: Vec<Range<u8>> = album::albums(job.of).into_iter().filter(missing).collect();
    let parts: Vec<Part> = ranges.iter().map(|range| Part::Album(range.start)).collect();
    let posting = async {
        let mut idle = Vec::new();
        for range in ranges {
            let part = Part::Album(range.start);
            if !post(shop, telegram, &batch, range).await {
                idle.push(part);
            }
        }
        idle
    };
    // jobs that have no album to come into are told so before the message under it has its turn
    for part in shop.queue.holding(id, &parts, &shop.holder, posting).await {
        if let Err(error) = shop.queue.release_part(id, part, &shop.holder).await {
            warn!(batch = %id, %error, "a claim could not be given back");
        }
    }
    let told = match known.control {
        Some(_) => true,
        None => shop.queue.holding(id, &[Part::Control], &shop.holder, panel::ended(shop, id)).await,
    };
    let left = shop.queue.album(id).await.map_or(true, |album| album.waits_at_all());
    told && !left
}

/// Posts the album of these jobs with cards for those that wait for their picture; false when there is none to be posted.
async fn post(shop: &Shop, telegram: &Telegram, batch: &Batch, range: Range<u8>) -> bool {
    let waits = |record: &&atelier_queue::Record| !record.state.is_final() && record.slot.is_none();
    let jobs = batch.jobs.iter().filter(waits).filter_map(|record| record.job.as_ref());
    let jobs: Vec<&Job> = jobs.filter(|job| range.contains(&job.index)).collect();
    let Some(job) = jobs.first() else { return false };
    let items = join_all(jobs.iter().map(|job| item(job))).await.into_iter().flatten();
    // one is left of several, or the cards could not be drawn: each has a message of its own then
    let Some(album) = Album::new(items).ok().filter(|album| album.items().len() == jobs.len()) else { return false };
    let target = Post { chat: job.place.chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let spend = Spend::send(job.place.bot, job.place.chat).items(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
    let part = (&batch.id, Part::Album(range.start), shop.holder.as_str());
    let certain = |error: &DeliveryError| !error.may_be_done();
    let call = || telegram.send_album(&target, &album);
    match shop.queue.post_part(part, (spend, Urgency::Answer), slot::flood, certain, call).await {
        Ok(Some(posted)) if posted.len() == jobs.len() => {
            info!(batch = %batch.id, items = jobs.len(), "an album is taken over");
            let tiles: Vec<(u8, MessageId)> =
                jobs.iter().zip(posted).map(|(job, posted)| (job.index, posted.message)).collect();
            keep(shop, &batch.id, range.start, &tiles).await;
            join_all(jobs.iter().zip(&tiles).map(|(job, (_, message))| record(shop, telegram, job, *message))).await;
        }
        Ok(_) => {}
        Err(error) => debug!(batch = %batch.id, outcome = error.name(), %error, "an album could not be taken over"),
    }
    true
}

/// Puts on record what stands in the chat, however long Redis is away: before that no job may learn that its slot is a tile
/// of it, or it would be taken for a message of the job's own.
async fn keep(shop: &Shop, batch: &JobId, first: u8, tiles: &[(u8, MessageId)]) {
    let mut wait = Duration::from_millis(50);
    while let Err(error) = shop.queue.posted_album(batch, first, tiles).await {
        if !error.is_unreachable() {
            warn!(batch = %batch, %error, "an album could not be recorded");
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(1));
    }
}

async fn item(job: &Job) -> Option<AlbumItem> {
    let line = job.language.tell(&Tell::TileWaiting);
    let media = cards::draw(job, Mood::Waiting, &line).await?;
    Some(AlbumItem { media, caption: caption::slot(job, &line) })
}

/// Records a slot; one that came too late is deleted.
async fn record(shop: &Shop, telegram: &Telegram, job: &Job, message: MessageId) {
    if let Ok(Some(other)) = shop.queue.record_slot(&job.id, message, None).await
        && other != message
    {
        slot::remove(shop, telegram, job, message).await;
    }
}
