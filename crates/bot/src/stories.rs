//! From a topic to pictures: scenes for review, changed by answers, drawn with one tap.
//!
//! A text model writes the scenes as a job when there is one; without it the person's own text is split. The message shows
//! the story, Redis holds it: a restart changes nothing.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use atelier_domain::story::{Format, Story};
use atelier_domain::text::{TextTask, Written};
use atelier_domain::{
    Incoming, JobId, Language, MessageId, ModelKind, Prefs, Prompt, Request, Say, StoryWish, Tell, Usd,
};
use atelier_queue::{QueueError, Spend, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Place};
use tracing::warn;

use crate::answers::flood;
use crate::orders::{self, Ask, Order, Purpose};
use crate::{Front, answers, slots};

/// Begins a story; `Err` leaves its update with Telegram.
pub(crate) async fn begin(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    text: &str,
    language: Language,
) -> Result<(), QueueError> {
    let Ok(prompt) = text.parse::<Prompt>() else {
        answers::spawn_reply(front, incoming.clone(), language.tell(&Tell::StoryAsk));
        return Ok(());
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut story = Story {
        // the same for an update that comes again
        id: JobId::new(u64::try_from(now).unwrap_or(u64::MAX), rand::random()),
        bot: incoming.bot,
        chat: incoming.chat.id,
        user: incoming.user.id,
        job: None,
        scenes: Vec::new(),
        format: Format::default(),
    };
    let task = TextTask::Scenes { count: None };
    let writer = front.catalogue.of_kind(ModelKind::Text).next();
    if let Some(writer) = writer {
        let request = task.request(prompt, writer.id.clone());
        match orders::submit(front, incoming, language, vec![request]).await? {
            Order::Accepted(jobs) => {
                story.job = jobs.first().map(|job| job.id.clone());
                slots::spawn(front, jobs);
            }
            // the update came again: its message is there, or its person asks once more
            Order::Before(_) => return Ok(()),
            Order::Refused(sentence) => {
                answers::spawn_reply(front, incoming.clone(), sentence);
                return Ok(());
            }
        }
    } else if let Some(Written::Scenes(scenes)) = task.plain(prompt.as_str()) {
        story.scenes = scenes.prompts();
    }
    front.queue.keep_story(&story, None).await?;
    let (this, incoming) = (front.clone(), incoming.clone());
    front.tasks.spawn(async move { post(&this, &incoming, &story, language).await });
    Ok(())
}

/// Posts the message that shows a story.
async fn post(front: &Front, incoming: &Incoming, story: &Story, language: Language) {
    let (text, keyboard) = (story.words(language, price(front, story)), Keyboard::of(&story.rows(language)));
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
    if story.user != incoming.user.id && !front.is_admin(incoming.user.id) {
        return Ok(Some(language.tell(&Tell::ToastForeign)));
    }
    if story.scenes.is_empty()
        && let Some(job) = &story.job
    {
        let Some(Written::Scenes(scenes)) = front.queue.written(job).await? else {
            return Ok(Some(language.tell(&Tell::StoryNotYet)));
        };
        story.scenes = scenes.prompts();
    }
    match wish {
        StoryWish::Show => {}
        StoryWish::Format(format) => story.format = format,
        StoryWish::Draw => {
            let requests = match requests(front, &story, &prefs, language) {
                Ok(requests) => requests,
                Err(sentence) => return Ok(Some(sentence)),
            };
            return Ok(Some(match orders::submit(front, incoming, language, requests).await? {
                Order::Accepted(jobs) => {
                    slots::spawn(front, jobs);
                    language.tell(&Tell::ToastStarted)
                }
                Order::Before(ids) => {
                    slots::spawn_missing(front, ids);
                    language.tell(&Tell::ToastStarted)
                }
                Order::Refused(sentence) => sentence,
            }));
        }
    }
    front.queue.keep_story(&story, Some(incoming.message)).await?;
    show(front, incoming, story, incoming.message, language);
    Ok(None)
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

fn price(front: &Front, story: &Story) -> Usd {
    let requests = requests(front, story, &Prefs::default(), Language::default()).unwrap_or_default();
    let one = |request: &Request| front.catalogue.get(&request.model).map(|model| model.estimate(request));
    requests.iter().filter_map(one).sum()
}

fn show(front: &Arc<Front>, incoming: &Arc<Incoming>, story: Story, message: MessageId, language: Language) {
    let (this, incoming) = (front.clone(), incoming.clone());
    front.tasks.spawn(async move {
        let (text, keyboard) = (story.words(language, price(&this, &story)), Keyboard::of(&story.rows(language)));
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
