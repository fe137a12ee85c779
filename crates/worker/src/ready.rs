//! The word that something is there that took long: one short answer to its slot, since an edit notifies nobody.
//!
//! A single job has its own, the jobs of one message have one together. Short waits end without a word, and a chat that
//! chose to be left in peace is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::batch::Tally;
use atelier_domain::buttons::Abilities;
use atelier_domain::{Job, JobId, JobState, MessageId, ModelKind, Prefs, Switch, Tell};
use atelier_queue::{Batch, Errand};
use atelier_telegram::{Keyboard, Place, Post};
use tracing::warn;

use crate::{Shop, once};

/// What follows a result that is in the chat. Repeated by whoever comes after a worker that died on the way.
pub(crate) async fn after(shop: &Shop, job: &Job) {
    if job.of > 1 {
        // the last one speaks for all
        return;
    }
    if is_long(shop, job) {
        leave(shop, &Errand::Ready(job.id.clone())).await;
    }
    if Abilities::of(&shop.settings.catalogue, &job.request.model).original
        && prefs(shop, job).await.originals == Some(Switch::On)
    {
        leave(shop, &Errand::Original(job.id.clone(), Errand::UNASKED)).await;
    }
}

/// The same for a job that failed for good.
pub(crate) async fn after_failure(shop: &Shop, job: &Job) {
    if job.of < 2 && is_long(shop, job) {
        leave(shop, &Errand::Failed(job.id.clone())).await;
    }
}

/// Says that a job ended; false when it is worth another try.
pub(crate) async fn one(shop: &Shop, id: &JobId, failed: bool) -> bool {
    let record = match shop.queue.record(id).await {
        Ok(Some(record)) => record,
        Ok(None) => return true,
        Err(_) => return false,
    };
    let Some(job) = &record.job else { return true };
    let tell = match kind(shop, job) {
        _ if failed => Tell::ReadyFailed,
        Some(ModelKind::Video) => Tell::ReadyVideo,
        Some(ModelKind::Text) => Tell::ReadyText,
        _ => Tell::ReadyPicture,
    };
    let name = if failed { format!("failed:{id}") } else { format!("ready:{id}") };
    say(shop, job, record.delivered.or(record.slot), &name, &tell).await
}

/// Says that the last job of a message ended, and has the originals sent that the chat wants; false when it is worth
/// another try.
pub(crate) async fn all(shop: &Shop, id: &JobId) -> bool {
    let batch = match shop.queue.batch(id).await {
        Ok(Some(batch)) => batch,
        Ok(None) => return true,
        Err(_) => return false,
    };
    let Some(job) = batch.jobs.iter().find_map(|record| record.job.as_ref()) else { return true };
    let able = Abilities::of(&shop.settings.catalogue, &job.request.model);
    if able.original && prefs(shop, job).await.originals == Some(Switch::On) {
        leave(shop, &Errand::Originals(id.clone(), Errand::UNASKED)).await;
    }
    let tally = Tally::of(batch.jobs.iter().map(|record| (record.state, record.delivered.is_some())));
    let Some(joined) = batch.joined_ms.filter(|_| tally.done + tally.failed > 0 && took_long(shop, &batch)) else {
        return true;
    };
    let Ok(album) = shop.queue.album(id).await else { return false };
    let first = batch.jobs.iter().find_map(|record| record.delivered.or(record.slot));
    let tell = Tell::ReadyBatch { done: tally.done, of: tally.all() };
    // those that are tried again later join once more
    say(shop, job, album.control.or(first), &format!("ready:{id}:{joined}"), &tell).await
}

async fn say(shop: &Shop, job: &Job, to: Option<MessageId>, name: &str, tell: &Tell<'_>) -> bool {
    if prefs(shop, job).await.notify == Some(Switch::Off) {
        return true;
    }
    // another worker may have the token
    let Some(telegram) = shop.telegrams.get(&job.place.bot) else { return false };
    let text = job.language.tell(tell);
    let send = |place: Place| {
        let post = Post { reply_to: to, ..place.post() };
        telegram.send_text(&post, &text, &Keyboard::none())
    };
    once::send(shop, name, job, 1, send).await.is_over()
}

fn kind(shop: &Shop, job: &Job) -> Option<ModelKind> {
    shop.settings.catalogue.get(&job.request.model).map(|model| model.kind)
}

/// Whether somebody who asked for it has turned to something else by now.
fn is_long(shop: &Shop, job: &Job) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let waited = now.saturating_sub(Duration::from_millis(job.accepted_ms));
    kind(shop, job) == Some(ModelKind::Video) || waited >= shop.settings.notify_after
}

fn took_long(shop: &Shop, batch: &Batch) -> bool {
    let accepted = batch.jobs.iter().filter_map(|record| record.accepted_ms).min();
    let waited = batch.joined_ms.zip(accepted).map_or(0, |(joined, accepted)| joined.saturating_sub(accepted));
    let film = |job: &Job| kind(shop, job) == Some(ModelKind::Video);
    let mut done = batch.jobs.iter().filter(|record| record.state == JobState::Done);
    Duration::from_millis(waited) >= shop.settings.notify_after
        || done.any(|record| record.job.as_ref().is_some_and(film))
}

/// What the chat has chosen; without an answer, nothing.
async fn prefs(shop: &Shop, job: &Job) -> Prefs {
    shop.queue.prefs(job.place.bot, job.place.chat).await.unwrap_or_default()
}

async fn leave(shop: &Shop, errand: &Errand) {
    if let Err(error) = shop.queue.send_once(errand).await {
        warn!(%errand, %error, "a message to be sent could not be put on record");
    }
}
