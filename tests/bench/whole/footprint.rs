//! What a worker process costs: idle, and with a hundred jobs in its hands.

use std::time::{Duration, Instant};

use harness::World;

use crate::observe::{self, Meter};
use crate::options::Options;
use crate::whole::ask_and_hold;

/// Jobs in flight, and the slots of the worker.
const HELD: usize = 100;
const SLOTS: &str = "128";

/// The figures of one worker process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    pub(crate) idle_mb: f64,
    /// With the jobs held at the provider.
    pub(crate) held_mb: f64,
    /// The highest while all the pictures came back at once.
    pub(crate) peak_mb: f64,
    pub(crate) idle_processor_per_cent: f64,
    pub(crate) idle_commands_per_s: f64,
    pub(crate) idle_calls_per_s: f64,
}

pub(crate) async fn measure(options: &Options) -> Footprint {
    // pictures of a real size: their memory counts
    let world = World::with(|config| config.largest_side = 4096).await;
    let worker = world.worker_with(&["--concurrency", SLOTS]);
    let queue = world.queue();
    while queue.stats().await.expect("numbers").workers.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // what a start leaves behind settles
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut meter = Meter::open(&world.redis_url()).await;
    let (before, worked, since) = (meter.read().await, observe::processor_time(worker.id()), Instant::now());
    tokio::time::sleep(Duration::from_secs(if options.quick { 20 } else { 40 })).await;
    let (after, seconds) = (meter.read().await, since.elapsed().as_secs_f64());
    let worked = observe::processor_time(worker.id()).saturating_sub(worked).as_secs_f64();
    let (idle_mb, _) = observe::memory(worker.id());

    let bot = world.bot().await;
    ask_and_hold(&world, HELD).await;
    let mut held_mb: f64 = 0.0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        held_mb = held_mb.max(observe::memory(worker.id()).0);
    }
    world.replicate.release().await;
    while queue.stats().await.expect("numbers").totals.get("done").copied().unwrap_or(0) < HELD as u64 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (_, peak_mb) = observe::memory(worker.id());
    drop(bot);
    Footprint {
        idle_mb,
        held_mb,
        peak_mb,
        idle_processor_per_cent: 100.0 * worked / seconds,
        idle_commands_per_s: (after.all - before.all) / seconds,
        idle_calls_per_s: (after.calls - before.calls) / seconds,
    }
}
