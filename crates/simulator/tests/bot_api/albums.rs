//! Albums: all or nothing, no buttons, and what their items can become.

use image::ImageFormat;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::support::{ANN, Sim, part, picture, to_ann, with_ann};

fn album(count: usize, kind: &str) -> Form {
    let media: Vec<Value> =
        (0..count).map(|index| json!({ "type": kind, "media": format!("attach://f{index}") })).collect();
    (0..count).fold(to_ann().text("media", Value::Array(media).to_string()), |form, index| {
        let side = 20 + u32::try_from(index).unwrap();
        form.part(format!("f{index}"), part(picture(side, side, ImageFormat::Png), "x.png"))
    })
}

async fn edit(sim: &Sim, id: &Value, kind: &str, bytes: Vec<u8>) -> crate::support::Reply {
    let form = to_ann()
        .text("message_id", id.to_string())
        .text("media", json!({ "type": kind, "media": "attach://new" }).to_string())
        .part("new", part(bytes, "new.png"));
    sim.upload("editMessageMedia", form).await
}

#[tokio::test]
async fn an_album_is_one_group_in_order() {
    let sim = with_ann().await;
    let sent = sim.upload("sendMediaGroup", album(10, "photo")).await.result();
    let items = sent.as_array().unwrap();
    assert_eq!(items.len(), 10);
    assert!(items.iter().all(|item| item["media_group_id"] == items[0]["media_group_id"]));
    let widths: Vec<u64> = items.iter().map(|item| item["photo"][0]["width"].as_u64().unwrap()).collect();
    assert_eq!(widths, (20..30).collect::<Vec<_>>());
    let seen = sim.get("/requests?method=sendMediaGroup").await.body;
    assert_eq!(seen["requests"][0]["files"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn wrong_albums_leave_nothing_behind() {
    let sim = with_ann().await;
    assert_eq!(sim.upload("sendMediaGroup", album(1, "photo")).await.status, 400);
    assert_eq!(
        sim.upload("sendMediaGroup", album(11, "photo")).await.error(),
        "Bad Request: too many messages to send as an album"
    );
    assert!(
        sim.upload("sendMediaGroup", album(2, "animation")).await.error().ends_with("can't be used in sendMediaGroup")
    );
    let buttons = json!({ "inline_keyboard": [[{ "text": "x", "callback_data": "x" }]] }).to_string();
    assert_eq!(sim.upload("sendMediaGroup", album(2, "photo").text("reply_markup", buttons)).await.status, 400);
    let mixed = json!([{ "type": "photo", "media": "attach://a" }, { "type": "document", "media": "attach://a" }]);
    let form = to_ann().text("media", mixed.to_string()).part("a", part(picture(9, 9, ImageFormat::Png), "a.png"));
    assert_eq!(
        sim.upload("sendMediaGroup", form).await.error(),
        "Bad Request: document can't be mixed with other media types"
    );
    let broken = json!([{ "type": "photo", "media": "attach://a" }, { "type": "photo", "media": "attach://b" }]);
    let form = to_ann()
        .text("media", broken.to_string())
        .part("a", part(picture(9, 9, ImageFormat::Png), "a.png"))
        .part("b", part(vec![1, 2, 3], "b.png"));
    assert_eq!(
        sim.upload("sendMediaGroup", form).await.error(),
        "Bad Request: failed to send message #2 with the error message \"IMAGE_PROCESS_FAILED\""
    );
    let state = sim.get(&format!("/chat?chat={ANN}")).await.body;
    assert_eq!(state["state"]["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tiles_become_photos_or_videos_only() {
    let sim = with_ann().await;
    let sent = sim.upload("sendMediaGroup", album(2, "photo")).await.result();
    let id = sent[0]["message_id"].clone();
    let edited = edit(&sim, &id, "photo", picture(99, 99, ImageFormat::Png)).await.result();
    assert_eq!(edited["photo"][0]["width"], 99);
    assert_eq!(edited["media_group_id"], sent[0]["media_group_id"]);
    let to_document = edit(&sim, &id, "document", picture(50, 50, ImageFormat::Png)).await;
    assert_eq!(to_document.error(), "Bad Request: can't change media type in the album");
    let to_animation = edit(&sim, &id, "animation", picture(50, 50, ImageFormat::Gif)).await;
    assert_eq!(to_animation.error(), "Bad Request: message content type can't be used in an album");
    let video = [b"\0\0\0\x18ftypisom".as_slice(), &[0; 32]].concat();
    assert_eq!(edit(&sim, &id, "video", video).await.result()["video"]["mime_type"], "video/mp4");
}
