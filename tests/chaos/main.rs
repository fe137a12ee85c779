//! Chaos: many users' jobs while workers and Redis are killed, paused and cut off, and a checker of what happened.
//!
//! The driver starts a Redis server, worker processes that run the queue's own loop, and submitters, each behind a
//! proxy that can cut its connections; it injects faults by a plan drawn from a seed. Then it reads every job's trail,
//! what the workers wrote down and what they did outside of Redis, and [`check`] judges the whole. Deliberately absent:
//! Telegram and the provider; an effect service stands for both and remembers who did what, with which token.
//!
//! What a run covers: processes die, hang and restart; connections break, go silent, stay away. `kill -9` of Redis
//! loses what its process holds, not what the operating system does, and the append-only file is written before an
//! answer goes out; except while a sync of the file is under way, then the write may wait up to two seconds. A witness
//! measures whether a kill met such a moment ([`witness`]), and what was acknowledged in it may be missing. `--losses`
//! makes such moments: a power failure or a failover to a replica loses the last second, and even then no old token
//! may work again. Not covered: clocks that jump, a cluster, more than one host.
#![expect(clippy::expect_used, reason = "a driver that cannot do its work fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod check;
mod collect;
mod crew;
mod drive;
mod effects;
mod faults;
mod history;
mod options;
mod plan;
mod report;
mod server;
mod submitters;
mod time;
mod witness;
mod worker;

use std::process::ExitCode;

use options::{Mode, Options};

fn main() -> ExitCode {
    match Mode::from_words(std::env::args().skip(1)) {
        Ok(Mode::Drive(options)) => drive(&options),
        Ok(Mode::Worker(settings)) => worker::main(*settings),
        Ok(Mode::Redis { data, port }) => server::become_redis(&data, port),
        Err(help) => {
            eprintln!("{help}");
            ExitCode::from(64)
        }
    }
}

fn drive(options: &Options) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(drive::run(options))
}
