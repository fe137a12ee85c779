//! `bench chat`: what the chat promises, measured with the real bot, workers and simulators.
//!
//! The intake is measured against a server of this program ([`server`]) that answers every call at once, which is its
//! floor: the simulator's bookkeeping for tests would cost more than the bot. It has no limits of Telegram's, but the bot
//! keeps its own pace of 30 messages a second and token; hence the many tokens.

mod eta;
mod heavy;
mod intake;
mod server;

use std::process::ExitCode;

use serde_json::json;

use crate::options::Usage;

const USAGE: Usage = Usage {
    name: "bench chat",
    groups: &["webhook", "polling", "heavy", "eta"],
    own: " [--rate UPDATES_PER_SECOND] [--bots N]",
};

/// Measures what the words ask for.
pub(crate) async fn main(words: impl Iterator<Item = String>) -> ExitCode {
    let options = match USAGE.read(words) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut figures = json!({});
    for door in [intake::Door::Webhook, intake::Door::Polling] {
        if options.wants(door.name()) {
            eprintln!("{}: {} updates/s for {} s", door.name(), options.rate, intake::seconds(&options));
            figures[door.name()] = Box::pin(intake::measure(&options, door)).await;
        }
    }
    if options.wants("heavy") {
        eprintln!("heavy: a picture alone, and beside a user with 1,000 waiting ones");
        figures["heavy"] = Box::pin(heavy::measure(&options)).await;
    }
    if options.wants("eta") {
        eprintln!("eta: {} s of mixed load, what the chat shows and what comes", eta::seconds(&options));
        figures["eta"] = Box::pin(eta::measure(&options)).await;
    }
    if options.json {
        println!("{figures}");
    }
    ExitCode::SUCCESS
}
