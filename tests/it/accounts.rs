//! What an account at a provider allows: one that is closed, and one with little credit.

use std::time::Duration;

use atelier_domain::JobState;
use atelier_queue::Record;
use harness::{Chat, PATIENCE, World};
use serde_json::{Value, json};

use crate::spending::given;

const ADA: i64 = 1;

/// The account is tried again and again, by several workers; those who run the bot hear of it once, and of its end once.
#[tokio::test]
async fn administrators_are_told_once_when_an_account_closes_and_once_when_it_works() {
    let mut world = World::start().await;
    world.variables.push(("ATELIER_ADMINS", "77,78".to_owned()));
    let empty = json!({ "answer": "insufficient_credit" });
    world.replicate.rule(json!({ "on": "create", "times": 3, "do": empty })).await;
    let _bot = world.bot().await;
    let (ada, boss) = (world.telegram.user(ADA), world.telegram.user(77));
    // 78 never wrote to the bot: it must not be written to, and nothing hangs on that
    boss.say("/help").await;
    boss.until("replies=1").await;
    let pause = ["--account-pause", "1"];
    let _workers = [world.worker_with(&pause), world.worker_with(&pause)];
    ada.say("a cat --model imagen").await;
    boss.text("works again").await;
    ada.photos(1).await;
    ada.say("a dog --model schnell").await;
    ada.photos(2).await;
    let said = |messages: &[Value], words: &str| {
        messages.iter().filter(|message| message["text"].as_str().is_some_and(|text| text.contains(words))).count()
    };
    let messages = boss.messages().await;
    let news = (said(&messages, "“replicate” is out of credit"), said(&messages, "“replicate” works again"));
    assert_eq!(news, (1, 1), "{messages:?}");
    assert_eq!(said(&ada.messages().await, "out of credit"), 0, "users hear nothing of it");
}

#[tokio::test]
async fn the_operators_trouble_pauses_the_account_and_ends_by_itself() {
    for (answer, class) in [("insufficient_credit", "out of credit"), ("unauthenticated", "unauthorised")] {
        let world = World::start().await;
        world.replicate.rule(json!({ "on": "create", "times": 1, "do": { "answer": answer } })).await;
        let (_bot, _worker) = (world.bot().await, world.worker_with(&["--account-pause", "1"]));
        let ada = world.telegram.user(ADA);
        ada.say("a cat --model imagen").await;
        let messages = ada.photos(1).await;
        assert!(!format!("{messages:?}").contains("credit"), "the provider's words stay out of the chat: {messages:?}");
        let record = world.jobs(ADA).await.remove(0);
        assert_eq!(record.attempt, 1, "no try was burnt: {record:?}");
        let actions = world.queue().actions().await.expect("the queue answers");
        let by_itself: Vec<&str> =
            actions.iter().filter(|event| event.actor == "atelier").map(|event| event.kind.as_str()).collect();
        assert!(by_itself.contains(&"pause") && by_itself.contains(&"resume"), "{actions:?}");
        assert!(actions.iter().any(|event| event.detail.contains(class)), "with its reason: {actions:?}");
        let stats = world.queue().stats().await.expect("the queue answers");
        assert!(stats.models.iter().all(|model| model.paused.is_none()), "nothing stays paused: {stats:?}");
    }
}

/// Every second creation is refused, of several jobs in the hands of two workers.
#[tokio::test]
async fn news_of_an_account_that_refuses_and_works_in_turns_alternate_and_the_last_is_true() {
    let mut world = World::start().await;
    world.variables.push(("ATELIER_ADMINS", "77".to_owned()));
    // whatever a rule answers the later ones do not see
    let refusal =
        |skip: u32| json!({ "on": "create", "skip": skip, "times": 1, "do": { "answer": "insufficient_credit" } });
    world.replicate.rule((0..5).map(refusal).collect()).await;
    let _bot = world.bot().await;
    let (ada, boss) = (world.telegram.user(ADA), world.telegram.user(77));
    boss.say("/help").await;
    boss.until("replies=1").await;
    // the first of the news takes longer than what follows it
    let slow = json!({ "kind": "delay", "ms": 3_000 });
    world.telegram.fault(json!({ "method": "sendMessage", "chat": 77, "times": 1, "action": slow })).await;
    let pause = ["--account-pause", "1"];
    let _workers = [world.worker_with(&pause), world.worker_with(&pause)];
    ada.say("a cat --model schnell --n 6").await;
    ada.photos(6).await;
    let queue = world.queue();
    let told = async {
        // somebody may still be telling
        for mark in ["alarm:replicate", "alarm-told:replicate", "alarm-telling:replicate"] {
            while queue.marked(mark).await.expect("the queue answers").is_some() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("that it works is said");
    let messages = boss.messages().await;
    let news: Vec<bool> = messages
        .iter()
        .filter_map(|message| message["text"].as_str())
        .filter(|text| text.contains("“replicate”"))
        .map(|text| text.contains("works again"))
        .collect();
    let alternate = news.iter().enumerate().all(|(index, works)| *works == (index % 2 == 1));
    assert!(alternate && news.last() == Some(&true), "closed, works, closed, works: {messages:?}");
}

/// Of creations that began together some fail and some work, in turns: that is no row, and the account is left no peace.
#[tokio::test]
async fn an_account_that_works_in_between_does_not_rest() {
    let world = World::start().await;
    let slow = |prompt: &str, seconds: f64| json!({ "on": "create", "prompt": prompt, "do": { "delay": seconds } });
    // each once: what is tried again meanwhile works
    let lost = |user: i64| json!({ "on": "create", "prompt": format!("lost {user}"), "times": 1, "do": "cut_before" });
    world.replicate.rule(json!([slow("first", 1.0), slow("second", 2.0), lost(3), lost(4), lost(5)])).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let say = async |user: i64, text: &str| {
        world.telegram.user(user).say(&format!("{text} --model schnell")).await;
        world.telegram.user(user).until("replies=1").await;
        world.only_job(user).await
    };
    // these asked whether they may before anything failed
    let works = [say(1, "first").await, say(2, "second").await];
    for job in &works {
        world.until(job, JobState::Active).await;
    }
    let fails = say(3, "lost 3").await;
    world.until(&fails, JobState::Delayed).await;
    for (user, works) in (4..).zip(&works) {
        world.until(works, JobState::Done).await;
        let fails = say(user, &format!("lost {user}")).await;
        world.until(&fails, JobState::Delayed).await;
    }
    let (wait, stumbles) = world.queue().ask_breaker("replicate").await.expect("the queue answers");
    assert!(wait.is_zero() && stumbles <= 1, "{stumbles} in a row, {wait:?}");
}

/// What it may was found out with an earlier message.
#[tokio::test]
async fn a_batch_of_ten_arrives_from_an_account_with_little_credit_when_it_was_said_to() {
    let world = little_credit().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("a fox --model schnell --n 2").await;
    ada.photos(2).await;
    ada.say("a cat --model schnell --n 10").await;
    ada.text(" of 10 pictures").await;
    let last_ms = ten_are_made(&world).await;
    assert_eq!(world.replicate.creates().await, 12, "each was made once");
    let said = panel(&ada).await;
    let (at_ms, eta) = said.first().expect("what it said first");
    assert_honest(*at_ms, *eta, last_ms);
}

/// Nothing is known of the account when the message comes: the time that is said then may be anything, but the one that
/// stands there after the first refusal is right.
#[tokio::test]
async fn the_time_of_a_batch_is_right_from_the_first_refusal_on() {
    let world = little_credit().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("a cat --model schnell --n 10").await;
    ada.text(" of 10 pictures").await;
    let last_ms = ten_are_made(&world).await;
    assert_eq!(world.replicate.creates().await, 10, "each was made once");
    let mut refused = Vec::new();
    for record in world.jobs(ADA).await {
        let trail = world.queue().trail(&record.id).await.expect("the queue answers");
        refused.extend(trail.iter().filter(|event| event.kind == "throttled").map(|event| event.at_ms));
    }
    let first = refused.into_iter().min().expect("a refusal");
    let said = panel(&ada).await;
    // what was said at that moment was reckoned before it
    let (at_ms, eta) = said.iter().find(|(at_ms, _)| *at_ms > first + 2000).expect("what it said then");
    assert_honest(*at_ms, *eta, last_ms);
}

/// The account may create so few a minute, one at a time: six at the real service, here more, to be quick.
async fn little_credit() -> World {
    let world = World::with(|config| config.rate_limits = false).await;
    let limits = json!({ "enabled": true, "creates_per_minute": 600, "others_per_minute": 3000,
        "low_credit_below": 5.0, "low_credit_per_minute": given("E2E_CREATES_PER_MINUTE", 20) });
    world.replicate.limits(limits, 4.0).await;
    world
}

/// Waits until the newest ten jobs are done; when the last one was.
async fn ten_are_made(world: &World) -> u64 {
    let mut last_ms = 0;
    let jobs: Vec<Record> = world.jobs(ADA).await.into_iter().take(10).collect();
    let queue = world.queue();
    for record in jobs {
        // of a slow account the last one comes later than what a test waits for otherwise
        let record = loop {
            match queue.record(&record.id).await.expect("the queue answers") {
                Some(record) if record.state.is_final() => break record,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert_eq!((record.state, record.attempt), (JobState::Done, 1), "a refusal burns no try: {record:?}");
        last_ms = last_ms.max(record.ended_ms.unwrap_or_default());
    }
    last_ms
}

/// What the message under the album said of the time, from when on.
async fn panel(ada: &Chat) -> Vec<(u64, f64)> {
    let messages = ada.text("10 of 10").await;
    let panel = messages.into_iter().find(|message| message["text"].to_string().contains("10 of 10"));
    let panel = panel.expect("the message under the album");
    let mut from = panel["at_ms"].as_u64().expect("a time");
    let mut said = Vec::new();
    for version in panel["history"].as_array().expect("its history") {
        if let Some(seconds) = version["text"].as_str().and_then(seconds_in) {
            said.push((from, seconds));
        }
        from = version["until_ms"].as_u64().expect("a time");
    }
    said
}

fn assert_honest(said_ms: u64, eta: f64, last_ms: u64) {
    let took = last_ms.saturating_sub(said_ms) as f64 / 1000.0;
    assert!((eta / took - 1.0).abs() < 0.3, "{eta} s were said at {said_ms}, {took} s it took");
}

/// The seconds of `about 35 s to go`.
fn seconds_in(text: &str) -> Option<f64> {
    let (_, after) = text.split_once("about ")?;
    after.split_once(" s to go")?.0.parse().ok()
}
