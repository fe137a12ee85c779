//! The wire is cut while both ends live: with a word (a reset), or without one (half-open).

use std::time::{Duration, Instant};

use atelier_domain::JobState;
use atelier_queue::{Queue, RunOptions};

use crate::proxy::Proxy;
use crate::server::Server;
use crate::work::{LEASE, Worker, job, measured, options, submit, submit_at_last, try_submit, until};

#[tokio::test]
async fn cut_connections_are_made_again() {
    let server = Server::start();
    let proxy = Proxy::to(server.port).await;
    let queue = proxy.queue();
    let mut worker = Worker::start(&queue, "w1");
    for number in 0..5 {
        let since = Instant::now();
        proxy.cut();
        let id = submit_at_last(&queue, number).await;
        let hands = worker.next().await;
        proxy.cut();
        hands.done();
        assert_eq!(until(&queue, &id, JobState::Done).await.attempt, 1);
        measured("two cut wires, from the first to a finished job", since);
    }
    worker.end().await;
}

/// A server, and the wire to it.
async fn wired() -> (Server, Proxy) {
    let server = Server::start();
    let proxy = Proxy::to(server.port).await;
    (server, proxy)
}

/// A worker with a lease as long as in production: nothing is noticed because it ran out.
fn steady(queue: &Queue) -> Worker {
    Worker::with(queue, RunOptions { lease: RunOptions::default().lease, ..options("w1") })
}

#[tokio::test]
async fn a_heartbeat_under_way_on_a_wire_that_another_call_found_silent_is_sent_again() {
    let (server, proxy) = wired().await;
    let (queue, bots) = (proxy.queue(), server.open());
    let mut worker = steady(&queue);
    submit(&bots, 1).await;
    let held = worker.next().await;
    // nothing is under way: the worker waits for jobs, and was heard; answers come in the order of the calls
    server.until(&["INFO", "clients"], "blocked_clients", "1").await;
    while server.run::<u32>("ZCARD", &["alive"]).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    heard_by(&server, 1).await;
    queue.record(&held.claimed.job.id).await.unwrap();
    proxy.silence();
    // the next heartbeat is due after two seconds and waits for two; this call is given up in the middle of that
    tokio::time::sleep(Duration::from_secs(1)).await;
    try_submit(&queue, 2).await.unwrap_err();
    heard_by(&server, 2).await;
    let asked = Instant::now();
    bots.cancel(&held.claimed.job.id, "op", None).await.unwrap();
    held.claimed.lease.cancelled().await;
    let heard = asked.elapsed();
    assert!(heard < Duration::from_millis(400), "heard when the heartbeat found out by itself: {heard:?}");
    held.done();
    worker.end().await;
}

/// Waits until so many listen to published messages. The server takes a silent one to be alive: after a cut, the second
/// is the worker again.
async fn heard_by(server: &Server, listeners: u32) {
    let cancel = format!("{}cancel", atelier_queue::keys::PREFIX);
    while server.tell::<(String, u32)>(&["PUBSUB", "NUMSUB", &cancel]).await.1 < listeners {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_wire_that_went_silent_is_noticed_by_whoever_waits_on_it() {
    let (server, proxy) = wired().await;
    // the worker and the bot are two processes
    let (queue, bots) = (proxy.queue(), server.open());
    let mut worker = steady(&queue);
    submit(&bots, 1).await;
    let held = worker.next().await;
    heard_by(&server, 1).await;
    // all of the worker's connections: what it says its jobs with, what it waits for jobs on, what it hears news from
    proxy.silence();
    let cut = Instant::now();
    submit(&bots, 2).await;
    assert_eq!(worker.next().await.claimed.job.id, job(2).0.id);
    measured("from a silent cut to the next claim", cut);
    heard_by(&server, 2).await;
    let heard = Instant::now();
    let asked = bots.cancel(&held.claimed.job.id, "op", None).await.unwrap();
    assert_eq!(asked, atelier_queue::Cancelling::Asked);
    held.claimed.lease.cancelled().await;
    assert!(heard.elapsed() < Duration::from_secs(1), "pushed, not found by the heartbeat: {:?}", heard.elapsed());
    assert!(!held.claimed.lease.is_lost());
    held.done();
    worker.end().await;
}

#[tokio::test]
async fn a_slow_server_costs_time_and_nothing_else() {
    let server = Server::start();
    let proxy = Proxy::to(server.port).await;
    proxy.slow(Duration::from_millis(150));
    let (queue, near) = (proxy.queue(), server.open());
    let mut worker = Worker::start(&queue, "w1");
    let since = Instant::now();
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(submit(&near, number).await);
    }
    // held for longer than a lease: each renewal takes a fifth of it
    let held = worker.next().await;
    for _ in 1..12 {
        worker.next().await.done();
    }
    tokio::time::sleep(LEASE * 2).await;
    assert!(held.claimed.lease.is_certain());
    held.done();
    for id in &ids {
        let record = until(&near, id, JobState::Done).await;
        assert_eq!((record.attempt, record.lost), (1, 0));
    }
    println!("twelve jobs at four slots, {:.0} ms a call: {:.0} ms", 300.0, since.elapsed().as_secs_f64() * 1000.0);
    worker.end().await;
}
