//! What took long is told by one short message, and originals come as files: each at most once.

use atelier_domain::{BotId, ChatId, Field, JobState};
use atelier_queue::Errand;
use harness::{Breakpoint, Chat, PATIENCE, World};
use serde_json::{Value, json};

const FILM: &str = "/video a paper boat --seconds 5 --res 480p";

/// Waits until the workers have nothing left to tell.
pub(crate) async fn all_told(world: &World) {
    let client = redis::Client::open(world.redis_url()).expect("an address");
    let mut link = client.get_multiplexed_async_connection().await.expect("a connection");
    let told = async {
        while redis::cmd("ZCARD").arg("{atelier:0}:v3:notices").query_async::<u32>(&mut link).await != Ok(0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("everything is told");
}

async fn saying(ada: &Chat, part: &str) -> Vec<Value> {
    let mut messages = ada.messages().await;
    messages.retain(|message| message["text"].as_str().is_some_and(|text| text.contains(part)));
    messages
}

#[tokio::test]
async fn a_video_ends_with_one_word_though_its_worker_dies() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("after-edit").await;
    let (_bot, mut doomed) = (world.bot().await, world.worker_stopping_with(&breakpoint, &["--lease", "2"]));
    let ada = world.telegram.user(1);
    ada.say(FILM).await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    let _heir = world.worker_with(&["--lease", "2"]);
    let word = ada.saying("Your video is ready.").await;
    let id = world.only_job(1).await;
    let record = world.until(&id, JobState::Done).await;
    assert_eq!(word["reply_to"].as_i64(), record.delivered.map(|message| message.0.into()), "{word}");
    // whoever comes later finds it said
    world.queue().send_once(&Errand::Ready(id)).await.unwrap();
    all_told(&world).await;
    assert_eq!(saying(&ada, "Your video is ready.").await.len(), 1);
}

/// A film whose word meets this fault; the word is said once.
async fn one_word_despite(fault: Value) {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say(FILM).await;
    ada.until("replies=1").await;
    world.telegram.fault(fault).await;
    world.replicate.release().await;
    ada.text("Your video is ready.").await;
    all_told(&world).await;
    assert_eq!(saying(&ada, "Your video is ready.").await.len(), 1);
}

#[tokio::test]
async fn a_word_whose_answer_is_lost_is_not_said_again() {
    one_word_despite(json!({ "method": "sendMessage", "times": 1, "phase": "after", "action": { "kind": "cut" } }))
        .await;
}

#[tokio::test]
async fn a_word_that_was_refused_for_now_comes_later() {
    let flood = json!({ "kind": "reply", "status": 429, "retry_after": 1 });
    one_word_despite(json!({ "method": "sendMessage", "times": 1, "action": flood })).await;
}

#[tokio::test]
async fn nothing_is_said_of_what_was_quick_nor_in_a_chat_that_wants_quiet() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("a fox").await;
    bob.say("/settings").await;
    let settings = bob.saying("when you do not say otherwise").await;
    bob.tap(&settings, "Word when ready").await;
    bob.tap(&settings, "quiet").await;
    bob.text("Word when ready: quiet").await;
    bob.say(FILM).await;
    for user in [1, 2] {
        let id = world.only_job(user).await;
        world.until(&id, JobState::Done).await;
    }
    all_told(&world).await;
    assert_eq!(ada.messages().await.len(), 2, "the prompt and its picture");
    assert_eq!(bob.messages().await.len(), 4, "the settings, the wish and its video");
}

#[tokio::test]
async fn of_several_pictures_one_word_is_said_and_of_what_failed_too() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "prompt": "naughty", "do": { "outcome": "nsfw" } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--notify-after", "0"]));
    let ada = world.telegram.user(1);
    // the message under the album is there before the last picture
    let hold = world.replicate.hold(json!({ "prompt": "hare" })).await;
    ada.say("- a cat\n- a naughty dog\n- a hare").await;
    ada.saying("of 3 pictures").await;
    world.replicate.release_one(hold).await;
    let word = ada.saying("Ready: 2 of 3.").await;
    let control = ada.saying("2 of 3 pictures are here").await;
    assert_eq!(word["reply_to"], control["id"], "{word}");
    all_told(&world).await;
    assert_eq!(saying(&ada, "Ready: ").await.len(), 1);
    assert_eq!(saying(&ada, "is ready").await.len(), 0, "none has a word of its own");

    ada.say("a naughty owl").await;
    let word = ada.saying("did not work out").await;
    let failed = ada.saying("filter").await;
    assert_eq!(word["reply_to"], failed["id"], "{word}");
}

#[tokio::test]
async fn originals_of_a_message_are_one_album_and_what_is_gone_is_said_to_be_gone() {
    let world = World::start().await;
    let (_bot, _worker, _other) = (world.bot().await, world.worker(), world.worker());
    let ada = world.telegram.user(1);
    ada.say("a cat --n 4").await;
    let control = ada.saying("4 of 4").await;
    let answers = [ada.tap(&control, "Originals").await, ada.tap(&control, "Originals").await];
    assert_eq!(answers, ["4 files are coming.", "I am on it already."]);
    let messages = ada.until("documents=4").await;
    all_told(&world).await;
    let files: Vec<&Value> = messages.iter().filter(|message| message["kind"] == "document").collect();
    assert!(files.iter().all(|file| file["album"] == files[0]["album"] && !file["album"].is_null()), "{files:?}");
    assert_eq!(files[0]["reply_to"], control["id"]);
    assert_eq!(world.telegram.count("sendDocument").await, 0);

    ada.say("- a gone dog\n- an owl\n- a bee").await;
    let control = ada.saying("3 of 3").await;
    world.replicate.rule(json!({ "on": "download", "prompt": "gone", "do": { "answer": { "status": 404 } } })).await;
    assert_eq!(ada.tap(&control, "Originals").await, "3 files are coming.");
    ada.until("documents=6").await;
    ada.text("not there any more").await;
    all_told(&world).await;
    assert_eq!(ada.of_kind("document").await.len(), 6);
}

#[tokio::test]
async fn an_album_of_originals_whose_answer_is_lost_is_not_sent_again() {
    let world = World::start().await;
    let (_bot, _worker, _other) = (world.bot().await, world.worker(), world.worker());
    let ada = world.telegram.user(1);
    ada.say("- a cat\n- a dog").await;
    let control = ada.saying("2 of 2").await;
    world
        .telegram
        .fault(json!({ "method": "sendMediaGroup", "times": 1, "phase": "after", "action": { "kind": "cut" } }))
        .await;
    ada.tap(&control, "Originals").await;
    ada.until("documents=2").await;
    all_told(&world).await;
    assert_eq!(ada.of_kind("document").await.len(), 2);
}

#[tokio::test]
async fn a_chat_that_keeps_originals_gets_them_unasked() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    world.queue().prefer((BotId(4242), ChatId(1)), Field::Originals, Some("on")).await.unwrap();
    ada.say("a fox").await;
    ada.until("documents=1").await;
    ada.say("- a cat\n- a dog").await;
    ada.until("documents=3").await;
    all_told(&world).await;
    assert_eq!(ada.of_kind("document").await.len(), 3);
}
