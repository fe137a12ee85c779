//! From a topic to pictures: scenes for review, changed by answers, drawn with one tap.
//!
//! A text model writes the scenes as a job when there is one, and the job's slot becomes the story; without it the person's
//! own text is split. The message shows the story, Redis holds it: a restart changes nothing.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use atelier_domain::scenes::split;
use atelier_domain::story::{BadPlan, Format, Manner, Plan, Story, Tone};
use atelier_domain::text::TextTask;
use atelier_domain::{
    Incoming, JobId, Language, MessageId, ModelKind, Prefs, Prompt, Request, Say, StoryWish, Tell, Usd,
};
use atelier_queue::{QueueError, Spend, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Place};
use tracing::warn;

use crate::answers::flood;
use crate::orders::{self, Ask, Order, Purpose};
use crate::{Front, answers, presses, settings, slots};

/// Begins a story; `Err` leaves its update with Telegram.
pub(crate) async fn begin(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    text: &str,
    language: Language,
) -> Result<(), QueueError> {
    let Plan { format, tone, topic } = match Plan::read(text) {
        Ok(plan) => plan,
        Err(bad) => {
            answers::spawn_reply(front, incoming.clone(), unclear(&bad, language));
            return Ok(());
        }
    };
    if let Some(request) = writing(front, topic.clone(), tone, format) {
        match orders::submit(front, incoming, language, vec![request]).await? {
            Order::Accepted(jobs) => slots::spawn(front, jobs).await,
            Order::Before(ids) => slots::spawn_missing(front, ids).await,
            Order::Refused(sentence) => answers::spawn_reply(front, incoming.clone(), sentence),
        }
        return Ok(());
    }
    let Some(scenes) = split(topic.as_str(), None) else { return Ok(()) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let story = Story {
        id: JobId::new(u64::try_from(now).unwrap_or(u64::MAX), rand::random()),
        bot: incoming.bot,
        chat: incoming.chat.id,
        user: incoming.user.id,
        scenes: scenes.prompts(),
        format,
        tone: None,
        topic: None,
        found: Some(scenes.found),
    };
    front.queue.keep_story(&story, None).await?;
    let (this, incoming) = (front.clone(), incoming.clone());
    front.tasks.spawn(async move { post(&this, &incoming, &story, language).await });
    Ok(())
}

/// The wish for a text model to write a story; `None` when there is none.
fn writing(front: &Front, topic: Prompt, tone: Option<Manner>, format: Format) -> Option<Request> {
    let writer = front.catalogue.of_kind(ModelKind::Text).next()?;
    let model = Some(front.default_model.clone());
    Some(TextTask::Story { tone, format, model }.request(topic, writer.id.clone()))
}

fn unclear(bad: &BadPlan, language: Language) -> String {
    let joined = |names: Vec<String>| names.join(", ");
    match bad {
        BadPlan::NoTopic => language.tell(&Tell::StoryAsk),
        BadPlan::Format(word) => {
            let known = joined(Format::ALL.map(|format| format.name().to_owned()).into());
            language.tell(&Tell::StoryBadFormat { word, known: &known })
        }
        BadPlan::Tone(word) => {
            let known = joined(Tone::ALL.map(|tone| tone.name().to_owned()).into());
            language.tell(&Tell::StoryBadTone { word, known: &known })
        }
    }
}

/// Posts the message that shows a story.
async fn post(front: &Front, incoming: &Incoming, story: &Story, language: Language) {
    let (text, keyboard) = (story.words(language, price(front, story).await), Keyboard::of(&story.rows(language)));
    let target = Place::from(incoming.chat).reply(incoming.message);
    let spend = Spend::send(incoming.bot, incoming.chat.id);
    let send = || front.telegram.send_text(&target, &text, &keyboard);
    match front.queue.paced(spend, Urgency::Answer, flood, send).await {
        Ok(Some(message)) => {
            if let Err(error) = front.queue.keep_story(story, Some(message)).await {
                warn!(story = %story.id, %error, "a story's message could not be recorded");
            }
        }
        Ok(None) => {}
        Err(error) => warn!(story = %story.id, outcome = error.name(), %error, "a story could not be shown"),
    }
}

/// What an answer to a story's message changes; false when the message shows no story of this person.
pub(crate) async fn answer(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    message: MessageId,
    text: &str,
    language: Language,
) -> Result<bool, QueueError> {
    let Some(mut story) = front.queue.story_at(incoming.bot, incoming.chat.id, message).await? else {
        return Ok(false);
    };
    if story.user != incoming.user.id {
        return Ok(false);
    }
    if !story.change(text) {
        answers::spawn_reply(front, incoming.clone(), language.tell(&Tell::StoryHowToChange));
        return Ok(true);
    }
    front.queue.keep_story(&story, Some(message)).await?;
    show(front, incoming, story, message, language);
    Ok(true)
}

/// Serves a story's button; what the person is told.
pub(crate) async fn press(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    wish: StoryWish,
    id: &JobId,
    prefs: Prefs,
    language: Language,
) -> Result<Option<String>, QueueError> {
    let Some(mut story) = front.queue.story(id).await? else { return Ok(Some(language.tell(&Tell::ToastGone))) };
    if !settings::may_touch(front, incoming, story.user).await {
        return Ok(Some(language.tell(&Tell::ToastForeign)));
    }
    match wish {
        StoryWish::Format(format) => story.format = format,
        StoryWish::Tone(tone) => return rewrite(front, incoming, &story, tone, language).await.map(Some),
        StoryWish::Draw => {
            return Ok(Some(match requests(front, &story, &prefs, language) {
                Ok(requests) => presses::draw(front, incoming, requests, language).await?,
                Err(sentence) => sentence,
            }));
        }
    }
    front.queue.keep_story(&story, Some(incoming.message)).await?;
    show(front, incoming, story, incoming.message, language);
    Ok(None)
}

/// Has a story written anew, in its place; what the person is told.
async fn rewrite(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    story: &Story,
    tone: Tone,
    language: Language,
) -> Result<String, QueueError> {
    let Some(topic) = story.topic.clone() else { return Ok(language.say(&Say::ToastUnknown)) };
    let Some(request) = writing(front, topic, Some(tone.into()), story.format) else {
        return Ok(language.tell(&Tell::StoryNoWriter));
    };
    let ids = match orders::submit(front, incoming, language, vec![request]).await? {
        Order::Accepted(jobs) => jobs.into_iter().map(|job| job.id).collect(),
        Order::Before(ids) => ids,
        Order::Refused(sentence) => return Ok(sentence),
    };
    for id in ids {
        // a worker that was faster posted a message of its own, which then is the story
        let slot = front.queue.record_slot(&id, incoming.message, None).await?;
        let (this, message) = (front.clone(), incoming.message);
        if slot.is_none_or(|slot| slot == message) {
            front.tasks.spawn(async move {
                if let Ok(Some(job)) = this.queue.record(&id).await.map(|record| record.and_then(|record| record.job)) {
                    slots::show_waiting(&this, &job, message, None).await;
                }
            });
        }
    }
    Ok(language.tell(&Tell::ToastStarted))
}

/// The scenes as requests, each in the format's shape.
fn requests(front: &Front, story: &Story, prefs: &Prefs, language: Language) -> Result<Vec<Request>, String> {
    let prefs = Prefs { ratio: story.format.ratio().or(prefs.ratio), count: None, ..prefs.clone() };
    let mut requests = Vec::new();
    for scene in &story.scenes {
        // a scene is words and nothing else: what looks like a flag in it is none
        let text = format!("-- {}", scene.replace(['\n', '\r'], " "));
        let ask = Ask { text: &text, purpose: Purpose::Draw, images: Vec::new(), prefs: prefs.clone() };
        requests.extend(orders::read(front, language, &ask)?);
    }
    if requests.is_empty() { Err(language.say(&Say::ToastUnknown)) } else { Ok(requests) }
}

/// What the pictures cost with what the chat has chosen.
async fn price(front: &Front, story: &Story) -> Usd {
    let prefs = front.queue.prefs(story.bot, story.chat).await.unwrap_or_default();
    let chosen = prefs.model.and_then(|id| front.catalogue.get(&id));
    let model = chosen.or_else(|| front.catalogue.get(&front.default_model));
    model.map_or(Usd::ZERO, |model| story.price(front.catalogue.graded(model, prefs.quality)))
}

fn show(front: &Arc<Front>, incoming: &Arc<Incoming>, story: Story, message: MessageId, language: Language) {
    let (this, incoming) = (front.clone(), incoming.clone());
    front.tasks.spawn(async move {
        let (text, keyboard) = (story.words(language, price(&this, &story).await), Keyboard::of(&story.rows(language)));
        let place = Place::from(incoming.chat);
        let spend = Spend::edit(incoming.bot, incoming.chat.id);
        let edit = || this.telegram.edit_text(place, message, &text, &keyboard);
        match this.queue.paced(spend, Urgency::Answer, flood, edit).await {
            Ok(_) => {}
            Err(DeliveryError::SlotGone) => post(&this, &incoming, &story, language).await,
            Err(error) => warn!(story = %story.id, outcome = error.name(), %error, "a story could not be shown"),
        }
    });
}
