//! `GET /_sim/wait`: returns when everything asked for holds, so that tests wait on events and never sleep.
//!
//! Conditions name a chat's content, requests seen, a bot's queue or its presence; all that are given must hold at
//! the same moment. When the time runs out the answer is 408 with the state as it is, for the failure message.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::chats::ChatQuery;
use super::{Answer, Refusal, pick_bot};
use crate::telegram::model::{Author, Chat, Content, MediaKind, Message};
use crate::telegram::render;
use crate::telegram::server::Server;
use crate::telegram::world::World;

const DEFAULT_MS: u64 = 10_000;
const LONGEST_MS: u64 = 300_000;

/// What to wait for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conditions {
    timeout_ms: Option<u64>,
    bot: Option<i64>,
    chat: Option<i64>,
    /// At least this many of the bot's visible messages are of the kind.
    photos: Option<usize>,
    documents: Option<usize>,
    videos: Option<usize>,
    /// … and have one of these in their caption, separated by `|`.
    captioned: Option<String>,
    /// At least this many visible messages, of anyone.
    messages: Option<usize>,
    /// At least this many visible messages of bots.
    replies: Option<usize>,
    /// Some visible message of a bot contains this in text or caption.
    text: Option<String>,
    /// The message with this id …
    message_id: Option<i64>,
    /// … shows this kind now (`text`, `photo`, …; any bot message when no id is given).
    kind: Option<String>,
    /// … was edited at least this often.
    edits: Option<usize>,
    /// … has a button that shows this.
    button: Option<String>,
    /// … is deleted.
    deleted: Option<bool>,
    /// Requests of this method, at least `count` (default 1) since the last reset.
    method: Option<String>,
    count: Option<u64>,
    /// The update with this id was confirmed.
    confirmed: Option<i64>,
    /// No update waits to be confirmed.
    idle: Option<bool>,
    /// A poll of the bot is under way.
    poller: Option<bool>,
    /// At least this many requests are held by fault rules.
    held: Option<u64>,
    /// The press with this id was answered.
    answered: Option<String>,
}

/// Waits.
pub(super) async fn wait(State(server): State<Arc<Server>>, Query(wanted): Query<Conditions>) -> Answer {
    let timeout = wanted.timeout_ms.unwrap_or(DEFAULT_MS).min(LONGEST_MS);
    let deadline = Instant::now() + Duration::from_millis(timeout);
    let mut changes = server.changes();
    loop {
        changes.mark_unchanged();
        let (holds, state) = server.read(|world| {
            let holds = holds(world, &wanted)?;
            Ok::<_, Refusal>((holds, holds.then(|| show(world, &wanted))))
        })?;
        if holds {
            return Ok(Json(state.unwrap_or_default()));
        }
        let over = tokio::select! {
            changed = changes.changed() => changed.is_err(),
            () = sleep_until(deadline) => true,
            () = server.shutdown.cancelled() => true,
        };
        if over {
            let mut state = server.read(|world| show(world, &wanted));
            state["ok"] = json!(false);
            state["error"] = json!("the time ran out before the condition held");
            return Err(Refusal(StatusCode::REQUEST_TIMEOUT, state));
        }
    }
}

fn chat_of<'a>(world: &'a World, wanted: &Conditions) -> Result<Option<&'a Chat>, Refusal> {
    let Some(chat) = wanted.chat else { return Ok(None) };
    if chat > 0 && wanted.bot.is_none() && world.bots.is_empty() {
        return Ok(None);
    }
    let key = ChatQuery { chat, bot: wanted.bot }.key(world)?;
    Ok(world.chats.get(&key))
}

fn holds(world: &World, wanted: &Conditions) -> Result<bool, Refusal> {
    let about_chat = wanted.photos.is_some()
        || wanted.documents.is_some()
        || wanted.videos.is_some()
        || wanted.messages.is_some()
        || wanted.replies.is_some()
        || wanted.text.is_some()
        || wanted.message_id.is_some()
        || wanted.kind.is_some();
    if about_chat && wanted.chat.is_none() {
        return Err(Refusal::bad("these conditions need `chat`"));
    }
    let chat_holds = !about_chat || chat_of(world, wanted)?.is_some_and(|chat| chat_matches(chat, wanted));
    Ok(chat_holds && requests_match(world, wanted) && queue_matches(world, wanted))
}

fn chat_matches(chat: &Chat, wanted: &Conditions) -> bool {
    let by_bot = |message: &&Message| matches!(message.author, Author::Bot(_));
    let count = |kind: MediaKind| {
        let captioned = |caption: &str| {
            wanted.captioned.as_deref().is_none_or(|parts| parts.split('|').any(|part| caption.contains(part)))
        };
        let of_kind = |message: &&Message| matches!(&message.content, Content::Media { file, caption, .. } if file.kind == kind && captioned(caption));
        chat.visible().filter(by_bot).filter(of_kind).count()
    };
    let says = |text: &str| {
        chat.visible().filter(by_bot).any(|message| match &message.content {
            Content::Text { text: said, .. } | Content::Media { caption: said, .. } => said.contains(text),
            Content::Service(_) => false,
        })
    };
    let message_matches = |message: &Message| {
        let kind = match &message.content {
            Content::Text { .. } => "text",
            Content::Media { file, .. } => file.kind.word(),
            Content::Service(_) => "service",
        };
        wanted.kind.as_deref().is_none_or(|wanted| wanted == kind)
            && wanted.edits.is_none_or(|edits| message.history.len() >= edits)
            && wanted.button.as_deref().is_none_or(|text| has_button(message.markup.as_ref(), text))
            && wanted.deleted.unwrap_or(false) == message.deleted.is_some()
    };
    let one_matches = match wanted.message_id {
        Some(id) => chat.messages.get(&id).is_some_and(message_matches),
        None if wanted.kind.is_some() => chat.visible().filter(by_bot).any(message_matches),
        None => true,
    };
    wanted.photos.is_none_or(|photos| count(MediaKind::Photo) >= photos)
        && wanted.documents.is_none_or(|documents| count(MediaKind::Document) >= documents)
        && wanted.videos.is_none_or(|videos| count(MediaKind::Video) >= videos)
        && wanted.messages.is_none_or(|messages| chat.visible().count() >= messages)
        && wanted.replies.is_none_or(|replies| chat.visible().filter(by_bot).count() >= replies)
        && wanted.text.as_deref().is_none_or(says)
        && one_matches
}

fn has_button(markup: Option<&Value>, text: &str) -> bool {
    let rows = markup.and_then(|markup| markup["inline_keyboard"].as_array());
    let mut buttons = rows.into_iter().flatten().filter_map(Value::as_array).flatten();
    buttons.any(|button| button["text"].as_str().is_some_and(|shown| shown.contains(text)))
}

fn requests_match(world: &World, wanted: &Conditions) -> bool {
    let seen = wanted.method.as_ref().is_none_or(|method| {
        world.requests.total(wanted.bot, &method.to_ascii_lowercase()) >= wanted.count.unwrap_or(1)
    });
    let answered =
        wanted.answered.as_ref().is_none_or(|id| world.presses.get(id).is_some_and(|press| press.answer.is_some()));
    seen && answered && wanted.held.is_none_or(|held| world.faults.held() >= held)
}

fn queue_matches(world: &World, wanted: &Conditions) -> bool {
    if wanted.confirmed.is_none() && wanted.idle.is_none() && wanted.poller.is_none() {
        return true;
    }
    let Ok(bot) = pick_bot(world, wanted.bot) else { return false };
    let (Some(profile), Some(queue)) = (world.bots.get(&bot), world.queues.get(&bot)) else { return false };
    wanted.confirmed.is_none_or(|id| profile.confirmed_below > id)
        && wanted.idle.is_none_or(|idle| queue.is_empty() == idle)
        && wanted.poller.is_none_or(|poller| (queue.pollers > 0) == poller)
}

/// What the waiter is told: the chat it named, and where the bots stand.
fn show(world: &World, wanted: &Conditions) -> Value {
    let chat = chat_of(world, wanted).ok().flatten().map(|chat| render::chat_state(world, chat));
    let bots: Vec<Value> = world.bots.values().map(|bot| render::bot_state(bot, world.queues.get(&bot.id))).collect();
    let answer = wanted.answered.as_ref().and_then(|id| world.presses.get(id)).and_then(|press| press.answer.clone());
    json!({ "ok": true, "state": chat, "bots": bots, "held": world.faults.held(), "answer": answer })
}
