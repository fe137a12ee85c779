//! The Bot API's methods, one file per group.
//!
//! A method first looks whether the chat is there and the pace allowed, then reads media without the lock, then
//! commits in one step; so a refused call leaves nothing behind.

mod album;
mod edit;
mod input;
mod misc;
mod poll;
mod profile;
mod send;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::model::ChatKey;
use super::reply::{ApiError, Outcome};
use super::server::Server;
use super::wire::{Call, lane};
use super::{keyboard, render};

/// Runs a method.
pub(crate) async fn run(server: &Arc<Server>, call: &Call) -> Outcome {
    let logged_out = server.read(|world| world.logged_out.contains(&call.bot));
    if logged_out && !matches!(call.method.as_str(), "getme" | "close" | "logout") {
        return Err(ApiError { status: 400, ..ApiError::bad("Logged out") });
    }
    spaced(server, call).await?;
    match call.method.as_str() {
        "getme" => misc::get_me(server, call),
        "getupdates" => poll::get_updates(server, call).await,
        "setwebhook" => poll::set_webhook(server, call),
        "deletewebhook" => poll::delete_webhook(server, call),
        "getwebhookinfo" => poll::get_webhook_info(server, call),
        "sendmessage" => send::message(server, call),
        "sendphoto" | "senddocument" | "sendvideo" | "sendanimation" => send::media(server, call).await,
        "sendmediagroup" => album::send(server, call).await,
        "editmessagetext" => edit::text(server, call),
        "editmessagecaption" => edit::caption(server, call),
        "editmessagemedia" => edit::media(server, call).await,
        "editmessagereplymarkup" => edit::markup(server, call),
        "deletemessage" => misc::delete_message(server, call),
        "deletemessages" => misc::delete_messages(server, call),
        "answercallbackquery" => misc::answer_callback_query(server, call),
        "sendchataction" => misc::send_chat_action(server, call),
        "setmessagereaction" => misc::set_message_reaction(server, call),
        "getchat" => misc::get_chat(server, call),
        "getchatmember" => misc::get_chat_member(server, call),
        "getfile" => misc::get_file(server, call),
        "logout" | "close" => misc::log_out(server, call),
        "setmycommands" => profile::set_my_commands(server, call),
        "getmycommands" => profile::get_my_commands(server, call),
        "deletemycommands" => profile::delete_my_commands(server, call),
        "setmydescription" => profile::set_text(server, call, "description", 512),
        "getmydescription" => profile::get_text(server, call, "description"),
        "setmyshortdescription" => profile::set_text(server, call, "short_description", 120),
        "getmyshortdescription" => profile::get_text(server, call, "short_description"),
        "setmyname" => profile::set_text(server, call, "name", 64),
        "getmyname" => profile::get_text(server, call, "name"),
        "setchatmenubutton" => profile::set_chat_menu_button(server, call),
        "getchatmenubutton" => profile::get_chat_menu_button(server, call),
        _ => Err(ApiError::unknown_method()),
    }
}

/// Waits for the turn of each file that is uploaded.
async fn spaced(server: &Server, call: &Call) -> Result<(), ApiError> {
    for file in call.params.files.values() {
        let bytes = file.bytes.len();
        let turn = server.write(|world, now_ms| {
            let turn = world.limiter.upload(call.bot, bytes, now_ms);
            if let Err(seconds) = turn {
                world.limiter.park(call.bot, call.chat, lane(&call.method), seconds, now_ms);
            }
            turn
        });
        tokio::time::sleep(Duration::from_millis(turn.map_err(ApiError::too_many)?)).await;
    }
    Ok(())
}

/// The chat a call names, open to the bot, with the pace taken for `cost` messages.
fn enter(server: &Server, call: &Call, cost: usize) -> Result<ChatKey, ApiError> {
    let key = writable(server, call)?;
    server.write(|world, now_ms| {
        let admitted = world.limiter.admit(call.bot, key.chat, &lane(&call.method), cost, now_ms);
        admitted.map_err(ApiError::too_many)
    })?;
    Ok(key)
}

/// The chat a call names, open to the bot.
fn writable(server: &Server, call: &Call) -> Result<ChatKey, ApiError> {
    let Some(chat) = call.params.text("chat_id") else { return Err(ApiError::bad("chat_id is empty")) };
    // there are no public chats here, so no name leads anywhere
    let chat = chat.trim().parse().map_err(|_| ApiError::bad("chat not found"))?;
    server.read(|world| world.writable(call.bot, chat))
}

/// Where and how a new message hangs.
#[derive(Debug)]
struct Placement {
    reply_to: Option<i64>,
    thread: Option<i64>,
    markup: Option<Value>,
}

/// Reads `reply_parameters` (or its older spelling), `message_thread_id` and `reply_markup`.
fn placement(server: &Server, call: &Call, key: ChatKey) -> Result<Placement, ApiError> {
    let params = &call.params;
    let markup = keyboard::read(params)?;
    let (wanted, optional) = match params.json("reply_parameters", "reply parameters")? {
        Some(reply) if reply.is_object() => {
            let elsewhere = reply.get("chat_id").and_then(Value::as_i64).is_some_and(|chat| chat != key.chat);
            let optional = reply.get("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false);
            let id = reply.get("message_id").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
            let id = id.ok_or_else(|| ApiError::bad("message identifier is not specified"))?;
            // a reply to another chat would need a message that this chat does not have
            (Some(if elsewhere { i64::MIN } else { id }), optional)
        }
        Some(_) => return Err(ApiError::bad("object expected as reply parameters")),
        None => (params.integer("reply_to_message_id"), params.flag("allow_sending_without_reply")),
    };
    let found = wanted.filter(|id| server.read(|world| world.message(key, *id).is_some()));
    if wanted.is_some() && found.is_none() && !optional {
        return Err(ApiError::bad("message to be replied not found"));
    }
    let thread = match params.integer("message_thread_id") {
        // the General topic is addressed by leaving the thread out
        Some(1) => return Err(ApiError::bad("message thread not found")),
        thread => thread.filter(|thread| *thread > 0),
    };
    Ok(Placement { reply_to: found, thread, markup })
}

/// The stored message as the bot that called sees it.
fn show(server: &Server, call: &Call, key: ChatKey, id: i64) -> Outcome {
    server.read(|world| {
        let message = world.message(key, id).ok_or_else(|| ApiError::internal("the message is gone"))?;
        Ok(render::message(world, key, message, call.bot))
    })
}

/// `true`, the result of most methods.
#[expect(clippy::unnecessary_wraps, reason = "the shape all methods share")]
fn done() -> Outcome {
    Ok(json!(true))
}
