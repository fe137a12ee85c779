//! Turns the model into JSON: the Bot API's objects for bots, and the fuller state for tests and the web chat.

use serde_json::{Map, Value, json};

use super::model::{Author, Bot, Chat, ChatKey, ChatKind, Content, FileMeta, MediaKind, Message, User};
use super::updates::Queue;
use super::world::World;

/// Prefixes of real file ids, which tell the kind.
fn prefix(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo => "AgAC",
        MediaKind::Document => "BQAC",
        MediaKind::Video => "BAAC",
        MediaKind::Animation => "CgAC",
    }
}

/// The id under which one bot may use a file again: bound to bot and kind, stable over restarts.
pub(crate) fn file_id(bot: i64, file: &FileMeta) -> String {
    format!("{}{bot:x}-{}", prefix(file.kind), file.unique)
}

/// Splits a file id into bot and unique id.
pub(crate) fn parse_file_id(id: &str) -> Option<(i64, &str)> {
    let rest = ["AgAC", "BQAC", "BAAC", "CgAC"].iter().find_map(|prefix| id.strip_prefix(prefix))?;
    let (bot, unique) = rest.split_once('-')?;
    Some((i64::from_str_radix(bot, 16).ok()?, unique))
}

/// A `User` that is a person.
pub(crate) fn user(user: &User) -> Value {
    let mut value = json!(user);
    value["is_bot"] = json!(false);
    value
}

/// A `User` that is a bot.
pub(crate) fn bot(bot: &Bot) -> Value {
    json!({ "id": bot.id, "is_bot": true, "first_name": bot.name, "username": bot.username })
}

fn author(world: &World, author: Author) -> Value {
    match author {
        Author::User(id) => {
            world.users.get(&id).map_or_else(|| json!({ "id": id, "is_bot": false, "first_name": "" }), user)
        }
        Author::Bot(id) => {
            world.bots.get(&id).map_or_else(|| json!({ "id": id, "is_bot": true, "first_name": "" }), bot)
        }
    }
}

/// A `Chat`.
pub(crate) fn chat(world: &World, key: ChatKey) -> Value {
    let Some(chat) = world.chats.get(&key) else { return json!({ "id": key.chat, "type": "private" }) };
    if chat.kind == ChatKind::Private {
        let mut value =
            world.users.get(&key.chat).map_or_else(|| json!({ "id": key.chat, "first_name": "" }), |user| json!(user));
        if let Some(fields) = value.as_object_mut() {
            fields.remove("language_code");
            fields.insert("type".to_owned(), json!("private"));
        }
        return value;
    }
    json!({ "id": key.chat, "type": chat.kind.word(), "title": chat.title })
}

/// A `PhotoSize` list or the object of another media kind.
fn media(viewer: i64, file: &FileMeta) -> Value {
    let mut value = json!({
        "file_id": file_id(viewer, file),
        "file_unique_id": file.unique,
        "file_size": file.size,
    });
    if file.kind != MediaKind::Document {
        value["width"] = json!(file.width);
        value["height"] = json!(file.height);
    }
    if file.kind == MediaKind::Photo {
        return json!([value]);
    }
    value["mime_type"] = json!(file.mime);
    if let Some(name) = &file.name {
        value["file_name"] = json!(name);
    }
    if matches!(file.kind, MediaKind::Video | MediaKind::Animation) {
        value["duration"] = json!(file.duration);
    }
    value
}

/// A `Message` as `viewer`, a bot, receives it.
pub(crate) fn message(world: &World, key: ChatKey, message: &Message, viewer: i64) -> Value {
    let mut value = bare_message(world, key, message, viewer);
    let answered = message.reply_to.and_then(|id| world.message(key, id));
    if let Some(answered) = answered {
        value["reply_to_message"] = bare_message(world, key, answered, viewer);
    }
    if let Some(fields) = value.as_object_mut() {
        fields.extend(message.extra.clone());
    }
    value
}

fn bare_message(world: &World, key: ChatKey, message: &Message, viewer: i64) -> Value {
    let mut fields = Map::new();
    fields.insert("message_id".to_owned(), json!(message.id));
    fields.insert("from".to_owned(), author(world, message.author));
    fields.insert("chat".to_owned(), chat(world, key));
    fields.insert("date".to_owned(), json!(message.at_ms / 1000));
    match &message.content {
        Content::Text { text, entities } => {
            fields.insert("text".to_owned(), json!(text));
            if !entities.is_empty() {
                fields.insert("entities".to_owned(), json!(entities));
            }
        }
        Content::Media { file, caption, entities } => {
            let shown = media(viewer, file);
            // animations carry a document field too, for clients that know no animations
            if file.kind == MediaKind::Animation {
                fields.insert("document".to_owned(), shown.clone());
            }
            fields.insert(file.kind.word().to_owned(), shown);
            if !caption.is_empty() {
                fields.insert("caption".to_owned(), json!(caption));
            }
            if !entities.is_empty() {
                fields.insert("caption_entities".to_owned(), json!(entities));
            }
        }
        Content::Service(service) => fields.extend(service.clone()),
    }
    if let Some(markup) = message.markup.as_ref().filter(|markup| markup.get("inline_keyboard").is_some()) {
        fields.insert("reply_markup".to_owned(), markup.clone());
    }
    if let Some(thread) = message.thread {
        fields.insert("message_thread_id".to_owned(), json!(thread));
        fields.insert("is_topic_message".to_owned(), json!(true));
    }
    if let Some(album) = &message.album {
        fields.insert("media_group_id".to_owned(), json!(album));
    }
    if let Some(edited) = message.edited_ms {
        fields.insert("edit_date".to_owned(), json!(edited / 1000));
    }
    Value::Object(fields)
}

fn state_content(viewer: i64, content: &Content, markup: Option<&Value>) -> Map<String, Value> {
    let mut fields = Map::new();
    match content {
        Content::Text { text, entities } => {
            fields.insert("kind".to_owned(), json!("text"));
            fields.insert("text".to_owned(), json!(text));
            fields.insert("entities".to_owned(), json!(entities));
        }
        Content::Media { file, caption, entities } => {
            fields.insert("kind".to_owned(), json!(file.kind.word()));
            fields.insert("caption".to_owned(), json!(caption));
            fields.insert("entities".to_owned(), json!(entities));
            let shown = json!({
                "file_id": file_id(viewer, file),
                "file_unique_id": file.unique,
                "url": format!("/_sim/files/{}", file.unique),
                "size": file.size,
                "mime": file.mime,
                "name": file.name,
                "width": file.width,
                "height": file.height,
                "duration": file.duration,
            });
            fields.insert("media".to_owned(), shown);
        }
        Content::Service(service) => {
            fields.insert("kind".to_owned(), json!("service"));
            fields.insert("service".to_owned(), json!(service));
        }
    }
    fields.insert(
        "buttons".to_owned(),
        markup.and_then(|markup| markup.get("inline_keyboard")).cloned().unwrap_or(json!([])),
    );
    fields.insert("markup".to_owned(), markup.cloned().unwrap_or(Value::Null));
    fields
}

/// A message as tests and the web chat see it, with every earlier version.
pub(crate) fn state_message(world: &World, key: ChatKey, message: &Message) -> Value {
    let viewer = match message.author {
        Author::Bot(id) => id,
        Author::User(_) => world.chats.get(&key).and_then(|chat| chat.bots.first().copied()).unwrap_or(key.bot),
    };
    let mut fields = state_content(viewer, &message.content, message.markup.as_ref());
    let history: Vec<Value> = message
        .history
        .iter()
        .map(|version| {
            let mut fields = state_content(viewer, &version.content, version.markup.as_ref());
            fields.insert("until_ms".to_owned(), json!(version.until_ms));
            Value::Object(fields)
        })
        .collect();
    let rest = json!({
        "id": message.id,
        "at_ms": message.at_ms,
        "from": author(world, message.author),
        "reply_to": message.reply_to,
        "thread": message.thread,
        "album": message.album,
        "edited_ms": message.edited_ms,
        "edits": history.len(),
        "history": history,
        "deleted_ms": message.deleted,
        "reactions": message.reactions,
    });
    if let Value::Object(rest) = rest {
        fields.extend(rest);
    }
    Value::Object(fields)
}

/// A chat without its messages.
pub(crate) fn chat_head(chat: &Chat) -> Value {
    json!({
        "bot": chat.key.bot,
        "chat": chat.key.chat,
        "kind": chat.kind.word(),
        "title": chat.title,
        "members": chat.members,
        "bots": chat.bots,
        "banned": chat.banned,
    })
}

/// A chat with everything in it; deleted messages come apart.
pub(crate) fn chat_state(world: &World, chat: &Chat) -> Value {
    let show = |message: &Message| state_message(world, chat.key, message);
    let mut value = chat_head(chat);
    value["messages"] = chat.visible().map(show).collect();
    value["deleted"] = chat.messages.values().filter(|message| message.deleted.is_some()).map(show).collect();
    value
}

/// A bot's profile and whether it listens.
pub(crate) fn bot_state(bot: &Bot, queue: Option<&Queue>) -> Value {
    json!({
        "id": bot.id,
        "name": bot.name,
        "username": bot.username,
        "privacy": bot.privacy,
        "commands": bot.commands.iter().map(|set| json!({
            "scope": set.scope, "language_code": set.language, "commands": set.commands,
        })).collect::<Vec<_>>(),
        "texts": bot.texts,
        "menu_button": bot.menu_button,
        "webhook": bot.webhook.as_ref().map(|hook| hook.url.clone()),
        "webhook_error": bot.webhook.as_ref().and_then(|hook| hook.last_error.clone()).map(|(_, text)| text),
        "pollers": queue.map_or(0, |queue| queue.pollers),
        "last_poll_ms": queue.and_then(|queue| queue.last_poll_ms),
        "pending": queue.map_or(0, |queue| queue.pending().count()),
        "confirmed_below": bot.confirmed_below,
    })
}
