//! Whether the seconds that a chat is shown first come true: a mixed load with the real bot, workers and simulators.
//!
//! Compared are the slot's first words ("about 25 s") and the time from that message to the picture in it. Models of
//! different length, a load that rises above what the workers can do and falls again, single prompts and series of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use harness::{Events, World};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::options::Options;

/// Models, seconds of their runs, and their share of the prompts.
const MODELS: [(&str, f64, f64); 3] = [("imagen", 4.0, 0.4), ("ideogram", 7.0, 0.35), ("seedream", 11.0, 0.25)];
/// How far lengths spread around these: in every direction, evenly.
const SPREAD: f64 = 0.25;
const WORKERS: usize = 2;
const SLOTS: f64 = 6.0;
/// How much of the fleet's work arrives, from one part of the time to the next.
const LOAD: [(f64, f64); 6] = [(0.0, 0.2), (0.2, 0.7), (0.4, 1.4), (0.6, 1.4), (0.65, 0.5), (1.0, 0.3)];
const PATIENCE: Duration = Duration::from_secs(180);

/// How long prompts come.
pub(crate) fn seconds(options: &Options) -> u32 {
    if options.quick { 60 } else { 300 }
}

/// A slot, what it said first, and when.
struct Shown {
    at_ms: i64,
    seconds: f64,
    in_line: bool,
}

/// The figures.
pub(crate) async fn measure(options: &Options) -> Value {
    let world = World::with(|config| (config.largest_side, config.rate_limits) = (64, true)).await;
    let mut dice = StdRng::seed_from_u64(7);
    // lengths that differ: one after the other, from a list long enough not to repeat
    for (model, length, _) in MODELS {
        for part in 0..40 {
            let factor = 1.0 + SPREAD * (2.0 * dice.random::<f64>() - 1.0);
            let prompt = format!("{model} of length {part:02}");
            let run = json!({ "run_seconds": length * factor });
            world.replicate.rule(json!({ "on": "create", "prompt": prompt, "do": run })).await;
        }
    }
    let slots = SLOTS.to_string();
    let _bot = world.bot().await;
    let _workers: Vec<_> = (0..WORKERS).map(|_| world.worker_with(&["--concurrency", &slots])).collect();
    let mut events = world.telegram.events().await;
    let (total, began) = (f64::from(seconds(options)), Instant::now());
    let (mut asked, mut next, mut user) = (0_usize, 0.0, 10_000);
    let mut watch = Watch::default();
    loop {
        let due = began + Duration::from_secs_f64(next);
        tokio::select! {
            biased;
            () = watch.see(&mut events) => {}
            () = tokio::time::sleep_until(due.into()), if next < total => {
                user += 1;
                let series = if dice.random_ratio(1, 10) { 4 } else { 1 };
                for _ in 0..series {
                    let (model, _, _) = MODELS[pick(&mut dice)];
                    let part = dice.random_range(0..40);
                    world.telegram.user(user).say(&format!("{model} of length {part:02} --model {model}")).await;
                    asked += 1;
                }
                let work: f64 = MODELS.iter().map(|(_, length, share)| length * share).sum();
                let rate = load(next / total) * SLOTS * WORKERS as f64 / work / 1.3;
                next += -dice.random_range(f64::EPSILON..1.0).ln() / rate;
            }
        }
        let over =
            next >= total && (watch.ended() >= asked || began.elapsed().as_secs_f64() > total + PATIENCE.as_secs_f64());
        if over {
            break;
        }
    }
    report(&watch, asked)
}

fn pick(dice: &mut StdRng) -> usize {
    let mut at: f64 = dice.random();
    MODELS
        .iter()
        .position(|(_, _, share)| {
            at -= share;
            at < 0.0
        })
        .unwrap_or(0)
}

fn load(at: f64) -> f64 {
    let after = LOAD.iter().position(|(from, _)| *from > at).unwrap_or(LOAD.len() - 1);
    let ((from, low), (to, high)) = (LOAD[after - 1], LOAD[after]);
    low + (high - low) * (at - from) / (to - from)
}

/// What the chats show, as it happens.
#[derive(Default)]
struct Watch {
    slots: HashMap<(i64, i64), Shown>,
    /// Real seconds, shown seconds, and whether it stood in line.
    came: Vec<(f64, f64, bool)>,
    other: usize,
}

impl Watch {
    fn ended(&self) -> usize {
        self.came.len() + self.other
    }

    async fn see(&mut self, events: &mut Events) {
        let (name, data) = events.next().await;
        let message = &data["message"];
        if message["from"]["is_bot"] != true {
            return;
        }
        let key = (data["chat"].as_i64().unwrap_or_default(), message["id"].as_i64().unwrap_or_default());
        if name == "message" && message["kind"] == "text" {
            let text = message["text"].as_str().unwrap_or_default();
            if let Some(seconds) = seconds_in(text) {
                let at_ms = message["at_ms"].as_i64().unwrap_or_default();
                self.slots.insert(key, Shown { at_ms, seconds, in_line: text.contains("In line") });
            }
        } else if message["kind"] == "photo" {
            match self.slots.remove(&key) {
                Some(shown) => {
                    let edited_ms = message["edited_ms"].as_i64().unwrap_or_default();
                    let real = Duration::from_millis((edited_ms - shown.at_ms).max(0).unsigned_abs()).as_secs_f64();
                    self.came.push((real, shown.seconds, shown.in_line));
                }
                // its slot said nothing about time: the job ran already
                None => self.other += 1,
            }
        }
    }
}

/// The seconds in "about 25 s" or "about 2 min".
fn seconds_in(text: &str) -> Option<f64> {
    let (_, rest) = text.split_once("about ")?;
    let number: f64 = rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()?;
    Some(if rest.contains("min") { number * 60.0 } else { number })
}

fn report(watch: &Watch, asked: usize) -> Value {
    let share = |some: &dyn Fn(&(f64, f64, bool)) -> bool| {
        let some: Vec<_> = watch.came.iter().filter(|came| some(came)).collect();
        let good = some.iter().filter(|(real, shown, _)| (real / shown - 1.0).abs() <= 0.3).count();
        (good as f64 / some.len().max(1) as f64, some.len())
    };
    let (all, line, now) = (share(&|_| true), share(&|came| came.2), share(&|came| !came.2));
    let mut ratios: Vec<f64> = watch.came.iter().map(|(real, shown, _)| real / shown).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let at = |per_cent: usize| ratios.get((ratios.len() * per_cent / 100).min(ratios.len().saturating_sub(1))).copied();
    let spread: Vec<f64> =
        [5, 10, 25, 50, 75, 90, 95].into_iter().filter_map(at).map(|it| (it * 100.0).round() / 100.0).collect();
    println!("eta: {asked} pictures, {} with a time shown first", watch.came.len());
    println!("  within 30 % of it                 {:.3}, target >= 0.8", all.0);
    println!("    of those in line                {:.3} ({})", line.0, line.1);
    println!("    of those that started at once   {:.3} ({})", now.0, now.1);
    println!("  real/shown p5/10/25/50/75/90/95   {spread:?}");
    json!({ "asked": asked, "shown": watch.came.len(), "within_30": all.0, "in_line": line.0, "at_once": now.0, "ratios": spread })
}
