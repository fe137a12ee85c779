//! `kill -9` between any two steps: the picture arrives once, and exactly one prediction was created for it.

use std::time::{Duration, Instant};

use atelier_domain::{BotId, JobState, Usd, UserId};
use atelier_queue::Owner;
use harness::{Breakpoint, PATIENCE, World};
use serde_json::json;

use crate::spending::micros;

/// Kills a worker at a breakpoint and lets another finish its job.
async fn a_worker_dies_at(name: &str) {
    let world = World::start().await;
    let breakpoint = Breakpoint::at(name).await;
    let _bot = world.bot().await;
    let mut doomed = world.worker_stopping_at(&breakpoint);
    let ada = world.telegram.user(1);
    ada.say("a lighthouse in a storm").await;
    let hit = breakpoint.hit().await;
    doomed.kill().await;
    let killed = Instant::now();
    let _heir = world.worker();
    let id = hit.subject.parse().expect("the breakpoint names the job");
    let record = world.until(&id, JobState::Done).await;
    let recovery = killed.elapsed();

    ada.photos(1).await;
    let pictures = ada.of_kind("photo").await.len();
    assert_eq!(pictures, 1, "{name}: the picture is shown once");
    let answers = ada.messages().await.len();
    assert_eq!(answers, 2, "{name}: the prompt and its picture, nothing else");
    assert_eq!(world.replicate.creates().await, 1, "{name}: paid once");
    assert!(record.lost == 1 && record.attempt == 2, "{name}: {record:?}");
    assert!(recovery < Duration::from_secs(10), "{name}: recovered in {recovery:?}");
}

macro_rules! deaths {
    ($($test:ident at $name:literal),* $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            a_worker_dies_at($name).await;
        })*
    };
}

deaths! {
    a_worker_dies_after_its_claim at "after-claim",
    a_worker_dies_before_it_creates at "after-intent",
    a_worker_dies_before_it_notes_the_handle at "after-create",
    a_worker_dies_while_the_prediction_runs at "after-handle",
    a_worker_dies_before_it_fetches_the_picture at "after-outputs",
    a_worker_dies_before_it_shows_the_picture at "before-edit",
    a_worker_dies_before_it_notes_that_the_picture_is_shown at "after-edit",
}

/// Kills so many workers one after another, all at the same step of the only job.
async fn workers_die(world: &World, times: usize, name: &str) {
    for _ in 0..times {
        let breakpoint = Breakpoint::at(name).await;
        let mut doomed = world.worker_stopping_with(&breakpoint, &["--lease", "2"]);
        breakpoint.hit().await;
        doomed.kill().await;
    }
}

#[tokio::test]
async fn a_job_that_may_be_what_kills_its_workers_is_given_up() {
    let world = World::start().await;
    let (_bot, ada) = (world.bot().await, world.telegram.user(1));
    ada.say("a lighthouse in a storm").await;
    ada.until("replies=1").await;
    workers_die(&world, 5, "after-claim").await;
    let _heir = world.worker();
    ada.saying("Something went wrong").await;
    let record = world.until(&world.only_job(1).await, JobState::Dead).await;
    assert_eq!((record.lost, world.replicate.creates().await), (5, 0), "{record:?}");
}

/// What befell its workers leaves a job as many tries as any other has.
#[tokio::test]
async fn a_job_that_lost_workers_is_tried_again_when_it_fails() {
    let world = World::start().await;
    let (_bot, ada) = (world.bot().await, world.telegram.user(1));
    ada.say("a lighthouse in a storm").await;
    ada.until("replies=1").await;
    workers_die(&world, 4, "after-claim").await;
    let stumbles = json!({ "answer": "unavailable" });
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": stumbles })).await;
    let _heir = world.worker();
    ada.photos(1).await;
    let record = world.until(&world.only_job(1).await, JobState::Done).await;
    assert_eq!((record.lost, record.attempt), (4, 6), "{record:?}");
}

#[tokio::test]
async fn what_is_paid_for_outlives_more_workers() {
    let world = World::start().await;
    let (_bot, ada) = (world.bot().await, world.telegram.user(1));
    ada.say("a lighthouse in a storm").await;
    workers_die(&world, 6, "before-edit").await;
    let _heir = world.worker();
    ada.photos(1).await;
    assert_eq!(world.replicate.creates().await, 1);
}

/// The one gap: the prediction exists, and nobody was told.
#[tokio::test]
async fn a_lost_answer_to_a_creation_is_found_in_the_list() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": "cut_after" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a fox in the snow").await;
    ada.photos(1).await;
    let state = world.replicate.state().await;
    assert_eq!((&state["creates"], &state["cuts"]), (&json!(1), &json!(1)), "{state}");
    assert_eq!(world.jobs(1).await[0].attempt, 2);
}

/// A worker that is held up between its intent and the creation, for longer than its lease, pays for nothing when it goes on.
#[tokio::test]
async fn a_worker_that_was_asleep_creates_nothing_for_a_job_that_went_to_another() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("after-intent").await;
    let _bot = world.bot().await;
    let sleeper = world.worker_stopping_with(&breakpoint, &["--lease", "2"]);
    let ada = world.telegram.user(1);
    ada.say("a lighthouse in a storm").await;
    let hit = breakpoint.hit().await;
    sleeper.pause();
    let _heir = world.worker();
    ada.photos(1).await;
    hit.release().await;
    sleeper.resume();
    sleeper.until_said("the lease is lost").await;
    assert_eq!(world.replicate.creates().await, 1, "{}", sleeper.log());
    assert_eq!(ada.of_kind("photo").await.len(), 1);
}

/// The rest of the gap: a creation that was sent in time and handled too late. It is one too many, and is not hidden.
#[tokio::test]
async fn what_a_worker_created_for_a_job_that_went_to_another_is_stopped_and_counted() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": { "delay": 9 } })).await;
    let _bot = world.bot().await;
    let sleeper = world.worker_with(&["--lease", "2"]);
    let ada = world.telegram.user(1);
    ada.say("a lighthouse in a storm").await;
    // the service has the request, and takes its time
    while world.replicate.state().await["rules"][0]["seen"] != 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sleeper.pause();
    let _heir = world.worker();
    ada.photos(1).await;
    sleeper.resume();
    sleeper.until_said("created for a job that went to another worker").await;
    let state = world.replicate.state().await;
    assert_eq!(state["creates"], 2, "{state}");
    let spent = Usd::from_micros(micros(&state["spent"]));
    let owner = Owner(BotId(4242), UserId(1));
    let said = async {
        while world.queue().ledger(owner, 0).await.expect("a ledger").charged != spent {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, said).await.expect("the ledger says what was spent");
    assert_eq!(ada.of_kind("photo").await.len(), 1, "and the picture is shown once");
}

/// A job that failed and was made again has two predictions of one input: the lost one is found, not the one that is over.
#[tokio::test]
async fn a_lost_creation_is_not_mistaken_for_an_earlier_one_of_the_same_job() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": { "outcome": "interrupted" } })).await;
    let breakpoint = Breakpoint::at("after-create").await;
    let _bot = world.bot().await;
    let mut doomed = world.worker_stopping_with(&breakpoint, &["--lease", "2"]);
    let ada = world.telegram.user(1);
    ada.say("a lighthouse in a storm").await;
    breakpoint.hit().await.release().await;
    let _second = breakpoint.hit().await;
    doomed.kill().await;
    let _heir = world.worker();
    ada.photos(1).await;
    assert_eq!(world.replicate.creates().await, 2, "one that failed, and one that was found");
}

/// Two jobs with the very same input, both of whose answers are lost, share nothing.
#[tokio::test]
async fn equal_wishes_never_adopt_each_others_predictions() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "times": 2, "do": "cut_after" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("twins --model imagen --n 2").await;
    ada.photos(2).await;
    let jobs = world.jobs(1).await;
    assert_ne!(jobs[0].handle, jobs[1].handle);
    assert_eq!(world.replicate.creates().await, 2);
}

#[tokio::test]
async fn a_bot_that_dies_before_it_submits_loses_nothing() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("before-submit").await;
    let mut doomed = world.bot_stopping_at(&breakpoint).await;
    let ada = world.telegram.user(1);
    ada.say("a castle").await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    assert_eq!(world.jobs(1).await.len(), 0);
    let (_bot, _worker) = (world.bot().await, world.worker());
    ada.photos(1).await;
    assert_eq!((world.jobs(1).await.len(), world.replicate.creates().await), (1, 1));
}

#[tokio::test]
async fn a_bot_that_dies_after_it_submitted_doubles_nothing() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("after-submit").await;
    let mut doomed = world.bot_stopping_at(&breakpoint).await;
    let ada = world.telegram.user(1);
    ada.say("- a castle\n- a moat").await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    assert_eq!(world.jobs(1).await.len(), 2);
    // the offset did not move: the next bot gets the update again, and posts the slots that are missing
    let _bot = world.bot().await;
    ada.text("0 of 2").await;
    let _worker = world.worker();
    ada.photos(2).await;
    ada.text("2 of 2").await;
    assert_eq!((world.jobs(1).await.len(), world.replicate.creates().await), (2, 2));
    assert_eq!(ada.messages().await.len(), 4, "the prompt, two pictures and the message under them");
}

#[tokio::test]
async fn the_same_update_twice_is_one_job() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    let update = ada.say("a bridge").await;
    world.telegram.wait("idle=true").await;
    world.telegram.post(&format!("/_sim/updates/{update}/again"), &json!({})).await;
    world.telegram.wait("idle=true").await;
    ada.photos(1).await;
    assert_eq!((world.jobs(1).await.len(), world.replicate.creates().await), (1, 1));
}

/// A job whose bot died before it posted the slot: the worker posts one itself.
#[tokio::test]
async fn a_job_without_a_slot_gets_one_from_its_worker() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("after-submit").await;
    let mut doomed = world.bot_stopping_at(&breakpoint).await;
    let ada = world.telegram.user(1);
    ada.say("a windmill").await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    let _worker = world.worker();
    ada.photos(1).await;
    // and the bot that comes back finds everything said
    let _bot = world.bot().await;
    world.telegram.wait("idle=true").await;
    assert_eq!(ada.messages().await.len(), 2);
}
