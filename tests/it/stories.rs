//! A topic becomes scenes, and scenes an album.

use harness::World;
use serde_json::Value;

const SCRIPT: &str = "/story 1. a fox wakes in the snow\n2. it finds a lantern\n3. it carries the lantern home";

async fn again(ada: &harness::Chat, message: &Value) -> Value {
    let all = ada.messages().await;
    all.into_iter().find(|found| found["id"] == message["id"]).expect("the message")
}

#[tokio::test]
async fn a_story_is_shown_changed_and_drawn_with_one_tap_even_after_a_restart() {
    let world = World::start().await;
    let (mut bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say(SCRIPT).await;
    let story = ada.saying("3 scenes").await;
    assert!(story["text"].as_str().unwrap().contains("2. it finds a lantern"), "{story}");
    assert_eq!(world.jobs(1).await.len(), 0, "nothing is paid for before it was looked at");
    bot.kill().await;
    let _bot = world.bot().await;
    ada.answer(story["id"].as_i64().unwrap(), "2: it finds a red balloon").await;
    ada.text("2. it finds a red balloon").await;
    ada.answer(story["id"].as_i64().unwrap(), "what is this?").await;
    ada.text("Answer with the number of a scene").await;
    ada.tap(&story, "TikTok").await;
    ada.until(&format!("message_id={}&edits=2", story["id"])).await;
    assert!(again(&ada, &story).await["buttons"].to_string().contains("✓ TikTok"));
}

#[tokio::test]
async fn the_scenes_of_a_story_become_an_album_in_the_formats_shape() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say(SCRIPT).await;
    let story = ada.saying("3 scenes").await;
    ada.tap(&story, "Reels").await;
    ada.until(&format!("message_id={}&edits=1", story["id"])).await;
    let story = again(&ada, &story).await;
    assert!(story["buttons"].to_string().contains("✓ Reels"), "{story}");
    ada.tap(&story, "Draw them all").await;
    ada.photos(3).await;
    ada.text("3 of 3 pictures are here").await;
    let shapes: Vec<String> =
        world.jobs(1).await.iter().map(|record| record.job.as_ref().unwrap().request.ratio.to_string()).collect();
    assert_eq!(shapes, ["9:16"; 3]);
}

#[tokio::test]
async fn two_stories_at_once_do_not_mix() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say(SCRIPT).await;
    let first = ada.saying("a fox wakes").await;
    ada.say("/story 1. an owl flies\n2. an owl sleeps").await;
    let second = ada.saying("an owl flies").await;
    bob.say("/story 1. a bear\n2. a bee").await;
    let his = bob.saying("a bear").await;
    ada.answer(second["id"].as_i64().unwrap(), "1: an owl hoots").await;
    ada.text("1. an owl hoots").await;
    ada.tap(&first, "Draw them all").await;
    bob.tap(&his, "Draw them all").await;
    ada.photos(3).await;
    bob.photos(2).await;
    let mut prompts: Vec<String> = world
        .jobs(1)
        .await
        .iter()
        .map(|record| record.job.as_ref().unwrap().request.prompt.as_str().to_owned())
        .collect();
    prompts.sort();
    assert_eq!(prompts, ["a fox wakes in the snow", "it carries the lantern home", "it finds a lantern"]);
}
