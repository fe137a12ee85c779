//! `bench queue`: what the queue promises about itself, measured on servers of its own with worker processes.
//!
//! Every figure is measured in this run; a ratio is to something measured in the same run, in turns with ours, so that
//! a machine that becomes slower does so for both. A group that fails leaves its figures null and the others alone.

mod cancel;
mod clock;
mod crash;
mod cycle;
mod eta;
mod fifo;
mod idle;
mod jain;
mod load;
mod lpush;
mod pickup;
mod process;
mod recovery;
mod report;
#[cfg(feature = "rivals")]
mod rivals;
mod scale;
mod server;
mod submit;
pub(crate) mod worker;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::options::{Options, Usage};
use report::Row;

/// Longer than any group takes.
const PATIENCE: Duration = Duration::from_secs(420);

const USAGE: Usage = Usage {
    name: "bench queue",
    groups: &["pickup", "submit", "cycle", "jain", "cancel", "scale", "idle", "recovery", "crash", "eta", "rivals"],
    own: " [--rivals]",
};

/// Measures what the words ask for.
pub(crate) async fn main(words: impl Iterator<Item = String>) -> ExitCode {
    let options = match USAGE.read(words) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let rows = Box::pin(measure(&options)).await;
    println!("{}", report::table(&rows));
    if options.rivals {
        println!("{}", Box::pin(rivals(&options)).await);
    }
    if options.json {
        println!("{}", report::json(&rows));
    }
    ExitCode::SUCCESS
}

#[cfg(feature = "rivals")]
async fn rivals(options: &Options) -> String {
    rivals::measure(options).await
}

#[cfg(not(feature = "rivals"))]
#[expect(clippy::unused_async, reason = "as the one with rivals")]
async fn rivals(_: &Options) -> String {
    "this build holds no rivals: cargo xtask bench queue --rivals builds them in".to_owned()
}

async fn measure(options: &Options) -> Vec<Row> {
    let begun = Instant::now();
    let mut rows = Vec::new();
    rows.extend(group("pickup", options, begun, Box::pin(pickup::measure(options.clone()))).await);
    rows.extend(group("cycle", options, begun, Box::pin(cycle::measure(options.clone()))).await);
    rows.extend(group("submit", options, begun, Box::pin(submit::measure(options.clone()))).await);
    rows.extend(group("scale", options, begun, Box::pin(scale::measure(options.clone()))).await);
    rows.extend(group("cancel", options, begun, Box::pin(cancel::measure(options.clone()))).await);
    rows.extend(group("jain", options, begun, Box::pin(jain::measure(options.clone()))).await);
    // these wait most of their time: together they keep the machine as idle as one after the other
    let (recovery, crash, idle, eta) = tokio::join!(
        group("recovery", options, begun, Box::pin(recovery::measure(options.clone()))),
        group("crash", options, begun, Box::pin(crash::measure(options.clone()))),
        group("idle", options, begun, Box::pin(idle::measure(options.clone()))),
        group("eta", options, begun, Box::pin(eta::measure(options.clone()))),
    );
    rows.extend(recovery.into_iter().chain(crash).chain(idle).chain(eta));
    eprintln!("{:>4} s  all measured", begun.elapsed().as_secs());
    rows
}

/// Runs one group on a task of its own: its failure is not the others'.
async fn group(
    name: &str,
    options: &Options,
    begun: Instant,
    measuring: impl Future<Output = Vec<Row>> + Send + 'static,
) -> Vec<Row> {
    if !options.wants(name) {
        return Vec::new();
    }
    eprintln!("{:>4} s  {name}", begun.elapsed().as_secs());
    let task = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(measuring));
    let failure = match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(rows)) => {
            // as it comes: whoever ends the run early has seen something
            eprint!("{}", report::table(&rows));
            return rows;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("it took longer than {} s", PATIENCE.as_secs()),
    };
    eprintln!("{:>4} s  {name} could not be measured: {failure}", begun.elapsed().as_secs());
    vec![Row::new(format!("{name}: not measured")).note("-")]
}
