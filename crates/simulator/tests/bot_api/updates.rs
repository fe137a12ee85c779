//! Tokens, methods, and how updates reach a bot by polling.

use serde_json::{Value, json};

use crate::support::{ANN, BOT, Sim, TOKEN, with_ann};

fn ids(updates: &Value) -> Vec<i64> {
    updates.as_array().unwrap().iter().map(|update| update["update_id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn methods_have_any_case_and_unknown_ones_are_404() {
    let sim = Sim::start().await;
    for method in ["getMe", "GetMe", "getme", "GETME"] {
        assert_eq!(sim.call(method, json!({})).await.result()["id"], BOT);
    }
    let unknown = sim.call("sendTelepathy", json!({})).await;
    assert_eq!(unknown.body, json!({"ok": false, "error_code": 404, "description": "Not Found: method not found"}));
}

#[tokio::test]
async fn tokens_are_checked() {
    let options = atelier_simulator::telegram::Options { tokens: vec![TOKEN.to_owned()], ..Default::default() };
    let sim = Sim::with(options).await;
    assert_eq!(sim.call("getMe", json!({})).await.status, 200);
    for token in ["4242:other", "nonsense", "0:abc", "12:with space"] {
        let answer = sim.http.get(sim.url(&format!("/bot{token}/getMe"))).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{token}");
        let body: Value = answer.json().await.unwrap();
        assert!(body["description"].as_str().unwrap().starts_with("Unauthorized"));
    }
}

#[tokio::test]
async fn parameters_come_as_query_form_json_or_multipart() {
    let sim = with_ann().await;
    let url = sim.url(&format!("/bot{TOKEN}/sendMessage"));
    let chat = ANN.to_string();
    let pairs = [("chat_id", chat.as_str()), ("text", "hello & welcome"), ("disable_notification", "true")];
    let form = pairs.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| {
        form.text((*name).to_owned(), (*value).to_owned())
    });
    let requests = [
        sim.http.get(&url).query(&pairs),
        sim.http.post(&url).form(&pairs),
        sim.http.post(&url).json(&json!({ "chat_id": ANN, "text": "hello & welcome" })),
        sim.http.post(&url).multipart(form),
    ];
    for request in requests {
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(body["result"]["text"], "hello & welcome", "{body}");
    }
}

#[tokio::test]
async fn only_an_offset_confirms() {
    let sim = Sim::start().await;
    for text in ["one", "two", "three"] {
        sim.says(text).await;
    }
    let first = ids(&sim.call("getUpdates", json!({})).await.result());
    assert_eq!(first.len(), 3);
    assert_eq!(ids(&sim.call("getUpdates", json!({})).await.result()), first, "delivered again until confirmed");
    assert_eq!(ids(&sim.call("getUpdates", json!({ "limit": 2 })).await.result()), first[..2]);
    assert_eq!(ids(&sim.call("getUpdates", json!({ "offset": first[1] })).await.result()), first[1..]);
    assert_eq!(
        ids(&sim.call("getUpdates", json!({ "offset": 0 })).await.result()),
        first[1..],
        "the first is forgotten"
    );
    assert_eq!(ids(&sim.call("getUpdates", json!({ "offset": -1 })).await.result()), first[2..]);
    assert_eq!(ids(&sim.call("getUpdates", json!({})).await.result()), first[2..], "a negative offset forgets too");
    sim.call("getUpdates", json!({ "offset": first[2] + 1 })).await.result();
    let state = sim.get("/updates").await.body;
    assert_eq!(state["pending"], json!([]));
    assert_eq!(state["confirmed_below"], first[2] + 1);
}

#[tokio::test]
async fn a_long_poll_answers_as_soon_as_something_happens() {
    let sim = Sim::start().await;
    let poll = sim.call("getUpdates", json!({ "timeout": 50 }));
    let write = async {
        sim.wait(&format!("bot={BOT}&poller=true")).await;
        sim.says("hello").await
    };
    let (polled, written) = tokio::join!(poll, write);
    let updates = polled.result();
    assert_eq!(updates[0]["message"]["text"], "hello");
    assert_eq!(updates[0]["update_id"], written["updates"][BOT.to_string()]);
    assert_eq!(updates[0]["message"]["from"]["id"], ANN);
    sim.wait(&format!("bot={BOT}&poller=false")).await;
}

#[tokio::test]
async fn a_second_poller_ends_the_first() {
    let sim = Sim::start().await;
    let first = sim.call("getUpdates", json!({ "timeout": 50 }));
    let second = async {
        sim.wait(&format!("bot={BOT}&poller=true")).await;
        sim.call("getUpdates", json!({ "timeout": 0 })).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status, 409);
    assert_eq!(
        first.error(),
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    );
    assert_eq!(second.result(), json!([]));
}

#[tokio::test]
async fn a_poller_that_vanishes_no_longer_counts() {
    let sim = Sim::start().await;
    let url = sim.url(&format!("/bot{TOKEN}/getUpdates?timeout=50"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let poll = tokio::spawn(async move { client.get(url).send().await });
    sim.wait(&format!("bot={BOT}&poller=true")).await;
    poll.abort();
    sim.wait(&format!("bot={BOT}&poller=false")).await;
}

#[tokio::test]
async fn declined_kinds_are_not_queued() {
    let sim = Sim::start().await;
    sim.call("getUpdates", json!({ "allowed_updates": ["callback_query"] })).await.result();
    sim.says("not wanted").await;
    sim.call("getUpdates", json!({ "allowed_updates": "[\"message\"]" })).await.result();
    sim.says("wanted").await;
    let updates = sim.call("getUpdates", json!({})).await.result();
    assert_eq!(updates.as_array().unwrap().len(), 1);
    assert_eq!(updates[0]["message"]["text"], "wanted");
}

#[tokio::test]
async fn raw_and_repeated_updates_reach_the_bot() {
    let sim = Sim::start().await;
    let injected = sim.post("/updates", json!({ "bot": BOT, "update": { "message": { "unknown": true } } })).await;
    let id = injected["update"].as_i64().unwrap();
    let updates = sim.call("getUpdates", json!({})).await.result();
    assert_eq!(updates, json!([{ "update_id": id, "message": { "unknown": true } }]));
    assert_eq!(sim.call("getUpdates", json!({ "offset": id + 1 })).await.result(), json!([]));
    sim.post(&format!("/updates/{id}/again"), json!({})).await;
    assert_eq!(ids(&sim.call("getUpdates", json!({ "offset": id + 1 })).await.result()), [id]);
    assert_eq!(sim.call("getUpdates", json!({ "offset": id + 1 })).await.result(), json!([]), "once");
}

#[tokio::test]
async fn extra_fields_are_merged_into_the_message() {
    let sim = Sim::start().await;
    let entity = json!([{ "type": "date_time", "offset": 0, "length": 5 }]);
    sim.post("/messages", json!({ "bot": BOT, "user": { "id": 7, "first_name": "Bo" }, "text": "later", "extra": { "entities": entity } })).await;
    let updates = sim.call("getUpdates", json!({})).await.result();
    assert_eq!(updates[0]["message"]["entities"], entity);
    assert_eq!(updates[0]["message"]["from"]["first_name"], "Bo");
}

#[tokio::test]
async fn a_wait_that_runs_out_tells_the_state() {
    let sim = with_ann().await;
    let reply = sim.get(&format!("/wait?chat={ANN}&photos=1&timeout_ms=1")).await;
    assert_eq!(reply.status, 408);
    assert_eq!(reply.body["state"]["messages"][0]["text"], "/start");
    let reply = sim.get("/wait?photos=1").await;
    assert_eq!(reply.status, 400, "a chat condition needs a chat");
}
