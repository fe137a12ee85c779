//! A cluster of real nodes: the queue in one slot, found from any of them, followed when it moves.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use atelier_domain::{JobId, JobState, MessageId};
use atelier_queue::{Cancelling, Checkpoint, Fault, Queue, QueueError, Refusal};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::work::{Ledger, Worker, job, measured, submit, submit_at_last, try_submit, until};

const SLOTS: usize = 16384;

pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Server>,
    ids: Vec<String>,
    /// The queue's slot, and the first node that serves it.
    slot: usize,
    pub(crate) home: usize,
}

impl Cluster {
    /// Three masters that share the slots, and a replica of the queue's master behind them when asked for.
    pub(crate) async fn start(replica: bool) -> Self {
        Self::start_with(3, replica, 0, |_| Vec::new()).await
    }

    /// Three masters whose clients and nodes can speak TLS on the port after the plain one.
    pub(crate) async fn start_encrypted(arguments: impl Fn(u16) -> Vec<String>) -> Self {
        let with_bus = |port| [arguments(port + 1), vec!["--tls-cluster".to_owned(), "yes".to_owned()]].concat();
        Self::start_with(3, false, 1, with_bus).await
    }

    async fn start_with(masters: usize, replica: bool, bus: u16, extra: impl Fn(u16) -> Vec<String>) -> Self {
        let base = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"];
        let count = masters + usize::from(replica);
        let start = |_| {
            let port = port();
            let extra = extra(port);
            Server::start_on(port, &base.into_iter().chain(extra.iter().map(String::as_str)).collect::<Vec<_>>())
        };
        let nodes: Vec<Server> = (0..count).map(start).collect();
        let slot = nodes[0].tell::<usize>(&["CLUSTER", "KEYSLOT", "{atelier:0}"]).await;
        let share = SLOTS.div_ceil(masters);
        let mut ids = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            ids.push(node.tell::<String>(&["CLUSTER", "MYID"]).await);
            let _: String = node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await;
            if index < masters {
                let slots: Vec<String> =
                    (index * share..((index + 1) * share).min(SLOTS)).map(|slot| slot.to_string()).collect();
                let words: Vec<&str> =
                    ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
                let _: String = node.tell(&words).await;
            }
            let _: String = nodes[0].tell(&["CLUSTER", "MEET", "127.0.0.1", &(node.port + bus).to_string()]).await;
        }
        for node in &nodes {
            node.until(&["CLUSTER", "INFO"], "cluster_known_nodes", &count.to_string()).await;
            node.until(&["CLUSTER", "INFO"], "cluster_state", "ok").await;
        }
        let cluster = Self { nodes, ids, slot, home: slot / share };
        if replica {
            let last = cluster.nodes.last().unwrap();
            let _: String = last.tell(&["CLUSTER", "REPLICATE", &cluster.ids[cluster.home]]).await;
            last.until(&["INFO", "replication"], "master_link_status", "up").await;
        }
        cluster
    }

    fn queue_from(&self, nodes: &[usize]) -> Queue {
        let hosts: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", self.nodes[*node].port)).collect();
        Queue::open(&format!("redis://{}", hosts.join(",")).parse().unwrap()).unwrap()
    }

    /// Any node but the one that has the queue.
    pub(crate) fn stranger(&self) -> usize {
        (self.home + 1) % 3
    }

    /// Gets ready to move the queue's slot to a node; keys are moved next.
    async fn open_slot(&self, to: usize) {
        let slot = self.slot.to_string();
        let (from, target) = (&self.nodes[self.home], &self.nodes[to]);
        let _: String = target.tell(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &self.ids[self.home]]).await;
        let _: String = from.tell(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &self.ids[to]]).await;
    }

    /// Moves some keys; says whether there were any.
    async fn move_keys(&self, to: usize, most: usize) -> bool {
        let from = &self.nodes[self.home];
        let (slot, most) = (self.slot.to_string(), most.to_string());
        let keys: Vec<String> = from.tell(&["CLUSTER", "GETKEYSINSLOT", &slot, &most]).await;
        let port = self.nodes[to].port.to_string();
        let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        if !keys.is_empty() {
            let _: String = from.tell(&words).await;
        }
        !keys.is_empty()
    }

    /// Ends the move.
    async fn close_slot(&mut self, to: usize) {
        let slot = self.slot.to_string();
        let others = (0..self.nodes.len()).filter(|node| *node != to);
        for node in std::iter::once(to).chain(others) {
            let _: String = self.nodes[node].tell(&["CLUSTER", "SETSLOT", &slot, "NODE", &self.ids[to]]).await;
        }
        self.home = to;
    }
}

/// A port that is free together with the one after it, and those ten thousand above, where nodes talk to each other.
fn port() -> u16 {
    loop {
        let any = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = 11_000 + any % 11_000;
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if [port, port + 1, port + 10_000, port + 10_001].into_iter().all(free) {
            return port;
        }
    }
}

fn fault(error: &QueueError) -> Fault {
    match error {
        QueueError::Unreachable { fault, .. } => *fault,
        other => panic!("{other:?}"),
    }
}

/// Submits until told to stop, as a bot does.
fn submitting(queue: &Queue, stop: &CancellationToken) -> tokio::task::JoinHandle<Vec<JobId>> {
    let (queue, stop) = (queue.clone(), stop.clone());
    tokio::spawn(async move {
        let mut accepted = Vec::new();
        for number in 1000.. {
            if stop.is_cancelled() {
                break;
            }
            accepted.push(submit_at_last(&queue, number).await);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        accepted
    })
}

#[tokio::test]
async fn a_queue_is_found_from_any_node_and_all_of_it_works() {
    let cluster = Cluster::start(false).await;
    for nodes in [&[cluster.stranger()][..], &[cluster.home], &[0, 1, 2]] {
        let queue = cluster.queue_from(nodes);
        let health = queue.health().await.unwrap();
        assert!(health.is_good(), "{health:?}");
        assert!(health.findings.iter().any(|finding| finding.found == "state ok, 3 masters of 3 nodes"), "{health:?}");
    }
    let queue = cluster.queue_from(&[cluster.stranger()]);
    let mut worker = Worker::start(&queue, "w1");
    let (first, second) = (submit(&queue, 1).await, submit(&queue, 2).await);
    let (hands, held) = (worker.next().await, worker.next().await);
    hands.claimed.lease.checkpoint(&Checkpoint::Delivered(MessageId(1))).await.unwrap();
    hands.done();
    assert_eq!(until(&queue, &first, JobState::Done).await.delivered, Some(MessageId(1)));
    assert_eq!(queue.jobs_of(crate::work::BOT, atelier_domain::UserId(9), 10).await.unwrap().len(), 2);
    // an idle worker is woken, and a running job is cancelled, over connections of their own to the right node
    let since = Instant::now();
    assert_eq!(queue.cancel(&second, "op", None).await.unwrap(), Cancelling::Asked);
    held.claimed.lease.cancelled().await;
    assert!(since.elapsed() < Duration::from_millis(400), "found by the heartbeat: {:?}", since.elapsed());
    held.done();
    worker.end().await;

    let wrong = format!("redis://127.0.0.1:{}/1", cluster.nodes[0].port).parse().unwrap();
    let error = try_submit(&Queue::open(&wrong).unwrap(), 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Refused { refusal: Refusal::Address, .. }), "{error:?}");
    let alone = Server::start();
    let mixed = format!("redis://127.0.0.1:{},127.0.0.1:1", alone.port).parse().unwrap();
    let error = try_submit(&Queue::open(&mixed).unwrap(), 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Refused { refusal: Refusal::Address, .. }), "{error:?}");
}

#[tokio::test]
async fn a_slot_that_moves_takes_its_jobs_along() {
    let mut cluster = Cluster::start(false).await;
    let queue = cluster.queue_from(&[cluster.stranger()]);
    let ids = [submit(&queue, 1).await, submit(&queue, 2).await, submit(&queue, 3).await];
    let to = cluster.stranger();
    cluster.open_slot(to).await;
    assert!(cluster.move_keys(to, 5).await);
    // half of the keys are here and half there: no script may run on either half
    for _ in 0..3 {
        let error = try_submit(&queue, 4).await.unwrap_err();
        assert_eq!(fault(&error), Fault::Moving, "{error}");
        assert!(error.to_string().contains("moving the queue"), "{error}");
    }
    // what a single key answers is found on either node
    for id in &ids {
        assert_eq!(queue.record(id).await.unwrap().map(|record| record.state), Some(JobState::Waiting));
    }
    while cluster.move_keys(to, 100).await {}
    cluster.close_slot(to).await;
    let back = Instant::now();
    submit_at_last(&queue, 4).await;
    measured("after a slot has moved", back);
    assert_eq!(queue.stats().await.unwrap().totals["accepted"], 4);
    let mut worker = Worker::start(&queue, "w1");
    for number in 1..=4 {
        assert_eq!(worker.next().await.claimed.job.id, job(number).0.id);
    }
    worker.end().await;
}

#[tokio::test]
async fn jobs_run_on_while_their_slot_moves_from_node_to_node() {
    let mut cluster = Cluster::start(false).await;
    let queue = cluster.queue_from(&[0, 1, 2]);
    let (ledger, stop) = (Ledger::default(), CancellationToken::new());
    let workers =
        [Worker::busy(&queue, "w1", &ledger), Worker::busy(&cluster.queue_from(&[cluster.stranger()]), "w2", &ledger)];
    let accepting = submitting(&queue, &stop);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let to = cluster.stranger();
        cluster.open_slot(to).await;
        while cluster.move_keys(to, 20).await {}
        cluster.close_slot(to).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.cancel();
    let accepted = accepting.await.unwrap();
    println!("jobs accepted while their slot moved three times: {}", accepted.len());
    ledger.check(&queue, &accepted).await;
    for worker in workers {
        worker.end().await;
    }
}

#[tokio::test]
async fn a_master_that_is_killed_is_replaced() {
    let mut cluster = Cluster::start(true).await;
    let queue = cluster.queue_from(&[cluster.home, cluster.stranger()]);
    let mut worker = Worker::start(&queue, "w1");
    let (held, ended) = (submit(&queue, 1).await, submit(&queue, 2).await);
    let (mut first, mut second) = (worker.next().await, worker.next().await);
    if first.claimed.job.id == ended {
        // one was fetched and the other handed over: they come by two ways
        std::mem::swap(&mut first, &mut second);
    }
    first.claimed.lease.checkpoint(&Checkpoint::Handle("p1".to_owned())).await.unwrap();
    // what was accepted is on the replica; a failover without that is another test's
    let home = cluster.home;
    cluster.nodes[home].copied().await;
    cluster.nodes[home].kill();
    let error = try_submit(&queue, 3).await.unwrap_err();
    assert!(matches!(fault(&error), Fault::Away | Fault::Cluster), "{error}");
    assert_eq!(second.done(), ended);
    cluster.nodes[3].until(&["INFO", "replication"], "role", "master").await;
    cluster.nodes[3].until(&["CLUSTER", "INFO"], "cluster_state", "ok").await;
    let back = Instant::now();
    submit_at_last(&queue, 3).await;
    let mut taken = Vec::new();
    while taken.last() != Some(&job(3).0.id) {
        taken.push(worker.next().await.done());
    }
    measured("after a node's failover, to the next claim", back);
    until(&queue, &ended, JobState::Done).await;
    // whoever has it now, with its checkpoint: the first holder if the failover was quicker than its lease
    if first.claimed.lease.is_lost() {
        println!("the failover took longer than a lease");
    } else {
        first.done();
    }
    let record = until(&queue, &held, JobState::Done).await;
    assert_eq!(record.handle.as_deref(), Some("p1"));
    worker.end().await;
}

#[tokio::test]
async fn a_failover_on_request_is_followed_without_a_loss() {
    let cluster = Cluster::start(true).await;
    let queue = cluster.queue_from(&[cluster.stranger()]);
    let (ledger, stop) = (Ledger::default(), CancellationToken::new());
    let worker = Worker::busy(&queue, "w1", &ledger);
    let accepting = submitting(&queue, &stop);
    let (mut master, mut replica) = (cluster.home, 3);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // a server gives up by itself after five seconds when its cluster was not ready for it
        let promoted = cluster.nodes[replica].until(&["INFO", "replication"], "role", "master");
        let asking = async {
            loop {
                let _: String = cluster.nodes[replica].tell(&["CLUSTER", "FAILOVER"]).await;
                tokio::time::sleep(Duration::from_secs(6)).await;
            }
        };
        tokio::select! { () = promoted => {}, () = asking => {} }
        cluster.nodes[master].until(&["INFO", "replication"], "master_link_status", "up").await;
        (master, replica) = (replica, master);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.cancel();
    let accepted = accepting.await.unwrap();
    println!("jobs accepted through two failovers on request: {}", accepted.len());
    ledger.check(&queue, &accepted).await;
    worker.end().await;
}
