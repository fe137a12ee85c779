//! What the queue does, ours and the floor in turns, each round on an empty server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::floor::Work;
use crate::options::Options;
use crate::sample::{Sample, median, rate};
use crate::whole::contender::{Contender, Who};

/// Jobs at once while draining.
const DRAINING: usize = 50;
/// Jobs of one message in the batched figure.
const BATCH: usize = 10;
/// The jobs of the fan-out, their length, and how many run at once: ideally one second.
const FAN: (usize, Duration, usize) = (400, Duration::from_millis(250), 100);

/// The figures of one of the two.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queueing {
    /// From the call of submit to the start of the handler.
    pub(crate) pickup: Sample,
    /// Submits a second, one job each, one after another.
    pub(crate) single: Vec<f64>,
    /// Jobs a second, ten a submit, one submit after another.
    pub(crate) batched: Vec<f64>,
    /// No-op jobs a second, from the first start to the last job settled.
    pub(crate) drain: Vec<f64>,
    /// Wall of the fan-out in seconds, from the first start to the last end.
    pub(crate) fan_out: Vec<f64>,
}

/// Ours and the floor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queues {
    pub(crate) ours: Queueing,
    pub(crate) floor: Queueing,
}

/// Measures both, in turns, so that a machine that becomes slower does so for both.
pub(crate) async fn measure(options: &Options) -> Queues {
    let mut queues = Queues::default();
    for _ in 0..options.full(5, 2) {
        round(Who::Ours, options, &mut queues.ours).await;
        round(Who::Floor, options, &mut queues.floor).await;
    }
    queues
}

/// The middle of the rounds' ratios of ours to the floor.
pub(crate) fn ratio(ours: &[f64], floor: &[f64]) -> f64 {
    median(ours.iter().zip(floor).map(|(ours, floor)| ours / floor))
}

async fn round(who: Who, options: &Options, into: &mut Queueing) {
    into.pickup.extend(pickup(who, options.full(400, 150)).await);
    into.single.push(single(who, options.full(5_000, 1_000)).await);
    let (batched, drain) = batched_and_drain(who, 10_000).await;
    into.batched.push(batched);
    into.drain.push(drain);
    into.fan_out.push(fan_out(who).await);
}

/// On an idle queue: the pauses are long enough for the worker to sleep, and differ so as not to beat with a timer.
async fn pickup(who: Who, count: usize) -> Sample {
    let contender = Contender::start(who).await;
    let (sender, mut started) = mpsc::unbounded_channel();
    let work: Work = Arc::new(move |_: &str| {
        let _ = sender.send(Instant::now());
        Box::pin(std::future::ready(()))
    });
    let working = contender.work(16, work);
    let mut sample = Sample::default();
    let warming = 20;
    for index in 0..warming + count {
        tokio::time::sleep(Duration::from_millis(4 + (index as u64 * 7) % 11)).await;
        let before = Instant::now();
        contender.submit(1).await;
        let start = started.recv().await.expect("the handler starts");
        if index >= warming {
            sample.push(start.duration_since(before));
        }
    }
    contender.settled(warming + count).await;
    working.end().await;
    sample
}

async fn single(who: Who, count: usize) -> f64 {
    let contender = Contender::start(who).await;
    contender.submit(1).await;
    let before = Instant::now();
    for _ in 0..count {
        contender.submit(1).await;
    }
    rate(count, before.elapsed())
}

async fn batched_and_drain(who: Who, count: usize) -> (f64, f64) {
    let contender = Contender::start(who).await;
    let before = Instant::now();
    for _ in 0..count / BATCH {
        contender.submit(BATCH).await;
    }
    let batched = rate(count, before.elapsed());
    let (work, mut first) = counted(Duration::ZERO, count);
    let working = contender.work(DRAINING, work);
    let started = first.recv().await.expect("the first job starts");
    first.recv().await.expect("the last job ends");
    contender.settled(count).await;
    let drain = rate(count, started.elapsed());
    working.end().await;
    (batched, drain)
}

async fn fan_out(who: Who) -> f64 {
    let (count, length, at_once) = FAN;
    let contender = Contender::start(who).await;
    for _ in 0..count / BATCH {
        contender.submit(BATCH).await;
    }
    let (work, mut ends) = counted(length, count);
    let working = contender.work(at_once, work);
    let first = ends.recv().await.expect("the first job starts");
    let last = ends.recv().await.expect("the last job ends");
    contender.settled(count).await;
    working.end().await;
    last.duration_since(first).as_secs_f64()
}

/// Work of a length that tells when the first of `count` jobs starts and when the last one ends.
fn counted(length: Duration, count: usize) -> (Work, mpsc::UnboundedReceiver<Instant>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let work: Work = Arc::new(move |_: &str| {
        if begun.fetch_add(1, Ordering::Relaxed) == 0 {
            let _ = sender.send(Instant::now());
        }
        let (ended, sender) = (ended.clone(), sender.clone());
        Box::pin(async move {
            if !length.is_zero() {
                tokio::time::sleep(length).await;
            }
            if ended.fetch_add(1, Ordering::Relaxed) + 1 == count {
                let _ = sender.send(Instant::now());
            }
        })
    });
    (work, receiver)
}

/// The fan-out without any loss.
pub(crate) fn ideal_fan_out() -> f64 {
    let (count, length, at_once) = FAN;
    length.as_secs_f64() * count.div_ceil(at_once) as f64
}
