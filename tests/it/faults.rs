//! Redis killed and back, workers paused past their lease.

use atelier_domain::JobState;
use harness::World;
use serde_json::json;

#[tokio::test]
async fn bot_and_workers_outlive_a_killed_redis() {
    let mut world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (mut bot, mut worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("- one\n- two\n- three").await;
    world.replicate.wait("held=3").await;
    ada.text("0 of 3").await;
    world.kill_redis().await;

    // Bob is told the truth, and his prompt stays with Telegram
    bob.say("a prompt in the dark").await;
    bob.text("cannot reach my queue").await;
    world.replicate.release().await;
    world.restart_redis().await;

    ada.photos(3).await;
    bob.photos(1).await;
    assert!(bot.is_running() && worker.is_running(), "nobody had to be restarted");
    assert_eq!(world.replicate.creates().await, 4);
    ada.text("3 of 3").await;
    assert_eq!(ada.messages().await.len(), 5, "the message, three pictures and the message under them");
    let apologies = bob.of_kind("text").await;
    assert_eq!(apologies.len(), 2, "the prompt and one apology: {apologies:?}");
}

#[tokio::test]
async fn a_paused_worker_does_nothing_after_its_lease() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, paused) = (world.bot().await, world.worker_with(&["--lease", "2"]));
    let ada = world.telegram.user(1);
    ada.say("a clock tower").await;
    world.replicate.wait("held=1").await;
    ada.until("replies=1").await;
    let id = world.only_job(1).await;
    paused.pause();
    let heir = world.worker_with(&["--lease", "2"]);
    // the heir adopts the prediction, and shows the picture
    world.replicate.release().await;
    let record = world.until(&id, JobState::Done).await;
    ada.photos(1).await;
    let heard = world.telegram.get("/_sim/counts").await["methods"].clone();

    paused.resume();
    // the woken worker finds out by its heartbeat; a job of another user shows that it is well and has done nothing else
    drop(heir);
    let bob = world.telegram.user(2);
    bob.say("--model sketch a second life").await;
    bob.photos(1).await;
    let later = world.telegram.get(&format!("/_sim/chat?chat={}", ada.user)).await;
    let mine: Vec<_> = later["state"]["messages"].as_array().into_iter().flatten().collect();
    assert_eq!(mine.len(), 2, "nothing more in Ada's chat: {mine:?}");
    let after = world.until(&id, JobState::Done).await;
    assert_eq!((after.ended_ms, after.worker), (record.ended_ms, record.worker), "nothing more in Ada's record");
    assert_eq!(world.replicate.creates().await, 1);
    let requests = world.telegram.get(&format!("/_sim/requests?method=editMessage*&chat={}", ada.user)).await;
    let edits = requests["requests"].as_array().map_or(0, Vec::len);
    let before: u64 = ["editMessageText", "editMessageMedia"].iter().filter_map(|name| heard[name].as_u64()).sum();
    assert_eq!(edits as u64, before, "not even an attempt: {requests}");
}
