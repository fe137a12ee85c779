//! What visitors of the demo's chat may break: a worker, the bot, Redis.

use std::time::Duration;

use atelier_simulator::{Panel, Trick};
use tokio::sync::mpsc::UnboundedReceiver;

use super::child::Victim;
use crate::output::aside;
use crate::private::Away;

/// How long Redis stays away, unless it is brought back before.
const AWAY: Duration = Duration::from_secs(20);

const KILL_WORKER: &str = "kill-worker";
const KILL_BOT: &str = "kill-bot";
const CUT_REDIS: &str = "cut-redis";
const RESTORE_REDIS: &str = "restore-redis";

/// The panel, and where its presses come out.
pub(super) fn panel() -> (Panel, UnboundedReceiver<&'static str>) {
    let trick = |name, title, words| Trick { name, title, words };
    Panel::new(vec![
        trick(KILL_WORKER, "Kill a worker", "A process that draws dies; another one takes over"),
        trick(KILL_BOT, "Kill the bot", "What you type waits until it is back, in three seconds"),
        trick(CUT_REDIS, "Cut Redis", "The queue is gone for 20 seconds; no picture is lost"),
        trick(RESTORE_REDIS, "Restore Redis", "It comes back at once"),
    ])
}

/// Does what is pressed, for as long as the chat is there.
pub(super) async fn play(mut pressed: UnboundedReceiver<&'static str>, bot: Victim, workers: Vec<Victim>, redis: Away) {
    let mut next = workers.iter().cycle();
    while let Some(name) = pressed.recv().await {
        aside("demo", &format!("a visitor pressed {name}"));
        match name {
            KILL_WORKER => drop(next.next().map(Victim::kill)),
            KILL_BOT => bot.kill(),
            CUT_REDIS => redis.go(AWAY),
            _ => redis.back(),
        }
    }
}
