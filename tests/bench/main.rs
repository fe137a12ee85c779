//! The benchmark: the figures that the project states about itself, each beside a floor measured in the same run.
//!
//! Queue figures are measured through the queue's own run loop, and again through the least that a queue with visible
//! jobs must do ([`floor`]); the others with real processes on the simulators. Deliberately absent: a verdict. A noisy
//! machine misses targets; people read them, and ratios travel better than milliseconds.
#![expect(clippy::expect_used, reason = "a benchmark that cannot measure fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod answers;
mod contender;
mod figures;
mod floor;
mod footprint;
mod observe;
mod options;
mod ours;
mod queue;
mod sample;
mod table;
mod together;

use std::process::ExitCode;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::from_words(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(help) => {
            eprintln!("{help}");
            return ExitCode::from(64);
        }
    };
    let figures = figures::measure(&options).await;
    println!("{}", table::render(&figures));
    if options.json {
        println!("{}", figures.json());
    }
    ExitCode::SUCCESS
}
