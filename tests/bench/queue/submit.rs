//! How fast jobs are taken in, against `LPUSH` of the same payload on the same server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::options::Options;
use crate::queue::load::{Door, job};
use crate::queue::lpush;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::Kind;
use crate::sample::{median, rate};

/// Jobs of a message in the batched figure, and messages under way at once.
pub(crate) const BATCH: usize = 10;
pub(crate) const AT_ONCE: usize = 8;
const USERS: usize = 1000;

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let period = Duration::from_millis(if options.quick { 300 } else { 600 });
    let payload = job(0, "sketch", 0).to_json().expect("a job is JSON");
    let (mut pushed, mut single) = (Vec::new(), [Vec::new(), Vec::new()]);
    let (mut pushed_50, mut batched) = (Vec::new(), [Vec::new(), Vec::new()]);
    for _ in 0..options.full(4, 2) {
        for (side, kind) in [Kind::Ours, Kind::Floor].into_iter().enumerate() {
            let server = Server::start().await;
            let door = Door::open(kind, &server).await;
            submits(&door, 1, 1, Duration::from_millis(100)).await;
            let push = lpush::per_s(server.port(), 1, &payload, period).await;
            single[side].push(submits(&door, 1, 1, period).await / push);
            let push_50 = lpush::per_s(server.port(), 50, &payload, period).await;
            batched[side].push(submits(&door, AT_ONCE, BATCH, period).await / push_50);
            pushed.push(push);
            pushed_50.push(push_50);
        }
    }
    let [ours, floor] = single.map(median);
    let [ours_batched, floor_batched] = batched.map(median);
    vec![
        Row::new("LPUSH, 1 connection, pushes/s").floor(median(pushed.clone())),
        Row::new("submit, one job a call, of that")
            .ours(ours)
            .floor(floor)
            .ratio(ours / floor)
            .target(">= 0.35 of LPUSH")
            .key("submit_ratio", ours),
        Row::new("  jobs/s").ours(ours * median(pushed)),
        Row::new("LPUSH, 50 connections, pushes/s").floor(median(pushed_50.clone())),
        Row::new("submit, ten jobs a call, eight calls at once, of that")
            .ours(ours_batched)
            .floor(floor_batched)
            .ratio(ours_batched / floor_batched)
            .target(">= 0.6 of LPUSH")
            .key("submit_batched_ratio", ours_batched),
        Row::new("  jobs/s").ours(ours_batched * median(pushed_50)),
    ]
}

/// Jobs a second through the door.
pub(crate) async fn submits(door: &Door, at_once: usize, batch: usize, period: Duration) -> f64 {
    let (begun, count) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut submitting = JoinSet::new();
    for first in 0..at_once {
        let (door, count) = (door.clone(), count.clone());
        submitting.spawn(async move {
            let mut user = first;
            while begun.elapsed() < period {
                let who = u32::try_from(user % USERS).unwrap_or_default();
                let jobs: Vec<_> = (0..batch).map(|_| job(who, "sketch", 0)).collect();
                door.submit(&jobs).await;
                count.fetch_add(batch, Ordering::Relaxed);
                user += at_once;
            }
        });
    }
    submitting.join_all().await;
    rate(count.load(Ordering::Relaxed), begun.elapsed())
}
