//! Groups: what their administrators decide, topics that close, rights that are missing, doors that shut.

use atelier_domain::{BotId, ChatId, FailureClass, Field, JobState};
use harness::{Group, World};
use serde_json::{Value, json};

const ADA: i64 = 1;
const BOB: i64 = 2;

/// A bot, a worker's world, and a group whose administrator is Ada.
async fn world() -> (World, harness::Process, Group) {
    let world = World::start().await;
    let bot = world.bot().await;
    let group = world.telegram.group(&[ADA, BOB]).await;
    group.saying("Hello!").await;
    (world, bot, group)
}

/// Opens a choice on the settings' message and takes a value; what the member is told.
async fn choose(group: &Group, user: i64, settings: &Value, field: &str, value: &str) -> String {
    let edits = group.now(settings).await["edits"].as_u64().unwrap_or(0);
    group.tap(user, &group.now(settings).await, field).await;
    group.until(&format!("message_id={}&edits={}", settings["id"], edits + 1)).await;
    group.tap(user, &group.now(settings).await, value).await
}

#[tokio::test]
async fn only_administrators_change_a_groups_model_and_limits() {
    let (world, _bot, group) = world().await;
    group.say(BOB, "/settings@atelier_bot", json!({})).await;
    let settings = group.saying("What I do in this group").await;
    let told = choose(&group, BOB, &settings, "Model", "Imagen 4 Ultra").await;
    assert!(told.contains("Only administrators"), "{told}");
    // back to the list for Ada
    group.tap(ADA, &group.now(&settings).await, "Back").await;
    group.until(&format!("message_id={}&edits=2", settings["id"])).await;
    assert_eq!(choose(&group, ADA, &settings, "Model", "Imagen 4 Ultra").await, "");
    group.saying("Model: Imagen 4 Ultra").await;
    let prefs = world.queue().prefs(BotId(4242), ChatId(group.id)).await.unwrap();
    assert_eq!(prefs.model.map(|model| model.to_string()).as_deref(), Some("imagen"));
    assert_eq!(choose(&group, ADA, &settings, "Most a message", "2").await, "");
    group.saying("Most a message: 2").await;
    group.say(BOB, "/imagine a cat --n 3", json!({})).await;
    group.saying("allow 2 pictures a message").await;
    group.say(BOB, "/imagine a cat --n 2", json!({})).await;
    group.saying("0 of 2").await;
    let models: Vec<String> = world.jobs(BOB).await.into_iter().map(|record| record.model).collect();
    assert_eq!(models, ["imagen", "imagen"], "the group's model");
}

#[tokio::test]
async fn a_groups_daily_limit_counts_each_person_and_no_update_twice() {
    let (world, _bot, group) = world().await;
    world.queue().prefer((BotId(4242), ChatId(group.id)), Field::Daily, Some("3")).await.unwrap();
    let mut body = json!({ "user": BOB, "chat": group.id, "text": "/imagine a cat --n 2 --model sketch" });
    let update = world.telegram.post("/_sim/messages", &body).await["updates"]["4242"].clone();
    group.saying("0 of 2").await;
    // the same update once more takes nothing
    world.telegram.post(&format!("/_sim/updates/{update}/again"), &json!({})).await;
    world.telegram.wait("idle=true").await;
    body["text"] = json!("/imagine a dog --n 2 --model sketch");
    world.telegram.post("/_sim/messages", &body).await;
    group.saying("allow 3 pictures a person a day (UTC); 1 of yours are left.").await;
    group.say(BOB, "/imagine a bee --model sketch", json!({})).await;
    group.until("replies=6").await;
    assert_eq!(world.jobs(BOB).await.len(), 3);
    group.say(ADA, "/imagine an owl --n 3 --model sketch", json!({})).await;
    group.saying("0 of 3").await;
}

#[tokio::test]
async fn an_anonymous_administrator_counts_as_one_and_keeps_a_hand_on_the_pictures() {
    let (world, _bot, group) = world().await;
    group.say_anonymously(ADA, "/imagine@atelier_bot a fox --model sketch").await;
    group.until("replies=2").await;
    let jobs = world.jobs(group.id).await;
    assert_eq!(jobs.len(), 1, "asked in the group's name");
    let slot = group.until("replies=2").await.pop().unwrap();
    assert!(group.tap(BOB, &slot, "Cancel").await.contains("Only the person who asked"));
    assert_eq!(world.jobs(group.id).await[0].state, JobState::Waiting);
    group.tap(ADA, &slot, "Cancel").await;
    world.until(&jobs[0].id, JobState::Cancelled).await;
    // a button is pressed in one's own name, and Telegram says that Ada is an administrator
    group.say_anonymously(ADA, "/settings@atelier_bot").await;
    let settings = group.saying("What I do in this group").await;
    assert_eq!(choose(&group, ADA, &settings, "Model", "Imagen 4 Ultra").await, "");
    group.saying("Model: Imagen 4 Ultra").await;
}

#[tokio::test]
async fn a_topic_that_was_closed_sends_the_answer_to_the_group() {
    let (world, _bot, group) = world().await;
    let closed = json!({ "kind": "reply", "status": 400, "description": "Bad Request: TOPIC_CLOSED" });
    world.telegram.fault(json!({ "method": "send*", "times": 1, "action": closed })).await;
    let thread = json!({ "thread": 7, "extra": { "is_topic_message": true } });
    group.say(ADA, "/imagine a fox --model sketch", thread).await;
    let slot = group.saying("The topic is closed or gone").await;
    assert_eq!(slot["thread"], Value::Null, "{slot}");
    let _worker = world.worker();
    let messages = group.until("photos=1").await;
    assert!(messages.iter().any(|message| message["id"] == slot["id"] && message["kind"] == "photo"), "{messages:?}");
}

#[tokio::test]
async fn a_group_that_forbids_pictures_gets_a_file_or_a_word() {
    let (world, _bot, group) = world().await;
    let forbidden = json!({
        "kind": "reply", "status": 400, "description": "Bad Request: not enough rights to send photos to the chat"
    });
    world.telegram.fault(json!({ "method": "editMessageMedia", "times": 1, "action": forbidden })).await;
    let _worker = world.worker();
    group.say(ADA, "/imagine a fox --model sketch", json!({})).await;
    group.until("documents=1").await;
    world.telegram.fault(json!({ "method": "editMessageMedia", "times": null, "action": forbidden })).await;
    group.say(ADA, "/imagine a hare --model sketch", json!({})).await;
    let word = group.saying("I may not send pictures here").await;
    let id = world.jobs(ADA).await[0].id.clone();
    let record = world.until(&id, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some(FailureClass::Unreachable.name()));
    // when it is allowed, the same picture comes into its place
    world.telegram.post("/_sim/reset", &json!({ "scope": "faults" })).await;
    group.tap(ADA, &word, "Try again").await;
    let messages = group.until("photos=1").await;
    assert!(messages.iter().any(|message| message["id"] == word["id"] && message["kind"] == "photo"), "{messages:?}");
}

#[tokio::test]
async fn a_bot_that_was_kicked_parks_the_picture_and_serves_the_others() {
    let (world, _bot, group) = world().await;
    world.replicate.hold(json!({})).await;
    let _worker = world.worker();
    group.say(ADA, "/imagine a fox", json!({})).await;
    world.replicate.wait("held=1").await;
    let kick = json!({ "chat": group.id, "by": ADA, "inside": false });
    world.telegram.post("/_sim/members", &kick).await;
    world.replicate.release().await;
    let id = world.jobs(ADA).await[0].id.clone();
    let record = world.until(&id, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some(FailureClass::Unreachable.name()));
    let ada = world.telegram.user(ADA);
    ada.say("a hare").await;
    ada.photos(1).await;
}

#[tokio::test]
async fn a_user_who_blocks_the_bot_is_not_written_to_and_is_served_again_afterwards() {
    let (world, _bot, _group) = world().await;
    world.replicate.hold(json!({})).await;
    let _worker = world.worker();
    let bob = world.telegram.user(BOB);
    bob.say("a fox").await;
    world.replicate.wait("held=1").await;
    world.telegram.post("/_sim/block", &json!({ "user": BOB, "blocked": true })).await;
    world.replicate.release().await;
    let id = world.only_job(BOB).await;
    let record = world.until(&id, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some(FailureClass::Unreachable.name()));
    assert_eq!(world.replicate.creates().await, 1, "and nothing is made again for nobody");
    world.telegram.post("/_sim/block", &json!({ "user": BOB, "blocked": false })).await;
    bob.say("a hare").await;
    bob.photos(1).await;
}

#[tokio::test]
async fn a_picture_follows_its_group_when_it_becomes_a_supergroup() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let members = json!([{ "id": ADA, "first_name": "Ada" }]);
    let group = json!({ "title": "Painters", "kind": "group", "bots": [4242], "members": members });
    let old = world.telegram.post("/_sim/groups", &group).await["chat"].as_i64().unwrap();
    let say = json!({ "user": ADA, "chat": old, "text": "/imagine@atelier_bot a fox" });
    world.telegram.post("/_sim/messages", &say).await;
    world.replicate.wait("held=1").await;
    let new = world.telegram.post("/_sim/migrate", &json!({ "chat": old })).await["chat"].as_i64().unwrap();
    world.replicate.release().await;
    world.telegram.wait(&format!("chat={new}&photos=1")).await;
    let id = world.jobs(ADA).await[0].id.clone();
    world.until(&id, JobState::Done).await;
    assert_eq!(world.replicate.creates().await, 1);
}
