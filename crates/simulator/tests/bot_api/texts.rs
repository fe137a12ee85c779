//! Sending text: limits, markup, entities, replies, keyboards, presses, profile.

use serde_json::{Value, json};

use crate::support::{ANN, BOT, Sim, with_ann};

fn markup(rows: usize, per_row: usize, data: &str) -> Value {
    let row: Vec<Value> = (0..per_row).map(|_| json!({ "text": "x", "callback_data": data })).collect();
    json!({ "inline_keyboard": vec![row; rows] })
}

async fn refused(sim: &Sim, params: Value) -> String {
    let mut params = params;
    if params.get("chat_id").is_none() {
        params["chat_id"] = json!(ANN);
    }
    sim.call("sendMessage", params).await.error()
}

#[tokio::test]
async fn lengths_count_utf16_units_after_parsing() {
    let sim = with_ann().await;
    let fits = format!("<b>{}</b>", "😀".repeat(2048));
    let sent = sim.call("sendMessage", json!({ "chat_id": ANN, "text": fits, "parse_mode": "HTML" })).await.result();
    assert_eq!(sent["entities"][0]["length"], 4096);
    assert_eq!(refused(&sim, json!({ "text": "😀".repeat(2049) })).await, "Bad Request: message is too long");
    for empty in ["", "   ", "\n"] {
        assert_eq!(refused(&sim, json!({ "text": empty })).await, "Bad Request: message text is empty");
    }
    assert_eq!(
        refused(&sim, json!({ "text": "<b></b>", "parse_mode": "HTML" })).await,
        "Bad Request: message text is empty"
    );
}

#[tokio::test]
async fn broken_markup_is_refused_and_leaves_nothing() {
    let sim = with_ann().await;
    for (mode, text, error) in [
        ("HTML", "a < b", "Unsupported start tag \"\" at byte offset 2"),
        ("HTML", "<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("MarkdownV2", "1.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
    ] {
        // an unfinished tag at the very end is another complaint than an empty one
        let text = if text == "a < b" { "a < b >" } else { text };
        let params = json!({ "text": text, "parse_mode": mode });
        assert_eq!(refused(&sim, params).await, format!("Bad Request: can't parse entities: {error}"));
    }
    assert_eq!(
        refused(&sim, json!({ "text": "x", "parse_mode": "Latex" })).await,
        "Bad Request: unsupported parse_mode"
    );
    let state = sim.get(&format!("/chat?chat={ANN}")).await.body;
    assert_eq!(state["state"]["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn explicit_entities_come_back_cut_to_the_text() {
    let sim = with_ann().await;
    let entities = json!([{ "type": "bold", "offset": 0, "length": 99 }]);
    let sent = sim.call("sendMessage", json!({ "chat_id": ANN, "text": "bold", "entities": entities })).await.result();
    assert_eq!(sent["entities"], json!([{ "type": "bold", "offset": 0, "length": 4 }]));
    let broken = json!({ "text": "x", "entities": [{ "offset": 0 }] });
    assert!(refused(&sim, broken).await.starts_with("Bad Request: can't parse MessageEntity"));
}

#[tokio::test]
async fn replies_need_their_target_unless_told_otherwise() {
    let sim = with_ann().await;
    let missing = json!({ "text": "re", "reply_parameters": { "message_id": 5 } });
    assert_eq!(refused(&sim, missing).await, "Bad Request: message to be replied not found");
    let tolerant = json!({ "chat_id": ANN, "text": "re", "reply_parameters": { "message_id": 5, "allow_sending_without_reply": true } });
    assert!(sim.call("sendMessage", tolerant).await.result().get("reply_to_message").is_none());
    let question = sim.says("question").await["message_id"].clone();
    let params = json!({ "chat_id": ANN, "text": "answer", "reply_parameters": { "message_id": question }, "message_thread_id": 9 });
    let answer = sim.call("sendMessage", params).await.result();
    assert_eq!(answer["reply_to_message"]["text"], "question");
    assert_eq!(answer["message_thread_id"], 9);
    assert_eq!(
        refused(&sim, json!({ "text": "x", "message_thread_id": 1 })).await,
        "Bad Request: message thread not found"
    );
}

#[tokio::test]
async fn keyboards_are_checked() {
    let sim = with_ann().await;
    for (keyboard, error) in [
        (markup(1, 1, &"x".repeat(65)), "BUTTON_DATA_INVALID"),
        (markup(1, 1, ""), "BUTTON_DATA_INVALID"),
        (markup(13, 8, "d"), "reply markup is too long"),
        (
            json!({ "inline_keyboard": [[{ "text": "x" }]] }),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (json!([1]), "object expected as reply markup"),
    ] {
        assert_eq!(
            refused(&sim, json!({ "text": "x", "reply_markup": keyboard })).await,
            format!("Bad Request: {error}")
        );
    }
    assert_eq!(
        refused(&sim, json!({ "text": "x", "reply_markup": "{" })).await,
        "Bad Request: can't parse reply keyboard markup JSON object"
    );
    let largest = json!({ "chat_id": ANN, "text": "x", "reply_markup": markup(10, 10, &"d".repeat(64)).to_string() });
    assert_eq!(sim.call("sendMessage", largest).await.result()["reply_markup"], markup(10, 10, &"d".repeat(64)));
}

#[tokio::test]
async fn a_press_is_answered_once_and_in_time() {
    let sim = with_ann().await;
    let sent = json!({ "chat_id": ANN, "text": "choose", "reply_markup": markup(1, 1, "yes") });
    let id = sim.call("sendMessage", sent).await.result()["message_id"].clone();
    let press = json!({ "chat": ANN, "user": ANN, "message_id": id, "data": "yes" });
    let pressed = sim.post("/press", press.clone()).await;
    let updates = sim.call("getUpdates", json!({ "offset": -1 })).await.result();
    let query = &updates[0]["callback_query"];
    assert_eq!(
        (&query["data"], &query["id"], &query["message"]["text"]),
        (&json!("yes"), &pressed["callback_query_id"], &json!("choose"))
    );
    let answer = json!({ "callback_query_id": query["id"], "text": "done" });
    sim.call("answerCallbackQuery", answer.clone()).await.result();
    let waited = sim.wait(&format!("answered={}", query["id"].as_str().unwrap())).await;
    assert_eq!(waited["answer"]["text"], "done");
    let stale = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    assert_eq!(sim.call("answerCallbackQuery", answer).await.error(), stale);

    let late = sim.post("/press", press.clone()).await["callback_query_id"].clone();
    sim.call("getUpdates", json!({})).await.result();
    sim.post("/clock", json!({ "skip_ms": 16_000 })).await;
    assert_eq!(sim.call("answerCallbackQuery", json!({ "callback_query_id": late })).await.error(), stale);

    sim.call("getUpdates", json!({ "offset": -1 })).await.result();
    let undelivered = sim.post("/press", press).await["update"].as_i64().unwrap();
    sim.post("/clock", json!({ "skip_ms": 151_000 })).await;
    let updates = sim.call("getUpdates", json!({ "offset": undelivered })).await.result();
    assert_eq!(updates, json!([]), "a press that waited too long is dropped");
}

#[tokio::test]
async fn commands_and_descriptions_are_kept_and_checked() {
    let sim = with_ann().await;
    let commands = json!([{ "command": "imagine", "description": "Draw" }]);
    sim.call("setMyCommands", json!({ "commands": commands, "language_code": "de" })).await.result();
    assert_eq!(sim.call("getMyCommands", json!({})).await.result(), json!([]));
    assert_eq!(sim.call("getMyCommands", json!({ "language_code": "de" })).await.result(), commands);
    sim.call("deleteMyCommands", json!({ "language_code": "de" })).await.result();
    assert_eq!(sim.call("getMyCommands", json!({ "language_code": "de" })).await.result(), json!([]));
    let bad = json!({ "commands": [{ "command": "Imagine!", "description": "x" }] });
    assert_eq!(sim.call("setMyCommands", bad).await.error(), "Bad Request: BOT_COMMAND_INVALID");
    sim.call("setMyDescription", json!({ "description": "I draw." })).await.result();
    assert_eq!(sim.call("getMyDescription", json!({})).await.result()["description"], "I draw.");
    assert_eq!(sim.call("setMyShortDescription", json!({ "short_description": "x".repeat(121) })).await.status, 400);
    sim.call("setChatMenuButton", json!({ "menu_button": { "type": "commands" } })).await.result();
}

#[tokio::test]
async fn small_methods() {
    let sim = with_ann().await;
    let question = sim.says("hello").await["message_id"].clone();
    sim.call("sendChatAction", json!({ "chat_id": ANN, "action": "upload_photo" })).await.result();
    assert_eq!(
        sim.call("sendChatAction", json!({ "chat_id": ANN, "action": "juggle" })).await.error(),
        "Bad Request: wrong parameter action in request"
    );
    let reaction = json!({ "chat_id": ANN, "message_id": question, "reaction": [{ "type": "emoji", "emoji": "👀" }] });
    sim.call("setMessageReaction", reaction).await.result();
    assert_eq!(sim.message(question.as_i64().unwrap()).await["reactions"][0]["emoji"], "👀");
    assert_eq!(sim.call("getChat", json!({ "chat_id": ANN })).await.result()["type"], "private");
    sim.call("logOut", json!({})).await.result();
    assert_eq!(
        sim.call("sendMessage", json!({ "chat_id": ANN, "text": "x" })).await.error(),
        "Bad Request: Logged out"
    );
    assert_eq!(sim.call("getMe", json!({})).await.result()["id"], BOT);
}
