//! A failover that loses the last second: the address leads to a replica that never saw the last writes.

use std::time::Instant;

use atelier_domain::{JobState, MessageId};
use atelier_queue::{Checkpoint, Lost};

use crate::proxy::Proxy;
use crate::server::Server;
use crate::work::{Worker, job, measured, submit, submit_at_last, until};

/// The number of a lease's token.
fn token(lease: &atelier_queue::Lease) -> u64 {
    let shown = format!("{lease:?}");
    let digits = shown.split("fence: \"").nth(1).unwrap().split('"').next().unwrap();
    digits.parse().unwrap()
}

#[tokio::test]
async fn tokens_of_lost_claims_are_not_given_out_again() {
    let master = Server::start();
    let replica = Server::start_with(&["--replicaof", "127.0.0.1", &master.port.to_string()]);
    let proxy = Proxy::to(master.port).await;
    let queue = proxy.queue();
    replica.until(&["INFO", "replication"], "master_link_status", "up").await;

    let (settled, running, waiting) = (submit(&queue, 1).await, submit(&queue, 2).await, submit(&queue, 3).await);
    master.copied().await;
    // from here on nothing reaches the replica, and nobody knows
    let _: String = replica.tell(&["REPLICAOF", "NO", "ONE"]).await;
    let mut worker = Worker::start(&queue, "w1");
    let old = [worker.next().await, worker.next().await, worker.next().await];
    old[1].claimed.lease.checkpoint(&Checkpoint::Handle("p1".to_owned())).await.unwrap();
    let [first, second, third] = old;
    let (stale, newest) = (second.claimed.lease.clone(), token(&third.claimed.lease));
    first.done();
    until(&queue, &settled, JobState::Done).await;
    let never_copied = submit(&queue, 4).await;
    // its claim is lost with the rest: it must not be handed out on the new master under a token that was used
    let fourth = worker.next().await;

    proxy.point_to(replica.port);
    let since = Instant::now();
    // all three are waiting there, and are claimed anew by whoever is free
    let mut other = Worker::start(&queue, "w2");
    let mut again = Vec::new();
    while again.len() < 3 {
        let hands = tokio::select! { hands = other.next() => hands, hands = worker.next() => hands };
        again.push(hands);
    }
    measured("after a failover, to the third claim", since);
    let mut ids: Vec<_> = again.iter().map(|hands| hands.claimed.job.id.clone()).collect();
    ids.sort();
    assert_eq!(ids, [settled, running, waiting], "what ended in the lost second runs again");
    for hands in &again {
        let fresh = token(&hands.claimed.lease);
        assert!(fresh > newest, "{fresh} was given out before ({newest})");
    }
    // the old holders may not write, and are told that they lost
    assert_eq!(stale.checkpoint(&Checkpoint::Delivered(MessageId(6))).await, Err(Lost::Lease));
    for lease in [&second.claimed.lease, &third.claimed.lease, &fourth.claimed.lease] {
        lease.lost().await;
    }
    for hands in again {
        hands.claimed.lease.checkpoint(&Checkpoint::Delivered(MessageId(7))).await.unwrap();
        let id = hands.done();
        assert_eq!(until(&queue, &id, JobState::Done).await.delivered, Some(MessageId(7)));
    }
    // an accepted job can be lost only with the second that holds it; the update comes again and is accepted again
    assert!(queue.record(&never_copied).await.unwrap().is_none());
    assert_eq!(submit_at_last(&queue, 4).await, job(4).0.id);
    worker.end().await;
    other.end().await;
}
