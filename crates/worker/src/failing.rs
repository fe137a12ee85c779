//! The end of a job without a picture: again later, or a sentence in the chat that says why.

use std::time::Duration;

use atelier_domain::buttons::{Abilities, Rows};
use atelier_domain::{Failure, FailureClass, Say, buttons, caption};
use atelier_provider::Handle;
use atelier_queue::{Lost, Outcome, Spend, Urgency};
use atelier_sketch::Mood;
use atelier_telegram::{DeliveryError, Keyboard};
use tracing::{info, warn};

use crate::line::{Creation, Walk};
use crate::slot::{self, Posted, Slot};
use crate::{cards, generate, money, ready, trouble};

/// What the queue does about a failure that nobody could be told of.
pub(crate) fn verdict(failure: Failure, tries: u32) -> Outcome {
    // whoever is refused for its number waits with its lane, which lets them go one by one: spread would only slow it
    let jitter = if failure.class == FailureClass::RateLimited { 0.0 } else { rand::random::<f64>() };
    match failure.next_try(tries, jitter) {
        Some(wait) => Outcome::Retry(wait, failure),
        None => Outcome::Dead(failure),
    }
}

/// Ends a failed attempt; the chat hears of it either way.
pub(crate) async fn failed(walk: &Walk, failure: Failure) -> Outcome {
    let job = walk.job();
    walk.reach("after-failure").await;
    let (class, attempt) = (failure.class, walk.claimed.attempt);
    let outcome = verdict(failure.clone(), walk.claimed.tries());
    let retry_s = match &outcome {
        Outcome::Retry(wait, _) => Some(wait.as_secs()),
        _ => None,
    };
    warn!(job.id = %job.id, model = %walk.model.id, class = class.name(), detail = failure.detail, attempt, retry_s, "attempt failed");
    // only now: a job that ends here keeps what it has, and its end is all that is left to be written
    if matches!(outcome, Outcome::Retry(..)) && go_on(walk).await.is_err() {
        return Outcome::HandedOver;
    }
    match &outcome {
        Outcome::Retry(wait, _) => {
            let line = job.language.say(&Say::QueuedDelayed { eta: *wait });
            tell(walk, Mood::Waiting, &line, Urgency::Progress).await;
        }
        _ if class == FailureClass::Unreachable => {}
        _ => {
            let line = job.language.say(&Say::Failed {
                class,
                model: &walk.model.title,
                price: walk.model.estimate(&walk.request),
            });
            tell(walk, Mood::Failed, &line, Urgency::Result).await;
            ready::after_failure(&walk.shop, job).await;
        }
    }
    outcome
}

/// Lets the next attempt make another creation, if this one's is known to be over.
async fn go_on(walk: &Walk) -> Result<(), Lost> {
    if matches!(walk.creation(), Creation::Over(_)) { generate::forget(walk).await } else { Ok(()) }
}

/// Puts a job back that cannot be run because of the operator's trouble: it keeps its turn and its tries.
pub(crate) async fn troubled(walk: &Walk, failure: Failure) -> Outcome {
    let job = walk.job();
    if go_on(walk).await.is_err() {
        return Outcome::HandedOver;
    }
    let wait = trouble::close(walk, &failure).await;
    warn!(job.id = %job.id, model = %walk.model.id, class = failure.class.name(), detail = failure.detail, "put back until the account can be used");
    let line = job.language.say(&Say::ModelUnavailable { model: &walk.model.title });
    tell(walk, Mood::Waiting, &line, Urgency::Progress).await;
    // a little later than the models are resumed, and not all at once
    Outcome::Postponed(wait.mul_f64(1.0 + 0.25 * rand::random::<f64>()), failure)
}

/// Puts a job back whose account rests after failures: it keeps its turn and its tries.
pub(crate) async fn rested(walk: &Walk, wait: Duration) -> Outcome {
    let job = walk.job();
    info!(job.id = %job.id, model = %walk.model.id, wait_ms = wait.as_millis(), "put back until the account has rested");
    let line = job.language.say(&Say::ModelUnavailable { model: &walk.model.title });
    tell(walk, Mood::Waiting, &line, Urgency::Progress).await;
    // one of them is the first to try, the others find out how that went
    let failure = Failure::new(FailureClass::Transient, "the account rests after failures");
    Outcome::Postponed(wait.mul_f64(1.0 + 0.25 * rand::random::<f64>()), failure)
}

/// Ends a cancelled job: the provider is told to stop, the slot says so.
pub(crate) async fn cancelled(walk: &Walk) -> Outcome {
    let job = walk.job();
    let record = walk.shop.queue.record(&job.id).await.ok().flatten();
    let handle = record.and_then(|record| record.handle).and_then(|handle| handle.parse::<Handle>().ok());
    if let Some(handle) = handle {
        money::stop(walk, &handle).await;
    }
    info!(job.id = %job.id, "job cancelled");
    tell(walk, Mood::Cancelled, &job.language.say(&Say::Cancelled), Urgency::Result).await;
    Outcome::Cancelled
}

/// Shows a line in the slot, or logs that it could not.
async fn tell(walk: &Walk, mood: Mood, line: &str, urgency: Urgency) {
    if let Err(error) = say(walk, &Under::Mood(mood), line, urgency).await {
        warn!(job.id = %walk.job().id, outcome = error.name(), %error, "the chat could not be told");
    }
}

/// What stands under a line.
pub(crate) enum Under {
    /// What can be done about a job of which this is the news.
    Mood(Mood),
    /// The line is the result, with these buttons.
    Result(Rows),
}

impl Under {
    /// How a card shows it.
    fn mood(&self) -> Mood {
        match self {
            Self::Mood(mood) => *mood,
            Self::Result(_) => Mood::File,
        }
    }
}

/// Shows a line in the slot, and what can be done about it. A job without a slot gets
/// one only for news that must not be missed.
pub(crate) async fn say(walk: &Walk, under: &Under, line: &str, urgency: Urgency) -> Result<(), DeliveryError> {
    let job = walk.job();
    let text = caption::slot(job, line);
    let chat = job.place.chat;
    if urgency == Urgency::Progress && walk.batch().await.is_some() {
        // an album keeps its cards until there is something to see
        return Ok(());
    }
    let mut found = match urgency {
        Urgency::Progress | Urgency::News => walk.claimed.progress.slot.map(|message| Slot { message, tile: false }),
        Urgency::Answer | Urgency::Result => slot::find(walk).await,
    };
    if !walk.claimed.lease.is_certain() {
        return Ok(());
    }
    let drawn = async |slot: Option<Slot>| match slot {
        Some(Slot { tile: true, .. }) => cards::draw(walk.job(), under.mood(), line).await,
        _ => None,
    };
    let mut card = drawn(found).await;
    let buttons = match under {
        Under::Result(rows) => Keyboard::of(rows),
        Under::Mood(Mood::Failed | Mood::Cancelled) => {
            let able = Abilities::of(&walk.shop.settings.catalogue, &walk.model.id);
            Keyboard::of(&buttons::failed(job.language, &job.id, able))
        }
        Under::Mood(Mood::Waiting | Mood::File) => Keyboard::of(&buttons::waiting(job.language, &job.id)),
    };
    let (spend, place) = (Spend::edit(job.place.bot, chat), slot::place(walk, chat));
    let mut tries = 0;
    let result = loop {
        let result = match (found, &card) {
            (Some(slot), Some(card)) => {
                let edit = || walk.telegram.edit_into(place, slot.message, card, &text, &Keyboard::none());
                walk.shop.queue.paced(spend, urgency, slot::flood, edit).await.map(drop)
            }
            (Some(slot), None) => {
                let edit = || walk.telegram.edit_text(place, slot.message, &text, &buttons);
                walk.shop.queue.paced(spend, urgency, slot::flood, edit).await.map(drop)
            }
            (None, _) if urgency == Urgency::Progress => Ok(()),
            (None, _) => match slot::post(walk, chat, &text, None).await {
                Ok(Posted::Other(slot)) => {
                    found = Some(slot);
                    card = drawn(found).await;
                    continue;
                }
                posted => posted.map(drop),
            },
        };
        match result {
            Err(DeliveryError::NotPosted { retry_after, .. }) if urgency == Urgency::Result && tries < 5 => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(500 * tries))).await;
            }
            result => break result,
        }
    };
    match result {
        Err(DeliveryError::SlotGone) if urgency == Urgency::Result => {
            slot::post(walk, chat, &text, found.map(|slot| slot.message)).await.map(drop)
        }
        other => other,
    }
}
