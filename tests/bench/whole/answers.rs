//! How long a person waits for an answer of the bot, alone and while two hundred pictures are being made.
//!
//! Open loop: commands are typed on a schedule, whether earlier ones were answered or not, by a new user each time,
//! well below Telegram's pace for a bot (30 a second), which the bot keeps.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use harness::{Chat, Events, World};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::options::Options;
use crate::sample::Sample;
use crate::whole::ask_and_hold;

/// Jobs running meanwhile, in two workers that have room for them.
const RUNNING: usize = 200;
const SLOTS: &str = "128";
/// A command every so often: 12 a second.
const EVERY: Duration = Duration::from_millis(83);

/// The figures of the bot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    pub(crate) idle: Sample,
    pub(crate) busy: Sample,
}

pub(crate) async fn measure(options: &Options) -> Answers {
    let world = World::start().await;
    let _bot = world.bot().await;
    let count = options.full(600, 300);
    let mut events = world.telegram.events().await;
    ask(&world, &mut events, 1_000_000, 40).await;
    let idle = ask(&world, &mut events, 2_000_000, count).await;

    let _workers = [world.worker_with(&["--concurrency", SLOTS]), world.worker_with(&["--concurrency", SLOTS])];
    let before = world.telegram.count("sendMessage").await;
    ask_and_hold(&world, RUNNING).await;
    // the slots of the two hundred are the bot's own backlog: the question is about what comes after them
    let slots = before + RUNNING as u64;
    world.telegram.wait(&format!("method=sendMessage&count={slots}")).await;
    let mut events = world.telegram.events().await;
    let busy = ask(&world, &mut events, 3_000_000, count).await;
    let state = world.replicate.state().await;
    assert_eq!(state["held"], RUNNING, "all were running the whole time");
    Answers { idle, busy }
}

/// Types `/help` as `count` users and listens for the answers.
async fn ask(world: &World, events: &mut Events, first: i64, count: usize) -> Sample {
    let mut ticks = tokio::time::interval(EVERY);
    // after a stall of the machine a burst would measure the pace for a bot
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut typed, mut typing, mut sample) = (HashMap::new(), JoinSet::new(), Sample::default());
    let mut next = first;
    let last = first + i64::try_from(count).unwrap_or_default();
    while sample.len() < count {
        tokio::select! {
            biased;
            chat = events.message(|message| message["kind"] == "text") => {
                let now = Instant::now();
                if let Some(at) = typed.remove(&chat) {
                    sample.push(now.duration_since(at));
                }
            }
            _ = ticks.tick(), if next < last => {
                let user = world.telegram.user(next);
                typed.insert(next, Instant::now());
                typing.spawn(help(user));
                next += 1;
            }
        }
    }
    sample
}

async fn help(user: Chat) {
    user.say("/help").await;
}
