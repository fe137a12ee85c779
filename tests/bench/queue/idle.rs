//! What a worker without work costs.

use std::time::{Duration, Instant};

use crate::observe::{self, Meter};
use crate::options::Options;
use crate::queue::process::Worker;
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::Spec;

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let server = Server::start().await;
    let worker = Worker::start(&server, &Spec::default());
    server.workers(1).await;
    // what a start leaves behind settles
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut meter = Meter::open(&server.url()).await;
    let (before, worked, since) = (meter.read().await, observe::processor_time(worker.id()), Instant::now());
    // a multiple of the periods of its timers
    tokio::time::sleep(Duration::from_secs(options.full(60, 30) as u64)).await;
    let (after, seconds) = (meter.read().await, since.elapsed().as_secs_f64());
    let worked = observe::processor_time(worker.id()).saturating_sub(worked).as_secs_f64();
    let (resident, _) = observe::memory(worker.id());
    worker.stop().await;
    let (commands, per_cent) = ((after.all - before.all) / seconds, 100.0 * worked / seconds);
    vec![
        Row::new("idle worker, Redis commands/s").ours(commands).target("<= 2").key("idle_cmds_per_s", commands),
        Row::new("  calls/s (a script is one)").ours((after.calls - before.calls) / seconds),
        Row::new("  % of one processor").ours(per_cent).target("<= 0.5").key("idle_cpu_pct", per_cent),
        Row::new("  resident, MB").ours(resident).target("<= 10 MB"),
    ]
}
