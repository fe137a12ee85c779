//! Jobs that a submit hands to a worker that waits for one.

use std::time::Duration;

use atelier_domain::{JobId, JobState, ModelId};
use atelier_queue::{Outcome, Queue, RunOptions};

use crate::server::Server;
use crate::work::{Bench, job, quick, submit, until};

/// How many hear of what is handed to a worker.
async fn listeners(server: &Server, worker: &str) -> usize {
    let client = redis::Client::open(format!("redis://127.0.0.1:{}/", server.port)).unwrap();
    let mut link = client.get_multiplexed_async_connection().await.unwrap();
    let channel = format!("{}hand:{worker}", atelier_queue::keys::PREFIX);
    let counted: (String, usize) =
        redis::cmd("PUBSUB").arg("NUMSUB").arg(channel).query_async(&mut link).await.unwrap();
    counted.1
}

/// Waits until so many workers have slots on offer, and hear of what is handed to them.
async fn offered(server: &Server, workers: &[&str]) {
    let waited = async {
        loop {
            let offers: usize = server.run("ZCARD", &["offers"]).await;
            let mut heard = 0;
            for worker in workers {
                heard += listeners(server, worker).await;
            }
            if offers == workers.len() && heard == workers.len() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waited).await.expect("the workers wait");
}

/// Submits a job; who holds it when the submit returns.
async fn handed(queue: &Queue, number: u32) -> (JobId, Option<String>) {
    let jobs = [job(number, "sketch")];
    submit(queue, number, &jobs).await;
    let id = jobs[0].0.id.clone();
    let record = queue.record(&id).await.unwrap().unwrap();
    assert_eq!(record.state == JobState::Active, record.worker.is_some());
    (id, record.worker)
}

fn slots(concurrency: usize) -> RunOptions {
    // nothing is to run out while a test looks
    RunOptions { concurrency, lease: Duration::from_secs(6), ..quick() }
}

#[tokio::test]
async fn a_job_is_claimed_as_it_is_accepted_when_a_worker_waits() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut bench = Bench::start(&queue, "w1", slots(1));
    offered(&server, &["w1"]).await;
    let (first, worker) = handed(&queue, 1).await;
    assert_eq!(worker.as_deref(), Some("w1"));
    let (claimed, answer) = bench.next().await;
    assert_eq!((&claimed.job.id, claimed.attempt, claimed.lost), (&first, 1, 0));
    assert!(claimed.lease.is_certain());
    // it has no slot left
    let (second, worker) = handed(&queue, 2).await;
    assert_eq!(worker, None);
    answer.send(Outcome::Done).unwrap();
    until(&queue, &first, JobState::Done).await;
    let (claimed, answer) = bench.next().await;
    assert_eq!(claimed.job.id, second);
    answer.send(Outcome::Done).unwrap();
    until(&queue, &second, JobState::Done).await;
    bench.end().await;
    let offers: usize = server.run("ZCARD", &["offers"]).await;
    assert_eq!(offers, 0, "a worker that stops takes its offer back");
}

#[tokio::test]
async fn who_has_most_to_spare_is_handed_the_next_job_and_who_stops_none() {
    let server = Server::start();
    let queue = server.queue().await;
    let (mut wide, narrow) = (Bench::start(&queue, "wide", slots(3)), Bench::start(&queue, "narrow", slots(1)));
    offered(&server, &["wide", "narrow"]).await;
    let mut held = Vec::new();
    for number in 1..=2 {
        let (_, worker) = handed(&queue, number).await;
        assert_eq!(worker.as_deref(), Some("wide"));
        held.push(wide.next().await);
    }
    narrow.end().await;
    offered(&server, &["wide"]).await;
    assert_eq!(handed(&queue, 3).await.1.as_deref(), Some("wide"));
    held.push(wide.next().await);
    assert_eq!(handed(&queue, 4).await.1, None);
    for (claimed, answer) in held {
        answer.send(Outcome::Done).unwrap();
        until(&queue, &claimed.job.id, JobState::Done).await;
    }
    let (claimed, answer) = wide.next().await;
    answer.send(Outcome::Done).unwrap();
    until(&queue, &claimed.job.id, JobState::Done).await;
    wide.end().await;
}

#[tokio::test]
async fn a_job_is_not_handed_to_who_does_not_serve_its_model() {
    let server = Server::start();
    let queue = server.queue().await;
    let models: Vec<ModelId> = vec!["other".parse().unwrap()];
    let bench = Bench::start(&queue, "w1", RunOptions { models, ..slots(4) });
    offered(&server, &["w1"]).await;
    assert_eq!(handed(&queue, 1).await.1, None);
    bench.end().await;
}

#[tokio::test]
async fn a_message_of_more_jobs_than_slots_is_shared_out() {
    let server = Server::start();
    let queue = server.queue().await;
    let (mut wide, mut narrow) = (Bench::start(&queue, "wide", slots(3)), Bench::start(&queue, "narrow", slots(1)));
    offered(&server, &["wide", "narrow"]).await;
    let jobs: Vec<_> = (1..=5).map(|number| job(number, "sketch")).collect();
    submit(&queue, 1, &jobs).await;
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(wide.next().await);
    }
    // the rest is found by whoever was woken
    let (claimed, answer) = narrow.next().await;
    assert_eq!(claimed.job.id, jobs[3].0.id);
    for (claimed, _) in &order {
        assert!(jobs[..3].iter().any(|(job, _)| job.id == claimed.job.id));
    }
    for (_, answer) in order.into_iter().chain([(claimed, answer)]) {
        answer.send(Outcome::Done).unwrap();
    }
    let last = tokio::select! { last = wide.next() => last, last = narrow.next() => last };
    assert_eq!(last.0.job.id, jobs[4].0.id);
    last.1.send(Outcome::Done).unwrap();
    until(&queue, &jobs[4].0.id, JobState::Done).await;
    wide.end().await;
    narrow.end().await;
}

#[tokio::test]
async fn a_worker_that_is_handed_more_than_it_can_take_gives_it_back() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut bench = Bench::start(&queue, "w1", slots(1));
    offered(&server, &["w1"]).await;
    let (first, _) = handed(&queue, 1).await;
    let (_, answer) = bench.next().await;
    // a replica that took over may know of an offer that was used up since
    let offers: Vec<String> = server.run("ZRANGE", &["offers", "0", "0"]).await;
    let _: u32 = server.run("ZADD", &["offers", "1", &offers[0]]).await;
    let jobs = [job(2, "sketch")];
    submit(&queue, 2, &jobs).await;
    let second = jobs[0].0.id.clone();
    let record = until(&queue, &second, JobState::Waiting).await;
    assert_eq!(record.worker.as_deref(), Some("w1"));
    answer.send(Outcome::Done).unwrap();
    until(&queue, &first, JobState::Done).await;
    let (claimed, answer) = bench.next().await;
    assert_eq!((&claimed.job.id, claimed.attempt, claimed.lost), (&second, 1, 0));
    let kinds: Vec<String> = queue.trail(&second).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["claimed", "handed_over", "claimed"]);
    answer.send(Outcome::Done).unwrap();
    until(&queue, &second, JobState::Done).await;
    bench.end().await;
}

#[tokio::test]
async fn a_worker_that_just_starts_holds_no_more_jobs_than_it_has_slots() {
    let server = Server::start();
    let queue = server.queue().await;
    for round in 0..40 {
        let mut bench = Bench::start(&queue, &format!("w{round}"), slots(1));
        let (first, second) = (2 * round + 1, 2 * round + 2);
        // while it connects, makes its first calls, begins to listen: each time at another moment
        tokio::time::sleep(Duration::from_micros(u64::from(round) * 250)).await;
        submit(&queue, first, &[job(first, "sketch"), job(second, "sketch")]).await;
        let mut ended = 0;
        while ended < 2 {
            let (_claimed, answer) = bench.next().await;
            assert_eq!(queue.stats().await.unwrap().active, 1, "round {round}");
            answer.send(Outcome::Done).unwrap();
            ended += 1;
        }
        until(&queue, &job(second, "sketch").0.id, JobState::Done).await;
        until(&queue, &job(first, "sketch").0.id, JobState::Done).await;
        bench.end().await;
    }
}
