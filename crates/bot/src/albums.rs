//! The slots of a message with several pictures: albums of cards that fill in, and the message under them.
//!
//! Each of them is held while it waits for its turn, and claimed right before it is sent: a bot that dies in line leaves it
//! to a worker, one that dies while it is being sent leaves what may stand in the chat and is not sent again. A job whose
//! slot nobody knows then gets one from its worker. The first hold is there before the update is confirmed.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::batch::{Tally, words};
use atelier_domain::buttons::Abilities;
use atelier_domain::{Job, JobId, MessageId, Tell, Usd, album, buttons, caption};
use atelier_process::breakpoint;
use atelier_queue::{Part, QueueError, Spend, Urgency};
use atelier_sketch::{Mood, Tile};
use atelier_telegram::{Album, AlbumItem, DeliveryError, Keyboard, Media, MediaKind, Place, Post};
use futures::future::join_all;
use tracing::{debug, warn};

use crate::Front;
use crate::answers::flood;
use crate::{slots, waiting};

/// Tries of one send that certainly did not arrive.
const TRIES: u64 = 8;

/// What became of an album.
enum Sent {
    Posted(Vec<MessageId>),
    /// It may be in the chat, or the chat cannot be reached: nothing more is sent here.
    Leave,
    /// It is certainly not in the chat and never will be: each job gets a text instead.
    Never,
}

/// Says that the messages of a batch are about to be posted. From then on they come: a worker finds out when this process
/// does not go on saying so.
pub(crate) async fn announce(front: &Front, batch: &JobId) {
    if let Err(error) = front.queue.hold_part(batch, Part::Album(0), &front.holder).await {
        warn!(batch = %batch, %error, "an album could not be announced; whoever claims its jobs will miss it");
    }
}

/// Posts what is missing of the messages for these jobs, all those of one message, in its order.
pub(crate) async fn post(front: &Arc<Front>, batch: &JobId, jobs: &[(Job, Option<MessageId>)]) {
    breakpoint::reach("before-album", batch.as_str()).await;
    let known = match front.queue.album(batch).await {
        Ok(known) => known,
        Err(error) => {
            warn!(batch = %batch, %error, "an album could not be looked up");
            return;
        }
    };
    let of = jobs.first().map_or(0, |(job, _)| job.of);
    let mut missing = Vec::new();
    for range in album::albums(of) {
        let here: Vec<&Job> = jobs
            .iter()
            .filter(|(job, slot)| range.contains(&job.index) && slot.is_none())
            .map(|(job, _)| job)
            .collect();
        if let Some(tiles) = known.tiles(range.start) {
            let slot = |(index, message): &(u8, MessageId)| {
                here.iter().find(|job| job.index == *index).map(|job| slots::record(front, job, *message))
            };
            join_all(tiles.iter().filter_map(slot)).await;
        } else if !here.is_empty() && !known.may_be_there(range.start) {
            missing.push((range.start, here));
        }
    }
    let mut parts: Vec<Part> = missing.iter().map(|(first, _)| Part::Album(*first)).collect();
    parts.extend(known.control.is_none().then_some(Part::Control));
    let posting = async {
        for (first, here) in missing {
            album_of(front, batch, first, &here).await;
        }
        if known.control.is_none() {
            control(front, batch, jobs).await;
        }
    };
    front.queue.holding(batch, &parts, &front.holder, posting).await;
}

async fn album_of(front: &Arc<Front>, batch: &JobId, first: u8, jobs: &[&Job]) {
    let sent = match cards(jobs).await.map(Album::new) {
        Some(Ok(album)) => send(front, (batch, first), jobs, &album).await,
        // one is left of several, or the cards could not be drawn
        _ => Sent::Never,
    };
    match sent {
        Sent::Posted(messages) => {
            let tiles: Vec<(u8, MessageId)> =
                jobs.iter().zip(messages).map(|(job, message)| (job.index, message)).collect();
            keep(batch, || front.queue.posted_album(batch, first, &tiles)).await;
            join_all(jobs.iter().zip(&tiles).map(|(job, (_, message))| slots::record(front, job, *message))).await;
        }
        Sent::Leave => {}
        Sent::Never => {
            // given back, so that workers do not wait for it
            if let Err(error) = front.queue.release_part(batch, Part::Album(first), &front.holder).await {
                warn!(batch = %batch, %error, "a claim could not be given back");
            }
            for job in jobs {
                slots::post(front, job).await;
            }
        }
    }
}

async fn send(front: &Front, (batch, first): (&JobId, u8), jobs: &[&Job], album: &Album) -> Sent {
    let Some(job) = jobs.first() else { return Sent::Never };
    let mut target = Post { chat: job.place.chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let units = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
    let spend = Spend::send(job.place.bot, job.place.chat).items(units);
    let part = (batch, Part::Album(first), front.holder.as_str());
    let mut tries = 0;
    loop {
        let call = || front.telegram.send_album(&target, album);
        let sent = front.queue.post_part(part, (spend, Urgency::Answer), flood, is_certain, call).await;
        match sent {
            Ok(Some(posted)) if posted.len() == jobs.len() => {
                return Sent::Posted(posted.into_iter().map(|posted| posted.message).collect());
            }
            Ok(_) => return Sent::Leave,
            Err(DeliveryError::ThreadGone) if target.thread.is_some() => target.thread = None,
            Err(DeliveryError::NotPosted { retry_after, .. }) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(300 * tries))).await;
            }
            Err(error @ (DeliveryError::Unknown { .. } | DeliveryError::Unreachable(_))) => {
                warn!(job.id = %job.id, outcome = error.name(), %error, "an album could not be posted");
                return Sent::Leave;
            }
            Err(error) => {
                warn!(job.id = %job.id, outcome = error.name(), %error, "no album can be posted here; texts instead");
                return Sent::Never;
            }
        }
    }
}

/// The cards of these jobs, drawn off the async threads.
async fn cards(jobs: &[&Job]) -> Option<Vec<AlbumItem>> {
    let jobs: Vec<Job> = jobs.iter().map(|job| (*job).clone()).collect();
    let drawn = tokio::task::spawn_blocking(move || jobs.iter().map(card).collect::<Result<Vec<_>, _>>()).await;
    match drawn {
        Ok(Ok(items)) => Some(items),
        Ok(Err(error)) => {
            warn!(%error, "a card could not be drawn");
            None
        }
        Err(error) => {
            warn!(%error, "cards could not be drawn");
            None
        }
    }
}

fn card(job: &Job) -> Result<AlbumItem, atelier_sketch::SketchError> {
    let line = job.language.tell(&Tell::TileWaiting);
    Ok(AlbumItem { media: paint(job, Mood::Waiting, &line)?, caption: caption::slot(job, &line) })
}

fn paint(job: &Job, mood: Mood, line: &str) -> Result<Media, atelier_sketch::SketchError> {
    let (badge, (width, height)) = caption::card(job);
    let prompt = job.request.prompt.as_str();
    let bytes = atelier_sketch::tile(&Tile { mood, badge: &badge, prompt, line, width, height })?.png()?;
    Ok(Media::new(MediaKind::Photo, bytes.into(), format!("card-{}.png", job.index + 1)))
}

/// A job's card, drawn off the async threads; `None` when that fails.
pub(crate) async fn draw(job: &Job, mood: Mood, line: &str) -> Option<Media> {
    let (job, line) = (job.clone(), line.to_owned());
    tokio::task::spawn_blocking(move || paint(&job, mood, &line).ok()).await.ok().flatten()
}

/// Posts the message with progress and buttons, once.
async fn control(front: &Arc<Front>, batch: &JobId, jobs: &[(Job, Option<MessageId>)]) {
    let Some((job, _)) = jobs.first() else { return };
    let mut target = Post { chat: job.place.chat, thread: job.place.thread, reply_to: None };
    let spend = Spend::send(job.place.bot, job.place.chat);
    let part = (batch, Part::Control, front.holder.as_str());
    let mut tries = 0;
    let sent = loop {
        // after its albums it waits for room in the chat, and says what is true then
        let call = || async {
            let (text, keyboard) = words_now(front, batch, job).await;
            front.telegram.send_text(&target, &text, &keyboard).await
        };
        let sent = front.queue.post_part(part, (spend, Urgency::Answer), flood, is_certain, call).await;
        match sent {
            Err(DeliveryError::ThreadGone) if target.thread.is_some() => target.thread = None,
            Err(DeliveryError::NotPosted { retry_after, .. }) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(300 * tries))).await;
            }
            sent => break sent,
        }
    };
    match sent {
        Ok(Some(message)) => {
            keep(batch, || front.queue.posted_control(batch, message)).await;
            // what ended while it was on its way found nothing to edit; what only went on may come later
            if show(front, batch, Urgency::Progress).await.is_none() && ended(front, batch).await {
                refresh(front, batch).await;
            }
            waiting::follow_batch(front, batch, job);
        }
        Err(error) if !error.may_be_done() => {
            debug!(batch = %batch, outcome = error.name(), "the message under an album was not posted");
        }
        _ => {}
    }
}

/// What the message under the albums says now.
async fn words_now(front: &Front, batch: &JobId, job: &Job) -> (String, Keyboard) {
    if let Ok(Some(panel)) = front.queue.panel(batch, &front.catalogue).await {
        return (panel.text, Keyboard::of(&panel.rows));
    }
    let tally = Tally { waiting: u32::from(job.of), ..Tally::default() };
    let rows = buttons::batch(job.language, batch, &tally, Abilities::default());
    (words(job.language, &tally, Usd::ZERO, None), Keyboard::of(&rows))
}

/// Brings the message under the albums up to date, when it is known and there is something to say.
pub(crate) async fn refresh(front: &Front, batch: &JobId) {
    show(front, batch, Urgency::Answer).await;
}

/// The same in passing, unless somebody has just done so. An edit that was under way when the last job ended would cover
/// the end, so it is looked at again.
pub(crate) async fn progress(front: &Front, batch: &JobId) {
    if matches!(front.queue.may_show(batch).await, Ok(true))
        && show(front, batch, Urgency::Progress).await == Some(false)
        && ended(front, batch).await
    {
        show(front, batch, Urgency::Result).await;
    }
}

async fn ended(front: &Front, batch: &JobId) -> bool {
    matches!(front.queue.panel(batch, &front.catalogue).await, Ok(Some(panel)) if panel.joined)
}

/// Shows how far a batch is; whether all of it had ended, when it was shown.
async fn show(front: &Front, batch: &JobId, urgency: Urgency) -> Option<bool> {
    let album = front.queue.album(batch).await.ok()?;
    let panel = front.queue.panel(batch, &front.catalogue).await.ok()??;
    let message = album.control?;
    if panel.joined && urgency == Urgency::Progress {
        // a worker tells the end
        return None;
    }
    let job = &panel.job;
    let place = Place { chat: job.place.chat, thread: job.place.thread };
    let spend = Spend::edit(job.place.bot, job.place.chat).before(panel.left);
    let edit = || async {
        // what was true before it waited for room would cover what others have said since
        let now =
            if urgency == Urgency::Progress { None } else { front.queue.panel(batch, &front.catalogue).await.ok() };
        let panel = now.as_ref().and_then(Option::as_ref).unwrap_or(&panel);
        let shown = front.telegram.edit_text(place, message, &panel.text, &Keyboard::of(&panel.rows)).await;
        shown.map(|()| panel.joined)
    };
    match front.queue.paced(spend, urgency, flood, edit).await {
        Ok(shown) => shown,
        Err(error) => {
            debug!(batch = %batch, outcome = error.name(), "the message under an album could not be edited");
            None
        }
    }
}

/// Whether nothing of it is in the chat.
fn is_certain(error: &DeliveryError) -> bool {
    !error.may_be_done()
}

/// Puts on record what stands in the chat, however long Redis is away.
async fn keep<F: Future<Output = Result<(), QueueError>>>(batch: &JobId, call: impl Fn() -> F) {
    let mut wait = Duration::from_millis(50);
    while let Err(error) = call().await {
        if !error.is_unreachable() {
            warn!(batch = %batch, %error, "messages of a batch could not be recorded");
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(1));
    }
}
