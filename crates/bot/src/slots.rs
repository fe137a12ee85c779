//! The slot of each job: the reply that says where it stands, and that its picture will replace.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Job, JobId, JobState, MessageId, Say, Tell, buttons, caption};
use atelier_queue::{Because, QueueError, Span, Spend, Standing, Urgency};
use atelier_sketch::Mood;
use atelier_telegram::{DeliveryError, Keyboard, Place, Post};
use tracing::{debug, warn};

use crate::Front;
use crate::answers::flood;
use crate::{albums, orders, waiting};

/// Posts the slots of jobs just accepted, all those of one message in its order. When this returns, their update may be
/// confirmed: whatever becomes of this process, somebody will post them.
pub(crate) async fn spawn(front: &Arc<Front>, jobs: Vec<Job>) {
    if let [first, _, ..] = jobs.as_slice() {
        albums::announce(front, &first.id).await;
    }
    let this = front.clone();
    front.tasks.spawn(async move {
        match jobs.as_slice() {
            [] => {}
            [job] => post(&this, job).await,
            [first, ..] => {
                let batch = first.id.clone();
                let jobs: Vec<_> = jobs.into_iter().map(|job| (job, None)).collect();
                albums::post(&this, &batch, &jobs).await;
            }
        }
    });
}

/// Posts the slots that are missing: a bot may have died between accepting and saying so.
pub(crate) async fn spawn_missing(front: &Arc<Front>, ids: Vec<JobId>) {
    if let [first, _, ..] = ids.as_slice() {
        albums::announce(front, first).await;
    }
    let this = front.clone();
    front.tasks.spawn(async move {
        let mut jobs = Vec::new();
        for id in &ids {
            match this.queue.record(id).await {
                Ok(Some(record)) if !record.state.is_final() => jobs.extend(record.job.map(|job| (job, record.slot))),
                Ok(_) => {}
                Err(error) => warn!(job.id = %id, %error, "a slot could not be looked up"),
            }
        }
        match (ids.as_slice(), jobs.as_slice()) {
            ([_], [(job, None)]) => post(&this, job).await,
            ([first, _, ..], [_, ..]) => albums::post(&this, first, &jobs).await,
            _ => {}
        }
    });
}

pub(crate) async fn post(front: &Arc<Front>, job: &Job) {
    let mut target = Post { chat: job.place.chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let buttons = Keyboard::of(&buttons::waiting(job.language, &job.id));
    let spend = Spend::send(job.place.bot, job.place.chat);
    let (mut tries, mut topic_gone) = (0, None);
    let (message, said) = loop {
        // it may have waited for room in the chat, so it is looked up where it stands only when there is some
        let send = || async {
            let said = look(front, job).await;
            let mut text = caption::slot(job, &said.line);
            if let Some(gone) = &topic_gone {
                text = format!("{text}\n{gone}");
            }
            front.telegram.send_text(&target, &text, &buttons).await.map(|message| (message, said))
        };
        match front.queue.paced(spend, Urgency::Answer, flood, send).await {
            Ok(Some(sent)) => break sent,
            Ok(None) => return,
            Err(DeliveryError::ThreadGone) if target.thread.is_some() => {
                target.thread = None;
                topic_gone = Some(job.language.tell(&Tell::TopicGone));
            }
            Err(DeliveryError::NotPosted { retry_after, .. }) if tries < 8 => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(300 * tries))).await;
            }
            // a slot that may have arrived is not sent again: the worker posts one if none is on record
            Err(error) => {
                warn!(job.id = %job.id, outcome = error.name(), %error, "a slot could not be posted");
                return;
            }
        }
    };
    if record(front, job, message).await {
        waiting::follow(front, job, message, said);
    }
}

/// Records a slot; one that came too late is deleted. Whether it is the job's.
pub(crate) async fn record(front: &Front, job: &Job, message: MessageId) -> bool {
    let mut wait = Duration::from_millis(50);
    loop {
        match front.queue.record_slot(&job.id, message, None).await {
            Ok(Some(other)) if other != message => {
                debug!(job.id = %job.id, "a worker's slot came first");
                let place = Place { chat: job.place.chat, thread: job.place.thread };
                let spend = Spend::free(job.place.bot, job.place.chat, "delete");
                let delete = || front.telegram.delete(place, message);
                if let Err(error) = front.queue.paced(spend, Urgency::Answer, flood, delete).await {
                    warn!(job.id = %job.id, outcome = error.name(), "a spare slot could not be deleted");
                }
                return false;
            }
            Ok(_) => return true,
            Err(QueueError::Unreachable { .. }) => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(1));
            }
            Err(error) => {
                warn!(job.id = %job.id, %error, "a slot could not be recorded");
                return false;
            }
        }
    }
}

/// Shows in its slot that a job waits again.
pub(crate) async fn show_waiting(front: &Front, job: &Job, slot: MessageId, batch: Option<&JobId>) {
    let line = look(front, job).await.line;
    show(front, job, slot, batch, Mood::Waiting, &line, &Keyboard::of(&buttons::waiting(job.language, &job.id))).await;
}

/// Shows in its slot how a job ended without a picture.
pub(crate) async fn show_end(front: &Front, job: &Job, slot: MessageId, batch: Option<&JobId>, mood: Mood, line: &str) {
    let rows = buttons::failed(job.language, &job.id, front.abilities(job));
    show(front, job, slot, batch, mood, line, &Keyboard::of(&rows)).await;
}

/// Shows a line in a slot: a card in an album, else a text with buttons.
async fn show(
    front: &Front,
    job: &Job,
    slot: MessageId,
    batch: Option<&JobId>,
    mood: Mood,
    line: &str,
    buttons: &Keyboard,
) {
    let place = Place { chat: job.place.chat, thread: job.place.thread };
    let text = caption::slot(job, line);
    let album = match batch {
        Some(batch) => front.queue.album(batch).await.ok(),
        None => None,
    };
    let card = if album.is_some_and(|album| album.is_tile(slot)) { albums::draw(job, mood, line).await } else { None };
    let spend = Spend::edit(job.place.bot, job.place.chat);
    let edited = if let Some(card) = &card {
        let edit = || front.telegram.edit_into(place, slot, card, &text, &Keyboard::none());
        front.queue.paced(spend, Urgency::Answer, flood, edit).await.map(drop)
    } else {
        let edit = || front.telegram.edit_text(place, slot, &text, buttons);
        front.queue.paced(spend, Urgency::Answer, flood, edit).await.map(drop)
    };
    if let Err(error) = edited {
        warn!(job.id = %job.id, outcome = error.name(), %error, "a slot could not be edited");
    }
}

/// What is said of a job that has not ended.
pub(crate) struct Said {
    pub(crate) line: String,
    /// Its place in line, while it waits.
    pub(crate) place: Option<u32>,
    /// Until its picture, when that can be said.
    pub(crate) eta: Option<Duration>,
}

/// Looks where a job stands.
pub(crate) async fn look(front: &Front, job: &Job) -> Said {
    let standing = front.queue.standing(&job.id, &front.catalogue).await.ok().flatten();
    say(front, job, standing.as_ref(), u32::MAX)
}

/// What to say of that; a place in line that was said already does not become worse.
pub(crate) fn say(front: &Front, job: &Job, standing: Option<&Standing>, said: u32) -> Said {
    let price = orders::price(front, &job.request);
    let eta = standing.and_then(|standing| standing.finish).map(Span::likely);
    let (say, place) = match standing {
        Some(Standing { state: JobState::Waiting | JobState::Delayed, ahead, start, because, .. }) => {
            let paused =
                |because: &Because| because.is_blocking() && !matches!(because, Because::Unserved | Because::NoWorker);
            let position = (ahead + 1).min(said);
            let say = match (start, eta) {
                (Some(start), Some(eta)) if start.likely_ms == 0 => Say::QueuedNext { eta, price },
                (_, Some(eta)) => Say::Queued { position, eta, price },
                _ if because.iter().any(paused) => Say::QueuedPaused { position },
                _ => Say::QueuedUnserved { position },
            };
            (say, Some(position))
        }
        Some(Standing { state: JobState::Active, .. }) => {
            (eta.map_or(Say::Working, |eta| Say::WorkingFor { eta, price }), None)
        }
        _ => (Say::Working, None),
    };
    Said { line: job.language.say(&say), place, eta }
}
