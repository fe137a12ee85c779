//! The soak: thousands of chats write to the real bots, real workers post the results, Telegram's limits are enforced,
//! processes are killed and connections cut; then what every chat shows and every request that was made is judged.
//!
//! The claims ([`judge`]): no request inside a known `retry_after`; no 429 but those that were scripted; no result kept
//! waiting by other traffic for more than two seconds; every picture in its chat once, and nothing left hanging.
//! Deliberately absent: the queue's own promises, which `chaos` judges.
#![expect(clippy::expect_used, reason = "a driver that cannot do its work fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod budget;
mod chats;
mod drive;
mod faults;
mod judge;
mod log;
mod options;
mod report;
mod stage;
mod traffic;
mod waits;

use std::process::ExitCode;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    match Options::from_words(std::env::args().skip(1)) {
        Ok(options) => Box::pin(drive::run(&options)).await,
        Err(help) => {
            eprintln!("{help}");
            ExitCode::from(64)
        }
    }
}
