//! Delivery to a webhook: secret, order, retry, and the conflict with polling.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{BOT, Sim};

struct Hook {
    url: String,
    deliveries: mpsc::UnboundedReceiver<(Option<String>, Value)>,
    answers: Arc<Mutex<Vec<u16>>>,
}

#[derive(Clone)]
struct Shared {
    sender: mpsc::UnboundedSender<(Option<String>, Value)>,
    answers: Arc<Mutex<Vec<u16>>>,
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let secret = headers.get("x-telegram-bot-api-secret-token").map(|value| value.to_str().unwrap().to_owned());
    shared.sender.send((secret, serde_json::from_str(&body).unwrap())).unwrap();
    let status = shared.answers.lock().unwrap().pop().unwrap_or(200);
    let retry = if status == 503 { [("retry-after", "0")] } else { [("x-fine", "1")] };
    (StatusCode::from_u16(status).unwrap(), retry).into_response()
}

async fn hook() -> Hook {
    let (sender, deliveries) = mpsc::unbounded_channel();
    let answers = Arc::new(Mutex::new(Vec::new()));
    let router = Router::new().fallback(receive).with_state(Shared { sender, answers: Arc::clone(&answers) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Hook { url, deliveries, answers }
}

#[tokio::test]
async fn updates_arrive_in_order_and_again_until_taken() {
    let sim = Sim::start().await;
    let mut hook = hook().await;
    hook.answers.lock().unwrap().extend([200, 503, 500]);
    let set = json!({ "url": hook.url, "secret_token": "s3cret" });
    sim.call("setWebhook", set).await.result();
    sim.says("one").await;
    let last = sim.says("two").await["updates"][BOT.to_string()].as_i64().unwrap();
    let mut texts = Vec::new();
    for _ in 0..4 {
        let (secret, update) = hook.deliveries.recv().await.unwrap();
        assert_eq!(secret.as_deref(), Some("s3cret"));
        texts.push(update["message"]["text"].as_str().unwrap().to_owned());
    }
    assert_eq!(texts, ["one", "one", "one", "two"]);
    sim.wait(&format!("bot={BOT}&confirmed={last}&idle=true")).await;
    let info = sim.call("getWebhookInfo", json!({})).await.result();
    assert_eq!((&info["url"], &info["pending_update_count"]), (&json!(hook.url), &json!(0)));
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 503 Service Unavailable");
}

#[tokio::test]
async fn polling_and_a_webhook_exclude_each_other() {
    let sim = Sim::start().await;
    let hook = hook().await;
    let poll = sim.call("getUpdates", json!({ "timeout": 50 }));
    let set = async {
        sim.wait(&format!("bot={BOT}&poller=true")).await;
        sim.call("setWebhook", json!({ "url": hook.url })).await.result()
    };
    let (poll, _) = tokio::join!(poll, set);
    assert_eq!(poll.error(), "Conflict: terminated by setWebhook request");
    assert_eq!(
        sim.call("getUpdates", json!({})).await.error(),
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    );
    sim.call("deleteWebhook", json!({ "drop_pending_updates": true })).await.result();
    assert_eq!(sim.call("getUpdates", json!({})).await.result(), json!([]));
}

#[tokio::test]
async fn addresses_and_secrets_are_checked() {
    let sim = Sim::start().await;
    for (params, error) in [
        (json!({ "url": "http://example.org/x" }), "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            json!({ "url": "https://example.org:9000/x" }),
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (json!({ "url": "not an address" }), "invalid webhook URL specified"),
        (
            json!({ "url": "http://127.0.0.1:1/", "secret_token": "no spaces" }),
            "secret token contains unallowed characters",
        ),
    ] {
        assert_eq!(sim.call("setWebhook", params).await.error(), format!("Bad Request: {error}"));
    }
}
