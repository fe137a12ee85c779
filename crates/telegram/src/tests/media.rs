//! Files on the wire: the shape of the forms.

use atelier_domain::{ChatId, MessageId};
use bytes::Bytes;
use serde_json::{Value, json};

use super::server::{Seen, TestServer};
use crate::{Album, AlbumItem, BadAlbum, Button, ButtonData, Keyboard, Media, MediaKind, Place, Posted};

fn place() -> Place {
    Place::from(ChatId(77))
}

fn media(kind: MediaKind, name: &str) -> Media {
    Media {
        width: Some(640),
        height: Some(480),
        duration: Some(5),
        thumbnail: Some(Bytes::from_static(b"tiny")),
        ..Media::new(kind, Bytes::from_static(b"content"), name)
    }
}

fn part_json(seen: &Seen, name: &str) -> Value {
    serde_json::from_str(&seen.part(name)).unwrap()
}

/// The file parts: name, file name, content.
fn files(seen: &Seen) -> Vec<(String, String, String)> {
    let file = |(name, file, content): (String, Option<String>, String)| Some((name, file?, content));
    seen.parts().into_iter().filter_map(file).collect()
}

fn file(name: &str, file_name: &str, content: &str) -> (String, String, String) {
    (name.to_owned(), file_name.to_owned(), content.to_owned())
}

#[tokio::test]
async fn a_message_is_edited_into_a_photo_with_buttons() {
    let mut server = TestServer::start().await;
    let sizes = json!([{"file_id": "small", "width": 90}, {"file_id": "large", "width": 1280}]);
    server.reply_ok("EditMessageMedia", &json!({"message_id": 31, "photo": sizes}));
    let buttons = Keyboard::row([Button::new("Again", ButtonData::new("again:1").unwrap())]);
    let photo = media(MediaKind::Photo, "fox.png");
    let posted = server.telegram.edit_into(place(), MessageId(31), &photo, "a <fox>", &buttons).await.unwrap();
    assert_eq!(posted, Some(Posted { message: MessageId(31), file_id: Some("large".to_owned()) }));
    let seen = server.next().await;
    assert_eq!((seen.part("chat_id"), seen.part("message_id")), ("77".to_owned(), "31".to_owned()));
    let input = json!({"type": "photo", "media": "attach://media0", "caption": "a <fox>"});
    assert_eq!(part_json(&seen, "media"), input);
    let markup = json!({"inline_keyboard": [[{"text": "Again", "callback_data": "again:1"}]]});
    assert_eq!(part_json(&seen, "reply_markup"), markup);
    assert_eq!(files(&seen), [file("media0", "fox.png", "content")]);
}

#[tokio::test]
async fn the_other_kinds_carry_what_telegram_needs_to_show_them() {
    let mut server = TestServer::start().await;
    let attached = json!({"media": "attach://media0", "thumbnail": "attach://thumbnail0", "caption": "c"});
    let frame = json!({"width": 640, "height": 480, "duration": 5});
    let cases = [
        (MediaKind::Document, "document", json!({"disable_content_type_detection": true}), json!({})),
        (MediaKind::Video, "video", json!({"supports_streaming": true}), frame.clone()),
        (MediaKind::Animation, "animation", json!({}), frame),
    ];
    for (kind, name, own, frame) in cases {
        server.reply_ok("EditMessageMedia", &json!({"message_id": 31, name: {"file_id": "f"}}));
        let edit = server.telegram.edit_into(place(), MessageId(31), &media(kind, ""), "c", &Keyboard::none());
        assert_eq!(edit.await.unwrap().unwrap().file_id.as_deref(), Some("f"));
        let seen = server.next().await;
        let mut expected = json!({"type": name});
        for part in [&attached, &own, &frame] {
            expected.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        assert_eq!(part_json(&seen, "media"), expected);
        let fallback = if kind == MediaKind::Document { "file.bin" } else { "video.mp4" };
        let thumbnail = file("thumbnail0", "thumbnail.jpg", "tiny");
        assert_eq!(files(&seen), [file("media0", fallback, "content"), thumbnail]);
    }
}

#[tokio::test]
async fn an_edit_that_changes_nothing_names_no_file() {
    let server = TestServer::start().await;
    server.reply_error("EditMessageMedia", 400, "Bad Request: message is not modified");
    let photo = media(MediaKind::Photo, "fox.png");
    let edit = server.telegram.edit_into(place(), MessageId(31), &photo, "", &Keyboard::none());
    assert_eq!(edit.await, Ok(None));
}

#[tokio::test]
async fn every_kind_is_sent_by_its_own_method() {
    let mut server = TestServer::start().await;
    let cases = [
        (MediaKind::Photo, "SendPhoto", "photo"),
        (MediaKind::Document, "SendDocument", "document"),
        (MediaKind::Video, "SendVideo", "video"),
        (MediaKind::Animation, "SendAnimation", "animation"),
    ];
    for (kind, method, name) in cases {
        server.reply_ok(
            method,
            &json!({"message_id": 32, name: if name == "photo" { json!([]) } else { json!({"file_id": "f"}) }}),
        );
        let post = place().reply(MessageId(5));
        let sent = server.telegram.send_media(&post, &media(kind, "a.bin"), "", &Keyboard::none()).await.unwrap();
        assert_eq!(sent.message, MessageId(32));
        let seen = server.next().await;
        assert_eq!((seen.method.as_str(), seen.part(name).as_str()), (method, "attach://media0"));
        let reply = json!({"message_id": 5, "allow_sending_without_reply": true});
        assert_eq!(part_json(&seen, "reply_parameters"), reply);
        assert_eq!(files(&seen)[0], file("media0", "a.bin", "content"));
        assert!(seen.parts().iter().all(|part| part.0 != "caption" && part.0 != "parse_mode"));
        if kind == MediaKind::Document {
            assert_eq!(seen.part("disable_content_type_detection"), "true");
        }
        if kind == MediaKind::Video {
            assert_eq!((seen.part("width"), seen.part("supports_streaming")), ("640".to_owned(), "true".to_owned()));
        }
    }
}

#[tokio::test]
async fn an_album_is_one_call_with_one_part_per_file() {
    let mut server = TestServer::start().await;
    server.reply_ok("SendMediaGroup", &json!([{"message_id": 40}, {"message_id": 41}]));
    let item = |kind, name, caption: &str| AlbumItem { media: media(kind, name), caption: caption.to_owned() };
    let items = [item(MediaKind::Photo, "1.jpg", "the album"), item(MediaKind::Video, "2.mp4", "")];
    let album = Album::new(items).unwrap();
    let posted = server.telegram.send_album(&place().post(), &album).await.unwrap();
    assert_eq!(posted.iter().map(|posted| posted.message.0).collect::<Vec<_>>(), [40, 41]);
    let seen = server.next().await;
    let described = part_json(&seen, "media");
    assert_eq!(described[0], json!({"type": "photo", "media": "attach://media0", "caption": "the album"}));
    assert_eq!((&described[1]["type"], &described[1]["media"]), (&json!("video"), &json!("attach://media1")));
    assert!(seen.parts().iter().all(|part| part.0 != "reply_markup"));
    let names: Vec<_> = files(&seen).into_iter().map(|file| (file.0, file.1)).collect();
    let named = |name: &str, file: &str| (name.to_owned(), file.to_owned());
    let expected = [named("media0", "1.jpg"), named("media1", "2.mp4"), named("thumbnail1", "thumbnail.jpg")];
    assert_eq!(names, expected);
}

#[test]
fn what_is_no_album_is_refused() {
    let album = |kinds: &[MediaKind]| {
        let item = |&kind: &MediaKind| AlbumItem { media: media(kind, "x"), caption: String::new() };
        Album::new(kinds.iter().map(item)).map(|album| album.items().len())
    };
    assert_eq!(album(&[MediaKind::Photo]), Err(BadAlbum::Count(1)));
    assert_eq!(album(&[MediaKind::Photo; 11]), Err(BadAlbum::Count(11)));
    assert_eq!(album(&[MediaKind::Photo, MediaKind::Document]), Err(BadAlbum::Mixed));
    assert_eq!(album(&[MediaKind::Animation; 2]), Err(BadAlbum::Mixed));
    assert_eq!(album(&[MediaKind::Document; 10]), Ok(10));
}
