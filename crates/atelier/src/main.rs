//! The one executable. Every verb is a file; this is the table of contents.

mod actor;
mod amounts;
mod cli;
mod config;
mod failure;
mod output;
mod private;
mod queue_of;
mod verbs;

use std::process::ExitCode;

use cli::{Cli, Verb};
use failure::Failure;

fn main() -> ExitCode {
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    failure::exit(cli.common.start(cli.verb.level()).and_then(|runtime| runtime.block_on(run(cli))))
}

async fn run(Cli { common, verb }: Cli) -> Result<(), Failure> {
    match verb {
        Verb::Demo(arguments) => verbs::demo::run(common, arguments).await,
        Verb::Up(arguments) => verbs::up::run(common, arguments).await,
        Verb::Bot(arguments) => verbs::bot::run(common, arguments).await,
        Verb::Worker(arguments) => verbs::worker::run(common, arguments).await,
        Verb::Simulate(arguments) => verbs::simulate::run(common, arguments).await,
        Verb::Queue(arguments) => verbs::queue::run(arguments).await,
        Verb::Why(arguments) => verbs::why::run(arguments).await,
        Verb::Ledger(arguments) => verbs::ledger::run(arguments).await,
        Verb::Metrics(arguments) => verbs::metrics::run(common, arguments).await,
        Verb::Doctor(arguments) => verbs::doctor::run(arguments).await,
        Verb::Completions { shell } => verbs::completions::run(shell),
    }
}
