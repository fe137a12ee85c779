//! Broken, huge and strange inputs: a clear outcome each.

use atelier_domain::JobState;
use atelier_queue::keys::PREFIX;
use harness::{Chat, World};
use serde_json::{Value, json};

/// A world with bot and worker where Replicate's pictures are odd.
async fn drawn(outcome: &Value) -> (World, Chat, [harness::Process; 2]) {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "do": { "outcome": outcome } })).await;
    let processes = [world.bot().await, world.worker()];
    let ada = world.telegram.user(1);
    ada.say("something odd").await;
    (world, ada, processes)
}

fn of_kind<'a>(messages: &'a [Value], kind: &str) -> &'a Value {
    messages.iter().find(|message| message["kind"] == kind).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_corrupt_picture_is_said_to_be_one_and_not_paid_again() {
    let (world, ada, _processes) = drawn(&json!("corrupt")).await;
    ada.text("cannot be read").await;
    let record = world.until(&world.only_job(1).await, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some("bad_media"));
    assert_eq!(world.replicate.creates().await, 1);
}

#[tokio::test]
async fn sixty_megapixels_become_a_photo_and_a_file() {
    let (_world, ada, _processes) = drawn(&json!("huge_pixels")).await;
    let messages = ada.until("photos=1&documents=1").await;
    let (photo, document) = (of_kind(&messages, "photo"), of_kind(&messages, "document"));
    assert!(photo["media"]["width"].as_u64().unwrap() <= 2560, "{photo}");
    assert!(photo["caption"].as_str().unwrap().contains("larger than a photo"), "{photo}");
    assert_eq!(document["reply_to"], photo["id"], "the file answers its preview");
}

#[tokio::test]
async fn twelve_megabytes_become_a_photo_and_a_file() {
    let (_world, ada, _processes) = drawn(&json!("heavy")).await;
    let messages = ada.until("photos=1&documents=1").await;
    assert!(of_kind(&messages, "photo")["media"]["size"].as_u64().unwrap() <= 10_000_000);
    assert!(of_kind(&messages, "document")["media"]["size"].as_u64().unwrap() > 10_000_000);
}

#[tokio::test]
async fn a_vector_drawing_becomes_a_preview_and_a_file() {
    let (_world, ada, _processes) = drawn(&json!("svg")).await;
    let messages = ada.until("photos=1&documents=1").await;
    let name = of_kind(&messages, "document")["media"]["name"].as_str().unwrap().to_owned();
    assert_eq!(name.rsplit('.').next(), Some("svg"), "{name}");
}

#[tokio::test]
async fn an_output_on_a_strange_host_is_not_fetched() {
    let (world, ada, _processes) = drawn(&json!({ "other_host": {} })).await;
    ada.text("went wrong on our side").await;
    let record = world.until(&world.only_job(1).await, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some("fatal"));
}

#[tokio::test]
async fn a_success_without_a_picture_counts_as_filtered() {
    let (world, ada, _processes) = drawn(&json!("empty_list")).await;
    ada.text("filter").await;
    assert_eq!(world.replicate.creates().await, 1);
}

#[tokio::test]
async fn a_prompt_of_4096_characters_with_emoji_and_markup_arrives() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    let mut prompt = "<b>*_[`🐈‍⬛`]_*</b> &amp; \\ ".repeat(200);
    prompt.truncate(prompt.char_indices().nth(3500).map_or(prompt.len(), |(at, _)| at));
    while prompt.encode_utf16().count() < 4096 {
        prompt.push('x');
    }
    ada.say(&format!("{prompt:.4096}")).await;
    let messages = ada.photos(1).await;
    let caption = of_kind(&messages, "photo")["caption"].as_str().unwrap();
    assert!(caption.encode_utf16().count() <= 1024, "{}", caption.encode_utf16().count());
    assert!(caption.starts_with("<b>*_[`🐈‍⬛`]_*</b> &amp;") && caption.contains("made by AI"), "{caption}");
    let sent = world.replicate.state().await["predictions"][0]["prompt"].as_str().unwrap().to_owned();
    assert_eq!(sent, prompt.trim(), "the whole prompt reached the model");
}

#[tokio::test]
async fn records_that_cannot_be_read_are_dead_letters() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    ada.say("- malformed\n- from the future\n- good").await;
    ada.until("replies=3").await;
    let jobs = world.jobs(1).await;
    let mut link = redis::Client::open(world.redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut spoil = async |prompt: &str, body: &str| {
        let is = |record: &&atelier_queue::Record| {
            record.job.as_ref().is_some_and(|job| job.request.prompt.as_str() == prompt)
        };
        let id = jobs.iter().find(is).unwrap().id.clone();
        // the body stands behind a record separator
        let key = format!("{PREFIX}jobs");
        let asked: String = redis::cmd("HGET").arg(&key).arg(id.as_str()).query_async(&mut link).await.unwrap();
        let asked = format!("{}\u{1e}{body}", asked.split_once('\u{1e}').unwrap().0);
        redis::cmd("HSET").arg(key).arg(id.as_str()).arg(asked).query_async::<()>(&mut link).await.unwrap();
        id
    };
    let malformed = spoil("malformed", "{\"v\":1,").await;
    let future = spoil("from the future", "{\"v\":999}").await;
    let _worker = world.worker();
    ada.photos(1).await;
    let record = world.until(&malformed, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some("unreadable"));
    // a newer worker may run beside this one: the job waits for it, and burns no attempt
    let record = world.until(&future, JobState::Delayed).await;
    assert_eq!((record.class.as_deref(), record.attempt), (Some("unreadable"), 0));
    assert_eq!(world.replicate.creates().await, 1);
}

#[tokio::test]
async fn a_poisoned_update_is_stepped_over() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    for poison in [
        json!({ "message": { "message_id": "text where a number belongs" } }),
        json!({ "message": null }),
        json!({ "something_new": { "deep": [1, 2, 3] } }),
    ] {
        world.telegram.post("/_sim/updates", &json!({ "bot": 4242, "update": poison })).await;
    }
    ada.say("still alive?").await;
    ada.photos(1).await;
}

#[tokio::test]
async fn a_message_with_an_unknown_entity_is_still_read() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    let extra = json!({ "entities": [{ "type": "date_time", "offset": 0, "length": 5, "unix_time": 1 }] });
    ada.say_with("today a heron", extra).await;
    let messages = ada.photos(1).await;
    assert!(of_kind(&messages, "photo")["caption"].as_str().unwrap().starts_with("today a heron"));
}
