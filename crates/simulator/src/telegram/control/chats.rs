//! Groups, the list of chats, and a chat's whole state.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::UserRef;
use super::{Answer, Refusal, pick_bot};
use crate::telegram::model::{Author, Chat, ChatKey, ChatKind, Content};
use crate::telegram::render;
use crate::telegram::server::Server;
use crate::telegram::world::{Draft, World};

#[derive(Debug, Deserialize)]
pub(super) struct NewGroup {
    /// Negative; chosen when left out.
    id: Option<i64>,
    title: String,
    #[serde(default)]
    members: Vec<UserRef>,
    /// All known bots when left out.
    bots: Option<Vec<i64>>,
    /// Administrators, people and bots; the first member is one.
    #[serde(default)]
    admins: Vec<i64>,
    #[serde(default = "supergroup")]
    kind: ChatKind,
}

fn supergroup() -> ChatKind {
    ChatKind::Supergroup
}

/// Creates a group and tells its bots that they are in it.
pub(super) async fn create_group(State(server): State<Arc<Server>>, Json(new): Json<NewGroup>) -> Answer {
    server.write(|world, now_ms| {
        let id = new.id.unwrap_or_else(|| free_group_id(world, new.kind));
        if id >= 0 || new.kind == ChatKind::Private || new.title.trim().is_empty() {
            return Err(Refusal::bad("a group has a negative id, a title, and the kind group or supergroup"));
        }
        let key = ChatKey::new(0, id);
        if world.chats.contains_key(&key) {
            return Err(Refusal::bad("there is a group with this id already"));
        }
        let mut members = Vec::new();
        for member in new.members {
            members.push(member.ensure(world)?);
        }
        let bots: Vec<i64> = new.bots.unwrap_or_else(|| world.bots.keys().copied().collect());
        for bot in &bots {
            world.ensure_bot(*bot);
        }
        world.put_chat(Chat {
            key,
            kind: new.kind,
            title: new.title,
            members: members.iter().map(|user| user.id).collect(),
            bots: bots.iter().copied().collect(),
            admins: new.admins.into_iter().chain(members.first().map(|user| user.id)).collect(),
            banned: [].into(),
            migrated_to: None,
            messages: [].into(),
        });
        let Some(owner) = members.first() else { return Ok(Json(json!({ "ok": true, "chat": id }))) };
        for bot in bots {
            let Some(profile) = world.bots.get(&bot) else { continue };
            let user = render::bot(profile);
            let change = json!({
                "chat": render::chat(world, key),
                "from": render::user(owner),
                "date": now_ms / 1000,
                "old_chat_member": { "status": "left", "user": user },
                "new_chat_member": { "status": "member", "user": user },
            });
            world.push_update(bot, "my_chat_member", change, now_ms);
        }
        Ok(Json(json!({ "ok": true, "chat": id })))
    })
}

fn free_group_id(world: &World, kind: ChatKind) -> i64 {
    let (first, step) = if kind == ChatKind::Supergroup { (-1_001_000_000_001, -1) } else { (-100_001, -1) };
    let taken = |id: i64| world.chats.contains_key(&ChatKey::new(0, id));
    std::iter::successors(Some(first), |id| Some(id + step)).find(|id| !taken(*id)).unwrap_or(first)
}

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    user: Option<i64>,
}

/// The chats, of one user or all, each with its last message.
pub(super) async fn list(State(server): State<Arc<Server>>, Query(query): Query<ListQuery>) -> Json<Value> {
    Json(server.read(|world| {
        let mine = |chat: &&Chat| query.user.is_none_or(|user| chat.members.contains(&user));
        let chats: Vec<Value> = world
            .chats
            .values()
            .filter(mine)
            .map(|chat| {
                let mut head = render::chat_head(chat);
                let last = chat.visible().next_back();
                head["last"] = last.map_or(Value::Null, |message| render::state_message(world, chat.key, message));
                head["count"] = json!(chat.visible().count());
                head
            })
            .collect();
        json!({ "ok": true, "chats": chats })
    }))
}

/// Names a chat: `bot` matters in private chats only.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct ChatQuery {
    pub(crate) chat: i64,
    #[serde(default)]
    pub(crate) bot: Option<i64>,
}

impl ChatQuery {
    /// The chat meant.
    pub(super) fn key(self, world: &World) -> Result<ChatKey, Refusal> {
        let bot = if self.chat > 0 { pick_bot(world, self.bot.filter(|bot| *bot != 0))? } else { 0 };
        Ok(ChatKey::new(bot, self.chat))
    }
}

/// A chat with all its messages and their history.
pub(super) async fn state(State(server): State<Arc<Server>>, Query(query): Query<ChatQuery>) -> Answer {
    server.read(|world| {
        let key = query.key(world)?;
        let chat = world.chats.get(&key).ok_or_else(|| Refusal::missing("no such chat"))?;
        Ok(Json(json!({ "ok": true, "state": render::chat_state(world, chat) })))
    })
}

/// Turns a group into a supergroup with a new id, as Telegram does; the old id answers with the new one.
pub(super) async fn migrate(State(server): State<Arc<Server>>, Json(query): Json<ChatQuery>) -> Answer {
    server.write(|world, now_ms| {
        let key = query.key(world)?;
        let old = world.chats.get(&key).filter(|chat| chat.kind == ChatKind::Group).cloned();
        let mut old = old.ok_or_else(|| Refusal::missing("no such basic group"))?;
        let to = free_group_id(world, ChatKind::Supergroup);
        let new_key = ChatKey::new(0, to);
        let new = Chat { key: new_key, kind: ChatKind::Supergroup, messages: [].into(), ..old.clone() };
        old.migrated_to = Some(to);
        let members = old.members.clone();
        let bots = old.bots.clone();
        world.put_chat(new);
        world.put_chat(old);
        let Some(author) = members.first().map(|user| Author::User(*user)) else {
            return Ok(Json(json!({ "ok": true, "chat": to })));
        };
        let service = |field: &str, id: i64| {
            let mut fields = serde_json::Map::new();
            fields.insert(field.to_owned(), json!(id));
            Draft::new(author, Content::Service(fields))
        };
        for (at, draft) in
            [(key, service("migrate_to_chat_id", to)), (new_key, service("migrate_from_chat_id", key.chat))]
        {
            let id = world.post(at, draft, now_ms);
            for bot in &bots {
                let Some(message) = world.message(at, id) else { continue };
                let shown = render::message(world, at, message, *bot);
                world.push_update(*bot, "message", shown, now_ms);
            }
        }
        Ok(Json(json!({ "ok": true, "chat": to })))
    })
}
