//! Telegram's pace, as a client meets it.

use atelier_simulator::telegram::Options;
use serde_json::json;

use crate::support::{ANN, BOT, Sim};

#[tokio::test]
async fn a_burst_is_taken_then_429_names_the_wait() {
    let sim = Sim::with(Options { rate_limits: true, ..Options::default() }).await;
    sim.says("/start").await;
    let send = || sim.call("sendMessage", json!({ "chat_id": ANN, "text": "x" }));
    let mut last = 0;
    for _ in 0..5 {
        last = send().await.result()["message_id"].as_i64().unwrap();
    }
    let limited = send().await;
    assert_eq!((limited.status, limited.body["parameters"]["retry_after"].clone()), (429, json!(1)));
    let edit = json!({ "chat_id": ANN, "message_id": last, "text": "y" });
    sim.call("editMessageText", edit).await.result();
    sim.call("sendChatAction", json!({ "chat_id": ANN, "action": "typing" })).await.result();
    assert_eq!(send().await.status, 429);
    sim.post("/clock", json!({ "skip_ms": 1000 })).await;
    send().await.result();
    let counts = sim.get("/counts").await.body["bots"][BOT.to_string()]["sendmessage"].clone();
    assert_eq!(counts, json!({ "total": 8, "early": 1, "ok": 6, "limited": 2 }));
    sim.post("/limits", json!({ "enabled": false })).await;
    for _ in 0..20 {
        send().await.result();
    }
}

#[tokio::test]
async fn a_refused_call_costs_nothing() {
    let sim = Sim::with(Options { rate_limits: true, ..Options::default() }).await;
    sim.says("/start").await;
    for _ in 0..20 {
        assert_eq!(sim.call("sendMessage", json!({ "chat_id": ANN, "text": "" })).await.status, 400);
    }
    sim.text("fits").await;
}
