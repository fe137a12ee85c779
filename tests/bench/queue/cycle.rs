//! What a job costs from claim to end: one worker process, fifty at once, on queues that were filled before.
//!
//! All sides are filled first and then worked on in turns, a slice of jobs each, so that what is compared was measured
//! within seconds of each other. A slice is counted from a start to an end in the middle of the work.

use std::time::{Duration, Instant};

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, Shape};
use crate::queue::process::Worker;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};
use crate::sample::{median, rate};

/// Jobs at once.
const CONCURRENCY: usize = 50;
/// Jobs of a slice before those that count.
pub(crate) const WARMING: u32 = 500;
/// The models of the figure about caps; the first half of them is at its limit.
const MODELS: u32 = 12;

/// A filled queue and what its slices showed.
pub(crate) struct Stall {
    kind: Kind,
    server: Server,
    slice: u32,
    slices: Vec<Slice>,
    bytes_per_job: f64,
    /// Holds what keeps models at their limit.
    holder: Option<Worker>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    pub(crate) per_s: f64,
    /// Microseconds of a job on processors.
    redis: f64,
    worker: f64,
    /// Microseconds of a job inside scripts.
    script: f64,
    /// Redis commands of a job, those inside scripts counted one by one.
    commands: f64,
}

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let deep = options.count(200_000, 20_000);
    let wide = Shape { users: options.count(100_000, 10_000), together: 2, ..Shape::default() };
    let models = Shape { models: (0..MODELS).map(model).collect(), ..Shape::default() };
    let rounds = options.full(5, 2);
    let slice = options.count(4_000, 3_000);
    let reserve = |slice: u32| u32::try_from(rounds).unwrap_or(u32::MAX) * (slice + WARMING + 500);
    let shallow = reserve(slice);
    let (begun, plain) = (Instant::now(), Shape::default());
    let (mut ours, mut floor, mut fifo, mut deeper, mut wider, mut free, mut capped) = tokio::join!(
        Stall::fill(Kind::Ours, slice, shallow, &plain),
        Stall::fill(Kind::Floor, 4 * slice, reserve(4 * slice), &plain),
        Stall::fill(Kind::Fifo, slice, shallow, &plain),
        Stall::fill(Kind::Ours, slice, deep + shallow, &plain),
        Stall::fill(Kind::Ours, slice, deep + shallow, &wide),
        // as many jobs wait behind the limits as can be claimed
        Stall::fill(Kind::Ours, slice, 2 * shallow, &models),
        Stall::fill(Kind::Ours, slice, 2 * shallow, &models),
    );
    eprintln!("        cycle: seven queues are filled after {} s", begun.elapsed().as_secs());
    capped.cap().await;
    for round in 0..rounds {
        eprintln!("        cycle: round {} of {rounds} after {} s", round + 1, begun.elapsed().as_secs());
        for stall in [&mut floor, &mut ours, &mut fifo, &mut deeper, &mut wider, &mut free, &mut capped] {
            stall.work().await;
        }
    }
    let ratio = |above: &Stall, below: &Stall, value: fn(&Slice) -> f64| {
        median(above.slices.iter().zip(&below.slices).map(|(above, below)| value(above) / value(below)))
    };
    let per_s: fn(&Slice) -> f64 = |slice| slice.per_s;
    let (cycle, deep_ratio) = (ratio(&ours, &floor, per_s), ratio(&deeper, &ours, per_s));
    let fair = ratio(&fifo, &ours, |slice| slice.script);
    let (wide_loss, capped_loss) = (1.0 - ratio(&wider, &deeper, per_s), 1.0 - ratio(&capped, &free, per_s));
    let against = |name: &str, above: &Stall, below: &Stall, value: fn(&Slice) -> f64| {
        Row::new(name).ours(above.middle(value)).floor(below.middle(value)).ratio(ratio(above, below, value))
    };
    let mut rows = vec![
        against("full cycle, jobs/s, one process at 50", &ours, &floor, per_s)
            .target(">= 0.5 of the floor")
            .key("cycle_per_s", ours.middle(per_s))
            .key("cycle_ratio", cycle),
        against("  deep in waiting jobs (against the same, shallow)", &deeper, &ours, per_s)
            .target(">= 0.8")
            .key("cycle_deep_ratio", deep_ratio),
        against("  Redis, us of processor a job", &ours, &floor, |slice| slice.redis)
            .target("<= 45 us")
            .key("redis_us_per_job", ours.middle(|slice| slice.redis)),
        against("  Redis commands a job", &ours, &floor, |slice| slice.commands),
        against("  worker, us of processor a job", &ours, &floor, |slice| slice.worker)
            .target("<= 25 us")
            .key("worker_us_per_job", ours.middle(|slice| slice.worker)),
        against("fair step (against first in, first out), us in scripts a job", &ours, &fifo, |slice| slice.script)
            .ratio(fair)
            .target(">= 0.5 of its speed")
            .key("fair_vs_fifo", fair),
        against("  their full cycles, jobs/s", &ours, &fifo, per_s),
        against(&format!("{} waiting users (against 1000), jobs/s", wide.users), &wider, &deeper, per_s)
            .ratio(wide_loss)
            .target("loss <= 0.10")
            .key("users_1e5_loss", wide_loss),
        against("half of the models at their limit, jobs/s", &capped, &free, per_s)
            .ratio(capped_loss)
            .target("loss <= 0.02")
            .key("capped_loss", capped_loss),
    ];
    rows.push(
        Row::new("bytes of a waiting job beside its payload (1000 users)")
            .ours(deeper.bytes_per_job)
            .target("<= 400")
            .key("bytes_per_waiting_job", deeper.bytes_per_job),
    );
    rows.push(Row::new("  two jobs of each user").ours(wider.bytes_per_job));
    rows
}

fn model(number: u32) -> String {
    format!("model-{number}")
}

impl Stall {
    /// So many jobs, of which a slice is worked on at a time.
    pub(crate) async fn fill(kind: Kind, slice: u32, count: u32, shape: &Shape) -> Self {
        let server = Server::start().await;
        let door = Door::open(kind, &server).await;
        let before = server.memory().await;
        let payload = door.fill(count, shape).await.bytes;
        let bytes_per_job = (server.memory().await - before - payload as f64) / f64::from(count);
        Self { kind, server, slice, slices: Vec::new(), bytes_per_job, holder: None }
    }

    /// Brings half of the models to their limit: one job each, which runs as long as this lives.
    async fn cap(&mut self) {
        let capped: Vec<String> = (0..MODELS / 2).map(model).collect();
        for model in &capped {
            self.server.limit(model, 1).await;
        }
        let spec = Spec {
            concurrency: capped.len(),
            labour: Labour::Cancel,
            watched: true,
            models: capped.clone(),
            ..Spec::default()
        };
        let mut holder = Worker::start(&self.server, &spec);
        for _ in &capped {
            holder.started().await;
        }
        self.holder = Some(holder);
    }

    /// Works on the next slice.
    pub(crate) async fn work(&mut self) {
        let (warm, count) = (WARMING as usize, self.slice as usize);
        let spec = Spec { kind: self.kind, concurrency: CONCURRENCY, warm, count, ..Spec::default() };
        let mut worker = Worker::start(&self.server, &spec);
        let (began, worked_before) = worker.first().await;
        let (commands_before, script_before) = (self.server.commands().await, self.server.scripts().await);
        let redis_before = self.server.processor().await;
        let (ended, worked) = worker.last().await;
        let redis = self.server.processor().await;
        let (commands, script) = (self.server.commands().await, self.server.scripts().await);
        worker.stop().await;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(self.slice);
        self.slices.push(Slice {
            per_s: rate(count, clock::between(began, ended)),
            redis: each(redis.saturating_sub(redis_before)),
            worker: each(worked.saturating_sub(worked_before)),
            script: each(script.saturating_sub(script_before)),
            commands: (commands - commands_before) / f64::from(self.slice),
        });
    }

    /// The middle of the slices.
    pub(crate) fn middle(&self, value: fn(&Slice) -> f64) -> f64 {
        median(self.slices.iter().map(value))
    }
}
