//! Three prompts in one message: they must take as long as the slowest of them.

use std::time::{Duration, Instant};

use harness::World;
use serde_json::json;

use crate::options::Options;

/// Simulated seconds of each generation, picture drawn and ready to be fetched.
pub(crate) const SECONDS: u32 = 14;

/// Seconds from typing to the third picture, a round each.
pub(crate) async fn measure(options: &Options) -> Vec<f64> {
    let world = World::with(|config| config.largest_side = 1024).await;
    let _processes = [world.bot().await, world.worker(), world.worker()];
    let queue = world.queue();
    while queue.stats().await.expect("numbers").workers.len() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.replicate.rule(json!({ "on": "create", "do": { "run_seconds": SECONDS } })).await;
    let mut walls = Vec::new();
    for user in 1..=options.full(3, 1) {
        let mut events = world.telegram.events().await;
        let ada = world.telegram.user(i64::try_from(user).unwrap_or_default());
        let typed = Instant::now();
        ada.say("- a lighthouse --model ideogram\n- a harbour --model seedream\n- a ferry --model imagen").await;
        for _ in 0..3 {
            events.message(|message| message["kind"] == "photo").await;
        }
        walls.push(typed.elapsed().as_secs_f64());
    }
    walls
}
