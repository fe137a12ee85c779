//! Photos, documents, videos: what is taken, what is refused, ids and downloads.

use image::ImageFormat;
use reqwest::multipart::Form;
use serde_json::json;

use crate::support::{ANN, Reply, Sim, TOKEN, part, picture, to_ann, with_ann};

async fn photo(sim: &Sim, bytes: Vec<u8>) -> Reply {
    sim.upload("sendPhoto", to_ann().part("photo", part(bytes, "p.png"))).await
}

fn mp4() -> Vec<u8> {
    [b"\0\0\0\x18ftypisom\0\0\0\0isommp42".as_slice(), &[0; 64]].concat()
}

#[tokio::test]
async fn every_picture_format_becomes_a_photo() {
    let sim = with_ann().await;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let sent = photo(&sim, picture(40, 30, format)).await.result();
        let size = &sent["photo"][0];
        assert_eq!((&size["width"], &size["height"]), (&json!(40), &json!(30)), "{format:?}");
    }
}

#[tokio::test]
async fn photos_outside_the_limits_are_refused() {
    let sim = with_ann().await;
    let cases = [
        (picture(2100, 100, ImageFormat::Png), "PHOTO_INVALID_DIMENSIONS"),
        (picture(9000, 1001, ImageFormat::Png), "PHOTO_INVALID_DIMENSIONS"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "IMAGE_PROCESS_FAILED"),
        (picture(300, 300, ImageFormat::Jpeg)[..400].to_vec(), "IMAGE_PROCESS_FAILED"),
        (vec![0; 64], "IMAGE_PROCESS_FAILED"),
        (Vec::new(), "file must be non-empty"),
        (
            vec![7; 10 * 1024 * 1024 + 1],
            "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(photo(&sim, bytes).await.error(), format!("Bad Request: {error}"));
    }
    assert_eq!(photo(&sim, picture(2000, 100, ImageFormat::Png)).await.status, 200, "a ratio of 20 is allowed");
    assert_eq!(
        sim.call("sendPhoto", json!({ "chat_id": ANN })).await.error(),
        "Bad Request: there is no photo in the request"
    );
}

#[tokio::test]
async fn a_caption_has_its_own_limit() {
    let sim = with_ann().await;
    let send = |caption: String| {
        let form = to_ann().text("caption", caption).part("photo", part(picture(9, 9, ImageFormat::Png), "p.png"));
        sim.upload("sendPhoto", form)
    };
    assert_eq!(send("ü".repeat(1024)).await.status, 200);
    assert_eq!(send("ü".repeat(1025)).await.error(), "Bad Request: message caption is too long");
}

#[tokio::test]
async fn a_file_id_is_bound_to_its_kind_and_can_be_sent_again() {
    let sim = with_ann().await;
    let sent = photo(&sim, picture(40, 30, ImageFormat::Png)).await.result();
    let id = sent["photo"][0]["file_id"].clone();
    let again = sim.call("sendPhoto", json!({ "chat_id": ANN, "photo": id })).await.result();
    assert_eq!(again["photo"], sent["photo"]);
    let wrong_kind = sim.call("sendDocument", json!({ "chat_id": ANN, "document": id })).await;
    assert_eq!(wrong_kind.error(), "Bad Request: can't use file of type Photo as Document");
    let nonsense = sim.call("sendPhoto", json!({ "chat_id": ANN, "photo": "nonsense" })).await.error();
    assert!(nonsense.starts_with("Bad Request: wrong remote file identifier specified"));
    let by_address = sim.call("sendPhoto", json!({ "chat_id": ANN, "photo": "https://example.org/a.png" })).await;
    assert_eq!(by_address.error(), "Bad Request: failed to get HTTP URL content");
}

#[tokio::test]
async fn a_document_keeps_name_and_bytes_and_can_be_downloaded() {
    let sim = with_ann().await;
    let bytes = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    let sent = sim.upload("sendDocument", to_ann().part("document", part(bytes.clone(), "art.svg"))).await.result();
    assert_eq!(
        (&sent["document"]["file_name"], &sent["document"]["mime_type"]),
        (&json!("art.svg"), &json!("image/svg+xml"))
    );
    let file = sim.call("getFile", json!({ "file_id": sent["document"]["file_id"] })).await.result();
    let url = sim.url(&format!("/file/bot{TOKEN}/{}", file["file_path"].as_str().unwrap()));
    assert_eq!(sim.http.get(url).send().await.unwrap().bytes().await.unwrap(), bytes);
    let shown = sim
        .http
        .get(sim.url(&format!("/_sim/files/{}", file["file_unique_id"].as_str().unwrap())))
        .send()
        .await
        .unwrap();
    assert_eq!(shown.headers()["content-disposition"], "attachment; filename=\"art.svg\"", "never run in the browser");

    let large = sim
        .upload("sendDocument", to_ann().part("document", part(vec![1; 20 * 1024 * 1024 + 1], "big.bin")))
        .await
        .result();
    let refused = sim.call("getFile", json!({ "file_id": large["document"]["file_id"] })).await;
    assert_eq!(refused.error(), "Bad Request: file is too big");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let sim = with_ann().await;
    let reply = sim.upload("sendDocument", to_ann().part("document", part(vec![0; 50 * 1024 * 1024 + 1], "x"))).await;
    assert_eq!(reply.body, json!({ "ok": false, "error_code": 413, "description": "Request Entity Too Large" }));
}

#[tokio::test]
async fn a_video_keeps_what_its_sender_says_and_only_mp4_plays() {
    let sim = with_ann().await;
    let form = |bytes: Vec<u8>| -> Form {
        let sizes = to_ann().text("width", "640").text("height", "360").text("duration", "5");
        sizes.part("video", part(bytes, "v.mp4"))
    };
    let sent = sim.upload("sendVideo", form(mp4())).await.result();
    assert_eq!((&sent["video"]["width"], &sent["video"]["duration"]), (&json!(640), &json!(5)));
    let other = sim.upload("sendVideo", form(b"not a video".to_vec())).await.result();
    assert!(other.get("video").is_none() && other["document"]["file_name"] == "v.mp4");
    let animation = sim
        .upload("sendAnimation", to_ann().part("animation", part(picture(9, 9, ImageFormat::Gif), "a.gif")))
        .await
        .result();
    assert_eq!(animation["animation"]["mime_type"], "image/gif");
}

#[tokio::test]
async fn a_user_can_send_a_photo() {
    let sim = Sim::start().await;
    let form = Form::new().text("user", "1001").text("bot", "4242").text("caption", "make it blue");
    let form = form.part("photo", part(picture(64, 64, ImageFormat::Png), "mine.png"));
    sim.http.post(sim.url("/_sim/messages")).multipart(form).send().await.unwrap().error_for_status().unwrap();
    let updates = sim.call("getUpdates", json!({})).await.result();
    let message = &updates[0]["message"];
    assert_eq!(message["caption"], "make it blue");
    assert!(
        sim.call("getFile", json!({ "file_id": message["photo"][0]["file_id"] })).await.result()["file_path"]
            .is_string()
    );
}
