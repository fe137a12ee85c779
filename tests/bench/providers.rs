//! `bench providers`: what the line adds to a provider's own time, and how many requests it makes.
//!
//! The provider is the simulated Replicate with runs of a known length, so the provider's own time is exact: from creation
//! to the end that it records. Each job has a chat of its own, below Telegram's pace.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use atelier_domain::JobState;
use harness::World;
use serde_json::{Value, json};

use crate::observe;
use crate::sample::Sample;

/// Jobs measured one after another.
const JOBS: usize = 40;
/// Seconds of a simulated run.
const RUN_S: f64 = 2.0;
/// Pictures in flight at once for the memory figure.
const CROWD: usize = 50;

/// Pictures whose processor time is measured, one after another, and runs that are cancelled.
const LARGE: usize = 20;

/// Measures and prints.
pub(crate) async fn main() -> ExitCode {
    overhead().await;
    real_sizes().await;
    println!("(from the message typed to the picture in the chat, both of which the simulated chat reports)");
    ExitCode::SUCCESS
}

/// What the line adds to runs of a known length, with pictures so small that they cost nothing.
async fn overhead() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "do": { "run_seconds": RUN_S } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", "64"]));
    let mut sample = Sample::default();
    // of the first one only the catalogue says how long it takes
    let first = one(&world, 999).await;
    let before = requests(&world.replicate.state().await);
    for number in 0..JOBS {
        sample.push(one(&world, 1_000 + i64::try_from(number).unwrap_or_default()).await);
    }
    let requests = requests(&world.replicate.state().await) - before;
    println!("overhead of the first run, before its length is known: {} ms", first.as_millis());
    println!(
        "overhead over the provider's own time, {JOBS} runs of {RUN_S} s: p50 {:.0} ms, p99 {:.0} ms",
        sample.percentile(50),
        sample.percentile(99)
    );
    println!("requests to the provider a finished job: {:.1}", requests as f64 / JOBS as f64);
}

/// What pictures of a real size cost, one by one and together.
async fn real_sizes() {
    let world = World::with(|config| config.largest_side = 2048).await;
    let (_bot, worker) = (world.bot().await, world.worker_with(&["--concurrency", "64"]));
    one(&world, 998).await;
    let before = observe::processor_time(worker.id());
    for number in 0..LARGE {
        one(&world, 2_000 + i64::try_from(number).unwrap_or_default()).await;
    }
    let each = observe::processor_time(worker.id()).saturating_sub(before).as_secs_f64() * 1000.0 / LARGE as f64;
    println!("worker CPU a picture of {:.2} megapixels delivered: {each:.0} ms", megapixels(&world, 2_000).await);
    let mut noticed = Sample::default();
    for number in 0..LARGE {
        noticed.push(cancelled(&world, number).await);
    }
    println!(
        "from a wish to cancel a running picture to the provider's being told, {LARGE} times: p50 {:.0} ms, p99 {:.0} ms",
        noticed.percentile(50),
        noticed.percentile(99)
    );
    let hold = world.replicate.hold(json!({ "prompt": "crowd" })).await;
    for number in 0..CROWD {
        let user = world.telegram.user(10_000 + i64::try_from(number).unwrap_or_default());
        user.say("a crowd in the square --model ideogram").await;
    }
    world.replicate.wait(&format!("held={CROWD}")).await;
    world.replicate.release_one(hold).await;
    world.replicate.wait(&format!("prompt=crowd&downloads={CROWD}")).await;
    for number in 0..CROWD {
        world.telegram.user(10_000 + i64::try_from(number).unwrap_or_default()).photos(1).await;
    }
    let (_, peak) = observe::memory(worker.id());
    println!(
        "peak memory of the worker with {CROWD} pictures of {:.2} megapixels in flight: {peak:.0} MB",
        megapixels(&world, 10_000).await
    );
}

/// Cancels a picture that runs; how long until the provider is told.
async fn cancelled(world: &World, number: usize) -> Duration {
    let hold = world.replicate.hold(json!({ "prompt": "stopped" })).await;
    let number_of_user = 5_000 + i64::try_from(number).unwrap_or_default();
    let user = world.telegram.user(number_of_user);
    user.say("a stopped clock --model ideogram").await;
    world.replicate.wait("prompt=stopped&held=1").await;
    let job = world.until(&world.only_job(number_of_user).await, JobState::Active).await;
    let asked = Instant::now();
    world.queue().cancel(&job.id, "bench", None).await.expect("the queue answers");
    world.replicate.wait(&format!("prompt=stopped&cancels={}", number + 1)).await;
    let took = asked.elapsed();
    world.replicate.release_one(hold).await;
    took
}

/// The size of a user's picture in the chat.
async fn megapixels(world: &World, user: i64) -> f64 {
    let messages = world.telegram.user(user).of_kind("photo").await;
    let side = |name: &str| messages.first().and_then(|message| message["media"][name].as_f64()).unwrap_or_default();
    side("width") * side("height") / 1e6
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
