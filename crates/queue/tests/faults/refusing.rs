//! Redis is there and takes nothing: full, read-only, without a place for another client.

use std::time::{Duration, Instant};

use atelier_domain::{JobState, MessageId};
use atelier_queue::{Checkpoint, Fault, Health, QueueError, Refusal};

use crate::server::Server;
use crate::work::{LEASE, Worker, job, measured, submit, submit_at_last, try_submit, until};

fn finding<'a>(health: &'a Health, name: &str) -> &'a atelier_queue::Finding {
    health.findings.iter().find(|finding| finding.name == name).unwrap()
}

fn fault(error: &QueueError) -> Fault {
    match error {
        QueueError::Unreachable { fault, .. } => *fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_full_memory_refuses_new_jobs_and_lets_those_it_has_end() {
    let server = Server::start();
    let queue = server.queue().await;
    assert!(queue.health().await.unwrap().is_good());
    let mut worker = Worker::start(&queue, "w1");
    // more than the worker has slots for
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(submit(&queue, number).await);
    }
    let mut hands = Vec::new();
    for _ in 0..4 {
        hands.push(worker.next().await);
    }
    let _: String = server.tell(&["CONFIG", "SET", "maxmemory", "1mb"]).await;

    let error = try_submit(&queue, 100).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Full, "{error}");
    assert!(error.to_string().contains("raise maxmemory"), "{error}");
    assert_eq!(queue.stats().await.unwrap().totals["accepted"], 8, "half a submission was left behind");
    let health = queue.health().await.unwrap();
    assert!(!health.is_good());
    for name in ["redis writes", "redis memory"] {
        assert!(!finding(&health, name).good, "{health:?}");
    }

    // leases hold for longer than they would without being renewed
    tokio::time::sleep(LEASE * 2).await;
    assert!(hands.iter().all(|hands| hands.claimed.lease.is_certain()));
    // what runs gets on, ends, and makes room for what waits
    for _ in 0..8 {
        let hands = match hands.pop() {
            Some(hands) => hands,
            None => worker.next().await,
        };
        hands.claimed.lease.checkpoint(&Checkpoint::Delivered(MessageId(1))).await.unwrap();
        let id = hands.done();
        let record = until(&queue, &id, JobState::Done).await;
        assert_eq!((record.attempt, record.lost), (1, 0));
    }
    assert_eq!(fault(&try_submit(&queue, 100).await.unwrap_err()), Fault::Full);

    let _: String = server.tell(&["CONFIG", "SET", "maxmemory", "0"]).await;
    let back = Instant::now();
    submit(&queue, 100).await;
    assert_eq!(worker.next().await.claimed.job.id, job(100).0.id);
    measured("after a full memory", back);
    assert!(queue.health().await.unwrap().is_good());
    worker.end().await;
}

/// A disk that is full, as far as one process can tell: no file of its may grow any more.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_stops_everything_and_loses_nothing() {
    use std::os::unix::fs::PermissionsExt;

    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    // the signal for a file that would grow too large ends a process that does not ignore it
    let directory = tempfile::tempdir().unwrap();
    let wrapper = directory.path().join("server");
    let real = crate::server::program();
    std::fs::write(&wrapper, format!("#!/bin/sh\ntrap '' XFSZ\nexec '{}' \"$@\"\n", real.display())).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start_as(wrapper.into(), port, &[]);
    let pid = Pid::from_raw(i32::try_from(server.child.id()).unwrap()).unwrap();
    let grow = |most| prlimit(Some(pid), Resource::Fsize, Rlimit { current: most, maximum: None }).unwrap();

    let queue = server.queue().await;
    let mut worker = Worker::start(&queue, "w1");
    let id = submit(&queue, 1).await;
    let held = worker.next().await;
    grow(Some(1));
    let mut number = 100;
    let error = loop {
        number += 1;
        match try_submit(&queue, number).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => break error,
        }
    };
    assert_eq!(fault(&error), Fault::Disk, "{error}");
    assert!(error.to_string().contains("cannot write to its disk"), "{error}");
    let health = queue.health().await.unwrap();
    for name in ["redis writes", "redis persistence"] {
        assert!(!finding(&health, name).good, "{health:?}");
    }
    tokio::time::sleep(LEASE * 2).await;
    grow(None);
    let back = Instant::now();
    submit_at_last(&queue, number).await;
    measured("after a full disk", back);
    assert!(!held.claimed.lease.is_lost());
    held.done();
    let record = until(&queue, &id, JobState::Done).await;
    assert_eq!((record.attempt, record.lost), (1, 0));
    worker.end().await;
}

#[tokio::test]
async fn a_key_of_another_type_is_no_outage() {
    let server = Server::start();
    let queue = server.queue().await;
    let _: redis::Value = server.run("SET", &["owners", "nonsense"]).await;
    let error = try_submit(&queue, 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Refused { refusal: Refusal::Other, .. }), "{error:?}");
    assert!(!error.is_unreachable());
}

#[tokio::test]
async fn a_replica_takes_nothing_and_is_not_hammered() {
    let server = Server::start();
    let queue = server.queue().await;
    let mut worker = Worker::start(&queue, "w1");
    let id = submit(&queue, 1).await;
    let held = worker.next().await;
    // a master that never answers: the replica keeps the data that it has
    let _: String = server.tell(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let error = try_submit(&queue, 2).await.unwrap_err();
    assert_eq!(fault(&error), Fault::ReadOnly, "{error}");
    assert!(error.to_string().contains("read-only replica"), "{error}");
    let health = queue.health().await.unwrap();
    for name in ["redis writes", "redis role"] {
        assert!(!finding(&health, name).good, "{health:?}");
    }
    assert!(queue.record(&id).await.unwrap().is_some(), "what is read can be read");

    let connections =
        async || server.field(&["INFO", "stats"], "total_connections_received").await.parse::<u64>().unwrap();
    let before = connections().await;
    tokio::time::sleep(LEASE * 2).await;
    let made = connections().await - before;
    println!("connections to a replica in {:.0} s: {made}", (LEASE * 2).as_secs_f64());
    assert!(made < 100, "{made} connections");

    let _: String = server.tell(&["REPLICAOF", "NO", "ONE"]).await;
    let back = Instant::now();
    submit_at_last(&queue, 2).await;
    assert_eq!(worker.next().await.claimed.job.id, job(2).0.id);
    measured("after a replica became the master", back);
    held.done();
    until(&queue, &id, JobState::Done).await;
    worker.end().await;
}

#[tokio::test]
async fn a_server_without_a_place_is_said_to_be_one() {
    for (options, secret) in [(&[][..], ""), (&["--requirepass", "hunter2"][..], ":hunter2@")] {
        let server = Server::start_with(&[&["--maxclients", "1"], options].concat());
        let url = format!("redis://{secret}127.0.0.1:{}/", server.port);
        let mut only = redis::Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        redis::cmd("PING").query_async::<()>(&mut only).await.unwrap();
        let queue = atelier_queue::Queue::open(&url.parse().unwrap()).unwrap();
        let error = try_submit(&queue, 1).await.unwrap_err();
        assert_eq!(fault(&error), Fault::Crowded, "{error}");
        assert!(error.to_string().contains("maxclients"), "{error}");
        drop(only);
        let back = Instant::now();
        submit_at_last(&queue, 1).await;
        measured("after a place became free", back);
    }
}

#[tokio::test]
async fn a_server_that_loads_is_waited_for() {
    // a third of a millisecond for each command in its file, and a word to its clients after every thousand
    let mut server = Server::start_with(&["--key-load-delay", "300"]);
    let queue = server.queue().await;
    for number in 0..400 {
        submit(&queue, number).await;
    }
    server.kill();
    let starting = Instant::now();
    let restarted = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    });
    let mut seen = None;
    while seen.is_none() && starting.elapsed() < Duration::from_secs(20) {
        match try_submit(&queue, 1000).await {
            Err(error) if fault(&error) == Fault::Loading => seen = Some(error),
            Err(_) => {}
            Ok(_) => break,
        }
    }
    let error = seen.expect("it says that it loads");
    assert!(error.to_string().contains("loading its data"), "{error}");
    let _server = restarted.await.unwrap();
    let back = Instant::now();
    submit_at_last(&queue, 1000).await;
    measured("after loading", back);
}
