//! How long a job waits on an idle queue: from the call of submit to the start of its work in the worker process.
//!
//! Open loop: jobs are submitted on a schedule, whether earlier ones have started or not. The pauses are long enough for
//! the worker to sleep, and differ so as not to beat with a timer.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, job};
use crate::queue::process::Worker;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Spec};
use crate::sample::Sample;

/// Jobs before those that count.
const WARMING: usize = 50;

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let (mut ours, mut floor) = (Sample::default(), Sample::default());
    for _ in 0..options.full(3, 2) {
        ours.extend(round(Kind::Ours, options.full(400, 200)).await);
        floor.extend(round(Kind::Floor, options.full(400, 200)).await);
    }
    let row = |per_cent, key, ratio_key, target| {
        let (ours_ms, floor_ms) = (ours.percentile(per_cent), floor.percentile(per_cent));
        let name = format!("idle pickup p{per_cent}, ms ({} each)", ours.len());
        Row::new(name)
            .ours(ours_ms)
            .floor(floor_ms)
            .ratio(ours_ms / floor_ms)
            .target(target)
            .key(key, ours_ms)
            .key(ratio_key, ours_ms / floor_ms)
    };
    vec![
        row(50, "pickup_p50_ms", "pickup_p50_ratio", "<= 1.25 of the floor"),
        row(99, "pickup_p99_ms", "pickup_p99_ratio", "<= 2 of the floor"),
    ]
}

/// One worker on an empty server.
pub(crate) async fn round(kind: Kind, count: usize) -> Sample {
    let server = Server::start().await;
    let door = Door::open(kind, &server).await;
    let mut worker = Worker::start(&server, &Spec { kind, watched: true, ..Spec::default() });
    let mut submits = JoinSet::new();
    let mut next = Instant::now() + Duration::from_millis(100);
    for index in 0..WARMING + count {
        tokio::time::sleep_until(next).await;
        next += Duration::from_micros(4_000 + (index as u64 * 7_919) % 12_000);
        let (door, job) = (door.clone(), job(0, "sketch", 0));
        submits.spawn(async move {
            let (id, at) = (job.id.to_string(), clock::now());
            door.submit(&[job]).await;
            (index, id, at)
        });
    }
    let mut started = HashMap::new();
    while started.len() < WARMING + count {
        let (at, id) = worker.started().await;
        started.insert(id, at);
    }
    let mut sample = Sample::default();
    while let Some(submitted) = submits.join_next().await {
        let (index, id, at) = submitted.expect("a submit goes well");
        if index >= WARMING {
            sample.push(clock::between(at, started[&id]));
        }
    }
    door.settled(WARMING + count).await;
    worker.stop().await;
    sample
}
