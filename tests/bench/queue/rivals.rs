//! Two other queues of Rust on the same server settings and the same jobs, each on its defaults, in turns with ours.
//!
//! Deliberately absent: tuning, theirs and ours. What a queue does on its defaults is what people get.

pub(crate) mod apalis;
pub(crate) mod bullmq;

use std::fmt::Write as _;
use std::time::Duration;

use crate::options::Options;
use crate::queue::load::{Door, Shape};
use crate::queue::server::Server;
use crate::queue::worker::Kind;
use crate::queue::{crash, cycle, pickup, submit};
use crate::sample::{Sample, median};

const KINDS: [Kind; 3] = [Kind::Ours, Kind::Bullmq, Kind::Apalis];
/// Waiting jobs of a cycle's round: one of the rivals' workers dies of eight thousand.
const WAITING: u32 = 5_500;

/// The table.
pub(crate) async fn measure(options: &Options) -> String {
    let mut table = String::new();
    line(&mut table, "on defaults", ["ours", "bullmq-official 1.4", "apalis-redis 1.0"].map(str::to_owned));
    let mut pickups = [const { None }; 3];
    let (mut cycles, mut singles, mut bulks) = (vec![Vec::new(); 3], vec![Vec::new(); 3], vec![Vec::new(); 3]);
    for round in 0..options.full(3, 1) {
        for (side, kind) in KINDS.into_iter().enumerate() {
            eprintln!("        rivals: round {}, {kind:?}", round + 1);
            if round == 0 {
                pickups[side] = guarded(pickup::round(kind, options.full(200, 50))).await;
            }
            cycles[side].extend(guarded(cycle(kind)).await);
            if let Some((single, bulk)) = guarded(submits(kind)).await {
                singles[side].push(single);
                bulks[side].push(bulk);
            }
        }
    }
    let picked = |per_cent| {
        let milliseconds = |sample: &Sample| format!("{:.2}", sample.percentile(per_cent));
        pickups.each_ref().map(|sample| sample.as_ref().map_or_else(nothing, milliseconds))
    };
    line(&mut table, "idle pickup p50, ms", picked(50));
    line(&mut table, "idle pickup p99, ms", picked(99));
    for (name, rates) in [
        ("full cycle, jobs/s, one process at 50", &cycles),
        ("submit, jobs/s, one a call", &singles),
        ("submit, jobs/s, ten a call, eight calls at once", &bulks),
    ] {
        let middle = |side: usize| match median(rates[side].clone()) {
            rate if rate.is_nan() => nothing(),
            rate => format!("{rate:.0}"),
        };
        line(&mut table, name, [0, 1, 2].map(middle));
    }
    eprintln!("        rivals: kill -9, all three at once");
    let patience = Duration::from_secs(options.full(360, 100) as u64);
    let crashed = |kind| async move {
        match guarded(crash::round(kind, patience)).await {
            Some(Some(crash)) if crash.again > 0 => format!("{:.1}, {} twice", crash.seconds, crash.again),
            Some(Some(crash)) => format!("{:.1}", crash.seconds),
            Some(None) => format!("> {}", patience.as_secs()),
            None => nothing(),
        }
    };
    let (ours, bullmq, apalis) = tokio::join!(crashed(KINDS[0]), crashed(KINDS[1]), crashed(KINDS[2]));
    line(&mut table, "kill -9 with 16 x 3 s in flight, all done, s", [ours, bullmq, apalis]);
    table
}

async fn cycle(kind: Kind) -> f64 {
    let mut stall = cycle::Stall::fill(kind, WAITING - 2 * cycle::WARMING, WAITING, &Shape::default()).await;
    stall.work().await;
    stall.middle(|slice| slice.per_s)
}

async fn submits(kind: Kind) -> (f64, f64) {
    let server = Server::start().await;
    let (door, period) = (Door::open(kind, &server).await, Duration::from_millis(500));
    submit::submits(&door, 1, 1, Duration::from_millis(100)).await;
    let single = submit::submits(&door, 1, 1, period).await;
    (single, submit::submits(&door, submit::AT_ONCE, submit::BATCH, period).await)
}

/// Runs on a task of its own: what one of them cannot do leaves a gap in the table.
async fn guarded<T: Send + 'static>(measuring: impl Future<Output = T> + Send + 'static) -> Option<T> {
    tokio::spawn(measuring).await.ok()
}

fn nothing() -> String {
    "-".to_owned()
}

fn line(table: &mut String, name: &str, cells: [String; 3]) {
    let [ours, bullmq, apalis] = cells;
    // writing to a string cannot fail
    let _ = writeln!(table, "{name:<50} {ours:>12} {bullmq:>20} {apalis:>18}");
}
