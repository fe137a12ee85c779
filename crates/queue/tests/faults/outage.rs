//! Redis goes away and comes back: restarts, kills, long outages, stalls, and forgotten functions.

use std::time::{Duration, Instant};

use atelier_domain::{JobState, MessageId};
use atelier_queue::{Checkpoint, Fault, QueueError, RunOptions};

use crate::server::Server;
use crate::work::{LEASE, Ledger, PATIENCE, Worker, job, measured, options, submit, submit_at_last, try_submit, until};

fn fault(error: &QueueError) -> Fault {
    match error {
        QueueError::Unreachable { fault, .. } => *fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_kill_and_an_outage_longer_than_a_lease_cost_nobody_his_job() {
    let mut server = Server::start();
    let queue = server.queue().await;
    let mut worker = Worker::start(&queue, "w1");
    let (held, ended, next) = (submit(&queue, 1).await, submit(&queue, 2).await, job(3).0.id);
    let (first, second) = (worker.next().await, worker.next().await);
    server.kill();

    let error = try_submit(&queue, 3).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Away, "{error}");
    assert!(error.to_string().contains("no connection to redis"), "{error}");
    assert!(queue.health().await.is_err());
    // the provider's work goes on without Redis: one job ends in the middle of the outage, another one does not
    assert_eq!(second.done(), ended);
    // the outage itself: longer than any lease of before
    tokio::time::sleep(Duration::from_secs(8)).await;
    let lease = first.claimed.lease.clone();
    assert!(!lease.is_lost() && !lease.is_certain(), "it may not show progress, and need not give up");

    let down = Instant::now();
    server.restart();
    let back = Instant::now();
    println!("the server's own start: {:.0} ms", (back - down).as_secs_f64() * 1000.0);
    let (end, accepted) = tokio::join!(until(&queue, &ended, JobState::Done), submit_at_last(&queue, 3));
    assert_eq!((end.attempt, end.lost), (1, 0), "it ended while Redis was away, and was not run again");
    assert_eq!(accepted, next);
    let third = worker.next().await;
    measured("after an outage, from ready to a settled, a submitted and a claimed job", back);

    assert_eq!(third.claimed.job.id, next);
    lease.checkpoint(&Checkpoint::Delivered(MessageId(9))).await.unwrap();
    first.done();
    third.done();
    for id in [&held, &next] {
        let record = until(&queue, id, JobState::Done).await;
        assert_eq!((record.attempt, record.lost), (1, 0), "the first holder kept its job through the outage");
    }
    worker.end().await;
    assert_eq!(server.count("owners").await, 0);
}

#[tokio::test]
async fn a_restart_under_load_loses_and_repeats_nothing() {
    let mut server = Server::start();
    let queue = server.queue().await;
    let ledger = Ledger::default();
    let workers = [Worker::busy(&queue, "w1", &ledger), Worker::busy(&server.open(), "w2", &ledger)];
    let submitting = tokio::spawn({
        let queue = queue.clone();
        async move {
            let mut accepted = Vec::new();
            for number in 0..400 {
                accepted.push(submit_at_last(&queue, number).await);
                // spread over the restarts
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
            accepted
        }
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        server.kill();
        server.restart();
    }
    let accepted = submitting.await.unwrap();
    ledger.check(&queue, &accepted).await;
    for worker in workers {
        worker.end().await;
    }
}

/// How long a server says nothing, longer than what a call waits for.
const STALL: Duration = Duration::from_millis(3500);

#[tokio::test]
async fn a_server_that_stalls_is_waited_for() {
    let server = Server::start();
    let queue = server.queue().await;
    // the lease that workers have unless told otherwise
    let lease = RunOptions::default().lease;
    let mut worker = Worker::with(&queue, RunOptions { lease, ..options("w1") });
    submit(&queue, 1).await;
    let held = worker.next().await;
    server.freeze();
    let error = try_submit(&queue, 2).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Silent, "{error}");
    // until every lease of before is over
    tokio::time::sleep(lease).await;
    server.thaw();
    let back = Instant::now();
    submit_at_last(&queue, 3).await;
    // the submission that was not answered was heard all the same: the same update is the same job
    let mut next = [worker.next().await.claimed.job.id.clone(), worker.next().await.claimed.job.id.clone()];
    measured("after a stall", back);
    next.sort();
    assert_eq!(next, [job(2).0.id, job(3).0.id]);
    let trail = queue.trail(&held.claimed.job.id).await.unwrap();
    assert!(!held.claimed.lease.is_lost(), "{trail:?}");
    held.done();
    worker.end().await;
}

#[tokio::test]
async fn clients_that_are_paused_are_waited_for() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut worker = Worker::start(&queue, "w1");
    submit(&queue, 1).await;
    let held = worker.next().await;
    let paused = Instant::now();
    let _: String = server.tell(&["CLIENT", "PAUSE", &STALL.as_millis().to_string(), "ALL"]).await;
    let error = try_submit(&queue, 2).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Silent, "{error}");
    submit_at_last(&queue, 2).await;
    assert_eq!(worker.next().await.claimed.job.id, job(2).0.id);
    measured("after a pause", paused + STALL);
    assert!(!held.claimed.lease.is_lost());
    held.done();
    worker.end().await;
}

#[tokio::test]
async fn a_library_that_was_flushed_is_loaded_again() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut worker = Worker::start(&queue, "w1");
    for number in 0..5 {
        let _: String = server.tell(&["FUNCTION", "FLUSH"]).await;
        let id = submit(&queue, number).await;
        let _: String = server.tell(&["FUNCTION", "FLUSH"]).await;
        let hands = worker.next().await;
        let _: String = server.tell(&["FUNCTION", "FLUSH"]).await;
        hands.claimed.lease.checkpoint(&Checkpoint::Sending).await.unwrap();
        let _: String = server.tell(&["FUNCTION", "FLUSH"]).await;
        hands.done();
        assert_eq!(until(&queue, &id, JobState::Done).await.attempt, 1);
    }
    worker.end().await;
}

#[tokio::test]
async fn libraries_of_builds_long_gone_are_dropped_and_those_of_the_last_ones_stay() {
    let server = Server::start();
    for build in 1..=6 {
        let name = format!("atelier_build{build}");
        let text = format!("#!lua name={name}\nredis.register_function('{name}_told', function() return {build} end)");
        let _: String = server.tell(&["FUNCTION", "LOAD", &text]).await;
        let _: u32 = server.run("ZADD", &["libraries", &build.to_string(), &name]).await;
    }
    let _: String =
        server.tell(&["FUNCTION", "LOAD", "#!lua name=theirs\nredis.register_function('f', function() end)"]).await;
    let queue = server.queue().await;
    submit(&queue, 1).await;
    let known: Vec<String> = server.run("ZRANGE", &["libraries", "0", "-1"]).await;
    assert_eq!(known[..3], ["atelier_build4", "atelier_build5", "atelier_build6"]);
    assert_eq!(known.len(), 4);
    let list: Vec<Vec<redis::Value>> = server.tell(&["FUNCTION", "LIST"]).await;
    let mut names: Vec<String> =
        list.iter().map(|library| redis::FromRedisValue::from_redis_value(library[1].clone()).unwrap()).collect();
    names.sort();
    let mut expected = [known, vec!["theirs".to_owned()]].concat();
    expected.sort();
    assert_eq!(names, expected);
    // whose library was dropped meanwhile loads it again and goes on
    let _: String =
        server.tell(&["FUNCTION", "DELETE", expected.iter().find(|name| !name.contains("build")).unwrap()]).await;
    submit(&queue, 2).await;
}

#[tokio::test]
async fn a_script_that_never_ends_is_waited_for() {
    let server = Server::start_with(&["--lua-time-limit", "100"]);
    let queue = server.queue().await;
    let mut worker = Worker::start(&queue, "w1");
    submit(&queue, 1).await;
    let held = worker.next().await;
    let stuck = tokio::spawn({
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", server.port)).unwrap();
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        async move {
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
            let _ = redis::cmd("EVAL").arg("while true do end").arg(0).query_async::<()>(&mut connection).await;
        }
    });
    let busy = async {
        loop {
            match try_submit(&queue, 2).await {
                Err(error) if fault(&error) == Fault::Busy => return error,
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let error = tokio::time::timeout(PATIENCE, busy).await.unwrap();
    assert!(error.to_string().contains("keeps redis busy"), "{error}");
    tokio::time::sleep(LEASE).await;
    let _: String = server.tell(&["SCRIPT", "KILL"]).await;
    let back = Instant::now();
    submit_at_last(&queue, 3).await;
    worker.next().await;
    measured("after a script without an end", back);
    assert!(!held.claimed.lease.is_lost());
    stuck.await.unwrap();
    held.done();
    worker.end().await;
}
