//! What the bot says: answers to commands and buttons, by tasks beside the intake.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Incoming, JobId, JobState, Language, MessageId, Press, Say, caption};
use atelier_queue::{Cancelling, QueueError, Record, Urgency};
use atelier_telegram::{DeliveryError, Hindrance, Keyboard, Place};
use tracing::warn;

use crate::Front;
use crate::intake::{Command, language};

/// How many jobs `/jobs` shows.
const SHOWN: usize = 10;

/// The flood wait in an error, if it is one.
pub(crate) fn flood(error: &DeliveryError) -> Option<Duration> {
    match error {
        DeliveryError::NotPosted { hindrance: Hindrance::Flood, retry_after, .. } => {
            Some(retry_after.unwrap_or(Duration::from_secs(1)))
        }
        _ => None,
    }
}

/// Replies to a message.
pub(crate) fn spawn_reply(front: &Arc<Front>, incoming: Arc<Incoming>, text: String) {
    let this = front.clone();
    front.tasks.spawn(async move { reply(&this, &incoming, &text).await });
}

/// Answers a command.
pub(crate) fn spawn_command(front: &Arc<Front>, incoming: Arc<Incoming>, command: Command, arguments: String) {
    let this = front.clone();
    front.tasks.spawn(async move {
        let language = language(&incoming);
        let text = match command {
            Command::Start => {
                let model = this.catalogue.get(&this.default_model).map_or("", |model| model.title.as_str());
                language.say(&Say::Start { model })
            }
            Command::Help => language.say(&Say::Help { most: this.settings.pictures }),
            Command::Models => models(&this, language),
            Command::Jobs => or_apologise(jobs(&this, &incoming, language).await, language),
            Command::Cancel => or_apologise(cancel(&this, &incoming, &arguments, language).await, language),
            Command::Unknown => language.say(&Say::UnknownCommand),
        };
        reply(&this, &incoming, &text).await;
    });
}

/// Answers a pressed button, at once: until then its user sees a spinner.
pub(crate) fn spawn_press(front: &Arc<Front>, incoming: Arc<Incoming>, query: String, data: String) {
    let this = front.clone();
    front.tasks.spawn(async move {
        let language = language(&incoming);
        let toast = match data.parse() {
            Ok(Press::Cancel(id)) => press_cancel(&this, &incoming, &id, language).await,
            Err(_) => language.say(&Say::ToastUnknown),
        };
        match this.telegram.answer(&query, Some(&toast)).await {
            Ok(()) | Err(DeliveryError::LateQuery) => {}
            Err(error) => warn!(outcome = error.name(), %error, "a button could not be answered"),
        }
    });
}

async fn press_cancel(front: &Arc<Front>, incoming: &Incoming, id: &JobId, language: Language) -> String {
    let owner = Some((incoming.bot, incoming.user.id));
    let say = match front.queue.cancel(id, &actor(incoming), owner).await {
        Ok(Cancelling::Cancelled) => {
            let (this, id, message) = (front.clone(), id.clone(), incoming.message);
            front.tasks.spawn(async move { show_cancelled(&this, &id, Some(message)).await });
            Say::ToastCancelled
        }
        Ok(Cancelling::Asked) => Say::ToastCancelAsked,
        Ok(Cancelling::Ended) => Say::ToastCancelLate,
        Ok(Cancelling::Foreign) => Say::ToastCancelForeign,
        Ok(Cancelling::Unknown) => Say::ToastUnknown,
        Err(error) => {
            warn!(job.id = %id, %error, "a job could not be cancelled");
            Say::UnavailableLook
        }
    };
    language.say(&say)
}

fn models(front: &Front, language: Language) -> String {
    let lines = front.catalogue.models().iter().map(|model| {
        let default = model.id == front.default_model;
        language.say(&Say::ModelLine { model, default })
    });
    let text: Vec<String> = std::iter::once(language.say(&Say::Models)).chain(lines).collect();
    text.join("\n\n")
}

async fn jobs(front: &Front, incoming: &Incoming, language: Language) -> Result<String, QueueError> {
    let records = front.queue.jobs_of(incoming.bot, incoming.user.id, SHOWN).await?;
    if records.is_empty() {
        return Ok(language.say(&Say::JobsNone));
    }
    let lines = records.iter().map(|record| line(record, language));
    let text: Vec<String> = std::iter::once(language.say(&Say::Jobs)).chain(lines).collect();
    Ok(text.join("\n"))
}

fn line(record: &Record, language: Language) -> String {
    let prompt = record.job.as_ref().map_or("…", |job| job.request.prompt.as_str());
    let prompt = caption::cut(prompt.lines().next().unwrap_or_default(), 60);
    language.say(&Say::JobLine { code: record.id.as_str(), state: record.state, prompt: &prompt })
}

/// `/cancel` stops everything of the user's that has not ended, `/cancel CODE` one job.
async fn cancel(
    front: &Arc<Front>,
    incoming: &Incoming,
    arguments: &str,
    language: Language,
) -> Result<String, QueueError> {
    let owner = Some((incoming.bot, incoming.user.id));
    let wish = arguments.trim();
    let ids: Vec<JobId> = if wish.is_empty() {
        let records = front.queue.jobs_of(incoming.bot, incoming.user.id, 200).await?;
        records.into_iter().filter(|record| !record.state.is_final()).map(|record| record.id).collect()
    } else {
        match wish.parse() {
            Ok(id) => vec![id],
            Err(_) => return Ok(language.say(&Say::CancelUnknown)),
        }
    };
    let mut count = 0;
    for id in &ids {
        match front.queue.cancel(id, &actor(incoming), owner).await? {
            Cancelling::Cancelled => {
                count += 1;
                let (this, id) = (front.clone(), id.clone());
                front.tasks.spawn(async move { show_cancelled(&this, &id, None).await });
            }
            Cancelling::Asked => count += 1,
            Cancelling::Unknown | Cancelling::Foreign if !wish.is_empty() => {
                return Ok(language.say(&Say::CancelUnknown));
            }
            Cancelling::Ended | Cancelling::Unknown | Cancelling::Foreign => {}
        }
    }
    Ok(language.say(&if count == 0 { Say::CancelNone } else { Say::CancelDone { count } }))
}

/// Edits the slot of a job that was cancelled while it waited; a running one's worker does it.
async fn show_cancelled(front: &Front, id: &JobId, message: Option<MessageId>) {
    let Ok(Some(record)) = front.queue.record(id).await else { return };
    let (Some(job), JobState::Cancelled) = (&record.job, record.state) else { return };
    let Some(slot) = record.slot.or(message) else { return };
    let text = caption::slot(job, &job.language.say(&Say::Cancelled));
    let place = Place { chat: job.place.chat, thread: job.place.thread };
    let edited = front
        .queue
        .paced((job.place.bot, job.place.chat), Urgency::Answer, flood, || {
            front.telegram.edit_text(place, slot, &text, &Keyboard::none())
        })
        .await;
    if let Err(error) = edited {
        warn!(job.id = %id, outcome = error.name(), %error, "a cancelled slot could not be edited");
    }
}

async fn reply(front: &Front, incoming: &Incoming, text: &str) {
    let post = Place::from(incoming.chat).reply(incoming.message);
    let text = caption::cut(text, caption::TEXT_UNITS);
    let mut tries = 0;
    loop {
        let sent = front
            .queue
            .paced((incoming.bot, incoming.chat.id), Urgency::Answer, flood, || {
                front.telegram.send_text(&post, &text, &Keyboard::none())
            })
            .await;
        match sent {
            Ok(_) => return,
            Err(DeliveryError::NotPosted { retry_after, .. }) if tries < 5 => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(300 * tries))).await;
            }
            Err(error) => {
                warn!(update = incoming.update.0, outcome = error.name(), %error, "an answer could not be sent");
                return;
            }
        }
    }
}

fn or_apologise(answer: Result<String, QueueError>, language: Language) -> String {
    answer.unwrap_or_else(|error| {
        warn!(%error, "the queue could not be asked");
        language.say(&Say::UnavailableLook)
    })
}

fn actor(incoming: &Incoming) -> String {
    format!("user:{}", incoming.user.id)
}
