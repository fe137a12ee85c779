//! What the calls put on the wire and make of the answers.

use atelier_domain::{BotId, ChatId, MessageId, ThreadId};
use serde_json::json;

use super::server::{SECRET, TestServer};
use crate::{Action, Button, ButtonData, CommandHelp, CommandScope, DeliveryError, Keyboard, Place};

const PLACE: Place = Place { chat: ChatId(-1_001_234), thread: Some(ThreadId(7)) };

fn cancel() -> Keyboard {
    Keyboard::row([Button::new("Cancel", ButtonData::new("cancel:1").unwrap())])
}

fn keyboard() -> serde_json::Value {
    json!({"inline_keyboard": [[{"text": "Cancel", "callback_data": "cancel:1"}]]})
}

#[tokio::test]
async fn a_text_goes_to_its_topic_as_a_plain_reply() {
    let mut server = TestServer::start().await;
    server.reply_ok("SendMessage", &json!({"message_id": 31, "some_new_field": {"x": 1}}));
    let text = "*a* <b> _c_ 🦊";
    let message = server.telegram.send_text(&PLACE.reply(MessageId(5)), text, &cancel()).await.unwrap();
    assert_eq!(message, MessageId(31));
    let seen = server.next().await;
    assert_eq!(seen.path, format!("/prefix/bot4242:{SECRET}/SendMessage"));
    let sent = seen.json();
    assert_eq!(sent["chat_id"], -1_001_234);
    assert_eq!(sent["text"], text);
    assert_eq!(sent["message_thread_id"], 7);
    assert_eq!(sent["reply_parameters"], json!({"message_id": 5, "allow_sending_without_reply": true}));
    assert_eq!(sent["reply_markup"], keyboard());
    assert_eq!(sent["link_preview_options"]["is_disabled"], true);
    assert_eq!(sent.get("parse_mode"), None);
}

#[tokio::test]
async fn an_edit_without_buttons_removes_them() {
    let mut server = TestServer::start().await;
    for method in ["EditMessageText", "EditMessageCaption", "EditMessageReplyMarkup"] {
        server.reply_ok(method, &json!({"message_id": 31}));
    }
    let (telegram, message, none) = (server.telegram.clone(), MessageId(31), Keyboard::none());
    telegram.edit_text(PLACE, message, "done", &none).await.unwrap();
    telegram.edit_caption(PLACE, message, "", &none).await.unwrap();
    telegram.edit_buttons(PLACE, message, &none).await.unwrap();
    for method in ["EditMessageText", "EditMessageCaption", "EditMessageReplyMarkup"] {
        let seen = server.next().await;
        assert_eq!(seen.method, method);
        let sent = seen.json();
        assert_eq!((&sent["chat_id"], &sent["message_id"]), (&json!(-1_001_234), &json!(31)));
        assert_eq!(sent.get("reply_markup"), None);
    }
}

#[tokio::test]
async fn edits_and_deletions_that_change_nothing_succeed() {
    let server = TestServer::start().await;
    server.reply_error("EditMessageText", 400, "Bad Request: message is not modified: specified new message content");
    server.reply_error("DeleteMessage", 400, "Bad Request: message to delete not found");
    let message = MessageId(31);
    server.telegram.edit_text(PLACE, message, "same", &cancel()).await.unwrap();
    server.telegram.delete(PLACE, message).await.unwrap();
}

#[tokio::test]
async fn an_unreadable_answer_is_done_for_an_edit_and_unknown_for_a_send() {
    let server = TestServer::start().await;
    for damaged in [r#"{"ok":true,"result":{"mess"#, r#"{"ok":true,"result":"surprise"}"#, r#"{"ok":true}"#] {
        server.reply("EditMessageText", 200, damaged);
        server.telegram.edit_text(PLACE, MessageId(31), "new", &cancel()).await.unwrap();
        server.reply("SendMessage", 200, damaged);
        let error = server.telegram.send_text(&PLACE.post(), "new", &cancel()).await.unwrap_err();
        assert!(error.may_be_done(), "{damaged}: {error:?}");
    }
}

#[tokio::test]
async fn the_small_calls_are_shaped_as_telegram_wants_them() {
    let mut server = TestServer::start().await;
    for method in ["AnswerCallbackQuery", "SendChatAction", "SetMessageReaction", "SetMyCommands", "DeleteWebhook"] {
        server.reply_ok(method, &json!(true));
    }
    let telegram = server.telegram.clone();
    telegram.answer("q1", Some("cancelled")).await.unwrap();
    telegram.chat_action(PLACE, Action::UploadPhoto).await.unwrap();
    telegram.react(PLACE, MessageId(5), Some("👀")).await.unwrap();
    let help = CommandHelp { name: "imagine".to_owned(), description: "a picture".to_owned() };
    telegram.set_commands(&[help], CommandScope::Everywhere, Some("de")).await.unwrap();
    telegram.delete_webhook().await.unwrap();
    assert_eq!(server.next().await.json(), json!({"callback_query_id": "q1", "text": "cancelled"}));
    let action = json!({"chat_id": -1_001_234, "action": "upload_photo", "message_thread_id": 7});
    assert_eq!(server.next().await.json(), action);
    let reaction = json!([{"type": "emoji", "emoji": "👀"}]);
    assert_eq!(server.next().await.json()["reaction"], reaction);
    let commands = json!({"commands": [{"command": "imagine", "description": "a picture"}], "language_code": "de"});
    assert_eq!(server.next().await.json(), commands);
    assert_eq!(server.next().await.method, "DeleteWebhook");
}

#[tokio::test]
async fn the_bot_knows_itself_and_its_webhook() {
    let server = TestServer::start().await;
    let me = json!({"id": 4242, "is_bot": true, "first_name": "Atelier", "username": "atelier_bot",
        "can_join_groups": true, "can_read_all_group_messages": false, "has_topics_enabled": true});
    server.reply_ok("GetMe", &me);
    assert_eq!(server.telegram.identity(), None);
    let identity = server.telegram.identify().await.unwrap();
    assert_eq!(
        (identity.id, identity.username.as_str(), identity.name.as_str()),
        (BotId(4242), "atelier_bot", "Atelier")
    );
    assert!(identity.joins_groups && !identity.reads_groups);
    assert_eq!(server.telegram.identity(), Some(&identity));

    server.reply_ok("GetWebhookInfo", &json!({"url": "", "has_custom_certificate": false, "pending_update_count": 0}));
    assert_eq!(server.telegram.webhook().await.unwrap(), None);
    let url = "https://bot.example.org/hook/secret";
    server.reply_ok("GetWebhookInfo", &json!({"url": url, "pending_update_count": 3, "last_error_message": "refused"}));
    let webhook = server.telegram.webhook().await.unwrap().unwrap();
    assert_eq!((webhook.host.as_str(), webhook.pending), ("bot.example.org", 3));
    assert!(!format!("{webhook:?}").contains("secret"));
}

#[tokio::test]
async fn methods_newer_than_the_library_can_be_called() {
    let mut server = TestServer::start().await;
    server.reply_ok("sendMessageDraft", &json!({"draft": 9}));
    let parameters = json!({"chat_id": 77, "text": "…"});
    assert_eq!(server.telegram.raw("sendMessageDraft", &parameters).await.unwrap(), json!({"draft": 9}));
    assert_eq!(server.next().await.json(), parameters);
    server.reply_error("sendMessageDraft", 404, "Not Found: method not found");
    let error = server.telegram.raw("sendMessageDraft", &parameters).await.unwrap_err();
    assert_eq!(error, DeliveryError::Fatal { description: "Not Found: method not found".to_owned() });
}
