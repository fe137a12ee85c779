//! Updates posted over HTTP: what is answered to whom, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::server::{SECRET, TestServer};
use crate::intake::{Hold, Observer, Webhooks};

fn update(id: u32) -> Value {
    json!({"update_id": id, "message": {"message_id": 5, "chat": {"id": 77, "type": "private"},
        "from": {"id": 77, "first_name": "A"}, "text": "a fox"}})
}

#[tokio::test]
async fn a_post_is_confirmed_when_its_handler_took_it_and_only_with_the_secret() {
    let mut server = TestServer::start().await;
    server.reply_ok("GetMe", &json!({"id": 4242, "is_bot": true, "first_name": "Atelier", "username": "atelier_bot"}));
    server.telegram.identify().await.unwrap();
    let shutdown = CancellationToken::new();
    let public = Url::parse("https://bot.example.com/updates/").unwrap();
    let hooks = Webhooks::open(public, "127.0.0.1:0".parse().unwrap(), shutdown.clone()).await.unwrap();
    let (sender, mut heard) = mpsc::unbounded_channel();
    let (away, observer) = (Arc::new(AtomicBool::new(false)), Observer::new());
    let handler = {
        let away = away.clone();
        move |incoming: atelier_domain::Incoming| {
            let answer = if away.load(Ordering::Relaxed) {
                Err(Hold { reason: "redis is away".to_owned() })
            } else {
                sender.send(incoming.update).unwrap();
                Ok(())
            };
            futures::future::ready(answer).boxed()
        }
    };
    // the first try is refused for a while, the second one taken
    server.reply_error("SetWebhook", 500, "Internal Server Error");
    server.reply_ok("SetWebhook", &json!(true));
    let pumping = tokio::spawn(hooks.pump(server.telegram.clone(), handler, observer.clone(), shutdown.clone()));
    let mut set = server.next_of("SetWebhook").await.json();
    set = [set, server.next_of("SetWebhook").await.json()].into_iter().next_back().unwrap();
    assert_eq!(set["url"], "https://bot.example.com/updates/4242");
    assert_eq!(set["allowed_updates"], json!(["message", "callback_query", "my_chat_member"]));
    assert_eq!(set.get("drop_pending_updates"), None, "what waits is kept");
    let secret = set["secret_token"].as_str().unwrap().to_owned();
    assert!(secret.len() == 64 && !secret.contains(SECRET), "nobody reads the token out of it");

    let client = reqwest::Client::new();
    let post = async |path: &str, secret: Option<&str>, body: String| {
        let mut request = client.post(format!("http://{}{path}", hooks.address())).body(body);
        if let Some(secret) = secret {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        request.send().await.unwrap()
    };
    let (good, path) = (Some(secret.as_str()), "/behind/a/proxy/4242");
    assert_eq!(post(path, good, update(7).to_string()).await.status(), StatusCode::OK);
    assert_eq!(heard.recv().await.unwrap().0, 7);
    for (path, secret, expected) in [
        (path, None, StatusCode::UNAUTHORIZED),
        (path, Some("0".repeat(64)), StatusCode::UNAUTHORIZED),
        (path, Some(secret[..63].to_owned()), StatusCode::UNAUTHORIZED),
        ("/4243", Some(secret.clone()), StatusCode::NOT_FOUND),
        ("/", Some(secret.clone()), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(post(path, secret.as_deref(), update(8).to_string()).await.status(), expected, "{path}");
    }
    for useless in ["", "{}", "{\"update_id\":9}", "{\"update_id\":9,\"message\":7}"] {
        assert_eq!(post(path, good, useless.to_owned()).await.status(), StatusCode::OK, "{useless}");
    }
    assert_eq!(post(path, good, " ".repeat(2 << 20)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    away.store(true, Ordering::Relaxed);
    let held = post(path, good, update(10).to_string()).await;
    assert_eq!(
        (held.status(), held.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::SERVICE_UNAVAILABLE, "2")
    );
    away.store(false, Ordering::Relaxed);
    assert_eq!(post(path, good, update(10).to_string()).await.status(), StatusCode::OK);
    assert_eq!(heard.recv().await.unwrap().0, 10, "nothing in between reached the handler");
    assert_eq!((observer.snapshot().handled, observer.snapshot().held), (2, 1));

    shutdown.cancel();
    assert_eq!(pumping.await.unwrap(), Ok(()));
    hooks.closed().await;
    assert!(client.post(format!("http://{}{path}", hooks.address())).send().await.is_err(), "the port is closed");
    assert!(server.seen.try_recv().is_err(), "the webhook stays: other replicas live on it");
}
