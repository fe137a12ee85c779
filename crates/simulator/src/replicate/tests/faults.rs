//! Scripted faults at the level of requests, limits and credit.

use super::*;

#[tokio::test]
async fn a_cut_before_loses_the_request_and_a_cut_after_loses_the_answer() {
    let sim = Sim::quick().await;
    sim.control(
        "/_sim/rules",
        json!([
            { "prompt": "before", "times": 1, "do": "cut_before" },
            { "prompt": "after", "times": 1, "do": "cut_after" },
        ]),
    )
    .await;
    assert!(sim.create(IMAGEN, &json!({ "prompt": "before" })).send().await.is_err());
    assert_eq!(sim.get("/_sim/state").await["creates"], 0);
    assert!(sim.create(IMAGEN, &json!({ "prompt": "after" })).send().await.is_err());
    let state = sim.wait("creates=1&cuts=2").await;
    assert_eq!(state["creates_by_prompt"][0]["prompt"], "after");
    // the lost one is found in the list, and the next create goes through
    assert_eq!(sim.get("/v1/predictions").await["results"][0]["input"]["prompt"], "after");
    sim.created(IMAGEN, "after").await;
    sim.stop().await;
}

#[tokio::test]
async fn a_late_request_loses_its_connection_at_once_and_is_handled_afterwards() {
    let sim = Sim::quick().await;
    sim.control("/_sim/rules", json!({ "prompt": "late", "times": 1, "do": { "late": 0.3 } })).await;
    assert!(sim.create(IMAGEN, &json!({ "prompt": "late" })).send().await.is_err());
    assert_eq!(sim.get("/_sim/state").await["creates"], 0);
    sim.wait("creates=1&succeeded=1&cuts=1").await;
    sim.stop().await;
}

#[tokio::test]
async fn scripted_answers_skip_and_run_out() {
    let sim = Sim::quick().await;
    sim.control(
        "/_sim/rules",
        json!({ "skip": 1, "times": 1, "do": { "answer": { "status": 429, "retry_after": 7 } } }),
    )
    .await;
    sim.control("/_sim/rules", json!({ "prompt": "poor", "do": { "answer": "low_credit" } })).await;
    sim.control("/_sim/rules", json!({ "on": "get", "do": { "answer": { "status": 502 } } })).await;
    sim.created(IMAGEN, "a").await;
    let throttled = sim.create(IMAGEN, &json!({ "prompt": "a" })).send().await.unwrap();
    assert_eq!((throttled.status().as_u16(), throttled.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(throttled.json::<Value>().await.unwrap()["retry_after"], 7);
    let created = sim.created(IMAGEN, "a").await;
    let poor: Value = sim.create(IMAGEN, &json!({ "prompt": "poor" })).send().await.unwrap().json().await.unwrap();
    assert!(poor["detail"].as_str().unwrap().contains("less than $5.0 in credit"));
    let get = sim.call(Method::GET, created["urls"]["get"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(get.status(), 502);

    let rules = sim.get("/_sim/rules").await;
    let id = rules["rules"].as_array().unwrap().iter().find(|rule| rule["on"] == "get").unwrap()["id"].clone();
    assert_eq!(sim.call(Method::DELETE, &format!("/_sim/rules/{id}")).send().await.unwrap().status(), 204);
    let get = sim.call(Method::GET, created["urls"]["get"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(get.status(), 200);
    let wrong = sim.post("/_sim/rules", json!({ "do": "explode" })).await;
    assert_eq!(wrong.status(), 400);
    sim.stop().await;
}

#[tokio::test]
async fn credit_runs_low_and_out() {
    let sim = Sim::quick().await;
    sim.control("/_sim/account", json!({ "credit": 4.0 })).await;
    sim.created(IMAGEN, "a").await;
    let low = sim.create(IMAGEN, &json!({ "prompt": "a" })).send().await.unwrap();
    assert_eq!(low.status(), 429);
    let low: Value = low.json().await.unwrap();
    assert_eq!(low["retry_after"], 10);
    assert!(low["detail"].as_str().unwrap().ends_with("Your rate limit resets in ~10s."));
    sim.control("/_sim/account", json!({ "credit": 0.0 })).await;
    let out = sim.create(IMAGEN, &json!({ "prompt": "a" })).send().await.unwrap();
    assert_eq!(out.status(), 402);
    assert_eq!(out.json::<Value>().await.unwrap()["title"], "Insufficient credit");
    sim.control("/_sim/account", json!({ "credit": null })).await;
    sim.created(IMAGEN, "a").await;
    assert_eq!(sim.get("/_sim/state").await["refused"], json!({ "402": 1, "429": 1 }));
    sim.stop().await;
}

#[tokio::test]
async fn limits_apply_and_can_be_lifted() {
    let sim = Sim::quick().await;
    let small = json!({ "enabled": true, "creates_per_minute": 2, "others_per_minute": 3000, "low_credit_below": 5.0 });
    sim.control("/_sim/limits", small).await;
    sim.created(IMAGEN, "a").await;
    sim.created(IMAGEN, "b").await;
    let refused = sim.create(IMAGEN, &json!({ "prompt": "c" })).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.json::<Value>().await.unwrap()["detail"].as_str().unwrap().starts_with("Request was throttled."));
    let off = json!({ "enabled": false, "creates_per_minute": 2, "others_per_minute": 1, "low_credit_below": 5.0 });
    sim.control("/_sim/limits", off).await;
    sim.created(IMAGEN, "c").await;
    sim.stop().await;
}

#[tokio::test]
async fn downloads_can_be_missing_cut_or_broken_off() {
    let sim = Sim::quick().await;
    sim.control(
        "/_sim/rules",
        json!([
            { "on": "download", "times": 1, "do": { "answer": { "status": 404 } } },
            { "on": "download", "times": 1, "do": "cut_before" },
            { "on": "download", "times": 1, "do": "cut_middle" },
            { "on": "download", "times": 1, "do": { "trickle": 0.02 } },
        ]),
    )
    .await;
    let done = sim.finished(IDEOGRAM, json!({ "prompt": "a cat" })).await;
    let url = done["output"].as_str().unwrap();
    assert_eq!(sim.client.get(url).send().await.unwrap().status(), 404);
    assert!(sim.client.get(url).send().await.is_err());
    assert!(sim.client.get(url).send().await.unwrap().bytes().await.is_err());
    let slow = sim.client.get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(slow.to_vec(), sim.download(&done["output"]).await.1);
    sim.stop().await;
}

#[tokio::test]
async fn a_server_ends_while_clients_wait() {
    let sim = Sim::quick().await;
    sim.control("/_sim/rules", json!({ "do": { "delay": 500.0 } })).await;
    let waiting = sim.call(Method::GET, "/_sim/wait?creates=9&timeout=300").send();
    let delayed = sim.create(IMAGEN, &json!({ "prompt": "a" })).send();
    let (waiting, delayed) = (tokio::spawn(waiting), tokio::spawn(delayed));
    let mut events = sim.call(Method::GET, "/_sim/events").send().await.unwrap();
    sim.stop().await;
    assert_eq!(waiting.await.unwrap().map_or(408, |answer| answer.status().as_u16()), 408);
    drop(delayed.await.unwrap());
    while let Ok(Some(_)) = events.chunk().await {}
}
