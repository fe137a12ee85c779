//! How an exchange can end, and that the token shows in none of it.

use std::time::Duration;

use atelier_domain::ChatId;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use url::Url;

use super::server::{SECRET, TestServer, bot};
use crate::{DeliveryError, Hindrance, Keyboard, MediaReason, Place, Scope, Telegram};

async fn send(telegram: &Telegram) -> DeliveryError {
    let place = Place::from(ChatId(77));
    let error = telegram.send_text(&place.post(), "hello", &Keyboard::none()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    error
}

fn not_posted(hindrance: Hindrance, retry_after: Option<u64>, scope: Scope) -> DeliveryError {
    DeliveryError::NotPosted { hindrance, retry_after: retry_after.map(Duration::from_secs), scope }
}

#[tokio::test]
async fn refusals_in_the_apis_own_words_are_judged() {
    let server = TestServer::start().await;
    let flood = json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 9",
        "parameters": {"retry_after": 9}});
    server.reply("SendMessage", 429, flood.to_string());
    assert_eq!(send(&server.telegram).await, not_posted(Hindrance::Flood, Some(9), Scope::Chat));
    let migrated = json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded …",
        "parameters": {"migrate_to_chat_id": -1_009_999_999_999_i64}});
    server.reply("SendMessage", 400, migrated.to_string());
    assert_eq!(send(&server.telegram).await, DeliveryError::Migrated(ChatId(-1_009_999_999_999)));
    server.reply_error("SendMessage", 500, "Internal Server Error");
    assert_eq!(send(&server.telegram).await, not_posted(Hindrance::Server, None, Scope::Unknown));
}

#[tokio::test]
async fn answers_of_a_gateway_are_certain_only_when_they_can_be() {
    let server = TestServer::start().await;
    let page = "<html><h1>sorry</h1></html>";
    server.reply("SendMessage", 503, page);
    assert_eq!(send(&server.telegram).await, not_posted(Hindrance::Server, None, Scope::Unknown));
    server.reply("SendMessage", 429, page);
    assert_eq!(send(&server.telegram).await, not_posted(Hindrance::Flood, None, Scope::Chat));
    server.reply("SendMessage", 413, page);
    assert_eq!(send(&server.telegram).await, DeliveryError::MediaRefused(MediaReason::TooBig));
    for status in [200, 502, 504] {
        server.reply("SendMessage", status, page);
        assert!(send(&server.telegram).await.may_be_done(), "{status}");
    }
    for status in [302, 403, 404] {
        server.reply("SendMessage", status, page);
        assert_eq!(send(&server.telegram).await.name(), "fatal", "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_never_came_about_posted_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    assert_eq!(send(&bot(url)).await, not_posted(Hindrance::Unconnected, None, Scope::Unknown));
}

#[tokio::test]
async fn a_connection_cut_after_the_request_leaves_the_outcome_open() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        assert!(connection.read(&mut read).await.unwrap() > 0);
    });
    assert!(send(&bot(url)).await.may_be_done());
    server.await.unwrap();
}

#[tokio::test]
async fn a_file_is_fetched_up_to_the_size_allowed() {
    let mut server = TestServer::start().await;
    let telegram = server.telegram.clone();
    server.reply_ok("GetFile", &json!({"file_id": "f", "file_size": 5, "file_path": "photos/file 1.jpg"}));
    server.reply("file%201.jpg", 200, "12345");
    assert_eq!(telegram.download("f", 5).await.unwrap(), "12345");
    assert_eq!(server.next().await.method, "GetFile");
    let path = server.next().await.path;
    assert_eq!(path, format!("/prefix/file/bot4242:{SECRET}/photos/file%201.jpg"));

    let too_big = Err(DeliveryError::MediaRefused(MediaReason::TooBig));
    server.reply_ok("GetFile", &json!({"file_id": "f", "file_size": 6, "file_path": "photos/a.jpg"}));
    assert_eq!(telegram.download("f", 5).await, too_big);
    server.reply_ok("GetFile", &json!({"file_id": "f", "file_path": "photos/a.jpg"}));
    server.reply("a.jpg", 200, "123456");
    assert_eq!(telegram.download("f", 5).await, too_big);
    server.reply_error("GetFile", 400, "Bad Request: wrong file_id or the file is temporarily unavailable");
    let unusable = Err(DeliveryError::MediaRefused(MediaReason::Reference));
    assert_eq!(telegram.download("f", 5).await, unusable);
    // A path that has expired; the same words for a method would mean the token.
    server.reply_ok("GetFile", &json!({"file_id": "f", "file_path": "photos/a.jpg"}));
    server.reply_error("a.jpg", 404, "Not Found");
    assert_eq!(telegram.download("f", 5).await, unusable);
}

#[tokio::test]
async fn debug_shows_no_token() {
    let server = TestServer::start().await;
    let shown = format!("{:?} {:#?}", server.telegram, server.telegram);
    assert!(shown.contains("4242") && !shown.contains(SECRET), "{shown}");
}
