//! Whether the start that is shown first comes true: a day of mixed load, compressed.
//!
//! The day has a quiet night, a rush at noon and one in the evening that the fleet cannot keep up with, four models of
//! different length, many users with messages of one to ten prompts, and a few who send very many. Everything shrinks
//! alike: a day to a minute and a half, and a job of minutes to a fraction of a second. The same seed makes the same day.

use std::collections::HashMap;
use std::time::Duration;

use atelier_domain::{Catalogue, Job, JobState};
use atelier_queue::Span;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, job};
use crate::queue::process::{Line, Worker};
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};
use crate::sample::median;

/// Two workers with so many slots each.
const WORKERS: usize = 2;
const SLOTS: usize = 8;
/// Models, the middle length of a job in milliseconds, and their share of the prompts.
const MODELS: [(&str, f64, f64); 4] =
    [("sketch", 60.0, 0.2), ("imagen", 150.0, 0.3), ("ideogram", 250.0, 0.3), ("seedream", 500.0, 0.2)];
/// How far lengths spread: the deviation of their logarithm.
const SPREAD: f64 = 0.25;
const USERS: f64 = 200.0;
/// Neither a wait nor a shown wait: a minute and a half of the day.
const WAITED: Duration = Duration::from_millis(100);
/// How much of the fleet's work arrives, from one part of the day to the next.
const LOAD: [(f64, f64); 9] = [
    (0.0, 0.15),
    (0.20, 0.15),
    (0.30, 0.8),
    (0.36, 1.3),
    (0.46, 1.3),
    (0.50, 0.6),
    (0.66, 1.45),
    (0.78, 1.45),
    (1.0, 0.2),
];

/// One message of the day.
struct Message {
    at: Duration,
    jobs: Vec<Job>,
    predicted: Duration,
}

/// What was shown for a job, and when.
struct Shown {
    at: u64,
    span: Option<Span>,
    /// Whether it is the first of its message.
    first: bool,
}

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let day = Duration::from_secs(options.full(90, 40) as u64);
    let messages = day_of(day, &mut StdRng::seed_from_u64(24));
    let count: usize = messages.iter().map(|message| message.jobs.len()).sum();
    let server = Server::start().await;
    let door = Door::open(Kind::Ours, &server).await;
    let (mut watching, finished) = (JoinSet::new(), CancellationToken::new());
    for _ in 0..WORKERS {
        let spec = Spec { concurrency: SLOTS, labour: Labour::Seed, watched: true, ..Spec::default() };
        watching.spawn(starts(Worker::start(&server, &spec), finished.clone()));
    }
    server.workers(WORKERS).await;
    let (begun, mut submitting) = (Instant::now(), JoinSet::new());
    for message in messages {
        tokio::time::sleep_until(begun + message.at).await;
        let (door, queue) = (door.clone(), server.queue().clone());
        submitting.spawn(async move {
            door.submit_expecting(&message.jobs, message.predicted).await;
            let mut shown = Vec::new();
            for (index, job) in message.jobs.into_iter().enumerate() {
                let standing = queue.standing(&job.id, Catalogue::builtin()).await.expect("it is answered");
                let standing = standing.expect("the job is known");
                if standing.state == JobState::Waiting {
                    let first = index == 0;
                    shown.push((job.id.to_string(), Shown { at: clock::now(), span: standing.start, first }));
                }
            }
            shown
        });
    }
    let shown: HashMap<String, Shown> = submitting.join_all().await.into_iter().flatten().collect();
    while door.done().await < count as u64 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    finished.cancel();
    let started: HashMap<String, u64> = watching.join_all().await.into_iter().flatten().collect();
    rows(count, &shown, &started)
}

fn rows(count: usize, shown: &HashMap<String, Shown>, started: &HashMap<String, u64>) -> Vec<Row> {
    let (mut waited, mut near, mut inside, mut silent) = (0.0_f64, 0.0, 0.0, 0);
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for (id, Shown { at, span, first: is_first }) in shown {
        let wait = clock::between(*at, started[id]);
        // whoever was shown a wait counts as well: only those who waited would make every estimate look too short
        if wait.max(span.map_or(Duration::ZERO, Span::likely)) <= WAITED {
            continue;
        }
        waited += 1.0;
        let Some(span) = span else {
            silent += 1;
            continue;
        };
        let quotient = wait.as_secs_f64() / span.likely().as_secs_f64();
        if *is_first {
            first.push(quotient);
        } else {
            others.push(quotient);
        }
        if (0.7..=1.3).contains(&quotient) {
            near += 1.0;
        }
        let low_high = Duration::from_millis(span.low_ms)..=Duration::from_millis(span.high_ms);
        if low_high.contains(&wait) {
            inside += 1.0;
        }
    }
    let share = near / waited;
    vec![
        Row::new(format!("jobs that start within 30 % of the shown time ({waited} of {count} waited)"))
            .ours(share)
            .target(">= 0.80")
            .key("eta_within_30pct", share),
        Row::new("  within the shown range").ours(inside / waited),
        Row::new(format!("  real to shown, middle, first of a message ({silent} were shown nothing)"))
            .ours(median(first)),
        Row::new("  the same, the others of a message").ours(median(others)),
    ]
}

/// The starts that a worker tells of until all is finished.
async fn starts(mut worker: Worker, finished: CancellationToken) -> Vec<(String, u64)> {
    let mut starts = Vec::new();
    loop {
        tokio::select! {
            biased;
            line = worker.line() => match line {
                Some(Line::Started(at, id)) => starts.push((id, at)),
                Some(_) => {}
                None => break,
            },
            () = finished.cancelled() => break,
        }
    }
    worker.stop().await;
    starts
}

/// A day of messages, in their order.
fn day_of(day: Duration, random: &mut StdRng) -> Vec<Message> {
    let mean: f64 = MODELS.iter().map(|(_, length, share)| length * share).sum::<f64>() * (SPREAD * SPREAD / 2.0).exp();
    let capacity = (WORKERS * SLOTS) as f64 / mean * 1000.0;
    let mut messages = Vec::new();
    let mut now = 0.0;
    loop {
        let size: u32 = match random.random::<f64>() {
            0.0..0.6 => 1,
            0.6..0.9 => random.random_range(2..=4),
            _ => 10,
        };
        // the next arrival keeps the load that this part of the day has
        let part = now / day.as_secs_f64();
        if part >= 1.0 {
            break;
        }
        let load = load_at(part);
        // few users are active at any moment: the square makes some of them frequent
        let user = whole(random.random::<f64>().powi(2) * USERS);
        messages.push(message(now, user, size, random));
        now += -f64::from(size) / (capacity * load) * (1.0 - random.random::<f64>()).ln();
    }
    // four who send very many at once
    for (whale, part) in [(300, 0.1), (301, 0.38), (302, 0.55), (303, 0.7)] {
        for _ in 0..6 {
            messages.push(message(part * day.as_secs_f64(), whale, 10, random));
        }
    }
    messages.sort_by_key(|message| message.at);
    messages
}

fn message(seconds: f64, user: u32, size: u32, random: &mut StdRng) -> Message {
    let mut pick = random.random::<f64>();
    let (model, length, _) = MODELS
        .into_iter()
        .find(|(_, _, share)| {
            pick -= share;
            pick < 0.0
        })
        .unwrap_or(MODELS[0]);
    let jobs = (0..size).map(|_| job(user, model, whole(length * (SPREAD * normal(random)).exp()))).collect();
    Message { at: Duration::from_secs_f64(seconds), jobs, predicted: Duration::from_secs_f64(length / 1000.0) }
}

/// A normally distributed number (Box and Muller).
fn normal(random: &mut StdRng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

/// The load between the two parts of the day around this one.
fn load_at(part: f64) -> f64 {
    let after = LOAD.iter().position(|(at, _)| *at > part).unwrap_or(LOAD.len() - 1).max(1);
    let ((from, low), (to, high)) = (LOAD[after - 1], LOAD[after]);
    low + (high - low) * (part - from) / (to - from)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
fn whole(number: f64) -> u32 {
    number.round() as u32
}
