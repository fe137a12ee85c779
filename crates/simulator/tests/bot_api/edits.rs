//! Edits: what changes, what is refused and how.

use image::ImageFormat;
use serde_json::json;

use crate::support::{ANN, BOT, part, picture, to_ann, with_ann};

fn button(data: &str) -> serde_json::Value {
    json!({ "inline_keyboard": [[{ "text": "Cancel", "callback_data": data }]] })
}

#[tokio::test]
async fn a_text_becomes_a_photo_with_buttons_and_keeps_its_history() {
    let sim = with_ann().await;
    let id = sim.text("queued #2").await;
    sim.call(
        "editMessageText",
        json!({ "chat_id": ANN, "message_id": id, "text": "queued #1", "reply_markup": button("c:1") }),
    )
    .await
    .result();
    let media =
        json!({ "type": "photo", "media": "attach://picture", "caption": "<b>a cat</b>", "parse_mode": "HTML" });
    let form = to_ann()
        .text("message_id", id.to_string())
        .text("media", media.to_string())
        .text("reply_markup", button("again").to_string())
        .part("picture", part(picture(640, 480, ImageFormat::Png), "x.png"));
    let edited = sim.upload("editMessageMedia", form).await.result();
    assert_eq!(edited["message_id"], id);
    assert_eq!(edited["photo"][0]["width"], 640);
    assert_eq!(edited["caption"], "a cat");
    assert_eq!(edited["caption_entities"], json!([{ "type": "bold", "offset": 0, "length": 5 }]));
    assert!(edited.get("text").is_none() && edited["edit_date"].is_i64());

    let waited = sim.wait(&format!("bot={BOT}&chat={ANN}&message_id={id}&kind=photo&edits=2")).await;
    let message = &waited["state"]["messages"][1];
    assert_eq!(message["media"]["width"], 640);
    assert_eq!(message["buttons"][0][0]["callback_data"], "again");
    let texts: Vec<_> = message["history"].as_array().unwrap().iter().map(|version| version["text"].clone()).collect();
    assert_eq!(texts, ["queued #2", "queued #1"]);

    let file = sim.http.get(sim.url(message["media"]["url"].as_str().unwrap())).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.bytes().await.unwrap(), picture(640, 480, ImageFormat::Png));
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_refused() {
    let sim = with_ann().await;
    let id = sim.text("same").await;
    let edit = json!({ "chat_id": ANN, "message_id": id, "text": "same" });
    let error = sim.call("editMessageText", edit).await.error();
    assert_eq!(
        error,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as \
         a current content and reply markup of the message"
    );
    let with_button = json!({ "chat_id": ANN, "message_id": id, "reply_markup": button("x") });
    sim.call("editMessageReplyMarkup", with_button.clone()).await.result();
    assert!(
        sim.call("editMessageReplyMarkup", with_button)
            .await
            .error()
            .starts_with("Bad Request: message is not modified")
    );
    sim.call("editMessageText", json!({ "chat_id": ANN, "message_id": id, "text": "other" })).await.result();
    assert_eq!(sim.message(id).await["buttons"], json!([]), "an edit without buttons takes them away");
}

#[tokio::test]
async fn what_cannot_be_edited_says_so() {
    let sim = with_ann().await;
    let edit = |id: i64| json!({ "chat_id": ANN, "message_id": id, "text": "new", "caption": "new" });
    assert_eq!(sim.call("editMessageText", edit(1)).await.error(), "Bad Request: message to edit not found");
    let ours = sim.says("mine").await["message_id"].as_i64().unwrap();
    assert_eq!(sim.call("editMessageText", edit(ours)).await.error(), "Bad Request: message can't be edited");
    let text = sim.text("text").await;
    assert_eq!(
        sim.call("editMessageCaption", edit(text)).await.error(),
        "Bad Request: there is no caption in the message to edit"
    );
    let form = to_ann().part("photo", part(picture(20, 20, ImageFormat::Jpeg), "p.jpg"));
    let photo = sim.upload("sendPhoto", form).await.result()["message_id"].as_i64().unwrap();
    assert_eq!(
        sim.call("editMessageText", edit(photo)).await.error(),
        "Bad Request: there is no text in the message to edit"
    );
    sim.call("editMessageCaption", edit(photo)).await.result();
    sim.post("/delete", json!({ "bot": BOT, "chat": ANN, "message_id": text })).await;
    assert_eq!(sim.call("editMessageText", edit(text)).await.error(), "Bad Request: message to edit not found");
}
