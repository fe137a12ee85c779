//! What the bot says: answers to commands and buttons, by tasks beside the intake.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::buttons::{Label, Rows};
use atelier_domain::{
    BotId, ChatKind, Incoming, JobId, JobState, Language, MessageId, Prefs, Press, Say, Tell, UserId, caption,
};
use atelier_queue::{Cancelling, QueueError, Record, Spend, Urgency};
use atelier_sketch::Mood;
use atelier_telegram::{DeliveryError, Hindrance, Keyboard, Place};
use tracing::warn;

use crate::intake::{Command, language};
use crate::{Front, ops, privacy, settings, slots, start};

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
    front.tasks.spawn(async move { reply(&this, &incoming, &text, &Keyboard::none()).await });
}

/// Answers a command.
pub(crate) fn spawn_command(
    front: &Arc<Front>,
    incoming: Arc<Incoming>,
    command: Command,
    arguments: String,
    prefs: Prefs,
) {
    let this = front.clone();
    front.tasks.spawn(async move {
        let language = language(&incoming);
        let mut keyboard = Keyboard::none();
        let text = match command {
            Command::Start => {
                if incoming.chat.kind == ChatKind::Private
                    && let Err(error) = this.queue.meet(incoming.bot, incoming.chat.id).await
                {
                    warn!(%error, "a chat could not be remembered");
                }
                let (text, rows) = or_apologise_with(start::greet(&this, &arguments, language).await, language);
                keyboard = Keyboard::of(&rows);
                text
            }
            Command::Help => language.say(&Say::Help { most: this.settings.pictures }),
            Command::Models => models(&this, language),
            Command::Jobs => or_apologise(jobs(&this, &incoming, language).await, language),
            Command::Cancel => or_apologise(cancel(&this, &incoming, &arguments, language).await, language),
            Command::Settings => {
                let (text, rows) = settings::page(&this, &prefs, incoming.chat.kind, language);
                keyboard = Keyboard::of(&rows);
                text
            }
            Command::Privacy => language.tell(&Tell::Privacy),
            Command::Ops => return ops::answer(&this, &incoming, &arguments, language).await,
            Command::Export => return privacy::export(&this, &incoming, language).await,
            Command::Forget => {
                let text = language.tell(&Tell::ButtonForget);
                keyboard = Keyboard::of(&vec![vec![Label { text, press: Press::Forget }]]);
                language.tell(&Tell::ForgetAsk)
            }
            Command::Unknown => language.say(&Say::UnknownCommand),
        };
        reply(&this, &incoming, &text, &keyboard).await;
    });
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
    if !wish.is_empty() {
        let standing = front.queue.record(&ids[0]).await?;
        let mine = |record: &Record| record.bot == Some(incoming.bot) && record.user == Some(incoming.user.id);
        if !standing.as_ref().is_some_and(|record| mine(record) || front.is_admin(incoming.user.id)) {
            return Ok(language.say(&Say::CancelUnknown));
        }
    }
    let count = cancel_all(front, incoming, &ids, owner(front, incoming)).await?;
    Ok(language.say(&if count == 0 { Say::CancelNone } else { Say::CancelDone { count: count as usize } }))
}

/// Cancels these jobs as far as they have not ended and are the owner's, if there is to be one; how many.
pub(crate) async fn cancel_all(
    front: &Arc<Front>,
    incoming: &Incoming,
    ids: &[JobId],
    owner: Option<(BotId, UserId)>,
) -> Result<u32, QueueError> {
    let mut count = 0;
    for id in ids {
        match front.queue.cancel(id, &actor(incoming), owner).await? {
            Cancelling::Cancelled => {
                count += 1;
                let (this, id) = (front.clone(), id.clone());
                front.tasks.spawn(async move { show_cancelled(&this, &id, None).await });
            }
            Cancelling::Asked => count += 1,
            Cancelling::Ended | Cancelling::Unknown | Cancelling::Foreign => {}
        }
    }
    Ok(count)
}

/// Whose jobs this user may touch: the user's own, or all.
fn owner(front: &Front, incoming: &Incoming) -> Option<(BotId, UserId)> {
    (!front.is_admin(incoming.user.id)).then_some((incoming.bot, incoming.user.id))
}

/// Edits the slot of a job that was cancelled while it waited; a running one's worker does it.
pub(crate) async fn show_cancelled(front: &Front, id: &JobId, message: Option<MessageId>) {
    let Ok(Some(record)) = front.queue.record(id).await else { return };
    let (Some(job), JobState::Cancelled) = (&record.job, record.state) else { return };
    let Some(slot) = record.slot.or(message) else { return };
    let line = job.language.say(&Say::Cancelled);
    slots::show_end(front, job, slot, record.batch.as_ref(), Mood::Cancelled, &line).await;
}

/// Replies to a message: with several where one cannot hold it, the buttons under the last.
pub(crate) async fn reply(front: &Front, incoming: &Incoming, text: &str, buttons: &Keyboard) {
    let parts = caption::parts(text, caption::TEXT_UNITS);
    let none = Keyboard::none();
    for (index, part) in parts.iter().enumerate() {
        let buttons = if index + 1 == parts.len() { buttons } else { &none };
        if !reply_once(front, incoming, part, buttons).await {
            return;
        }
    }
}

/// Whether the rest may follow.
async fn reply_once(front: &Front, incoming: &Incoming, text: &str, buttons: &Keyboard) -> bool {
    let mut post = Place::from(incoming.chat).reply(incoming.message);
    let mut tries = 0;
    loop {
        let sent = front
            .queue
            .paced(Spend::send(incoming.bot, incoming.chat.id), Urgency::Answer, flood, || {
                front.telegram.send_text(&post, text, buttons)
            })
            .await;
        match sent {
            Ok(_) => return true,
            // a topic that was closed meanwhile: better elsewhere in the group than not at all
            Err(DeliveryError::ThreadGone) if post.thread.is_some() => post.thread = None,
            Err(DeliveryError::NotPosted { retry_after, .. }) if tries < 5 => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(300 * tries))).await;
            }
            Err(error) => {
                warn!(update = incoming.update.0, outcome = error.name(), %error, "an answer could not be sent");
                return false;
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

fn or_apologise_with(answer: Result<(String, Rows), QueueError>, language: Language) -> (String, Rows) {
    answer.unwrap_or_else(|error| (or_apologise(Err(error), language), Rows::new()))
}

/// Who did it, for the record.
pub(crate) fn actor(incoming: &Incoming) -> String {
    format!("user:{}", incoming.user.id)
}
