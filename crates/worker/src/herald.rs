//! News of jobs that ended without a worker: cancelled by an operator while they waited, or given up by the queue.
//!
//! What they may have left at their provider is stopped. The slot says so. It is an edit, so telling twice is harmless; a
//! job without a slot has nobody who waits for a word.

use std::sync::Arc;

use atelier_domain::buttons::Abilities;
use atelier_domain::{FailureClass, JobState, Say, Usd, buttons, caption};
use atelier_queue::{Errand, Herald, Notice, Record, Spend, Urgency};
use atelier_sketch::Mood;
use atelier_telegram::{DeliveryError, Keyboard, Place};
use futures::FutureExt;
use tracing::{info, warn};

use crate::{Shop, albums, cards, originals, panel, ready, slot, stray};

/// The herald of this process.
pub(crate) fn herald(shop: Arc<Shop>) -> Herald {
    Herald::new(Arc::new(move |notice| tell(shop.clone(), notice).boxed()))
}

async fn tell(shop: Arc<Shop>, notice: Notice) -> bool {
    let id = match notice {
        Notice::Ended(id) => id,
        Notice::Joined(batch) => {
            info!(batch = %batch, "all jobs of a message have ended");
            return panel::ended(&shop, &batch).await && ready::all(&shop, &batch).await;
        }
        Notice::Album(batch) => return albums::take_over(&shop, &batch).await,
        Notice::Errand(errand) => {
            return match &errand {
                Errand::Original(id, _) => originals::one(&shop, id, &errand).await,
                Errand::Originals(batch, _) => originals::all(&shop, batch, &errand).await,
                Errand::Ready(id) => ready::one(&shop, id, false).await,
                Errand::Failed(id) => ready::one(&shop, id, true).await,
                Errand::Stray(id) => stray::look(&shop, id).await,
            };
        }
    };
    match shop.queue.record(&id).await {
        Ok(Some(record)) => {
            let (said, stopped) = tokio::join!(said(&shop, &record), stray::abandoned(&shop, &record));
            said && stopped
        }
        Ok(None) => true,
        Err(error) => {
            warn!(job.id = %id, %error, "a notice could not be looked up; it comes again");
            false
        }
    }
}

/// Whether the slot says how the job ended, or need not.
async fn said(shop: &Shop, record: &Record) -> bool {
    let (Some(job), Some(message)) = (&record.job, record.slot) else { return true };
    let Some(telegram) = shop.telegrams.get(&job.place.bot) else {
        // another worker may have the token
        return false;
    };
    let title = shop.settings.catalogue.get(&job.request.model).map_or("?", |model| model.title.as_str());
    let (say, mood) = match record.state {
        JobState::Cancelled => (Say::Cancelled, Mood::Cancelled),
        JobState::Dead => {
            let class = FailureClass::ALL.into_iter().find(|class| Some(class.name()) == record.class.as_deref());
            let model = shop.settings.catalogue.get(&job.request.model);
            let price = model.map_or(Usd::ZERO, |model| model.estimate(&job.request));
            (Say::Failed { class: class.unwrap_or(FailureClass::Fatal), model: title, price }, Mood::Failed)
        }
        _ => return true,
    };
    let line = job.language.say(&say);
    let text = caption::slot(job, &line);
    let place = Place { chat: job.place.chat, thread: job.place.thread };
    let album = match &record.batch {
        Some(batch) => match shop.queue.album(batch).await {
            Ok(album) => Some(album),
            // whether the message is a tile decides how it is edited
            Err(_) => return false,
        },
        None => None,
    };
    let card = match album {
        Some(album) if album.is_tile(message) => cards::draw(job, mood, &line).await,
        _ => None,
    };
    let able = Abilities::of(&shop.settings.catalogue, &job.request.model);
    let buttons = Keyboard::of(&buttons::failed(job.language, &job.id, able));
    let spend = Spend::edit(job.place.bot, job.place.chat);
    let edited = if let Some(card) = &card {
        let edit = || telegram.edit_into(place, message, card, &text, &Keyboard::none());
        shop.queue.paced(spend, Urgency::Result, slot::flood, edit).await.map(drop)
    } else {
        let edit = || telegram.edit_text(place, message, &text, &buttons);
        shop.queue.paced(spend, Urgency::Result, slot::flood, edit).await.map(drop)
    };
    match edited {
        Err(DeliveryError::NotPosted { .. } | DeliveryError::Unknown { .. }) => false,
        Err(error) => {
            warn!(job.id = %job.id, outcome = error.name(), %error, "the chat could not be told how a job ended");
            true
        }
        Ok(()) => {
            if record.state == JobState::Dead {
                ready::after_failure(shop, job).await;
            }
            true
        }
    }
}
