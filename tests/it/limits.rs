//! Telegram's limits, enforced by the simulator: nothing goes out inside a known wait, nothing beyond a budget.

use harness::World;
use serde_json::{Value, json};

/// Requests that were refused for their pace, and those that came inside a known wait.
async fn offences(world: &World) -> (u64, u64) {
    let counts = world.telegram.get("/_sim/counts").await;
    let methods = counts["bots"].as_object().into_iter().flat_map(serde_json::Map::values);
    let limited = methods
        .filter_map(Value::as_object)
        .flat_map(serde_json::Map::values)
        .filter_map(|count| count["limited"].as_u64())
        .sum();
    (limited, counts["early"].as_u64().expect("a count"))
}

#[tokio::test]
async fn albums_answers_and_progress_of_several_processes_keep_within_the_budgets() {
    let world = World::with(|config| config.rate_limits = true).await;
    let (_bot, _worker, _other) = (world.bot().await, world.worker(), world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    let group = world.telegram.group(&[1, 2]).await;
    ada.say("a cat --n 6 --model sketch").await;
    bob.say("- one --model sketch\n- two --model sketch").await;
    group.say(1, "/imagine a group portrait --n 4 --model sketch", json!({})).await;
    for said in ["/help", "/jobs", "/models", "/settings"] {
        ada.say(said).await;
        group.say(2, &format!("{said}@atelier_bot"), json!({})).await;
    }
    ada.text("6 of 6 pictures are here").await;
    bob.text("2 of 2 pictures are here").await;
    group.saying("4 of 4 pictures are here").await;
    ada.text("What I do here").await;
    group.saying("What I do in this group").await;
    let refused = world.telegram.get("/_sim/requests").await;
    let refused: Vec<&Value> =
        refused["requests"].as_array().into_iter().flatten().filter(|seen| seen["status"] == 429).collect();
    assert_eq!(offences(&world).await, (0, 0), "{refused:?}");
}

#[tokio::test]
async fn a_wait_for_edits_does_not_hold_up_answers_nor_other_chats() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let flood = json!({ "kind": "reply", "status": 429, "retry_after": 4 });
    world.telegram.fault(json!({ "method": "editMessage*", "chat": 1, "times": 1, "action": flood })).await;
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("a fox").await;
    world.replicate.wait("held=1").await;
    let edited = ["editMessageText", "editMessageMedia"];
    world.telegram.wait("method=editMessageText&count=1").await;
    let began = tokio::time::Instant::now();
    ada.say("/help").await;
    ada.text("Just write a prompt").await;
    bob.say("/help").await;
    bob.text("Just write a prompt").await;
    assert!(began.elapsed().as_secs() < 3, "answers do not wait for edits: {:?}", began.elapsed());
    world.replicate.release().await;
    ada.photos(1).await;
    assert!(began.elapsed().as_secs() >= 3, "the picture, an edit, waited: {:?}", began.elapsed());
    let early = world.telegram.get("/_sim/requests?chat=1").await;
    let early = early["requests"].as_array().map(|all| {
        all.iter().filter(|seen| seen["early"] == true && edited.iter().any(|method| seen["method"] == *method)).count()
    });
    assert_eq!((early, offences(&world).await.1), (Some(0), 0));
}

#[tokio::test]
async fn every_kind_of_call_obeys_the_wait_that_it_was_told() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    for method in ["sendChatAction", "answerCallbackQuery", "sendMessage", "editMessageMedia", "getFile"] {
        let flood = json!({ "kind": "reply", "status": 429, "retry_after": 2 });
        world.telegram.fault(json!({ "method": method, "times": 1, "action": flood })).await;
    }
    let ada = world.telegram.user(1);
    ada.send_picture("make it green", json!({})).await;
    let slot = ada.until("replies=1").await.pop().unwrap();
    world.replicate.wait("held=1").await;
    // the answer waits as well, and says what it has to say
    assert!(!ada.tap(&slot, "Cancel").await.is_empty());
    ada.text("Cancelled.").await;
    ada.say("a hare").await;
    world.replicate.wait("held=1").await;
    world.replicate.release().await;
    ada.photos(1).await;
    assert_eq!(offences(&world).await.1, 0);
}
