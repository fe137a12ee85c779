//! A provider that asks to slow down: the jobs of a fan-out wait for its account, and none counts as failed.

use harness::World;
use serde_json::json;

#[tokio::test]
async fn a_refused_fan_out_arrives_without_a_failed_attempt() {
    let world = World::start().await;
    let refusal = json!({ "answer": { "status": 429, "retry_after": 1 } });
    world.replicate.rule(json!({ "on": "create", "times": 2, "do": refusal })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- one\n- two --model seedream\n- three --model imagen").await;
    ada.photos(3).await;
    let queue = world.queue();
    let mut throttled = 0;
    for record in world.jobs(1).await {
        assert_eq!(record.attempt, 1, "a refusal burns no attempt: {record:?}");
        let trail = queue.trail(&record.id).await.expect("the queue answers");
        throttled += trail.iter().filter(|event| event.kind == "throttled").count();
    }
    assert_eq!(throttled, 2, "those that were refused went back into line");
    assert_eq!(world.replicate.creates().await, 3, "paid once each");
}

#[tokio::test]
async fn what_an_operator_cancels_is_said_in_the_chat() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    ada.say("a picture nobody will draw").await;
    ada.until("replies=1").await;
    let queue = world.queue();
    let job = world.jobs(1).await.remove(0);
    queue.cancel(&job.id, "operator:test", None).await.expect("the queue answers");
    let _worker = world.worker();
    ada.text("Cancelled").await;
    assert_eq!(world.replicate.creates().await, 0);
}
