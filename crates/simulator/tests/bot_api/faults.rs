//! Scripted faults, counting, and the stream of events.

use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{ANN, BOT, TOKEN, with_ann};

#[tokio::test]
async fn a_429_is_scripted_and_early_retries_are_counted() {
    let sim = with_ann().await;
    let rule =
        json!({ "method": "send*", "chat": ANN, "action": { "kind": "reply", "status": 429, "retry_after": 30 } });
    sim.post("/faults", rule).await;
    let send = || sim.call("sendMessage", json!({ "chat_id": ANN, "text": "x" }));
    let limited = send().await;
    assert_eq!(
        limited.body,
        json!({
            "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 30", "parameters": { "retry_after": 30 },
        })
    );
    send().await.result();
    sim.post("/clock", json!({ "skip_ms": 30_000 })).await;
    send().await.result();
    let counts = sim.get("/counts").await.body;
    assert_eq!(
        counts["bots"][BOT.to_string()]["sendmessage"],
        json!({ "total": 3, "early": 1, "ok": 2, "limited": 1 })
    );
    assert_eq!(counts["early"], 1);
    sim.post("/reset", json!({ "scope": "counts" })).await;
    assert_eq!(sim.get("/counts").await.body["early"], 0);
}

#[tokio::test]
async fn a_cut_before_has_no_effect_and_a_cut_after_has() {
    let sim = with_ann().await;
    sim.post("/faults", json!({ "method": "sendMessage", "action": { "kind": "cut" } })).await;
    sim.post("/faults", json!({ "method": "sendMessage", "phase": "after", "action": { "kind": "cut" } })).await;
    for text in ["before", "after"] {
        let url = sim.url(&format!("/bot{TOKEN}/sendMessage"));
        let failed = sim.http.post(url).json(&json!({ "chat_id": ANN, "text": text })).send().await;
        assert!(failed.is_err_and(|error| !error.is_status()), "the client sees the network fail");
    }
    sim.wait(&format!("chat={ANN}&text=after")).await;
    let state = sim.get(&format!("/chat?chat={ANN}")).await.body.to_string();
    assert!(!state.contains("\"before\""));
    let seen = sim.get("/requests?method=sendMessage").await.body;
    assert_eq!(seen["requests"][1]["status"], json!(null));
}

#[tokio::test]
async fn held_requests_wait_for_their_release() {
    let sim = with_ann().await;
    let rule = json!({ "method": "editMessage*", "times": null, "action": { "kind": "hold" } });
    let rule = sim.post("/faults", rule).await["id"].as_u64().unwrap();
    let id = sim.text("a").await;
    let edit = sim.call("editMessageText", json!({ "chat_id": ANN, "message_id": id, "text": "b" }));
    let release = async {
        sim.wait("held=1").await;
        assert_eq!(sim.message(id).await["text"], "a");
        sim.post(&format!("/faults/{rule}/release"), json!({})).await
    };
    let (edited, _) = tokio::join!(edit, release);
    assert_eq!(edited.result()["text"], "b");
    assert_eq!(sim.get("/faults").await.body["held"], 0);
}

#[tokio::test]
async fn any_status_text_or_body_can_be_scripted_and_skipped_to() {
    let sim = with_ann().await;
    let script = [
        json!({ "method": "sendMessage", "skip": 1, "action": { "kind": "reply", "status": 403 } }),
        json!({ "method": "sendMessage", "action": { "kind": "reply", "status": 400, "description": "Bad Request: TOPIC_CLOSED" } }),
        json!({ "method": "sendMessage", "action": { "kind": "reply", "status": 502, "body": "<html>Bad Gateway</html>" } }),
    ];
    for rule in script {
        sim.post("/faults", rule).await;
    }
    let send = || sim.call("sendMessage", json!({ "chat_id": ANN, "text": "x" }));
    assert_eq!(send().await.error(), "Bad Request: TOPIC_CLOSED");
    assert_eq!(send().await.error(), "Forbidden: bot was blocked by the user");
    let url = sim.url(&format!("/bot{TOKEN}/sendMessage?chat_id={ANN}&text=x"));
    let gateway = sim.http.get(url).send().await.unwrap();
    assert_eq!(gateway.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(gateway.text().await.unwrap(), "<html>Bad Gateway</html>");
    send().await.result();
    let misspelt = sim.http.post(sim.url("/_sim/faults")).json(&json!({ "methd": "x" })).send().await.unwrap();
    assert_eq!(misspelt.status(), StatusCode::BAD_REQUEST);
    let error = misspelt.json::<serde_json::Value>().await.unwrap();
    assert!(error["error"].as_str().unwrap().contains("methd"), "{error}");
}

#[tokio::test]
async fn a_reader_of_events_resumes_where_it_stopped() {
    let sim = with_ann().await;
    let read = |last: Option<String>| {
        let mut request = sim.http.get(sim.url("/_sim/events"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        async move {
            let mut body = request.send().await.unwrap().bytes_stream();
            let mut text = String::new();
            while !text.contains("\n\n") {
                text.push_str(&String::from_utf8_lossy(&body.next().await.unwrap().unwrap()));
            }
            text
        }
    };
    let field = |text: &str, name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim_start_matches(':').trim().to_owned()
    };
    let hello = read(None).await;
    assert_eq!(field(&hello, "event"), "hello");
    sim.says("missed").await;
    let missed = read(Some(field(&hello, "id"))).await;
    assert_eq!(field(&missed, "event"), "message");
    assert!(missed.contains("missed"));
    assert_eq!(field(&read(Some("1".to_owned())).await, "event"), "reset");
}
