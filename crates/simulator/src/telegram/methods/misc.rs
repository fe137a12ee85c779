//! Methods around messages: deleting, answering presses, chat actions, reactions, files, identity.

use serde_json::{Value, json};

use crate::telegram::files::extension;
use crate::telegram::model::{Author, ChatKey};
use crate::telegram::render;
use crate::telegram::reply::{ApiError, Outcome};
use crate::telegram::server::Server;
use crate::telegram::wire::Call;
use crate::telegram::world::World;

use super::{done, writable};

/// A bot can delete messages for this long.
const DELETE_WINDOW_MS: i64 = 48 * 3600 * 1000;
/// How long a delivered press can be answered, and an undelivered one lives.
const ANSWER_WINDOW_MS: i64 = 15_000;
const PRESS_LIFE_MS: i64 = 150_000;
/// The longest toast, characters.
const MAX_TOAST: usize = 200;
/// The largest file that `getFile` prepares, bytes.
const MAX_DOWNLOAD: u64 = 20 * 1024 * 1024;
const ACTIONS: [&str; 12] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
    "cancel",
];

/// `getMe`.
pub(super) fn get_me(server: &Server, call: &Call) -> Outcome {
    server.read(|world| {
        let bot = world.bots.get(&call.bot).ok_or_else(ApiError::unauthorised)?;
        let mut me = render::bot(bot);
        me["can_join_groups"] = json!(true);
        me["can_read_all_group_messages"] = json!(!bot.privacy);
        me["supports_inline_queries"] = json!(false);
        me["can_connect_to_business"] = json!(false);
        me["has_main_web_app"] = json!(false);
        Ok(me)
    })
}

fn message_id(call: &Call) -> Result<i64, ApiError> {
    call.params.integer("message_id").ok_or_else(|| ApiError::bad("message identifier is not specified"))
}

/// `deleteMessage`.
pub(super) fn delete_message(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    let id = message_id(call)?;
    server.write(|world, now_ms| delete(world, call.bot, key, id, now_ms))?;
    done()
}

/// `deleteMessages`: those that cannot be deleted are passed over.
pub(super) fn delete_messages(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    let ids = call.params.json("message_ids", "message identifiers")?;
    let ids =
        ids.as_ref().and_then(Value::as_array).ok_or_else(|| ApiError::bad("message identifiers are not specified"))?;
    if !(1..=100).contains(&ids.len()) {
        return Err(ApiError::bad("too many message identifiers specified"));
    }
    server.write(|world, now_ms| {
        for id in ids.iter().filter_map(Value::as_i64) {
            // documented behaviour: missing messages are skipped
            let _ = delete(world, call.bot, key, id, now_ms);
        }
    });
    done()
}

fn delete(world: &mut World, bot: i64, key: ChatKey, id: i64, now_ms: i64) -> Result<(), ApiError> {
    let message = world.message(key, id).ok_or_else(|| ApiError::bad("message to delete not found"))?;
    let admin = world.chats.get(&key).is_some_and(|chat| chat.admins.contains(&bot));
    let own = message.author == Author::Bot(bot);
    if now_ms - message.at_ms > DELETE_WINDOW_MS || (key.is_group() && !own && !admin) {
        return Err(ApiError::bad("message can't be deleted for everyone"));
    }
    world.delete(key, id, now_ms);
    Ok(())
}

/// `answerCallbackQuery`: once, and in time.
pub(super) fn answer_callback_query(server: &Server, call: &Call) -> Outcome {
    let params = &call.params;
    let id = params.text("callback_query_id").unwrap_or_default();
    let text = params.text("text");
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TOAST) {
        return Err(ApiError::bad("MESSAGE_TOO_LONG"));
    }
    let answer = json!({ "text": text, "show_alert": params.flag("show_alert"), "url": params.text("url") });
    server.write(|world, now_ms| {
        let stale = || ApiError::bad("query is too old and response timeout expired or query ID is invalid");
        let press = world.presses.get_mut(&id).filter(|press| press.bot == call.bot).ok_or_else(stale)?;
        let until = press.delivered_ms.map_or(press.at_ms + PRESS_LIFE_MS, |at| at + ANSWER_WINDOW_MS);
        if press.answer.is_some() || now_ms > until {
            return Err(stale());
        }
        press.answer = Some(answer.clone());
        let event = json!({
            "id": id, "bot": press.key.bot, "chat": press.key.chat, "user": press.user,
            "message_id": press.message, "answer": answer,
        });
        world.emit("answer", event);
        done()
    })
}

/// `sendChatAction`.
pub(super) fn send_chat_action(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    let action = call.params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(ApiError::bad("wrong parameter action in request"));
    }
    server.write(|world, now_ms| {
        let event = json!({ "bot": key.bot, "chat": key.chat, "by": call.bot, "action": action, "at_ms": now_ms });
        world.emit("action", event);
    });
    done()
}

/// `setMessageReaction`: one emoji for a bot.
pub(super) fn set_message_reaction(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    let id = message_id(call)?;
    let list = call.params.json("reaction", "reaction types")?.unwrap_or(json!([]));
    let list = list.as_array().ok_or_else(|| ApiError::bad("expected an Array of ReactionType"))?.clone();
    let valid = |reaction: &Value| {
        let emoji = reaction.get("emoji").and_then(Value::as_str);
        reaction.get("type").and_then(Value::as_str) == Some("emoji") && emoji.is_some_and(|emoji| !emoji.is_empty())
    };
    if !list.iter().all(valid) {
        return Err(ApiError::bad("REACTION_INVALID"));
    }
    if list.len() > 1 {
        return Err(ApiError::bad("REACTIONS_TOO_MANY"));
    }
    server.write(|world, _| {
        let message = world.message(key, id).ok_or_else(|| ApiError::bad("message to react not found"))?;
        let mut message = message.clone();
        message.reactions = list;
        world.store("reaction", key, message);
        done()
    })
}

/// `getChat`.
pub(super) fn get_chat(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    Ok(server.read(|world| {
        let mut chat = render::chat(world, key);
        chat["accent_color_id"] = json!(0);
        chat["max_reaction_count"] = json!(11);
        chat["accepted_gift_types"] = json!({
            "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false, "premium_subscription": false,
            "gifts_from_channels": false,
        });
        chat
    }))
}

/// `getChatMember`.
pub(super) fn get_chat_member(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    let id = call.params.integer("user_id").ok_or_else(|| ApiError::bad("invalid user_id specified"))?;
    server.read(|world| {
        let chat = world.chats.get(&key).ok_or_else(|| ApiError::bad("chat not found"))?;
        let user = match (world.users.get(&id), world.bots.get(&id)) {
            (Some(user), _) => render::user(user),
            (None, Some(bot)) => render::bot(bot),
            (None, None) => return Err(ApiError::bad("user not found")),
        };
        let inside = chat.members.contains(&id) || chat.bots.contains(&id);
        Ok(match (inside, chat.admins.contains(&id)) {
            (true, true) => {
                json!({ "status": "administrator", "user": user, "can_be_edited": false, "is_anonymous": false })
            }
            (true, false) => json!({ "status": "member", "user": user }),
            (false, _) => json!({ "status": "left", "user": user }),
        })
    })
}

/// `getFile`.
pub(super) fn get_file(server: &Server, call: &Call) -> Outcome {
    let id = call.params.text("file_id").ok_or_else(|| ApiError::bad("file_id not specified"))?;
    let missing = || ApiError::bad("wrong file_id or the file is temporarily unavailable");
    let (owner, unique) = render::parse_file_id(&id).ok_or_else(|| ApiError::bad("invalid file_id"))?;
    let file =
        server.read(|world| world.files.get(unique).cloned()).filter(|_| owner == call.bot).ok_or_else(missing)?;
    if file.size > MAX_DOWNLOAD {
        return Err(ApiError::bad("file is too big"));
    }
    Ok(json!({
        "file_id": id,
        "file_unique_id": file.unique,
        "file_size": file.size,
        "file_path": format!("{}s/{}.{}", file.kind.word(), file.unique, extension(&file.mime)),
    }))
}

/// `logOut` and `close`: the bot must not go on with this server.
pub(super) fn log_out(server: &Server, call: &Call) -> Outcome {
    let first = server.write(|world, _| world.logged_out.insert(call.bot));
    if first { done() } else { Err(ApiError::bad("Logged out")) }
}
