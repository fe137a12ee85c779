//! What people do in chats, and a bot's queue of updates.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, Path, Query, Request, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chats::ChatQuery;
use super::people::UserRef;
use super::{Answer, Refusal, pick_bot};
use crate::telegram::entities;
use crate::telegram::files::Hints;
use crate::telegram::model::{Author, ChatKey, Content, MediaKind, Message};
use crate::telegram::params::Params;
use crate::telegram::render;
use crate::telegram::server::Server;
use crate::telegram::world::{Draft, Press, World};

/// Presses older than this are forgotten once there are many.
const FORGET_PRESSES_MS: i64 = 600_000;
const MANY_PRESSES: usize = 2000;

/// A user writes: JSON, or a form whose parts `photo` or `document` are files.
pub(super) async fn message(State(server): State<Arc<Server>>, request: Request) -> Answer {
    let params = Params::read(request).await.map_err(|error| Refusal::bad(error.description))?;
    let json_of = |name: &str| params.json(name, name).map_err(|error| Refusal::bad(error.description));
    let user = json_of("user")?.ok_or_else(|| Refusal::bad("`user` is missing"))?;
    let user: UserRef =
        serde_json::from_value(user).map_err(|_| Refusal::bad("`user` is an id or an object with one"))?;
    let extra = match json_of("extra")? {
        None => Map::new(),
        Some(Value::Object(extra)) => extra,
        Some(_) => return Err(Refusal::bad("`extra` is an object")),
    };
    let text = params.text("text").or_else(|| params.text("caption")).unwrap_or_default();
    let formatted =
        entities::read(&text, None, json_of("entities")?).map_err(|error| Refusal::bad(error.description))?;
    let mut file = None;
    for kind in [MediaKind::Photo, MediaKind::Document, MediaKind::Video] {
        if let Some(upload) = params.files.get(kind.word()) {
            let taken = server.files.take(upload.clone(), kind, Hints::default()).await;
            file = Some(taken.map_err(|error| Refusal::bad(error.description))?);
        }
    }
    let content = match file {
        Some(file) => {
            server.write(|world, _| world.keep_file(&file));
            Content::Media { file, caption: formatted.text, entities: formatted.entities }
        }
        None if formatted.text.is_empty() && extra.is_empty() => return Err(Refusal::bad("nothing to send")),
        None if formatted.text.is_empty() => Content::Service(Map::new()),
        None => Content::Text { text: formatted.text, entities: formatted.entities },
    };
    server.write(|world, now_ms| {
        let user = user.ensure(world)?;
        let chat = params.integer("chat").unwrap_or(user.id);
        let key = if chat > 0 {
            let bot = pick_bot(world, params.integer("bot").filter(|bot| *bot != 0))?;
            world.ensure_bot(bot);
            world.ensure_private(bot, &user)
        } else {
            join(world, ChatKey::new(0, chat), user.id)?
        };
        let draft = Draft {
            reply_to: params.integer("reply_to"),
            thread: params.integer("thread"),
            extra,
            ..Draft::new(Author::User(user.id), content)
        };
        let id = world.post(key, draft, now_ms);
        let updates = tell_bots(world, key, id, "message", now_ms);
        let state = world.message(key, id).map(|message| render::state_message(world, key, message));
        Ok(Json(json!({ "ok": true, "bot": key.bot, "chat": key.chat, "message_id": id, "message": state, "updates": updates })))
    })
}

/// A user who writes in a group is a member of it.
fn join(world: &mut World, key: ChatKey, user: i64) -> Result<ChatKey, Refusal> {
    let chat = world.chats.get(&key).ok_or_else(|| Refusal::missing("no such group: create it first"))?;
    if !chat.members.contains(&user) {
        let mut chat = chat.clone();
        chat.members.insert(user);
        world.put_chat(chat);
    }
    Ok(key)
}

/// Queues a message for the bots that may see it; returns the update ids by bot.
fn tell_bots(world: &mut World, key: ChatKey, id: i64, kind: &str, now_ms: i64) -> Value {
    let bots: Vec<i64> =
        world.chats.get(&key).map(|chat| chat.bots.difference(&chat.banned).copied().collect()).unwrap_or_default();
    let mut updates = Map::new();
    for bot in bots {
        let Some(message) = world.message(key, id).filter(|message| sees(world, key, message, bot)) else { continue };
        let shown = render::message(world, key, message, bot);
        if let Some(update) = world.push_update(bot, kind, shown, now_ms) {
            updates.insert(bot.to_string(), json!(update));
        }
    }
    Value::Object(updates)
}

/// Privacy mode: in a group a bot sees commands for it, replies to it and service messages; a mention is not enough.
fn sees(world: &World, key: ChatKey, message: &Message, bot: i64) -> bool {
    let Some(profile) = world.bots.get(&bot) else { return false };
    let admin = world.chats.get(&key).is_some_and(|chat| chat.admins.contains(&bot));
    if !key.is_group() || !profile.privacy || admin {
        return true;
    }
    let answers_bot = message
        .reply_to
        .and_then(|id| world.message(key, id))
        .is_some_and(|answered| answered.author == Author::Bot(bot));
    let text = match &message.content {
        Content::Text { text, .. } => text.as_str(),
        Content::Media { caption, .. } => caption.as_str(),
        Content::Service(_) => return true,
    };
    let command = text.split_whitespace().next().filter(|word| word.starts_with('/'));
    let addressed = command.is_some_and(|word| match word.split_once('@') {
        Some((_, name)) => name.eq_ignore_ascii_case(&profile.username),
        None => true,
    });
    answers_bot || addressed
}

#[derive(Debug, Deserialize)]
pub(super) struct PressBody {
    #[serde(flatten)]
    chat: ChatQuery,
    user: UserRef,
    message_id: i64,
    /// The button by its data, by its text, or by row and column.
    data: Option<String>,
    text: Option<String>,
    row: Option<usize>,
    column: Option<usize>,
}

/// A user presses an inline button.
pub(super) async fn press(State(server): State<Arc<Server>>, Json(body): Json<PressBody>) -> Answer {
    server.write(|world, now_ms| {
        let user = body.user.clone().ensure(world)?;
        let key = body.chat.key(world)?;
        let message = world.message(key, body.message_id).ok_or_else(|| Refusal::missing("no such message"))?;
        let Author::Bot(bot) = message.author else { return Err(Refusal::bad("the message is not a bot's")) };
        let data = find_button(message, &body).ok_or_else(|| Refusal::missing("no such button"))?;
        let shown = render::message(world, key, message, bot);
        if world.presses.len() > MANY_PRESSES {
            world.presses.retain(|_, press| now_ms - press.at_ms < FORGET_PRESSES_MS);
        }
        world.last_press += 1;
        let id = format!("{}", now_ms * 1000 + i64::try_from(world.last_press % 1000).unwrap_or(0));
        let query = json!({
            "id": id,
            "from": render::user(&user),
            "message": shown,
            "chat_instance": key.chat.to_string(),
            "data": data,
        });
        let press = Press {
            bot,
            user: user.id,
            key,
            message: body.message_id,
            at_ms: now_ms,
            delivered_ms: None,
            answer: None,
        };
        world.presses.insert(id.clone(), press);
        let update = world.push_update(bot, "callback_query", query, now_ms);
        Ok(Json(json!({ "ok": true, "callback_query_id": id, "update": update })))
    })
}

fn find_button(message: &Message, body: &PressBody) -> Option<String> {
    let rows = message.markup.as_ref()?.get("inline_keyboard")?.as_array()?;
    let wanted = |row: usize, column: usize, button: &Value| {
        let text = button.get("text").and_then(Value::as_str);
        let data = button.get("callback_data").and_then(Value::as_str);
        body.data.as_deref().is_none_or(|wanted| data == Some(wanted))
            && body.text.as_deref().is_none_or(|wanted| text == Some(wanted))
            && body.row.is_none_or(|wanted| wanted == row)
            && body.column.is_none_or(|wanted| wanted == column)
    };
    let buttons = rows.iter().enumerate().flat_map(|(row, buttons)| {
        buttons.as_array().into_iter().flatten().enumerate().map(move |(column, button)| (row, column, button))
    });
    let mut found = buttons.filter(|(row, column, button)| wanted(*row, *column, button));
    found.find_map(|(_, _, button)| button.get("callback_data")?.as_str().map(str::to_owned))
}

#[derive(Debug, Deserialize)]
pub(super) struct Delete {
    #[serde(flatten)]
    chat: ChatQuery,
    message_id: i64,
}

/// A person deletes a message for everyone; bots are not told, as on the real server.
pub(super) async fn delete(State(server): State<Arc<Server>>, Json(body): Json<Delete>) -> Answer {
    server.write(|world, now_ms| {
        let key = body.chat.key(world)?;
        world.message(key, body.message_id).ok_or_else(|| Refusal::missing("no such message"))?;
        world.delete(key, body.message_id, now_ms);
        Ok(Json(json!({ "ok": true })))
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct BotQuery {
    bot: Option<i64>,
}

/// A bot's unconfirmed updates and its offset.
pub(super) async fn updates(State(server): State<Arc<Server>>, Query(query): Query<BotQuery>) -> Answer {
    server.read(|world| {
        let bot = pick_bot(world, query.bot)?;
        let pending: Vec<Value> = world
            .queues
            .get(&bot)
            .map(|queue| queue.pending().map(crate::telegram::updates::Update::wire).collect())
            .unwrap_or_default();
        let profile = world.bots.get(&bot).ok_or_else(|| Refusal::missing("no such bot"))?;
        Ok(Json(json!({
            "ok": true, "pending": pending, "confirmed_below": profile.confirmed_below, "next": profile.next_update,
        })))
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Inject {
    bot: Option<i64>,
    /// Any JSON object; `update_id` is added when it is missing.
    update: Map<String, Value>,
}

/// Queues a raw update, however malformed.
pub(super) async fn inject(State(server): State<Arc<Server>>, request: Request) -> Answer {
    let Json(inject): Json<Inject> = Json::from_request(request, &()).await.map_err(Refusal::bad)?;
    server.write(|world, now_ms| {
        let bot = pick_bot(world, inject.bot)?;
        world.ensure_bot(bot);
        let update = world.push_update(bot, "raw", Value::Object(inject.update), now_ms);
        Ok(Json(json!({ "ok": true, "update": update })))
    })
}

/// Delivers a past update once more, whatever the offset says.
pub(super) async fn again(
    State(server): State<Arc<Server>>,
    Path(id): Path<i64>,
    Query(query): Query<BotQuery>,
) -> Answer {
    server.write(|world, _| {
        let bot = pick_bot(world, query.bot)?;
        let known = world.queues.entry(bot).or_default().repeat(id);
        if known { Ok(Json(json!({ "ok": true }))) } else { Err(Refusal::missing("no such update")) }
    })
}
