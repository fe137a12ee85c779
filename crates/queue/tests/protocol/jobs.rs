//! Single jobs: accepted once, claimed, checkpointed, ended, lost, failed, unreadable.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use atelier_domain::{Catalogue, Failure, FailureClass, JobId, JobState, MessageId, UserId};
use atelier_queue::{Because, Cancelling, Checkpoint, Filter, Handler, Lost, Outcome, Queue, Submitted, run};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::work::{BOT, Bench, job, quick, submit, until};

#[tokio::test]
async fn a_job_goes_from_submission_to_done_and_an_update_counts_once() {
    let server = Server::start();
    let queue = server.queue().await;
    let jobs = [job(1, "sketch"), job(2, "sketch")];
    assert_eq!(submit(&queue, 1, &jobs).await, Submitted::Accepted);
    let before = submit(&queue, 1, &[job(8, "sketch")]).await;
    assert_eq!(before, Submitted::Before(vec![jobs[0].0.id.clone(), jobs[1].0.id.clone()]));

    let standing = queue.standing(&jobs[1].0.id, Catalogue::builtin()).await.unwrap().unwrap();
    assert_eq!((standing.state, standing.ahead, standing.finish), (JobState::Waiting, 1, None));
    assert_eq!(standing.because, [Because::NoWorker]);

    let mut bench = Bench::start(&queue, "w1", quick());
    for (expected, _) in &jobs {
        let (claimed, answer) = bench.next().await;
        assert_eq!((&*claimed.job, claimed.attempt), (expected, 1), "a user's jobs in their order");
        claimed.lease.checkpoint(&Checkpoint::Intent(SystemTime::now())).await.unwrap();
        claimed.lease.checkpoint(&Checkpoint::Delivered(MessageId(3))).await.unwrap();
        answer.send(Outcome::Done).unwrap();
        let record = until(&queue, &expected.id, JobState::Done).await;
        assert_eq!(record.delivered, Some(MessageId(3)));
    }
    let kinds: Vec<String> = queue.trail(&jobs[0].0.id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["claimed", "intent", "delivered", "done"]);
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.active, stats.ended, stats.totals["accepted"]), (0, 0, 2, 2));
    assert_eq!(stats.workers.len(), 1);
    bench.end().await;
    assert_eq!(queue.stats().await.unwrap().workers.len(), 0, "a worker that stops says goodbye");
    assert_eq!(server.count("owners").await, 0);
}

#[tokio::test]
async fn the_caps_hold_and_refuse_all_or_nothing() {
    let server = Server::start();
    let queue = server.queue().await;
    let jobs: Vec<_> = (1..=4).map(|number| job(number, "sketch")).collect();
    assert_eq!(submit(&queue, 1, &jobs).await, Submitted::Accepted);
    assert_eq!(submit(&queue, 2, &[job(5, "sketch"), job(6, "sketch")]).await, Submitted::UserFull { pending: 4 });
    assert_eq!(submit(&queue, 3, &[job(5, "sketch")]).await, Submitted::Accepted);
    assert_eq!(queue.stats().await.unwrap().waiting, 5);
}

#[tokio::test]
async fn a_failed_job_comes_back_when_due_with_its_checkpoints_and_then_dies() {
    let server = Server::start();
    let queue = server.queue().await;
    let (wanted, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(wanted.clone(), predicted)]).await;
    let mut bench = Bench::start(&queue, "w1", quick());
    let (claimed, answer) = bench.next().await;
    claimed.lease.checkpoint(&Checkpoint::Handle("abc".into())).await.unwrap();
    let failure = Failure::new(FailureClass::Transient, "cut");
    answer.send(Outcome::Retry(Duration::from_millis(30), failure.clone())).unwrap();
    let (claimed, answer) = bench.next().await;
    assert_eq!((claimed.attempt, claimed.progress.handle.as_deref()), (2, Some("abc")));
    claimed.lease.checkpoint(&Checkpoint::Afresh).await.unwrap();
    answer.send(Outcome::Dead(failure)).unwrap();
    let record = until(&queue, &wanted.id, JobState::Dead).await;
    assert_eq!((record.class.as_deref(), record.handle), (Some("transient"), None));
    let dead = Filter { states: vec![JobState::Dead], ..Filter::default() };
    assert_eq!(queue.list(&dead, 0, 10).await.unwrap().jobs.len(), 1);
    bench.end().await;
}

#[tokio::test]
async fn a_silent_worker_loses_its_job_and_can_write_nothing_any_more() {
    let server = Server::start();
    let queue = server.queue().await;
    let (wanted, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(wanted.clone(), predicted)]).await;
    let mut first = Bench::start(&queue, "w1", quick());
    let (stale, _answer) = first.next().await;
    // the first worker's process dies: nobody renews, but its lease object lives on as a paused process's would
    first.running.abort();
    let mut second = Bench::start(&queue, "w2", quick());
    let (claimed, answer) = second.next().await;
    assert_eq!((claimed.attempt, claimed.lost), (2, 1));
    assert_eq!(stale.lease.checkpoint(&Checkpoint::Sending).await, Err(Lost::Lease));
    claimed.lease.checkpoint(&Checkpoint::Sending).await.unwrap();
    answer.send(Outcome::Done).unwrap();
    let record = until(&queue, &wanted.id, JobState::Done).await;
    assert_eq!(record.worker.as_deref(), Some("w2"));
    second.end().await;
}

#[tokio::test]
async fn a_handle_belongs_to_one_job_only() {
    let server = Server::start();
    let queue = server.queue().await;
    submit(&queue, 1, &[job(1, "sketch"), job(2, "sketch")]).await;
    let mut bench = Bench::start(&queue, "w1", quick());
    let (one, first) = bench.next().await;
    let (two, second) = bench.next().await;
    one.lease.checkpoint(&Checkpoint::Handle("p1".into())).await.unwrap();
    one.lease.checkpoint(&Checkpoint::Handle("p1".into())).await.unwrap();
    assert_eq!(two.lease.checkpoint(&Checkpoint::Handle("p1".into())).await, Err(Lost::Handle));
    first.send(Outcome::Done).unwrap();
    second.send(Outcome::Done).unwrap();
    bench.end().await;
}

#[tokio::test]
async fn waiting_jobs_are_cancelled_at_once_and_running_ones_by_the_heartbeat() {
    let server = Server::start();
    let queue = server.queue().await;
    let (waiting, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(waiting.clone(), predicted)]).await;
    let stranger = Some((BOT, UserId(10)));
    assert_eq!(queue.cancel(&waiting.id, "user:10", stranger).await.unwrap(), Cancelling::Foreign);
    assert_eq!(queue.cancel(&waiting.id, "user:9", Some((BOT, UserId(9)))).await.unwrap(), Cancelling::Cancelled);
    assert_eq!(queue.cancel(&waiting.id, "user:9", None).await.unwrap(), Cancelling::Ended);
    assert_eq!(queue.cancel(&JobId::new(0, 0), "operator", None).await.unwrap(), Cancelling::Unknown);

    let (running, predicted) = job(2, "sketch");
    submit(&queue, 2, &[(running.clone(), predicted)]).await;
    let mut bench = Bench::start(&queue, "w1", quick());
    let (claimed, answer) = bench.next().await;
    assert_eq!(claimed.job.id, running.id, "the cancelled job is not claimed");
    assert_eq!(queue.cancel(&running.id, "operator", None).await.unwrap(), Cancelling::Asked);
    claimed.lease.cancelled().await;
    answer.send(Outcome::Cancelled).unwrap();
    until(&queue, &running.id, JobState::Cancelled).await;
    bench.end().await;
    assert_eq!(server.count("owners").await, 0);
}

#[tokio::test]
async fn the_first_slot_wins_and_a_gone_one_can_be_replaced() {
    let server = Server::start();
    let queue = server.queue().await;
    let (wanted, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(wanted.clone(), predicted)]).await;
    assert_eq!(queue.record_slot(&wanted.id, MessageId(10), None).await.unwrap(), Some(MessageId(10)));
    assert_eq!(queue.record_slot(&wanted.id, MessageId(11), None).await.unwrap(), Some(MessageId(10)));
    assert_eq!(queue.record_slot(&wanted.id, MessageId(12), Some(MessageId(10))).await.unwrap(), Some(MessageId(12)));
    assert_eq!(queue.record_slot(&JobId::new(0, 0), MessageId(1), None).await.unwrap(), None);
}

/// Replaces the body of a job, which stands behind a record separator.
async fn set_body(server: &Server, id: &JobId, body: &str) {
    let asked: String = server.run("HGET", &["jobs", id.as_str()]).await;
    let head = asked.split_once('\u{1e}').unwrap().0;
    let _: u32 = server.run("HSET", &["jobs", id.as_str(), &format!("{head}\u{1e}{body}")]).await;
}

#[tokio::test]
async fn unreadable_records_die_and_the_queue_goes_on() {
    let server = Server::start();
    let queue = server.queue().await;
    let bodies = ["", "not json", "{\"v\":0}", "\u{0}\u{1}"];
    for (number, body) in (1..).zip(bodies) {
        let (broken, predicted) = job(number, "sketch");
        submit(&queue, number, &[(broken.clone(), predicted)]).await;
        set_body(&server, &broken.id, body).await;
    }
    let (good, predicted) = job(50, "sketch");
    submit(&queue, 50, &[(good.clone(), predicted)]).await;
    let mut bench = Bench::start(&queue, "w1", quick());
    let (claimed, answer) = bench.next().await;
    assert_eq!(claimed.job.id, good.id);
    answer.send(Outcome::Done).unwrap();
    for number in 1..=4 {
        let record = until(&queue, &job(number, "sketch").0.id, JobState::Dead).await;
        assert_eq!(record.class.as_deref(), Some("unreadable"));
    }
    bench.end().await;
}

#[tokio::test]
async fn a_job_of_a_newer_version_waits_for_a_newer_worker() {
    let server = Server::start();
    let queue = server.queue().await;
    let (newer, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(newer.clone(), predicted)]).await;
    let body = newer.to_json().unwrap();
    set_body(&server, &newer.id, &body.replacen("\"v\":1", "\"v\":99", 1)).await;
    let mut bench = Bench::start(&queue, "older", quick());
    let record = until(&queue, &newer.id, JobState::Delayed).await;
    assert_eq!((record.attempt, record.class.as_deref()), (0, Some("unreadable")), "it burns no attempt");
    // a newer worker reads it as it stands
    set_body(&server, &newer.id, &body).await;
    let (claimed, answer) = bench.next().await;
    assert_eq!((&*claimed.job, claimed.attempt), (&newer, 1));
    answer.send(Outcome::Done).unwrap();
    until(&queue, &newer.id, JobState::Done).await;
    bench.end().await;
}

/// How long a newer worker is waited for does not count from the job's acceptance: it may have stood in a long line.
#[tokio::test]
async fn a_job_of_a_newer_version_is_given_up_an_hour_after_the_first_look() {
    let server = Server::start();
    let queue = server.queue().await;
    let (newer, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(newer.clone(), predicted)]).await;
    let asked: String = server.run("HGET", &["jobs", newer.id.as_str()]).await;
    let accepted = queue.record(&newer.id).await.unwrap().unwrap().accepted_ms.unwrap();
    let long_ago = accepted - 7_200_000;
    let asked = asked.replacen(&accepted.to_string(), &long_ago.to_string(), 1);
    let _: u32 = server.run("HSET", &["jobs", newer.id.as_str(), &asked.replacen("\"v\":1", "\"v\":99", 1)]).await;
    let bench = Bench::start(&queue, "older", quick());
    let record = until(&queue, &newer.id, JobState::Delayed).await;
    assert_eq!(record.accepted_ms, Some(long_ago));
    let mark = format!("newer:{}", newer.id);
    let first: u64 = queue.marked(&mark).await.unwrap().unwrap().parse().unwrap();
    queue.mark_anew(&mark, &(first - 3_601_000).to_string(), 60).await.unwrap();
    let record = until(&queue, &newer.id, JobState::Dead).await;
    assert_eq!(record.class.as_deref(), Some("unreadable"));
    bench.end().await;
}

#[tokio::test]
async fn a_stopping_worker_hands_its_jobs_over() {
    let server = Server::start();
    let queue = server.queue().await;
    let (wanted, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(wanted.clone(), predicted)]).await;
    let mut first = Bench::start(&queue, "w1", quick());
    let (claimed, answer) = first.next().await;
    let hand_over = tokio::spawn(async move {
        claimed.lease.hand_over().await;
        answer.send(Outcome::HandedOver).unwrap();
    });
    first.end().await;
    hand_over.await.unwrap();
    let mut second = Bench::start(&queue, "w2", quick());
    let (claimed, answer) = second.next().await;
    assert_eq!((claimed.attempt, claimed.lost), (1, 0), "a hand-over burns no attempt");
    answer.send(Outcome::Done).unwrap();
    until(&queue, &wanted.id, JobState::Done).await;
    second.end().await;
}

#[tokio::test]
async fn a_panicking_job_is_a_failed_attempt() {
    let server = Server::start();
    let queue = server.queue().await;
    let (wanted, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(wanted.clone(), predicted)]).await;
    let stop = CancellationToken::new();
    let handler: Handler = Arc::new(|_| async { panic!("boom") }.boxed());
    let running = tokio::spawn(run(queue.clone(), quick(), handler, stop.clone()));
    let record = until(&queue, &wanted.id, JobState::Delayed).await;
    assert_eq!(record.class.as_deref(), Some("transient"));
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn workers_go_on_after_the_server_was_killed() {
    let mut server = Server::start();
    let queue = server.queue().await;
    let mut bench = Bench::start(&queue, "w1", quick());
    let jobs = [job(1, "sketch"), job(2, "sketch")];
    submit(&queue, 1, &jobs[..1]).await;
    let (claimed, answer) = bench.next().await;
    server.kill();
    let writing = tokio::spawn(async move { claimed.lease.checkpoint(&Checkpoint::Sending).await });
    assert!(queue.record(&jobs[0].0.id).await.unwrap_err().is_unreachable());
    server.restart();
    writing.await.unwrap().expect("the hold outlives the outage");
    answer.send(Outcome::Done).unwrap();
    until(&queue, &jobs[0].0.id, JobState::Done).await;
    submit(&queue, 2, &jobs[1..]).await;
    let (claimed, answer) = bench.next().await;
    assert_eq!(claimed.job.id, jobs[1].0.id);
    answer.send(Outcome::Done).unwrap();
    until(&queue, &jobs[1].0.id, JobState::Done).await;
    bench.end().await;
}

#[tokio::test]
async fn a_server_that_evicts_is_refused() {
    let server = Server::start_with(&["--maxmemory-policy", "allkeys-lru"]);
    let refused = Queue::connect(&server.url()).await.unwrap_err().to_string();
    assert!(refused.contains("allkeys-lru") && refused.contains("noeviction"), "{refused}");
    let health = server.open().health().await.unwrap();
    let bad: Vec<&str> = health.findings.iter().filter(|finding| !finding.good).map(|finding| finding.name).collect();
    assert_eq!(bad, ["redis eviction"]);
}
