//! Barrier, waiting, counting, events.

use super::*;

#[tokio::test]
async fn a_hold_keeps_matching_predictions_until_released() {
    let sim = Sim::quick().await;
    sim.control("/_sim/hold", json!({ "prompt": "slow" })).await;
    for model in [IDEOGRAM, SEEDREAM, IMAGEN] {
        sim.created(model, "slow picture").await;
    }
    let free = sim.finished(IMAGEN, json!({ "prompt": "quick picture" })).await;
    assert_eq!(free["status"], "succeeded");
    let state = sim.wait("held=3").await;
    assert_eq!((&state["status"]["processing"], &state["highest_running"]), (&json!(3), &json!(3)));

    assert_eq!(sim.control("/_sim/release", json!({ "count": 1 })).await["released"], 1);
    sim.wait("succeeded=1&prompt=slow").await;
    assert_eq!(sim.control("/_sim/release", json!({})).await["released"], 2);
    let state = sim.wait("succeeded=3&prompt=slow").await;
    assert_eq!((&state["held"], &state["holds"]), (&json!(0), &json!([])));
    sim.stop().await;
}

#[tokio::test]
async fn holds_are_released_one_by_one() {
    let sim = Sim::quick().await;
    let first = sim.control("/_sim/hold", json!({ "model": "google/*" })).await["hold"].clone();
    let second = sim.control("/_sim/hold", json!({ "model": "bytedance/*" })).await["hold"].clone();
    let one = sim.created(IMAGEN, "a").await;
    sim.created(IMAGEN, "b").await;
    sim.created(SEEDREAM, "c").await;
    sim.wait("held=3").await;
    assert_eq!(sim.control("/_sim/release", json!({ "prediction": one["id"] })).await["released"], 1);
    sim.wait("succeeded=1&model=google/*").await;
    assert_eq!(sim.control("/_sim/release", json!({ "hold": second })).await["released"], 1);
    sim.wait("succeeded=1&model=bytedance/*").await;
    assert_eq!(sim.control("/_sim/release", json!({ "hold": first })).await["released"], 1);
    sim.wait("succeeded=3&in_flight_at_most=0").await;
    sim.stop().await;
}

#[tokio::test]
async fn waiting_in_vain_answers_408_with_the_state() {
    let sim = Sim::quick().await;
    let answer = sim.call(Method::GET, "/_sim/wait?creates=1&timeout=0").send().await.unwrap();
    assert_eq!(answer.status(), 408);
    assert_eq!(answer.json::<Value>().await.unwrap()["met"], false);
    let wrong = sim.call(Method::GET, "/_sim/wait?created=1").send().await.unwrap();
    assert_eq!(wrong.status(), 400);
    sim.stop().await;
}

#[tokio::test]
async fn everything_a_client_did_is_counted() {
    let sim = Sim::quick().await;
    let done = sim.finished(IMAGEN, json!({ "prompt": "twice" })).await;
    sim.created(IMAGEN, "twice").await;
    sim.get(done["urls"]["get"].as_str().unwrap()).await;
    sim.download(&done["output"]).await;
    sim.get("/v1/predictions").await;
    let state = sim.wait("creates=2&polls=1&downloads=1&lists=1&succeeded=2").await;
    assert_eq!(state["creates_by_prompt"], json!([{ "model": IMAGEN, "prompt": "twice", "count": 2 }]));
    assert_eq!(state["requests"]["create"], 2);
    assert_eq!(state["spent"], 0.12);

    sim.post("/_sim/reset", json!({})).await;
    let state = sim.get("/_sim/state").await;
    assert_eq!((&state["creates"], &state["predictions"]), (&json!(0), &json!([])));
    sim.stop().await;
}

#[tokio::test]
async fn events_tell_the_story_in_order() {
    let sim = Sim::quick().await;
    sim.finished(IMAGEN, json!({ "prompt": "a cat" })).await;
    let mut answer = sim.call(Method::GET, "/_sim/events").send().await.unwrap();
    let mut text = String::new();
    while !text.contains("event: finished") {
        text.push_str(&String::from_utf8_lossy(&answer.chunk().await.unwrap().unwrap()));
    }
    let kinds: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(kinds, ["created", "started", "finished"]);
    sim.stop().await;
}
