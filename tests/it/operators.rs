//! What those who run the bots do in the chat: bans, grants, news, and a hand on everybody's jobs.

use atelier_domain::{BotId, JobState, Usd, UserId};
use atelier_queue::Owner;
use harness::World;
use serde_json::json;

const BOB: Owner = Owner(BotId(4242), UserId(2));

#[tokio::test]
async fn a_banned_user_is_refused_and_comes_back_when_the_ban_is_lifted() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot_with(&["--admin", "1"], "polling").await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("/ops ban 2").await;
    ada.text("Done.").await;
    bob.say("a fox --model ideogram").await;
    bob.text("over your budget").await;
    // what costs nothing waits: none of theirs runs
    bob.say("a hare --model sketch").await;
    bob.until("replies=2").await;
    assert_eq!(world.only_job(2).await, world.jobs(2).await[0].id);
    assert_eq!(world.jobs(2).await[0].state, JobState::Waiting);
    ada.say("/ops ban 2").await;
    ada.text("already").await;
    ada.say("/ops unban 2").await;
    bob.photos(1).await;
    bob.say("a fox --model ideogram").await;
    bob.photos(2).await;
    let kinds: Vec<String> = world.queue().actions().await.unwrap().into_iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&"pause".to_owned()) && kinds.contains(&"resume".to_owned()), "on record: {kinds:?}");
}

#[tokio::test]
async fn a_grant_is_spent_after_the_budget_and_counts_once_however_often_its_update_comes() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot_with(&["--admin", "1"], "polling").await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    world.queue().set_own_budget(BOB, Some(Usd::ZERO), "test").await.unwrap();
    bob.say("a fox --model ideogram").await;
    bob.text("over your budget").await;
    let update = ada.say("/ops grant 2 $0.05").await;
    ada.text("$0.05").await;
    world.telegram.post(&format!("/_sim/updates/{update}/again"), &json!({})).await;
    ada.until("replies=2").await;
    let ledger = world.queue().ledger(BOB, 100).await.unwrap();
    assert_eq!(ledger.granted, Usd::from_micros(50_000), "{ledger:?}");
    bob.say("a fox --model ideogram").await;
    bob.photos(1).await;
    bob.say("a hare --model ideogram").await;
    bob.until("replies=3").await;
    assert_eq!(world.jobs(2).await.len(), 1, "two cents are left, three are needed");
}

#[tokio::test]
async fn news_reach_everybody_once_and_the_operator_hears_how_it_went() {
    let world = World::start().await;
    let _bot = world.bot_with(&["--admin", "1"], "polling").await;
    for user in 1..=5 {
        let chat = world.telegram.user(user);
        chat.say("/start").await;
        chat.text("I draw it").await;
    }
    let refused = json!({ "kind": "reply", "status": 403, "description": "Forbidden: bot was blocked by the user" });
    world.telegram.fault(json!({ "method": "sendMessage", "chat": 3, "times": null, "action": refused })).await;
    let broken = json!({ "kind": "reply", "status": 400, "description": "Bad Request: something new" });
    world.telegram.fault(json!({ "method": "sendMessage", "chat": 4, "times": null, "action": broken })).await;
    let flood = json!({ "kind": "reply", "status": 429, "retry_after": 1 });
    world.telegram.fault(json!({ "method": "sendMessage", "chat": 5, "times": 1, "action": flood })).await;
    let ada = world.telegram.user(1);
    ada.say("/ops say we are back at noon").await;
    ada.text("Told 3; 1 have blocked me; 1 failed").await;
    for user in [1, 2, 5] {
        let messages = world.telegram.user(user).messages().await;
        let told = messages.iter().filter(|message| message["text"] == "we are back at noon").count();
        assert_eq!(told, 1, "{user}");
    }
    world.telegram.post("/_sim/reset", &json!({ "scope": "faults" })).await;
    ada.say("/ops say again").await;
    ada.text("Told 4; 0 have blocked me").await;
    assert_eq!(world.telegram.get("/_sim/counts").await["early"], 0, "nothing inside a known wait");
}

#[tokio::test]
async fn an_operator_may_press_everybodys_buttons() {
    let world = World::start().await;
    let _bot = world.bot_with(&["--admin", "1"], "polling").await;
    let group = world.telegram.group(&[2, 1, 666]).await;
    group.saying("Hello!").await;
    group.say(2, "/imagine a fox --model sketch", json!({})).await;
    let slot = group.until("replies=2").await.pop().unwrap();
    assert!(group.tap(666, &slot, "Cancel").await.contains("Only the person who asked"));
    group.tap(1, &slot, "Cancel").await;
    world.until(&world.only_job(2).await, JobState::Cancelled).await;
}
