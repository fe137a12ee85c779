//! Users, bots, and who is where.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, pick_bot};
use crate::telegram::model::{ChatKey, User};
use crate::telegram::render;
use crate::telegram::server::Server;
use crate::telegram::world::World;

/// A user as a call names one: by id alone, or with the fields to set.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum UserRef {
    Id(i64),
    Full {
        id: i64,
        #[serde(default)]
        first_name: Option<String>,
        #[serde(default)]
        last_name: Option<String>,
        #[serde(default)]
        username: Option<String>,
        #[serde(default)]
        language_code: Option<String>,
    },
}

impl UserRef {
    /// The user, made on first mention and updated with what is given.
    pub(crate) fn ensure(self, world: &mut World) -> Result<User, Refusal> {
        let id = match &self {
            Self::Id(id) | Self::Full { id, .. } => *id,
        };
        if !(1..1 << 52).contains(&id) {
            return Err(Refusal::bad("a user id is a positive number of at most 52 bits"));
        }
        let mut user = world.users.get(&id).cloned().unwrap_or_else(|| User {
            id,
            first_name: format!("User {id}"),
            last_name: None,
            username: None,
            language_code: Some("en".to_owned()),
        });
        if let Self::Full { first_name, last_name, username, language_code, .. } = self {
            user.first_name = first_name.filter(|name| !name.trim().is_empty()).unwrap_or(user.first_name);
            user.last_name = last_name.or(user.last_name);
            user.username = username.or(user.username);
            user.language_code = language_code.or(user.language_code);
        }
        world.put_user(user.clone());
        Ok(user)
    }
}

/// All users.
pub(super) async fn users(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.read(|world| json!({ "ok": true, "users": world.users.values().collect::<Vec<_>>() })))
}

#[derive(Debug, Deserialize)]
pub(super) struct NewUser {
    id: Option<i64>,
    #[serde(flatten)]
    fields: serde_json::Map<String, Value>,
}

/// Creates or changes a user; without an id the next free one is taken.
pub(super) async fn put_user(State(server): State<Arc<Server>>, Json(new): Json<NewUser>) -> Answer {
    server.write(|world, _| {
        let id = new.id.unwrap_or_else(|| world.users.keys().next_back().map_or(1001, |last| last + 1));
        let mut fields = new.fields;
        fields.insert("id".to_owned(), json!(id));
        let user: UserRef = serde_json::from_value(Value::Object(fields)).map_err(Refusal::bad)?;
        let user = user.ensure(world)?;
        Ok(Json(json!({ "ok": true, "user": user })))
    })
}

/// All bots and whether they listen.
pub(super) async fn bots(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.read(|world| {
        let bots: Vec<Value> =
            world.bots.values().map(|bot| render::bot_state(bot, world.queues.get(&bot.id))).collect();
        json!({ "ok": true, "bots": bots })
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct NewBot {
    id: i64,
    name: Option<String>,
    username: Option<String>,
    privacy: Option<bool>,
}

/// Creates or changes a bot.
pub(super) async fn put_bot(State(server): State<Arc<Server>>, Json(new): Json<NewBot>) -> Answer {
    server.write(|world, _| {
        world.ensure_bot(new.id);
        let bot = world.bots.get_mut(&new.id).ok_or_else(|| Refusal::missing("no such bot"))?;
        bot.name = new.name.unwrap_or_else(|| bot.name.clone());
        bot.username = new.username.unwrap_or_else(|| bot.username.clone());
        bot.privacy = new.privacy.unwrap_or(bot.privacy);
        world.save_bot(new.id);
        Ok(Json(json!({ "ok": true })))
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Block {
    bot: Option<i64>,
    user: UserRef,
    blocked: bool,
}

/// A user blocks or unblocks a bot; the bot is told by `my_chat_member`.
pub(super) async fn block(State(server): State<Arc<Server>>, Json(block): Json<Block>) -> Answer {
    server.write(|world, now_ms| {
        let bot = pick_bot(world, block.bot)?;
        world.ensure_bot(bot);
        let user = block.user.ensure(world)?;
        let key = world.ensure_private(bot, &user);
        change_membership(world, key, bot, &user, !block.blocked, now_ms)
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Members {
    chat: i64,
    bot: Option<i64>,
    /// Who does it.
    by: UserRef,
    /// True brings the bot in, false kicks it.
    inside: bool,
}

/// A bot is added to or kicked from a group.
pub(super) async fn members(State(server): State<Arc<Server>>, Json(members): Json<Members>) -> Answer {
    server.write(|world, now_ms| {
        let bot = pick_bot(world, members.bot)?;
        world.ensure_bot(bot);
        let by = members.by.ensure(world)?;
        let key = ChatKey::new(bot, members.chat);
        change_membership(world, key, bot, &by, members.inside, now_ms)
    })
}

fn change_membership(world: &mut World, key: ChatKey, bot: i64, by: &User, inside: bool, now_ms: i64) -> Answer {
    let mut chat = world.chats.get(&key).cloned().ok_or_else(|| Refusal::missing("no such chat"))?;
    let was = chat.bots.contains(&bot) && !chat.banned.contains(&bot);
    if inside {
        chat.banned.remove(&bot);
        chat.bots.insert(bot);
    } else {
        chat.banned.insert(bot);
    }
    world.put_chat(chat);
    let Some(profile) = world.bots.get(&bot) else { return Err(Refusal::missing("no such bot")) };
    let status = |inside: bool| {
        if inside {
            json!({ "status": "member", "user": render::bot(profile) })
        } else {
            json!({ "status": "kicked", "user": render::bot(profile), "until_date": 0 })
        }
    };
    let change = json!({
        "chat": render::chat(world, key),
        "from": render::user(by),
        "date": now_ms / 1000,
        "old_chat_member": status(was),
        "new_chat_member": status(inside),
    });
    let update = world.push_update(bot, "my_chat_member", change, now_ms);
    Ok(Json(json!({ "ok": true, "update": update })))
}
