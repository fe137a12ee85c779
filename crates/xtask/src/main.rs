//! Set-up and chores: `cargo xtask demo`, `cargo xtask test`, `cargo xtask bench`, `cargo xtask chaos`,
//! `cargo xtask soak`, `cargo xtask pictures`, `cargo xtask walls`.
//!
//! Invariant: nothing here is needed at run time; a machine with the executable alone never misses it.
#![expect(clippy::print_stderr, reason = "a chore talks to the person who started it")]

mod build;
mod setup;
mod step;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Set-up and chores.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Installs what is missing, builds, and runs the whole line on this machine. Takes the flags of `atelier demo`.
    #[command(disable_help_flag = true)]
    Demo(build::Passed),
    /// Sets up what tests need, then checks format, lints, docs and walls, builds, and runs all tests.
    Test(test::Options),
    /// Measures, optimised, beside floors of the same run. `--json` for one object on the last line, `--quick`.
    /// `bench providers` measures what the line adds to a provider's own time.
    /// `bench chat` measures what the chat promises: updates a second, a heavy user's neighbours, the seconds shown.
    /// `bench queue` measures the queue alone, with more figures; `--rivals` measures other queues beside it.
    #[command(disable_help_flag = true)]
    Bench(build::Passed),
    /// Breaks workers, Redis and connections under load and judges the history, optimised. `--jobs N --faults M --seed S`,
    /// `--json` for one object on the last line, `--plan` to see what a seed comes to, `--keep DIRECTORY`.
    #[command(disable_help_flag = true)]
    Chaos(build::Passed),
    /// Lets thousands of chats write to bots and workers under Telegram's limits while processes die and connections are
    /// cut, optimised, and judges every request and chat. `--jobs N --chats N --workers SLOTS --bots N --rate R --seed S
    /// --faults N`, `--json` for one object on the last line.
    #[command(disable_help_flag = true)]
    Soak(build::Passed),
    /// Draws the pictures in the README anew: look at them before you commit them.
    Pictures,
    /// Checks which crate may name and reach which other.
    Walls,
}

fn main() -> ExitCode {
    match Arguments::parse().chore {
        Chore::Demo(passed) => build::demo(&passed),
        Chore::Test(options) => test::run(&options),
        Chore::Bench(passed) => build::bench(&passed),
        Chore::Chaos(passed) => build::chaos(&passed),
        Chore::Soak(passed) => build::soak(&passed),
        Chore::Pictures => build::pictures(),
        Chore::Walls => test::walls(),
    }
}
