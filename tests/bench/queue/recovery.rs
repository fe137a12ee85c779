//! How soon the jobs of a killed worker run again: from `kill -9` to the start in another worker, on defaults.

use std::collections::HashMap;
use std::time::Duration;

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, Shape};
use crate::queue::process::Worker;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};
use crate::sample::Sample;

/// Workers that are killed, one after the other, and the jobs that each has in its hands.
const KILLED: usize = 10;
const EACH: usize = 5;

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let mut sample = Sample::default();
    for _ in 0..options.full(3, 1) {
        sample.extend(round().await);
    }
    let [p50, p99] = [50, 99].map(|per_cent| sample.percentile(per_cent) / 1000.0);
    vec![
        Row::new(format!("killed worker's job runs again, p99, s ({})", sample.len()))
            .ours(p99)
            .target("<= 10 s")
            .key("recovery_p99_s", p99),
        Row::new("  p50, s").ours(p50),
    ]
}

async fn round() -> Sample {
    let server = Server::start().await;
    let door = Door::open(Kind::Ours, &server).await;
    let spec = |concurrency| Spec { concurrency, labour: Labour::Cancel, watched: true, ..Spec::default() };
    let mut workers = Vec::new();
    for _ in 0..KILLED {
        // one at a time, so that each takes all that is there
        door.fill(u32::try_from(EACH).unwrap_or_default(), &Shape { together: 1, ..Shape::default() }).await;
        let mut worker = Worker::start(&server, &spec(EACH));
        let mut held = Vec::new();
        while held.len() < EACH {
            held.push(worker.started().await.1);
        }
        workers.push((worker, held));
    }
    let mut rescuer = Worker::start(&server, &spec(KILLED * EACH));
    server.workers(KILLED + 1).await;
    let mut killed = HashMap::new();
    for (worker, held) in workers {
        // at any moment between two renewals
        tokio::time::sleep(Duration::from_millis(290)).await;
        let at = clock::now();
        worker.kill().await;
        killed.extend(held.into_iter().map(|id| (id, at)));
    }
    let mut sample = Sample::default();
    while sample.len() < killed.len() {
        let (at, id) = rescuer.started().await;
        sample.push(clock::between(killed[&id], at));
    }
    rescuer.kill().await;
    sample
}
