//! A topic becomes scenes, and scenes an album.

use atelier_domain::{InputImage, JobState};
use harness::{Breakpoint, Chat, Services, World};
use serde_json::Value;

use crate::services::line::world_with_services;

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
    ada.with_button(&story, "✓ TikTok").await;
}

#[tokio::test]
async fn the_scenes_of_a_story_become_an_album_in_the_formats_shape() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say(SCRIPT).await;
    let story = ada.saying("3 scenes").await;
    ada.tap(&story, "Reels").await;
    let story = ada.with_button(&story, "✓ Reels").await;
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

/// What the text model says next, and what it was told last.
async fn says(services: &Services, look: &str, scenes: [&str; 2]) {
    services.says("chat", &serde_json::json!({ "look": look, "scenes": scenes }).to_string()).await;
}

async fn asked(services: &Services) -> String {
    services.state().await["last"]["chat"]["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
}

fn prompts(jobs: &[atelier_queue::Record]) -> Vec<&str> {
    jobs.iter().filter_map(|record| record.job.as_ref()).map(|job| job.request.prompt.as_str()).collect()
}

/// The story's message once it contains the text.
async fn told(ada: &Chat, story: &Value, part: &str) -> Value {
    ada.text(part).await;
    again(ada, story).await
}

#[tokio::test]
async fn a_topic_is_written_in_a_tone_changed_told_anew_drawn_and_filmed() {
    let (world, services) = world_with_services().await;
    says(&services, "a fox in a yellow coat", ["it rows a boat", "it catches the moon"]).await;
    let (mut bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/story --tone funny --format reels a fox at sea").await;
    let story = ada.saying("2 scenes").await;
    assert!(asked(&services).await.contains("in a funny tone, made for reels"));
    let buttons = story["buttons"].to_string();
    assert!(buttons.contains("✓ Funny") && buttons.contains("✓ Reels") && buttons.contains("Draw them all"), "{story}");
    assert_eq!(story["reply_to"], ada.messages().await[0]["id"], "one message from first to last: {story}");
    ada.answer(story["id"].as_i64().unwrap(), "2: it catches a star").await;
    told(&ada, &story, "2. it catches a star").await;

    bot.kill().await;
    let _bot = world.bot().await;
    says(&services, "", ["a storm comes", "the fox holds on"]).await;
    let shown = again(&ada, &story).await;
    assert_eq!(ada.tap(&shown, "Dramatic").await, "I am on it.");
    let shown = told(&ada, &story, "2. the fox holds on").await;
    assert!(shown["buttons"].to_string().contains("✓ Dramatic"), "in its own place: {shown}");
    assert!(asked(&services).await.contains("in a dramatic tone"));
    let answers = [ada.tap(&shown, "Draw them all").await, ada.tap(&shown, "Draw them all").await];
    assert_eq!(answers, ["I am on it.", "I am on it already."]);
    ada.photos(2).await;
    let control = ada.saying("2 of 2 pictures are here").await;
    let jobs = world.jobs(1).await;
    let pictures: Vec<_> = jobs.iter().filter(|record| record.batch.is_some()).cloned().collect();
    assert_eq!(prompts(&pictures), ["the fox holds on", "a storm comes"]);
    assert!(pictures.iter().all(|record| record.job.as_ref().unwrap().request.ratio.to_string() == "9:16"));

    ada.tap(&control, "Video of one").await;
    ada.tap(&control, "2").await;
    ada.until("videos=1").await;
    let film = world.jobs(1).await[0].job.clone().unwrap().request;
    let Some(InputImage::Telegram { file_id, .. }) = film.options.images.first() else { panic!("{film:?}") };
    let scene = pictures[0].delivered.unwrap();
    let tile = ada.messages().await.into_iter().find(|message| message["id"] == scene.0).unwrap();
    assert_eq!(tile["media"]["file_id"], file_id.as_str(), "of the second scene: {film:?}");
}

#[tokio::test]
async fn a_tone_may_be_typed_and_obeys_the_same_rules_as_a_prompt() {
    let (world, services) = world_with_services().await;
    says(&services, "", ["a bear wakes", "it yawns"]).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/story a bear in spring --tone naked and free").await;
    ada.text("“naked”").await;
    assert_eq!(world.jobs(1).await.len(), 0, "nothing was asked for");
    ada.say("/story a bear in spring --tone dry and whimsical").await;
    ada.text("2. it yawns").await;
    assert!(asked(&services).await.contains("in a dry and whimsical tone"), "{}", asked(&services).await);
}

#[tokio::test]
async fn a_storys_price_is_that_of_the_model_its_bot_draws_with() {
    let (world, services) = world_with_services().await;
    says(&services, "", ["a bear wakes", "it yawns"]).await;
    // the worker has all models, the bot offers two
    let bot = world.process("bot", &[], &[("ATELIER_MODELS", "imagen,writer")]);
    world.telegram.wait("poller=true").await;
    let _worker = world.worker();
    let ada = world.telegram.user(1);
    ada.say("/story a bear in spring").await;
    let story = ada.saying("2. it yawns").await;
    assert!(story["text"].as_str().unwrap().contains("$0.12"), "two of Imagen 4 Ultra: {story}\n{}", bot.log());
}

#[tokio::test]
async fn a_story_outlives_the_worker_that_wrote_it() {
    let (world, services) = world_with_services().await;
    says(&services, "", ["a bear wakes", "it yawns"]).await;
    let breakpoint = Breakpoint::at("before-edit").await;
    let (_bot, mut doomed) = (world.bot().await, world.worker_stopping_with(&breakpoint, &["--lease", "2"]));
    let ada = world.telegram.user(1);
    ada.say("/story a bear in spring").await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    let _heir = world.worker_with(&["--lease", "2"]);
    ada.text("2. it yawns").await;
    let id = world.only_job(1).await;
    world.until(&id, JobState::Done).await;
    assert_eq!(services.state().await["creations"].as_array().map(Vec::len), Some(1), "written once");
}

#[tokio::test]
async fn a_story_that_cannot_be_written_is_split_and_says_so() {
    let (world, services) = world_with_services().await;
    services.answer("chat", 400, r#"{"error":{"message":"no","type":"invalid_request_error"}}"#).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/story 1. a fox wakes\n2. it runs").await;
    let story = ada.saying("2. it runs").await;
    assert!(story["text"].as_str().unwrap().contains("at its own marks"), "{story}");
    ada.say("/story a fox --tone loud; and obey").await;
    ada.text("“loud; and obey” is no tone").await;
    ada.say("/story --format cinema a fox").await;
    ada.text("There is no format “cinema”").await;
}

#[tokio::test]
async fn only_the_person_who_began_a_story_may_change_or_draw_it() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let group = serde_json::json!({
        "title": "Painters", "kind": "supergroup", "bots": [4242], "admins": [4242],
        "members": [{ "id": 1, "first_name": "Ada" }, { "id": 666, "first_name": "Mallory" }],
    });
    let chat = world.telegram.post("/_sim/groups", &group).await["chat"].as_i64().unwrap();
    let say = serde_json::json!({ "user": 1, "chat": chat, "text": SCRIPT });
    world.telegram.post("/_sim/messages", &say).await;
    let state = world.telegram.wait(&format!("chat={chat}&text=3+scenes")).await;
    let story = state["state"]["messages"].as_array().unwrap().last().unwrap().clone();
    let answer = serde_json::json!({ "user": 666, "chat": chat, "text": "1: mine", "reply_to": story["id"] });
    world.telegram.post("/_sim/messages", &answer).await;
    let press = serde_json::json!({ "chat": chat, "user": 666, "message_id": story["id"], "text": "🎨 Draw them all" });
    let query = world.telegram.post("/_sim/press", &press).await["callback_query_id"].as_str().unwrap().to_owned();
    let answer = world.telegram.wait(&format!("answered={query}")).await["answer"].clone();
    assert!(answer.to_string().contains("Only the person who asked"), "{answer}");
    let now = world.telegram.get(&format!("/_sim/chat?chat={chat}")).await;
    assert!(!now.to_string().contains("1. mine"), "{now}");
    assert_eq!(world.jobs(1).await.len() + world.jobs(666).await.len(), 0);
}
