//! The slot becomes the picture, whatever Telegram says.

use atelier_queue::Steering;
use harness::World;
use serde_json::json;

#[tokio::test]
async fn the_slot_is_edited_into_the_picture() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a lighthouse --ar 16:9 --seed 7").await;
    world.replicate.wait("held=1").await;
    let slot = ada.until("replies=1").await[1].clone();
    assert!(slot["buttons"][0][0]["text"].as_str().unwrap().contains("Cancel"), "{slot}");
    world.replicate.release().await;
    let shown = ada.photos(1).await[1].clone();
    assert_eq!(shown["id"], slot["id"], "one message from first to last");
    assert_eq!(shown["reply_to"], ada.messages().await[0]["id"]);
    let caption = shown["caption"].as_str().unwrap();
    assert!(caption.starts_with("a lighthouse\n\nIdeogram v3 Turbo, made by AI · seed 7 · "), "{caption}");
    let (width, height) = (shown["media"]["width"].as_f64().unwrap(), shown["media"]["height"].as_f64().unwrap());
    assert!((width / height - 16.0 / 9.0).abs() < 0.05, "{width}x{height}");
    let buttons = shown["buttons"].to_string();
    assert!(buttons.contains("Again") && !buttons.contains("Cancel"), "a finished job cannot be cancelled: {buttons}");
}

#[tokio::test]
async fn a_flood_wait_is_obeyed() {
    let world = World::start().await;
    world
        .telegram
        .fault(json!({
            "method": "editMessageMedia", "times": 1, "action": { "kind": "reply", "status": 429, "retry_after": 2 }
        }))
        .await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("patience").await;
    ada.photos(1).await;
    let counts = world.telegram.get("/_sim/counts").await;
    assert_eq!(counts["early"], 0, "nothing was sent inside the wait: {counts}");
    assert_eq!(world.replicate.creates().await, 1);
}

/// What is going on has no right to wait for room in the chat, but it is not forgotten either.
#[tokio::test]
async fn what_goes_on_is_said_as_soon_as_the_chat_has_room() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, ada) = (world.bot().await, world.telegram.user(1));
    ada.say("a red fox").await;
    ada.saying("In line: #1").await;
    // longer than from one look to the next, after which there is nothing new
    let flood = json!({ "kind": "reply", "status": 429, "retry_after": 4 });
    world.telegram.fault(json!({ "method": "editMessageText", "times": 1, "action": flood })).await;
    let _worker = world.worker();
    world.telegram.wait("method=editMessageText&count=1").await;
    ada.saying("Drawing").await;
}

/// The first word on a job, and on several, had to wait for room: it is what is true when it goes out.
#[tokio::test]
async fn the_first_word_is_no_older_than_its_sending() {
    let world = World::start().await;
    let (_bot, queue) = (world.bot().await, world.queue());
    for (user, prompt) in [(1, "a red fox"), (2, "a red fox --n 2")] {
        let chat = world.telegram.user(user);
        let flood = json!({ "kind": "reply", "status": 429, "retry_after": 2 });
        world.telegram.fault(json!({ "method": "sendMessage", "chat": user, "times": 1, "action": flood })).await;
        chat.say(prompt).await;
        world.telegram.wait(&format!("method=sendMessage&count={}", 2 * user - 1)).await;
        let (paused, jobs) = (Steering::Queue, world.jobs(user).await);
        if let [_, job] = jobs.as_slice() {
            queue.cancel(&job.id, "operator:ada", None).await.expect("cancelled");
        } else {
            queue.pause(&paused, "operator:ada", "").await.expect("paused");
        }
        let said = chat.until(if jobs.len() == 1 { "replies=1" } else { "replies=3" }).await;
        let last = said.last().expect("what was said");
        let first = if last["history"][0].is_null() { last } else { &last["history"][0] };
        let expected = if jobs.len() == 1 { "Drawing is paused" } else { "1 cancelled" };
        assert!(first["text"].to_string().contains(expected), "{last}");
        queue.resume(&paused, "operator:ada").await.expect("resumed");
    }
}

#[tokio::test]
async fn an_edit_whose_answer_is_lost_is_repeated() {
    let world = World::start().await;
    world
        .telegram
        .fault(json!({
            "method": "editMessageMedia", "times": 1, "phase": "after", "action": { "kind": "cut" }
        }))
        .await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("an echo").await;
    ada.photos(1).await;
    let id = world.only_job(1).await;
    world.until(&id, atelier_domain::JobState::Done).await;
    assert_eq!(ada.messages().await.len(), 2);
}

#[tokio::test]
async fn a_deleted_slot_is_replaced() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a ghost ship").await;
    world.replicate.wait("held=1").await;
    let slot = ada.until("replies=1").await[1]["id"].clone();
    world.telegram.post("/_sim/delete", &json!({ "chat": 1, "message_id": slot })).await;
    world.replicate.release().await;
    let messages = ada.photos(1).await;
    assert_eq!(messages.len(), 2);
    assert_ne!(messages[1]["id"], slot);
}

#[tokio::test]
async fn a_photo_that_telegram_refuses_comes_as_a_document() {
    let world = World::start().await;
    world
        .telegram
        .fault(json!({
            "method": "editMessageMedia", "times": 1,
            "action": { "kind": "reply", "status": 400, "description": "Bad Request: PHOTO_INVALID_DIMENSIONS" }
        }))
        .await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a refusal").await;
    ada.until("documents=1").await;
}

#[tokio::test]
async fn a_blocked_bot_ends_the_job_and_nothing_else() {
    let world = World::start().await;
    world.replicate.hold(json!({ "prompt": "blocked" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("blocked in the middle").await;
    world.replicate.wait("held=1").await;
    ada.until("replies=1").await;
    world.telegram.post("/_sim/block", &json!({ "user": 1, "blocked": true })).await;
    world.replicate.release().await;
    let id = world.only_job(1).await;
    let record = world.until(&id, atelier_domain::JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some("unreachable"));
    bob.say("life goes on").await;
    bob.photos(1).await;
}

#[tokio::test]
async fn a_prompt_that_its_caption_cannot_hold_follows_whole_in_an_answer() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    // each cat counts twice, as Telegram counts
    let prompt = format!("🐈 {}", "🐈".repeat(700));
    ada.say(&format!("{prompt} --model sketch")).await;
    let shown = ada.photos(1).await.into_iter().rfind(harness::is_result).unwrap();
    let caption = shown["caption"].as_str().unwrap();
    assert!(caption.encode_utf16().count() <= 1024 && caption.contains('…'), "{caption}");
    let messages = ada.until("replies=2").await;
    let own = |message: &&serde_json::Value| message["from"]["is_bot"] == true && message["text"] == prompt.as_str();
    let rest = messages.iter().rfind(own);
    assert_eq!(rest.expect("the whole prompt")["reply_to"], shown["id"]);
}
