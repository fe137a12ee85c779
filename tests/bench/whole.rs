//! The whole line: sixteen figures of bot, queue and worker together.

mod answers;
mod basics;
mod contender;
mod figures;
mod footprint;
mod ours;
mod table;
mod together;

use std::process::ExitCode;

use harness::World;
use serde_json::json;

use crate::options::Usage;

const USAGE: Usage = Usage { name: "bench", groups: &["queue", "answers", "footprint", "together"], own: "" };

/// Measures what the words ask for.
pub(crate) async fn main(words: impl Iterator<Item = String>) -> ExitCode {
    let options = match USAGE.read(words) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let figures = figures::measure(&options).await;
    println!("{}", table::render(&figures));
    if options.json {
        println!("{}", figures.json());
    }
    ExitCode::SUCCESS
}

/// Asks for so many pictures, each of a user of its own, until the simulated provider holds them all.
async fn ask_and_hold(world: &World, pictures: usize) {
    world.replicate.hold(json!({})).await;
    for user in 0..pictures {
        let model = ["ideogram", "seedream", "imagen"][user % 3];
        let chat = world.telegram.user(1 + i64::try_from(user).unwrap_or_default());
        chat.say(&format!("a harbour at dawn, number {user} --model {model}")).await;
    }
    world.replicate.wait(&format!("held={pictures}")).await;
}
