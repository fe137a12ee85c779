//! One heavy user does not make the others wait.

use atelier_domain::JobState;
use harness::World;
use serde_json::json;

#[tokio::test]
async fn a_newcomer_is_served_after_at_most_two_jobs_of_somebody_who_has_forty() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", "1"]));
    world.replicate.hold(json!({})).await;
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    for round in 0..2 {
        let prompts: Vec<String> = (0..20).map(|index| format!("- a harbour, number {round}.{index}")).collect();
        ada.say(&prompts.join("\n")).await;
    }
    world.replicate.wait("held=1").await;
    bob.say("a lighthouse").await;
    world.telegram.wait("idle=true").await;
    world.replicate.release().await;
    bob.photos(1).await;
    let his = world.until(&world.only_job(2).await, JobState::Done).await;
    let (asked, started) = (his.accepted_ms.expect("accepted"), his.started_ms.expect("started"));
    let hers = world.jobs(1).await;
    assert_eq!(hers.len(), 40);
    let between = hers.iter().filter_map(|job| job.started_ms).filter(|at| (asked..started).contains(at)).count();
    assert!(between <= 2, "{between} jobs of the heavy user started first");
    assert!(hers.iter().any(|job| job.state == JobState::Waiting), "she still waits when he is served");
}
