//! Updates as Telegram sends them, and as it might one day.

use serde_json::{Value, json};

use super::*;

fn read(update: &Value) -> Option<Incoming> {
    incoming(&update.to_string(), BotId(4242), "atelier_bot").unwrap()
}

/// An update with a message in a private chat, changed by `change`.
fn message(change: &Value) -> Value {
    let mut message = json!({"message_id": 5, "date": 1, "chat": {"id": 77, "type": "private", "first_name": "A"},
        "from": {"id": 77, "is_bot": false, "first_name": "A", "language_code": "de"}, "text": "a fox"});
    message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    json!({"update_id": 900, "message": message})
}

fn group(change: &Value) -> Value {
    let mut chat = json!({"chat": {"id": -1001, "type": "supergroup", "title": "G"}});
    chat.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    message(&chat)
}

#[test]
fn a_text_is_read_with_all_its_ids() {
    let expected = Incoming {
        bot: BotId(4242),
        update: UpdateId(900),
        chat: Chat { id: ChatId(77), kind: ChatKind::Private, thread: None },
        user: User { id: UserId(77), language_code: Some("de".to_owned()) },
        message: MessageId(5),
        picture: None,
        answered: None,
        content: Content::Text("a fox".to_owned()),
    };
    assert_eq!(read(&message(&json!({}))), Some(expected));
}

#[test]
fn what_telegram_invents_later_does_not_hide_a_text() {
    for change in [
        json!({"entities": [{"type": "date_time", "offset": 0, "length": 3, "unix_time": 1}]}),
        json!({"external_reply": {"origin": {"type": "oracle"}}, "reply_to_message": {"surprise": 1}}),
        json!({"quote": 7, "some_new_field": [1, 2]}),
        json!({"chat": {"id": 77, "type": "private", "new": {}}, "via_bot": "?"}),
    ] {
        let heard = read(&message(&change)).unwrap();
        assert_eq!(heard.content, Content::Text("a fox".to_owned()), "{change}");
    }
}

#[test]
fn a_caption_counts_as_text_and_a_message_without_words_as_nothing() {
    let photo = json!({"text": null, "photo": [{"file_id": "f"}], "caption": "/edit more stars"});
    let expected = Content::Command { name: "edit".to_owned(), arguments: "more stars".to_owned() };
    assert_eq!(read(&message(&photo)).unwrap().content, expected);
    assert_eq!(read(&message(&json!({"text": null, "sticker": {}}))), None);
    assert_eq!(read(&json!({"update_id": 900, "telepathy": {"thought": 1}})), None);
    assert_eq!(read(&json!({"update_id": 900})), None);
}

#[test]
fn a_topic_is_a_thread_and_a_chain_of_replies_is_none() {
    let thread = |change: &Value| read(&group(change)).unwrap().chat.thread;
    assert_eq!(thread(&json!({"message_thread_id": 9, "is_topic_message": true})), Some(ThreadId(9)));
    assert_eq!(thread(&json!({"message_thread_id": 9})), None);
    assert_eq!(thread(&json!({"message_thread_id": 1, "is_topic_message": true})), None);
}

#[test]
fn chats_are_told_apart_and_unknown_ones_are_groups() {
    let kind = |kind: &str| read(&message(&json!({"chat": {"id": -5, "type": kind}}))).unwrap().chat.kind;
    let kinds = ["private", "group", "supergroup", "channel", "parliament"].map(kind);
    let (group, channel) = (ChatKind::Group, ChatKind::Channel);
    assert_eq!(kinds, [ChatKind::Private, group, group, channel, group]);
}

#[test]
fn stand_in_users_are_replaced_by_whom_they_stand_for() {
    let user = |change: &Value| read(&group(change)).map(|heard| heard.user.id.0);
    let stand_in = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group"});
    let anonymous = json!({"from": stand_in, "sender_chat": {"id": -1001, "type": "supergroup"}});
    assert_eq!(user(&anonymous), Some(-1001));
    let channel = json!({"from": stand_in, "sender_chat": {"id": -2002, "type": "channel"}});
    assert_eq!(user(&channel), Some(-2002));
    assert_eq!(user(&json!({"from": null})), Some(-1001));
    assert_eq!(user(&json!({"from": {"id": 8, "is_bot": true, "first_name": "B"}})), None);
    let forward = json!({"is_automatic_forward": true, "sender_chat": {"id": -2002, "type": "channel"}});
    assert_eq!(user(&forward), None);
}

#[test]
fn a_command_for_another_bot_is_nothing() {
    assert_eq!(read(&group(&json!({"text": "/imagine@other_bot a fox"}))), None);
    let own = read(&group(&json!({"text": "/imagine@atelier_bot a fox"}))).unwrap();
    assert_eq!(own.content, Content::Command { name: "imagine".to_owned(), arguments: "a fox".to_owned() });
}

#[test]
fn a_button_names_its_query_its_presser_and_its_message() {
    let pressed = |message: &Value, data: &Value| {
        let from = json!({"id": 8, "is_bot": false, "first_name": "B"});
        let query = json!({"id": "q1", "from": from, "message": message, "data": data, "chat_instance": "x"});
        read(&json!({"update_id": 901, "callback_query": query}))
    };
    let chat = json!({"id": -1001, "type": "supergroup"});
    // The message of a bot is from the bot; the presser is another.
    let shown = json!({"message_id": 6, "chat": chat, "from": {"id": 4242, "is_bot": true, "first_name": "Atelier"}});
    let heard = pressed(&shown, &json!("cancel:1")).unwrap();
    let expected = Content::Button { query: "q1".to_owned(), data: "cancel:1".to_owned() };
    assert_eq!((heard.content, heard.user.id, heard.message), (expected, UserId(8), MessageId(6)));
    // An old message is "inaccessible": ids only.
    assert!(pressed(&json!({"message_id": 6, "chat": chat, "date": 0}), &json!("x")).is_some());
    assert_eq!(pressed(&Value::Null, &json!("x")), None);
    assert_eq!(pressed(&shown, &Value::Null), None);
}

#[test]
fn only_a_change_of_reachability_is_news() {
    let change = |old: &Value, new: &Value| {
        let member = json!({"chat": {"id": 77, "type": "private"}, "from": {"id": 77, "first_name": "A"}, "date": 1,
            "old_chat_member": old, "new_chat_member": new});
        read(&json!({"update_id": 902, "my_chat_member": member})).map(|heard| heard.content)
    };
    let status = |status: &str| json!({"status": status, "user": {}});
    assert_eq!(change(&status("member"), &status("kicked")), Some(Content::Reachable(false)));
    assert_eq!(change(&status("kicked"), &status("member")), Some(Content::Reachable(true)));
    assert_eq!(change(&status("member"), &status("administrator")), None);
    let restricted = |is_member: bool| json!({"status": "restricted", "is_member": is_member});
    assert_eq!(change(&restricted(true), &status("left")), Some(Content::Reachable(false)));
    assert_eq!(change(&restricted(false), &status("left")), None);
    assert_eq!(change(&Value::Null, &status("left")), Some(Content::Reachable(false)));
}

#[test]
fn damaged_updates_are_errors_and_keep_their_id() {
    for update in [
        r#"{"update_id": 903, "message": "what?"}"#.to_owned(),
        r#"{"update_id": 903, "message": {"message_id": 5}}"#.to_owned(),
        r#"{"update_id": 903, "callback_query": []}"#.to_owned(),
        message(&json!({"message_id": 1_i64 << 40})).to_string().replace("900", "903"),
        message(&json!({"text": "X"})).to_string().replace("900", "903").replace('X', r"\ud83d"),
    ] {
        assert!(incoming(&update, BotId(1), "bot").is_err(), "{update}");
        assert_eq!(id(&update), Some(UpdateId(903)), "{update}");
    }
    for update in ["", "{}", "[]", r#"{"update_id": -1}"#, r#"{"update_id": "x"}"#, r#"{"update_id": 4294967296}"#] {
        assert_eq!(id(update), None, "{update}");
    }
}

#[test]
fn pictures_are_read_in_their_largest_size_and_checked_before_they_cost_anything() {
    let size = |id: &str, side: u32, bytes: u64| json!({"file_id": id, "file_unique_id": "u", "width": side, "height": side / 2, "file_size": bytes});
    let photo = json!({"text": null, "photo": [size("small", 90, 1000), size("large", 1280, 90_000)]});
    let heard = read(&message(&photo)).unwrap();
    assert_eq!(heard.content, Content::Bare);
    let picture = heard.picture.unwrap();
    let expected = InputImage::Telegram {
        file_id: "large".parse().unwrap(),
        width: Some(1280),
        height: Some(640),
        bytes: Some(90_000),
    };
    assert_eq!((picture.image, picture.unfit, picture.album), (expected, None, None));

    let file = |kind: &str, bytes: u64| {
        let change = json!({"text": null, "caption": "bluer", "document": {"file_id": "f", "mime_type": kind, "file_size": bytes}});
        read(&message(&change)).unwrap()
    };
    let heard = file("image/png", 100);
    assert_eq!((heard.content, heard.picture.unwrap().unfit), (Content::Text("bluer".to_owned()), None));
    assert_eq!(file("image/tiff", 100).picture.unwrap().unfit, Some(Unfit::Type));
    assert_eq!(file("image/png", 21 * 1024 * 1024).picture.unwrap().unfit, Some(Unfit::TooBig));
    assert_eq!(file("application/pdf", 100).picture, None);
}

#[test]
fn the_message_answered_and_its_picture_are_read() {
    let photo = json!([{"file_id": "p", "width": 10, "height": 10}]);
    let answered = |from: i64| {
        let change = json!({"reply_to_message": {"message_id": 4, "date": 1, "chat": {"id": 77, "type": "private"},
            "from": {"id": from, "is_bot": true}, "photo": photo}});
        read(&message(&change)).unwrap().answered.unwrap()
    };
    let ours = answered(4242);
    assert_eq!((ours.message, ours.own, ours.picture.is_some()), (MessageId(4), true, true));
    assert!(!answered(5).own);
}
