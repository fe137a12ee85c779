//! A million waiting and a million delayed jobs: the slowest script, the start of a worker, the position of a job.
//!
//! The waiting ones were submitted. The delayed ones are copies of a few that came there as they do in life, since a
//! worker claimed them and asked for another try later; a million such tries would take minutes. Some thousand of the
//! real ones come due while the scripts are watched.

use std::collections::BTreeMap;
use std::time::Instant;

use atelier_domain::{Catalogue, JobId};
use atelier_queue::keys::PREFIX;
use rand::seq::IndexedRandom as _;
use redis::AsyncCommands as _;

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, Shape, job};
use crate::queue::process::Worker;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};
use crate::sample::Sample;

/// Jobs at once in the worker whose scripts are watched.
const CONCURRENCY: usize = 50;
/// Delayed jobs that come due within a minute.
const SOON: u32 = 5_000;
/// Copies of one call.
const COPIED: usize = 500;

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
        // its job would be waited for
        worker.kill().await;
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
    let spec = Spec { concurrency: CONCURRENCY, count: options.full(30_000, 5_000), ..Spec::default() };
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
    rows.push(
        Row::new("  position, p99 of a call, ms")
            .ours(position_ms)
            .target("<= 2 ms")
            .key("position_p99_ms", position_ms),
    );
    rows.push(Row::new("  worker's start to its first job, s").ours(start).target("<= 1 s").key("start_s", start));
    rows
}

/// Brings so many jobs into the lines and as many into the delayed; some of those that wait.
async fn seed(server: &Server, door: &Door, count: u32) -> Vec<JobId> {
    let begun = Instant::now();
    let shape = Shape { users: (count / 10).max(1), ..Shape::default() };
    // the first one is delayed for an hour; the others come due while the steps are watched
    let soon = ["soon".to_owned()];
    door.submit(&[job(0, &soon[0], 3_600)]).await;
    delay(server, 1, &soon).await;
    let later: Vec<String> = server.link().zrange(format!("{PREFIX}delayed"), 0, 0).await.expect("one is delayed");
    copy(server, &later[0], count).await;
    eprintln!("        scale: {count} delayed after {} s", begun.elapsed().as_secs());
    let waiting = door.fill(count, &shape).await.some;
    eprintln!("        scale: {count} waiting after {} s", begun.elapsed().as_secs());
    door.fill(SOON, &Shape { models: soon.to_vec(), seed: |number| 5 + number % 40, ..shape }).await;
    delay(server, SOON as usize, &soon).await;
    let stats = server.queue().stats().await.expect("the queue counts");
    assert!(stats.delayed >= u64::from(count) && stats.waiting >= u64::from(count), "as many as were to be there");
    waiting
}

/// Claims so many jobs of these models, which ask for another try later.
async fn delay(server: &Server, count: usize, models: &[String]) {
    let (labour, models) = (Labour::Delay, models.to_vec());
    let mut worker = Worker::start(server, &Spec { concurrency: 64, labour, count, models, ..Spec::default() });
    worker.last().await;
    worker.stop().await;
}

/// Makes so many more delayed jobs like one, due all through the hour after it.
async fn copy(server: &Server, like: &str, count: u32) {
    let (script, between) = (redis::Script::new(include_str!("scale/delayed.lua")), 3_600_000 / count);
    for first in (0..count).step_by(COPIED) {
        let mut call = script.key(PREFIX);
        call.arg(like).arg(first * between).arg(between);
        for number in (first..count).take(COPIED) {
            let job = job(number % 1000, "sketch", 0);
            call.arg(job.id.as_str()).arg(job.to_json().expect("a job is JSON"));
        }
        let _: u64 = call.invoke_async(&mut server.link()).await.expect("they are copied");
    }
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
