//! SIGTERM: a worker stops claiming, finishes or hands over within its grace time, and exits with 0.

use atelier_domain::JobState;
use harness::World;
use serde_json::json;

#[tokio::test]
async fn a_stopping_worker_finishes_what_it_can() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, mut worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a harbour").await;
    world.replicate.wait("held=1").await;
    let (ended, ()) = tokio::join!(worker.terminate(), world.replicate.release());
    assert!(ended.success(), "{ended}: {}", worker.log());
    ada.photos(1).await;
    let record = &world.jobs(1).await[0];
    assert_eq!((record.state, record.attempt), (JobState::Done, 1));
}

#[tokio::test]
async fn a_stopping_worker_hands_over_what_it_cannot_finish() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, mut worker) = (world.bot().await, world.worker_with(&["--grace", "0"]));
    let ada = world.telegram.user(1);
    ada.say("a harbour").await;
    world.replicate.wait("held=1").await;
    let ended = worker.terminate().await;
    assert!(ended.success(), "{ended}: {}", worker.log());
    let id = world.only_job(1).await;
    world.until(&id, JobState::Waiting).await;
    let _heir = world.worker();
    world.replicate.release().await;
    ada.photos(1).await;
    let record = world.until(&id, JobState::Done).await;
    assert_eq!((record.attempt, record.lost), (1, 0), "a hand-over burns no attempt");
    assert_eq!(world.replicate.creates().await, 1, "the heir adopted the prediction");
}

#[tokio::test]
async fn a_stopping_bot_confirms_what_it_took() {
    let world = World::start().await;
    let mut bot = world.bot().await;
    let ada = world.telegram.user(1);
    let update = ada.say("a harbour").await;
    ada.until("replies=1").await;
    let ended = bot.terminate().await;
    assert!(ended.success(), "{ended}: {}", bot.log());
    world.telegram.wait(&format!("confirmed={update}")).await;
}
