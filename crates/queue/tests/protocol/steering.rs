//! Many users, limits, pauses, rates, batches, operators.

use std::time::Duration;

use atelier_domain::{Catalogue, ChatId, Failure, FailureClass, Job, JobId, JobState, ModelId, UpdateId, UserId};
use atelier_queue::{
    Because, Cancelling, Claimed, Herald, Limits, Notice, Outcome, Queue, Retrying, RunOptions, Setting, Steering,
    Submission, Submitted,
};
use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::server::Server;
use crate::work::{BOT, Bench, job, quick, until};

const SECOND: Duration = Duration::from_secs(1);

/// A user's wish.
struct Wish {
    user: i64,
    chat: i64,
    weight: u32,
    urgent: bool,
    model: &'static str,
}

const PLAIN: Wish = Wish { user: 1, chat: 1, weight: 1, urgent: false, model: "sketch" };

/// Submits a message of `count` jobs that cost a second each; their ids.
async fn ask(queue: &Queue, number: u32, count: u32, wish: Wish) -> Vec<JobId> {
    let one = |index: u32| {
        let (mut job, _) = job(number * 100 + index, wish.model);
        (job.user, job.place.chat) = (UserId(wish.user), ChatId(wish.chat));
        (job, SECOND)
    };
    let jobs: Vec<(Job, Duration)> = (0..count).map(one).collect();
    let submission = Submission {
        bot: BOT,
        user: UserId(wish.user),
        update: UpdateId(number),
        jobs: &jobs,
        limits: Limits::default(),
        weight: wish.weight,
        urgent: wish.urgent,
    };
    assert_eq!(queue.submit(&submission).await.unwrap(), Submitted::Accepted);
    jobs.into_iter().map(|(job, _)| job.id).collect()
}

fn one_slot() -> RunOptions {
    RunOptions { concurrency: 1, ..quick() }
}

/// The next notice; `None` when the worker is gone.
async fn heard(notices: &mut mpsc::UnboundedReceiver<Notice>) -> Option<Notice> {
    tokio::time::timeout(20 * SECOND, notices.recv()).await.expect("a notice, or the end")
}

type Claim = (Claimed, oneshot::Sender<Outcome>);

/// The users of the next claims, each done at once.
async fn users(bench: &mut Bench, count: usize) -> Vec<i64> {
    let mut users = Vec::new();
    for _ in 0..count {
        let (claimed, answer) = bench.next().await;
        users.push(claimed.job.user.0);
        answer.send(Outcome::Done).unwrap();
    }
    users
}

#[tokio::test]
async fn users_take_turns_by_weight_and_urgent_jobs_go_first() {
    let server = Server::start();
    let queue = server.queue().await;
    // what a run takes is settled at its end: without a measured time all of these cost a second
    ask(&queue, 1, 6, Wish { user: 1, ..PLAIN }).await;
    ask(&queue, 2, 3, Wish { user: 2, ..PLAIN }).await;
    ask(&queue, 3, 6, Wish { user: 3, weight: 2, ..PLAIN }).await;
    let mut bench = Bench::start(&queue, "w", RunOptions { concurrency: 12, ..quick() });
    let mut held: Vec<Claim> = Vec::new();
    while held.len() < 12 {
        held.push(bench.next().await);
    }
    let count = |user: i64| held.iter().filter(|(claimed, _)| claimed.job.user.0 == user).count();
    assert_eq!([count(1), count(2), count(3)], [3, 3, 6], "a weight of two is twice the share");
    let urgent = ask(&queue, 4, 1, Wish { user: 1, urgent: true, ..PLAIN }).await;
    held.pop().unwrap().1.send(Outcome::Done).unwrap();
    assert_eq!(bench.next().await.0.job.id, urgent[0]);
    drop(held);
    bench.end().await;
}

#[tokio::test]
async fn limits_hold_in_flight_and_what_they_keep_back_comes_later() {
    let server = Server::start();
    let queue = server.queue().await;
    for (setting, limit) in
        [(Setting::UserLimit, 2), (Setting::ChatLimit, 3), (Setting::ModelLimit("imagen".parse().unwrap()), 1)]
    {
        assert!(queue.limit(&setting, "operator", Some(limit)).await.unwrap());
        assert!(!queue.limit(&setting, "operator", Some(limit)).await.unwrap(), "it was so already");
    }
    ask(&queue, 1, 4, Wish { user: 1, ..PLAIN }).await;
    ask(&queue, 2, 4, Wish { user: 2, chat: -7, ..PLAIN }).await;
    ask(&queue, 3, 4, Wish { user: 3, chat: -7, ..PLAIN }).await;
    let limited = ask(&queue, 4, 2, Wish { user: 4, chat: 4, model: "imagen", ..PLAIN }).await;
    let mut bench = Bench::start(&queue, "w", RunOptions { concurrency: 30, ..quick() });
    let mut held: Vec<Claim> = Vec::new();
    for _ in 0..6 {
        held.push(bench.next().await);
    }
    let in_flight = |held: &[Claim], fits: &dyn Fn(&Job) -> bool| held.iter().filter(|(it, _)| fits(&it.job)).count();
    assert_eq!(in_flight(&held, &|job| job.user.0 == 1), 2);
    assert_eq!(in_flight(&held, &|job| job.place.chat.0 == -7), 3);
    assert_eq!(in_flight(&held, &|job| job.request.model.as_str() == "imagen"), 1);
    let reasons = queue.standing(&limited[1], Catalogue::builtin()).await.unwrap().unwrap().because;
    assert_eq!(reasons, [Because::ModelLimit { running: 1 }]);
    // each end makes room for exactly one that the same limit held back
    let mut back = std::collections::HashMap::from([(1, 2), (-7, 5), (4, 1)]);
    while !held.is_empty() {
        let (claimed, answer) = held.remove(0);
        let chat = claimed.job.place.chat.0;
        answer.send(Outcome::Done).unwrap();
        let back = back.get_mut(&chat).unwrap();
        if *back > 0 {
            *back -= 1;
            held.push(bench.next().await);
            assert_eq!(held.last().unwrap().0.job.place.chat.0, chat);
        }
    }
    until(&queue, &limited[1], JobState::Done).await;
    assert!(back.values().all(|back| *back == 0), "{back:?}");
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.active, stats.users), (0, 0, 0));
    bench.end().await;
}

#[tokio::test]
async fn a_pause_keeps_jobs_with_its_reason_and_a_resume_starts_them() {
    let server = Server::start();
    let queue = server.queue().await;
    let id = ask(&queue, 1, 1, PLAIN).await.remove(0);
    let model: ModelId = "sketch".parse().unwrap();
    let pauses = [Steering::Queue, Steering::Model(model), Steering::User(BOT, UserId(1))];
    for what in &pauses {
        assert!(queue.pause(what, "operator:ada", "the provider moves").await.unwrap());
    }
    let mut bench = Bench::start(&queue, "w", one_slot());
    let other = ask(&queue, 2, 1, Wish { user: 2, chat: 2, model: "imagen", ..PLAIN }).await;
    let why = || "by operator:ada: the provider moves".to_owned();
    let expected =
        [Because::Paused { why: why() }, Because::ModelPaused { why: why() }, Because::UserPaused { why: why() }];
    let standing = queue.standing(&id, Catalogue::builtin()).await.unwrap().unwrap();
    assert_eq!(standing.because.iter().filter(|because| expected.contains(because)).count(), 3, "{standing:?}");
    assert_eq!(standing.start, None);
    assert!(queue.resume(&pauses[0], "operator:ada").await.unwrap());
    let (claimed, answer) = bench.next().await;
    assert_eq!(claimed.job.id, other[0], "the others go on");
    answer.send(Outcome::Done).unwrap();
    for what in &pauses[1..] {
        assert!(queue.resume(what, "operator:ada").await.unwrap());
    }
    assert_eq!(bench.next().await.0.job.id, id);
    let kinds: Vec<String> = queue.actions().await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["pause", "pause", "pause", "resume", "resume", "resume"]);
    bench.end().await;
}

#[tokio::test]
async fn a_refused_fan_out_waits_for_its_account_and_burns_no_attempt() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut ids = ask(&queue, 1, 3, PLAIN).await;
    ids.extend(ask(&queue, 2, 1, Wish { user: 2, chat: 2, model: "imagen", ..PLAIN }).await);
    let lanes = ["sketch", "imagen"].map(|model| (model.parse().unwrap(), "account".to_owned())).to_vec();
    let mut bench = Bench::start(&queue, "w", RunOptions { lanes, ..quick() });
    let wait = Duration::from_millis(300);
    for _ in 0..4 {
        let (claimed, answer) = bench.next().await;
        assert_eq!(claimed.attempt, 1);
        let refused = Failure::new(FailureClass::RateLimited, "429");
        answer.send(Outcome::Retry(wait, refused)).unwrap();
    }
    // one at a time from now on, none counted as failed
    for _ in 0..4 {
        let (claimed, answer) = bench.next().await;
        assert_eq!(claimed.attempt, 1, "a refusal burns no attempt");
        answer.send(Outcome::Done).unwrap();
    }
    for id in &ids {
        let record = until(&queue, id, JobState::Done).await;
        assert_eq!(record.attempt, 1);
    }
    let kinds: Vec<String> = queue.trail(&ids[0]).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["claimed", "throttled", "claimed", "done"]);
    bench.end().await;
}

#[tokio::test]
async fn the_pace_of_an_account_counts_also_at_the_moment_when_it_takes_the_next_job() {
    let server = Server::start();
    let queue = server.queue().await;
    let ids = ask(&queue, 1, 2, PLAIN).await;
    let lanes = vec![("sketch".parse().unwrap(), "account".to_owned())];
    let mut bench = Bench::start(&queue, "w", RunOptions { lanes, ..quick() });
    for _ in &ids {
        let (_, answer) = bench.next().await;
        let refused = Failure::new(FailureClass::RateLimited, "429");
        answer.send(Outcome::Retry(Duration::from_millis(200), refused)).unwrap();
    }
    bench.end().await;
    loop {
        let standing = queue.standing(&ids[1], Catalogue::builtin()).await.unwrap().unwrap();
        let rate = standing.because.iter().find_map(|because| match because {
            Because::Rate { wait_ms, every_ms, .. } => Some((*wait_ms, *every_ms)),
            _ => None,
        });
        assert_eq!(rate.map(|(_, every)| every), Some(200), "{standing:?}");
        if rate.is_some_and(|(wait, _)| wait == 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_batch_joins_once_and_again_after_its_failed_jobs_were_retried() {
    let server = Server::start();
    let queue = server.queue().await;
    let ids = ask(&queue, 1, 3, PLAIN).await;
    let (sender, mut notices) = mpsc::unbounded_channel();
    let herald = Herald::new(std::sync::Arc::new(move |notice| {
        let told = sender.send(notice).is_ok();
        async move { told }.boxed()
    }));
    let mut bench = Bench::start(&queue, "w", RunOptions { herald: Some(herald), ..quick() });
    for _ in 0..3 {
        let (claimed, answer) = bench.next().await;
        let dead = claimed.job.id == ids[1];
        let outcome = if dead { Outcome::Dead(Failure::new(FailureClass::Filtered, "nsfw")) } else { Outcome::Done };
        answer.send(outcome).unwrap();
    }
    assert_eq!(heard(&mut notices).await, Some(Notice::Joined(ids[0].clone())));
    let batch = queue.batch(&ids[0]).await.unwrap().unwrap();
    let states: Vec<JobState> = batch.jobs.iter().map(|record| record.state).collect();
    assert_eq!((batch.of, batch.left, states), (3, 0, vec![JobState::Done, JobState::Dead, JobState::Done]));

    assert_eq!(queue.retry(&ids[0], "operator", None).await.unwrap(), Retrying::Not);
    assert_eq!(queue.retry(&ids[1], "user:9", Some((BOT, UserId(9)))).await.unwrap(), Retrying::Foreign);
    assert_eq!(queue.retry(&ids[1], "user:1", Some((BOT, UserId(1)))).await.unwrap(), Retrying::Waiting);
    let (claimed, answer) = bench.next().await;
    assert_eq!((&claimed.job.id, claimed.attempt), (&ids[1], 1));
    answer.send(Outcome::Done).unwrap();
    assert_eq!(heard(&mut notices).await, Some(Notice::Joined(ids[0].clone())));
    bench.end().await;
    assert!(notices.try_recv().is_err(), "each join is told once");
}

#[tokio::test]
async fn an_operator_cancels_a_waiting_job_and_a_worker_tells_the_chat() {
    let server = Server::start();
    let queue = server.queue().await;
    let ids = ask(&queue, 1, 2, PLAIN).await;
    assert_eq!(queue.cancel(&ids[0], "user:1", Some((BOT, UserId(1)))).await.unwrap(), Cancelling::Cancelled);
    assert_eq!(queue.cancel(&ids[1], "operator", None).await.unwrap(), Cancelling::Cancelled);
    let (sender, mut notices) = mpsc::unbounded_channel();
    let herald = Herald::new(std::sync::Arc::new(move |notice| {
        let told = sender.send(notice).is_ok();
        async move { told }.boxed()
    }));
    let bench = Bench::start(&queue, "w", RunOptions { herald: Some(herald), ..quick() });
    let mut news = [heard(&mut notices).await.unwrap(), heard(&mut notices).await.unwrap()];
    news.sort_by_key(|notice| matches!(notice, Notice::Joined(_)));
    assert_eq!(news, [Notice::Ended(ids[1].clone()), Notice::Joined(ids[0].clone())]);
    bench.end().await;
}

#[tokio::test]
async fn a_notice_of_a_newer_version_is_left_to_a_newer_worker() {
    let server = Server::start();
    let queue = server.queue().await;
    let id = ask(&queue, 1, 1, PLAIN).await.remove(0);
    let _: u32 = server.run("ZADD", &["notices", "0", "sung:to:whom"]).await;
    queue.cancel(&id, "operator", None).await.unwrap();
    let (sender, mut notices) = mpsc::unbounded_channel();
    let herald = Herald::new(std::sync::Arc::new(move |notice| {
        let told = sender.send(notice).is_ok();
        async move { told }.boxed()
    }));
    let bench = Bench::start(&queue, "older", RunOptions { herald: Some(herald), ..quick() });
    assert_eq!(heard(&mut notices).await, Some(Notice::Ended(id.clone())));
    let score = async |what: &str| server.run::<Option<f64>>("ZSCORE", &["notices", what]).await;
    let confirmed = async { while score(&format!("job:{id}")).await.is_some() {} };
    tokio::time::timeout(20 * SECOND, confirmed).await.expect("what was told is confirmed");
    assert!(score("sung:to:whom").await.is_some(), "what nobody understood was not told");
    bench.end().await;
}

#[tokio::test]
async fn a_running_job_is_cancelled_by_push_long_before_a_heartbeat() {
    let server = Server::start();
    let queue = server.queue().await;
    let id = ask(&queue, 1, 1, PLAIN).await.remove(0);
    // the heartbeat of this lease comes after ten seconds
    let mut bench = Bench::start(&queue, "w", RunOptions { lease: Duration::from_secs(30), ..quick() });
    let (claimed, answer) = bench.next().await;
    let asked = std::time::Instant::now();
    assert_eq!(queue.cancel(&id, "user:1", None).await.unwrap(), Cancelling::Asked);
    tokio::time::timeout(20 * SECOND, claimed.lease.cancelled()).await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    answer.send(Outcome::Cancelled).unwrap();
    until(&queue, &id, JobState::Cancelled).await;
    bench.end().await;
}

#[tokio::test]
async fn a_drained_queue_refuses_and_records_are_kept_within_their_budget() {
    let server = Server::start();
    let queue = server.queue().await;
    assert!(queue.close("operator", "moving").await.unwrap());
    let (refused, predicted) = job(1, "sketch");
    let submission = Submission {
        bot: BOT,
        user: UserId(1),
        update: UpdateId(1),
        jobs: &[(refused, predicted)],
        limits: Limits::default(),
        weight: 1,
        urgent: false,
    };
    let why = "moving".to_owned();
    assert_eq!(queue.submit(&submission).await.unwrap(), Submitted::Closed { why });
    assert!(queue.reopen("operator").await.unwrap());

    queue.limit(&Setting::KeepJobs, "operator", Some(5)).await.unwrap();
    let mut bench = Bench::start(&queue, "w", quick());
    for number in 2..=20 {
        ask(&queue, number, 1, PLAIN).await;
        assert_eq!(users(&mut bench, 1).await, [1]);
    }
    bench.end().await;
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.ended, stats.totals["done"]), (5, 19));
    let each = stats.kept_bytes / 5;
    assert!((300..2000).contains(&each), "{each} bytes a record");
    let ended = queue.list(&atelier_queue::Filter::default(), 0, 100).await.unwrap().jobs;
    let ids: Vec<JobId> = ended.into_iter().map(|record| record.id).collect();
    assert_eq!(queue.forget(&ids, "operator").await.unwrap(), 5);
    assert_eq!(queue.stats().await.unwrap().kept_bytes, 0);
}
