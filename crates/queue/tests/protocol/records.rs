//! What stays on record of a job, for how long, and who may write it.

use std::time::Duration;

use atelier_domain::{Failure, FailureClass, JobId, JobState};
use atelier_queue::{Checkpoint, Lost, Outcome, Queue, Setting};

use crate::server::Server;
use crate::work::{Bench, job, quick, submit, until};

/// Runs one job to its end.
async fn run(queue: &Queue, bench: &mut Bench, number: u32, outcome: Outcome, state: JobState) -> JobId {
    let (wanted, predicted) = job(number, "sketch");
    submit(queue, number, &[(wanted.clone(), predicted)]).await;
    bench.next().await.1.send(outcome).unwrap();
    until(queue, &wanted.id, state).await;
    wanted.id
}

/// Waits until nothing of these jobs is on record.
async fn forgotten(queue: &Queue, ids: &[JobId]) {
    let looked = async {
        for id in ids {
            while queue.record(id).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("the records are dropped");
}

#[tokio::test]
async fn records_are_dropped_when_their_time_is_over_though_no_job_ends() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut bench = Bench::start(&queue, "w", quick());
    let done = run(&queue, &mut bench, 1, Outcome::Done, JobState::Done).await;
    let failure = Failure::new(FailureClass::Filtered, "nsfw");
    let dead = run(&queue, &mut bench, 2, Outcome::Dead(failure), JobState::Dead).await;
    bench.end().await;
    queue.limit(&Setting::KeepMs, "operator", Some(1)).await.unwrap();
    assert!(queue.record(&done).await.unwrap().is_some(), "nobody looks at the records while no worker lives");
    let idle = Bench::start(&queue, "idle", quick());
    forgotten(&queue, &[done, dead]).await;
    idle.end().await;
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.ended, stats.dead, stats.kept_bytes), (0, 0, 0));
}

#[tokio::test]
async fn records_stay_within_their_bytes_and_the_newest_stay() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut bench = Bench::start(&queue, "w", quick());
    let mut ids = vec![run(&queue, &mut bench, 10, Outcome::Done, JobState::Done).await];
    let each = queue.stats().await.unwrap().kept_bytes;
    queue.limit(&Setting::KeepBytes, "operator", Some(3 * each)).await.unwrap();
    for number in 11..19 {
        ids.push(run(&queue, &mut bench, number, Outcome::Done, JobState::Done).await);
        let stats = queue.stats().await.unwrap();
        assert!(stats.kept_bytes <= 3 * each && stats.ended == 3.min(ids.len() as u64), "{stats:?}");
    }
    bench.end().await;
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(queue.record(id).await.unwrap().is_some(), index >= 6, "{index}");
    }
}

#[tokio::test]
async fn the_file_of_a_picture_is_named_by_who_holds_its_job_and_forgotten_with_it() {
    let server = Server::start();
    let queue = server.queue().await;
    let (wanted, predicted) = job(1, "sketch");
    submit(&queue, 1, &[(wanted.clone(), predicted)]).await;
    let mut bench = Bench::start(&queue, "w", quick());
    let (claimed, answer) = bench.next().await;
    let lease = claimed.lease.clone();
    lease.checkpoint(&Checkpoint::File("AgACAg".to_owned())).await.unwrap();
    assert_eq!(queue.file(&wanted.id).await.unwrap().as_deref(), Some("AgACAg"));
    let kinds: Vec<String> = queue.trail(&wanted.id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["claimed"], "it is nothing that happened to the job");
    drop(claimed);
    answer.send(Outcome::Done).unwrap();
    until(&queue, &wanted.id, JobState::Done).await;
    assert_eq!(queue.forget(std::slice::from_ref(&wanted.id), "operator").await.unwrap(), 1);
    // a worker that was cut off for days comes back
    assert_eq!(lease.checkpoint(&Checkpoint::File("AgACAh".to_owned())).await, Err(Lost::Lease));
    let left: u32 = server.run("EXISTS", &[&format!("job:{}", wanted.id)]).await;
    assert_eq!((left, queue.file(&wanted.id).await.unwrap()), (0, None));
    bench.end().await;
}
