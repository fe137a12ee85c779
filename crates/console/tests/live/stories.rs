//! What is said of jobs.

use std::time::Duration;

use atelier_console::{Answer, ConsoleError, View, Wish};
use atelier_domain::{Failure, FailureClass, JobId, JobState};
use atelier_queue::{Checkpoint, Outcome, Steering};
use serde_json::Value;

use crate::line::{Line, assert_says, jo};

fn parsed(answer: &impl Answer) -> Value {
    serde_json::from_str(&answer.shown(View::Json).unwrap()).unwrap()
}

#[tokio::test]
async fn a_waiting_job_says_that_nobody_works() {
    let line = Line::start().await;
    let id = line.submit(1, "imagen", "a private thought").await;
    let expected = [
        id.as_str(),
        ": it waits\n  no worker runs (start one with `atelier worker`)\n  it is the next of its model\n",
        "when it starts cannot be said before that is put right",
        "Cost: nothing yet (1.00 s is predicted).",
        "accepted from user 77:9",
    ];
    assert_says(&line.why(&id).await, &expected);
    let stats = line.console.stats(30_000).await.unwrap();
    assert_says(
        &stats.text(),
        &["1 waiting", "NO WORKER runs", "imagen", "1 slot would do to start everything within 30 s"],
    );
    assert_eq!(
        (&parsed(&stats)["desired_slots"], &parsed(&stats)["limits"]["keep_ms"]),
        (&1.into(), &604_800_000.into())
    );

    let mut wish = Wish::default();
    let listed = line.console.list(&wish, 0, 10, false).await.unwrap();
    for shown in [listed.text(), listed.shown(View::Json).unwrap()] {
        assert!(shown.contains(id.as_str()) && !shown.contains("private thought"), "{shown}");
    }
    let listed = line.console.list(&wish, 0, 10, true).await.unwrap();
    assert_says(&listed.text(), &["“a private thought”", "77:9", "1 job"]);
    wish.states = vec![JobState::Dead, JobState::Done];
    assert_eq!(line.console.list(&wish, 0, 10, false).await.unwrap().text(), "no job is dead or done");
    wish = Wish { older_ms: Some(60_000), ..Wish::default() };
    assert!(line.console.list(&wish, 0, 10, false).await.unwrap().jobs.is_empty());

    let shown = parsed(&line.console.show(&id).await.unwrap());
    assert_eq!((&shown["state"], &shown["urgent"]), (&"waiting".into(), &false.into()));
    assert_eq!(shown["job"]["request"]["prompt"], "a private thought");
    let stranger = JobId::new(1_795_000_000_000, 1);
    assert!(matches!(line.console.show(&stranger).await, Err(ConsoleError::Unknown(_))));
    assert!(matches!(line.console.batch(&id, false).await, Err(ConsoleError::UnknownBatch(_))), "alone in its message");
}

#[tokio::test]
async fn a_page_says_where_the_next_one_begins() {
    let line = Line::start().await;
    let ids = line.submit_all(1, 9, "imagen", &["x"; 5]).await;
    let page = line.console.list(&Wish::default(), 0, 2, false).await.unwrap();
    assert_says(&page.text(), &["2 jobs; there are more: --offset 2"]);
    let last = line.console.list(&Wish::default(), 4, 2, false).await.unwrap();
    assert_eq!((last.jobs.len(), last.more, &last.jobs[0].id), (1, false, &ids[4]));
    assert_eq!(
        line.console.list(&Wish::default(), 9, 2, false).await.unwrap().text(),
        "no further job is active or waiting or delayed"
    );
}

#[tokio::test]
async fn a_story_goes_from_the_claim_to_the_end() {
    let line = Line::start().await;
    let good = line.submit(1, "imagen", "good").await;
    let mut painter = line.work(1, &["imagen"]);

    let (job, answer) = painter.next().await;
    job.lease.checkpoint(&Checkpoint::Handle("prediction1".to_owned())).await.unwrap();
    assert_says(&line.why(&good).await, &["painter has it (attempt 1)", "the provider accepted it: prediction1"]);
    let workers = line.console.workers().await.unwrap();
    assert_says(&workers.text(), &["painter", "studio", "1 of 1", "imagen", "1 worker with 1 slot"]);
    assert_eq!((workers.workers[0].running, workers.orphans), (1, 0));
    // a model that nobody serves waits although a worker runs
    let foreign = line.submit(2, "seedream", "other").await;
    let why = line.why(&foreign).await;
    assert_says(&why, &["no living worker serves its model", "atelier worker --model seedream"]);
    assert_says(&line.console.stats(30_000).await.unwrap().text(), &["NOBODY serves it"]);
    job.lease.checkpoint(&Checkpoint::Outputs("[]".to_owned())).await.unwrap();
    drop(job);
    answer.send(Outcome::Done).unwrap();

    let bad = line.submit(3, "imagen", "bad").await;
    assert_eq!(painter.ends(Outcome::Dead(Failure::new(FailureClass::Filtered, "NSFW"))).await, bad);
    let slow = line.submit(4, "imagen", "slow").await;
    let later = Outcome::Retry(Duration::from_secs(600), Failure::new(FailureClass::Transient, "HTTP 502"));
    assert_eq!(painter.ends(later).await, slow);
    let last = line.submit(5, "imagen", "last").await;
    assert_eq!(painter.ends(Outcome::HandedOver).await, last);
    painter.stop().await;

    assert_says(&line.why(&good).await, &["the picture is in the chat\n  it waited", "was posted in", "done"]);
    assert_says(
        &line.why(&good).await,
        &["in 1 claim (1.00 s was predicted); 1 prediction at the provider, $0.06 a picture."],
    );
    assert_says(&line.why(&bad).await, &["failed for good after 1 attempt\n  a content filter stopped it (NSFW)"]);
    let why = line.why(&slow).await;
    assert_says(
        &why,
        &["attempt 1 failed\n  the service or the network stumbled (HTTP 502)\n  it is tried again in", "9 min"],
    );
    assert_says(
        &why,
        &["no worker runs", "the attempt failed: the service or the network stumbled (HTTP 502); again in 10 min 0 s"],
    );
    assert_says(
        &line.why(&last).await,
        &["painter stopped and handed it over", "Cost: 0.00 s of a slot charged in 1 claim"],
    );
    let story = parsed(&line.console.why(&good).await.unwrap());
    assert_eq!((&story["state"], &story["attempts"][0]["end"]), (&"done".into(), &"done".into()));
    assert!(story["events"].as_array().unwrap().len() >= 4, "{story}");
    assert_eq!(story["events"][0]["kind"], "claimed");
}

#[tokio::test]
async fn a_claimed_job_says_that_it_waits_for_a_place() {
    let line = Line::start().await;
    let mut painter = line.work(1, &[]);
    let id = line.submit(1, "imagen", "x").await;
    let (_job, _answer) = painter.next().await;
    let hold = Duration::from_secs(60);
    assert!(line.queue.take_place("imagen", "another job", 1, hold).await.unwrap());
    let waits = "(attempt 1)\n  it waits for a place at its model's account, where 1 job runs now\n";
    assert_says(&line.why(&id).await, &["painter has it", waits]);
    assert!(line.queue.take_place("imagen", id.as_str(), 2, hold).await.unwrap());
    assert_says(&line.why(&id).await, &["(attempt 1)\n  the provider has not named it yet\n"]);
}

#[tokio::test]
async fn a_waiting_job_says_when_it_starts_or_what_keeps_it() {
    let line = Line::start().await;
    let mut painter = line.work(1, &[]);
    let first = line.submit(1, "imagen", "x").await;
    let (_first, _answer) = painter.next().await;
    let waiting = line.submit_all(2, 9, "imagen", &["x"; 3]).await;
    let why = line.why(&waiting[2]).await;
    assert_says(
        &why,
        &[
            "it waits\n  2 jobs are ahead of it (2 of the same user)\n  1 slot serves its model; 1 job runs now, of all models",
        ],
    );
    assert_says(
        &why,
        &["it starts in about", " to ", &format!("Batch {}: it is number 3 of 3; 3 waiting.", waiting[0])],
    );
    let story = line.console.why(&waiting[2]).await.unwrap();
    let start = story.start.unwrap();
    assert!(start.low_ms < start.likely_ms && start.likely_ms < start.high_ms, "{start:?}");

    let nine = Steering::User(atelier_domain::BotId(77), atelier_domain::UserId(9));
    for what in [Steering::Queue, Steering::Model("imagen".parse().unwrap()), nine.clone()] {
        line.console.pause(what, &jo(), "because").await.unwrap();
    }
    let why = line.why(&waiting[0]).await;
    assert_says(
        &why,
        &[
            "the queue is paused by operator:jo@box: because (`atelier queue resume` ends it)",
            "model imagen is paused by operator:jo@box: because (`atelier queue resume --model imagen` ends it)",
            "user 77:9 is paused by operator:jo@box: because (`atelier queue resume --user 77:9` ends it)",
            "when it starts cannot be said before that is put right",
        ],
    );
    let stats = line.console.stats(30_000).await.unwrap();
    assert_eq!(stats.stats.desired_slots, 1, "only the running job needs a slot");
    assert_says(
        &stats.text(),
        &["PAUSED 0.", "by operator:jo@box (because): no job is started", "PAUSED model imagen", "PAUSED user 77:9"],
    );
    let resumed = line.console.resume(nine, &jo()).await.unwrap();
    assert_eq!((resumed.text().as_str(), resumed.changed), ("user 77:9 is resumed", true));
    assert_says(&line.why(&first).await, &["painter has it"]);
}
