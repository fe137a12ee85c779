//! Everything the Bot API simulator knows, and the small steps that change it.
//!
//! Invariant: every change goes through a method here and leaves its record for the journal and its event for the
//! feed in `effects`, in order, so that disk, browser and tests see one history. Nothing in here waits or does I/O.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::faults::Faults;
use super::journal::Record;
use super::limits::Limiter;
use super::model::{Author, Bot, Chat, ChatKey, ChatKind, Content, FileMeta, Message, User, Version};
use super::render;
use super::reply::ApiError;
use super::requests::Requests;
use super::updates::{Queue, Update};

/// A button press that waits for its answer.
#[derive(Debug, Clone)]
pub(crate) struct Press {
    pub(crate) bot: i64,
    pub(crate) user: i64,
    pub(crate) key: ChatKey,
    pub(crate) message: i64,
    pub(crate) at_ms: i64,
    /// When the bot first received it.
    pub(crate) delivered_ms: Option<i64>,
    pub(crate) answer: Option<Value>,
}

/// Something that must leave the world after a change.
#[derive(Debug)]
pub(crate) enum Effect {
    Record(Box<Record>),
    Event(&'static str, Value),
}

impl Effect {
    /// A line for the journal.
    pub(crate) fn record(record: Record) -> Self {
        Self::Record(Box::new(record))
    }
}

/// A message about to be posted.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) author: Author,
    pub(crate) content: Content,
    pub(crate) markup: Option<Value>,
    pub(crate) reply_to: Option<i64>,
    pub(crate) thread: Option<i64>,
    pub(crate) album: Option<String>,
    pub(crate) extra: Map<String, Value>,
}

impl Draft {
    /// A bare message.
    pub(crate) fn new(author: Author, content: Content) -> Self {
        Self { author, content, markup: None, reply_to: None, thread: None, album: None, extra: Map::new() }
    }
}

/// The state behind the server's lock.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) bots: BTreeMap<i64, Bot>,
    pub(crate) queues: BTreeMap<i64, Queue>,
    pub(crate) users: BTreeMap<i64, User>,
    pub(crate) chats: BTreeMap<ChatKey, Chat>,
    pub(crate) files: HashMap<String, FileMeta>,
    /// Next message id of each group.
    pub(crate) group_ids: HashMap<i64, i64>,
    pub(crate) presses: HashMap<String, Press>,
    pub(crate) requests: Requests,
    pub(crate) limiter: Limiter,
    pub(crate) faults: Faults,
    /// Bots that called `logOut` or `close`.
    pub(crate) logged_out: HashSet<i64>,
    pub(crate) effects: Vec<Effect>,
    /// The first id of bots met for the first time.
    pub(crate) first_id: i64,
    pub(crate) last_press: u64,
    pub(crate) last_album: u64,
}

impl World {
    /// The bot with this id, made on first mention.
    pub(crate) fn ensure_bot(&mut self, id: i64) {
        if self.bots.contains_key(&id) {
            return;
        }
        let username = if self.bots.is_empty() { "atelier_bot".to_owned() } else { format!("atelier_{id}_bot") };
        let bot = Bot {
            id,
            name: "Atelier".to_owned(),
            username,
            privacy: true,
            commands: Vec::new(),
            texts: BTreeMap::new(),
            menu_button: None,
            webhook: None,
            allowed_updates: None,
            next_update: self.first_id,
            next_message: self.first_id,
            confirmed_below: 0,
        };
        self.bots.insert(id, bot);
        self.queues.entry(id).or_default();
        self.save_bot(id);
    }

    /// Notes that a bot's profile changed.
    pub(crate) fn save_bot(&mut self, id: i64) {
        if let Some(bot) = self.bots.get(&id) {
            self.effects.push(Effect::record(Record::Bot(bot.clone())));
            self.effects.push(Effect::Event("bot", render::bot_state(bot, self.queues.get(&id))));
        }
    }

    /// Creates or replaces a person.
    pub(crate) fn put_user(&mut self, user: User) {
        if self.users.get(&user.id) == Some(&user) {
            return;
        }
        self.effects.push(Effect::record(Record::User(user.clone())));
        self.effects.push(Effect::Event("user", json!(user)));
        self.users.insert(user.id, user);
    }

    /// Creates or replaces a chat, keeping its messages.
    pub(crate) fn put_chat(&mut self, mut chat: Chat) {
        if let Some(old) = self.chats.remove(&chat.key) {
            chat.messages = old.messages;
        }
        self.effects.push(Effect::record(Record::Chat(chat.clone())));
        self.effects.push(Effect::Event("chat", render::chat_head(&chat)));
        self.chats.insert(chat.key, chat);
    }

    /// The private chat of a bot and a user, made on first mention.
    pub(crate) fn ensure_private(&mut self, bot: i64, user: &User) -> ChatKey {
        let key = ChatKey { bot, chat: user.id };
        if !self.chats.contains_key(&key) {
            self.put_chat(Chat {
                key,
                kind: ChatKind::Private,
                title: user.first_name.clone(),
                members: [user.id].into(),
                bots: [bot].into(),
                admins: [].into(),
                banned: [].into(),
                migrated_to: None,
                messages: BTreeMap::new(),
            });
        }
        key
    }

    /// The chat a bot may write to, or Telegram's refusal.
    pub(crate) fn writable(&self, bot: i64, chat_id: i64) -> Result<ChatKey, ApiError> {
        let key = ChatKey::new(bot, chat_id);
        let chat = self.chats.get(&key).ok_or_else(|| ApiError::bad("chat not found"))?;
        if let Some(to) = chat.migrated_to {
            return Err(ApiError::migrated(to));
        }
        match chat.kind {
            ChatKind::Private if chat.banned.contains(&bot) => Err(ApiError::forbidden("bot was blocked by the user")),
            ChatKind::Private => Ok(key),
            kind if chat.banned.contains(&bot) => {
                Err(ApiError::forbidden(format!("bot was kicked from the {} chat", kind.word())))
            }
            _ if !chat.bots.contains(&bot) => Err(ApiError::bad("chat not found")),
            _ => Ok(key),
        }
    }

    /// A message that a bot can see.
    pub(crate) fn message(&self, key: ChatKey, id: i64) -> Option<&Message> {
        self.chats.get(&key)?.messages.get(&id).filter(|message| message.deleted.is_none())
    }

    /// Posts a message and returns its id; the chat must exist.
    pub(crate) fn post(&mut self, key: ChatKey, draft: Draft, now_ms: i64) -> i64 {
        let id = self.next_message_id(key);
        let message = Message {
            id,
            at_ms: now_ms,
            author: draft.author,
            content: draft.content,
            markup: draft.markup,
            reply_to: draft.reply_to,
            thread: draft.thread,
            album: draft.album,
            edited_ms: None,
            history: Vec::new(),
            deleted: None,
            reactions: Vec::new(),
            extra: draft.extra,
        };
        self.store("message", key, message);
        id
    }

    fn next_message_id(&mut self, key: ChatKey) -> i64 {
        let counter = if key.is_group() {
            self.group_ids.entry(key.chat).or_insert(1)
        } else if let Some(bot) = self.bots.get_mut(&key.bot) {
            &mut bot.next_message
        } else {
            self.group_ids.entry(key.chat).or_insert(1)
        };
        *counter += 1;
        *counter - 1
    }

    /// Replaces content and buttons of a message; the old state goes into its history.
    pub(crate) fn edit(&mut self, key: ChatKey, id: i64, content: Content, markup: Option<Value>, now_ms: i64) {
        let Some(mut message) = self.message(key, id).cloned() else { return };
        let content = std::mem::replace(&mut message.content, content);
        let markup = std::mem::replace(&mut message.markup, markup);
        message.history.push(Version { until_ms: now_ms, content, markup });
        message.edited_ms = Some(now_ms);
        self.store("edit", key, message);
    }

    /// Puts a changed message in place.
    pub(crate) fn store(&mut self, event: &'static str, key: ChatKey, message: Message) {
        self.effects.push(Effect::record(Record::Message { key, message: Box::new(message.clone()) }));
        let shown = render::state_message(self, key, &message);
        self.effects.push(Effect::Event(event, json!({ "bot": key.bot, "chat": key.chat, "message": shown })));
        if let Some(chat) = self.chats.get_mut(&key) {
            chat.messages.insert(message.id, message);
        }
    }

    /// Queues an update for a bot unless the bot declined its kind; returns the update's id.
    pub(crate) fn push_update(&mut self, bot: i64, kind: &str, payload: Value, now_ms: i64) -> Option<i64> {
        let profile = self.bots.get_mut(&bot)?;
        let wanted = match &profile.allowed_updates {
            Some(kinds) => kinds.iter().any(|wanted| wanted == kind),
            None => !matches!(kind, "chat_member" | "message_reaction" | "message_reaction_count"),
        };
        if !wanted && kind != "raw" {
            return None;
        }
        let id = profile.next_update;
        profile.next_update += 1;
        let payload = match payload {
            Value::Object(mut fields) if kind == "raw" => {
                fields.entry("update_id").or_insert(json!(id));
                Value::Object(fields)
            }
            payload => payload,
        };
        let update = Update { id, at_ms: now_ms, kind: kind.to_owned(), payload };
        self.effects.push(Effect::record(Record::Update { bot, update: update.clone() }));
        self.effects.push(Effect::Event("update", json!({ "bot": bot, "update": update.wire() })));
        self.queues.entry(bot).or_default().push(update);
        Some(id)
    }

    /// Forgets updates below `offset`.
    pub(crate) fn confirm(&mut self, bot: i64, offset: i64) {
        let removed = self.queues.entry(bot).or_default().confirm(offset);
        let Some(profile) = self.bots.get_mut(&bot) else { return };
        if offset > profile.confirmed_below || removed > 0 {
            profile.confirmed_below = profile.confirmed_below.max(offset);
            self.effects.push(Effect::record(Record::Confirmed { bot, below: offset }));
            self.effects.push(Effect::Event("confirmed", json!({ "bot": bot, "below": offset })));
        }
    }

    /// Remembers a stored file.
    pub(crate) fn keep_file(&mut self, file: &FileMeta) {
        if !self.files.contains_key(&file.unique) {
            self.effects.push(Effect::record(Record::File(file.clone())));
            self.files.insert(file.unique.clone(), file.clone());
        }
    }

    /// Takes a message out of sight.
    pub(crate) fn delete(&mut self, key: ChatKey, id: i64, now_ms: i64) {
        let Some(mut message) = self.message(key, id).cloned() else { return };
        message.deleted = Some(now_ms);
        self.store("delete", key, message);
    }

    /// Announces whether a bot listens.
    pub(crate) fn announce_presence(&mut self, bot: i64) {
        if let Some(profile) = self.bots.get(&bot) {
            self.effects.push(Effect::Event("bot", render::bot_state(profile, self.queues.get(&bot))));
        }
    }

    /// Sends an event to the feed.
    pub(crate) fn emit(&mut self, name: &'static str, data: Value) {
        self.effects.push(Effect::Event(name, data));
    }
}
