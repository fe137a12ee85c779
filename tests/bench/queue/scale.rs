//! A million waiting and a million delayed jobs: the slowest script, the start of a worker, the position of a job.
//!
//! The delayed ones came there as they do in life: a worker claimed them and asked for another try later. A part of
//! them comes due while the scripts are watched.

use std::collections::BTreeMap;
use std::time::Instant;

use atelier_domain::{Catalogue, JobId};
use rand::seq::IndexedRandom as _;

use crate::queue::clock;
use crate::queue::load::{Door, Shape, job};
use crate::queue::options::Options;
use crate::queue::process::Worker;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};
use crate::sample::Sample;

/// Jobs at once in the worker whose scripts are watched.
const CONCURRENCY: usize = 50;
/// Delayed jobs that come due within a minute.
const SOON: u32 = 5_000;

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let count = options.count(1_000_000, 50_000);
    let server = Server::start().await;
    let door = Door::open(Kind::Ours, &server).await;
    let waiting = seed(&server, &door, count).await;
    let some = || waiting.choose_multiple(&mut rand::rng(), options.full(2_000, 300)).cloned().collect::<Vec<_>>();
    let mut start: f64 = 0.0;
    for _ in 0..3 {
        let begun = clock::now();
        let mut worker = Worker::start(&server, &Spec { labour: Labour::Cancel, concurrency: 1, ..Spec::default() });
        start = start.max(clock::between(begun, worker.first().await.0).as_secs_f64());
        worker.stop().await;
    }
    let mut scripts = BTreeMap::new();
    server.watch_scripts().await;
    let position = positions(&server, some()).await;
    scripts.insert("position", Watched::read(&server).await);
    for user in 0..u32::try_from(options.full(4_000, 500)).unwrap_or_default() {
        door.submit(&[job(user, "sketch", 0)]).await;
    }
    scripts.insert("submit, one job", Watched::read(&server).await);
    for user in 0..u32::try_from(options.full(1_000, 100)).unwrap_or_default() {
        door.submit(&std::array::from_fn::<_, 10, _>(|_| job(user, "sketch", 0))).await;
    }
    scripts.insert("submit, ten jobs", Watched::read(&server).await);
    for id in some() {
        server.queue().cancel(&id, "bench", None).await.expect("it is cancelled");
    }
    scripts.insert("cancel", Watched::read(&server).await);
    let spec = Spec { concurrency: CONCURRENCY, count: options.full(60_000, 5_000), ..Spec::default() };
    let mut worker = Worker::start(&server, &spec);
    worker.last().await;
    worker.stop().await;
    scripts.insert("step", Watched::read(&server).await);
    rows(count, start, &position, &scripts)
}

fn rows(count: u32, start: f64, position: &Sample, scripts: &BTreeMap<&str, Watched>) -> Vec<Row> {
    let p99 = scripts.values().map(|each| each.p99).fold(0.0, f64::max);
    let max = scripts.values().map(|each| each.max).fold(0.0, f64::max);
    let name = format!("{count} waiting, {count} delayed: slowest script p99, ms");
    let mut rows = vec![
        Row::new(name).ours(p99).target("<= 1 ms").key("script_p99_ms", p99),
        Row::new("  slowest script ever, ms").ours(max).target("<= 5 ms").key("script_max_ms", max),
    ];
    for (name, each) in scripts {
        let note = format!("{:.3} {:.3} {:.3}", each.p50, each.p99, each.max);
        rows.push(Row::new(format!("    {name}, ms p50 p99 max ({})", each.calls)).note(note));
    }
    let position_ms = position.percentile(99);
    rows.push(Row::new("  position, p99 of a call, ms").ours(position_ms).target("<= 2 ms").key("position_p99_ms", position_ms));
    rows.push(Row::new("  worker's start to its first job, s").ours(start).target("<= 1 s").key("start_s", start));
    rows
}

/// Brings so many jobs into the delayed and as many into the lines; some of those that wait.
async fn seed(server: &Server, door: &Door, count: u32) -> Vec<JobId> {
    let begun = Instant::now();
    let shape = Shape { users: (count / 10).max(1), seed: |number| 600 + number % 3_000, ..Shape::default() };
    door.fill(count, &shape).await;
    eprintln!("        scale: {count} submitted after {} s", begun.elapsed().as_secs());
    delay(server, count, &[]).await;
    eprintln!("        scale: they are delayed after {} s", begun.elapsed().as_secs());
    let waiting = door.fill(count, &shape).await.some;
    // these come due while the steps are watched
    let soon = ["soon".to_owned()];
    door.fill(SOON, &Shape { models: soon.to_vec(), seed: |number| 10 + number % 60, ..shape }).await;
    delay(server, SOON, &soon).await;
    eprintln!("        scale: as many wait after {} s", begun.elapsed().as_secs());
    waiting
}

/// Claims so many jobs of these models, which ask for another try later.
async fn delay(server: &Server, count: u32, models: &[String]) {
    let (labour, models, count) = (Labour::Delay, models.to_vec(), count as usize);
    let mut worker = Worker::start(server, &Spec { concurrency: 256, labour, count, models, ..Spec::default() });
    worker.last().await;
    worker.stop().await;
}

/// Asks for the positions of waiting jobs.
async fn positions(server: &Server, waiting: Vec<JobId>) -> Sample {
    let mut sample = Sample::default();
    for id in waiting {
        let begun = Instant::now();
        let standing = server.queue().standing(&id, Catalogue::builtin()).await.expect("it is answered");
        sample.push(begun.elapsed());
        assert!(standing.is_some(), "the job is known");
    }
    sample
}

/// The times of one kind of script, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Watched {
    calls: usize,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Watched {
    async fn read(server: &Server) -> Self {
        let mut sample = Sample::default();
        for time in server.watched().await {
            sample.push(time);
        }
        let [p50, p99, max] = [50, 99, 100].map(|per_cent| sample.percentile(per_cent));
        Self { calls: sample.len(), p50, p99, max }
    }
}
