//! `bench providers`: what the line adds to a provider's own time, and how many requests it makes.
//!
//! The provider is the simulated Replicate with runs of a known length, so the provider's own time is exact: from creation
//! to the end that it records. Each job has a chat of its own, below Telegram's pace.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use harness::{Process, World};
use serde_json::{Value, json};

use crate::sample::Sample;

/// Jobs measured one after another.
const JOBS: usize = 40;
/// Seconds of a simulated run.
const RUN_S: f64 = 2.0;
/// Pictures in flight at once for the memory figure.
const CROWD: usize = 50;

/// Measures and prints.
pub(crate) async fn main() -> ExitCode {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "do": { "run_seconds": RUN_S } })).await;
    let (_bot, worker) = (world.bot().await, world.worker_with(&["--concurrency", "64"]));
    let mut sample = Sample::default();
    // of the first one only the catalogue says how long it takes
    let first = one(&world, 999).await;
    let (cpu, before) = (cpu_ms(&worker), requests(&world.replicate.state().await));
    for number in 0..JOBS {
        sample.push(one(&world, 1_000 + i64::try_from(number).unwrap_or_default()).await);
    }
    let (cpu, requests) = (cpu_ms(&worker) - cpu, requests(&world.replicate.state().await) - before);
    let hold = world.replicate.hold(json!({ "prompt": "crowd" })).await;
    for number in 0..CROWD {
        let user = world.telegram.user(10_000 + i64::try_from(number).unwrap_or_default());
        user.say("a crowd in the square --model ideogram").await;
    }
    world.replicate.wait(&format!("held={CROWD}")).await;
    world.replicate.release_one(hold).await;
    world.replicate.wait(&format!("prompt=crowd&downloads={CROWD}")).await;
    println!("overhead of the first run, before its length is known: {} ms", first.as_millis());
    println!(
        "overhead over the provider's own time, {JOBS} runs of {RUN_S} s: p50 {:.0} ms, p99 {:.0} ms",
        sample.percentile(50),
        sample.percentile(99)
    );
    println!("requests to the provider a finished job: {:.1}", requests as f64 / JOBS as f64);
    println!("worker CPU a picture: {:.0} ms", cpu as f64 / JOBS as f64);
    println!("peak memory of the worker with {CROWD} pictures in flight: {} MB", peak_kb(&worker) / 1024);
    println!("(from the message typed to the picture in the chat, both of which the simulated chat reports)");
    ExitCode::SUCCESS
}

/// One picture for a user: what it took beyond the provider's own time.
async fn one(world: &World, user: i64) -> Duration {
    let user = world.telegram.user(user);
    let asked = Instant::now();
    user.say("a harbour at dawn --model ideogram").await;
    user.photos(1).await;
    asked.elapsed().saturating_sub(Duration::from_secs_f64(own_time(world).await))
}

/// Seconds from creation to the end of the newest prediction, as the provider tells a client.
async fn own_time(world: &World) -> f64 {
    let state = world.replicate.state().await;
    let newest = state["predictions"].as_array().and_then(|known| known.last()).cloned().unwrap_or(Value::Null);
    newest["total_seconds"].as_f64().unwrap_or(RUN_S)
}

fn requests(state: &Value) -> u64 {
    let routes = state["requests"].as_object();
    routes.into_iter().flat_map(|routes| routes.values()).filter_map(Value::as_u64).sum()
}

/// Processor time of a process in milliseconds, of which the kernel counts hundredths of a second.
fn cpu_ms(process: &Process) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = |at: usize| after_name.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<u64>().ok());
    (field(11).unwrap_or(0) + field(12).unwrap_or(0)) * 10
}

fn peak_kb(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
