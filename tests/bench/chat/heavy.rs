//! Whether a user with a thousand waiting jobs makes another one wait.

use std::time::{Duration, Instant};

use atelier_domain::{BotId, Catalogue, ChatId, Job, JobId, Language, MessageId, Place, Request, UpdateId, UserId};
use atelier_queue::{Limits, Submission};
use harness::World;
use serde_json::{Value, json};

use crate::options::Options;
use crate::sample::Sample;

const HEAVY: u32 = 1000;
/// Jobs at once in the only worker.
const SLOTS: &str = "8";
/// Seconds of a simulated run.
const RUN_S: f64 = 2.0;
const MODEL: &str = "ideogram";

/// The figures.
pub(crate) async fn measure(options: &Options) -> Value {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "do": { "run_seconds": RUN_S } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", SLOTS]));
    let pictures = if options.quick { 5 } else { 20 };
    // of the first one only the catalogue says how long it takes
    one(&world, 999).await;
    let mut alone = Sample::default();
    for user in 0..pictures {
        alone.push(one(&world, 1000 + user).await);
    }
    fill(&world).await;
    let mut beside = Sample::default();
    for user in 0..pictures {
        beside.push(one(&world, 2000 + user).await);
    }
    let left = world.queue().stats().await.expect("numbers").waiting;
    assert!(left > u64::from(HEAVY) / 4, "the heavy user waited the whole time: {left}");
    let figures = |sample: &Sample| [50, 95, 100].map(|per_cent| sample.percentile(per_cent).round());
    let ratio = beside.percentile(95) / alone.percentile(95);
    println!("heavy: from the prompt to its picture, a run of {RUN_S} s, {SLOTS} at once, {pictures} pictures each");
    println!("  alone, ms p50/p95/max             {:?}", figures(&alone));
    println!("  beside {HEAVY} waiting jobs           {:?} ({left} of them still waited)", figures(&beside));
    println!("  p95 beside to alone               {ratio:.3}, target <= 2");
    json!({ "alone_ms": figures(&alone), "beside_ms": figures(&beside), "ratio_p95": ratio })
}

async fn one(world: &World, user: i64) -> Duration {
    let user = world.telegram.user(user);
    let asked = Instant::now();
    user.say(&format!("a harbour at dawn --model {MODEL}")).await;
    user.photos(1).await;
    asked.elapsed()
}

/// A thousand jobs of one user, who was allowed more than a chat allows.
async fn fill(world: &World) {
    let model = Catalogue::builtin().find(MODEL).expect("a model of the catalogue");
    let (bot, user) = (BotId(4242), UserId(77));
    world.telegram.user(user.0).say("/start").await;
    for number in 0..HEAVY {
        let prompt = format!("one of a thousand, number {number}").parse().expect("a prompt");
        let place = Place { bot, chat: ChatId(user.0), thread: None, reply_to: MessageId(1) };
        let job = Job {
            id: JobId::new(1_795_000_000_000 + u64::from(number), number),
            place,
            user,
            language: Language::default(),
            request: Request::new(prompt, model.id.clone(), model.default_ratio()),
            index: 0,
            of: 1,
            accepted_ms: 0,
        };
        let submission = Submission {
            bot,
            user,
            update: UpdateId(number + 1_000_000),
            jobs: &[(job, model.typical())],
            limits: Limits { pending_per_user: HEAVY, ..Limits::default() },
            weight: 1,
            urgent: false,
        };
        world.queue().submit(&submission).await.expect("the queue accepts it");
    }
}
