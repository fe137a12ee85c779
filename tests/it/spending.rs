//! Money is spent once for each result, whatever breaks on the way.

use std::collections::{BTreeMap, BTreeSet};

use atelier_domain::{BotId, Catalogue, JobId, JobState, Request, Usd, UserId};
use atelier_queue::{EntryKind, Owner, Retrying};
use harness::{Breakpoint, World, free_address};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::{hooks, ready};

const ADA: i64 = 1;

#[tokio::test]
async fn a_stand_in_answers_only_after_the_first_is_known_to_be_over() {
    let world = World::start().await;
    // long enough that two at once would be seen
    world.replicate.rule(json!({ "on": "create", "do": { "run_seconds": 0.2 } })).await;
    let fails = json!({ "outcome": "director" });
    world.replicate.rule(json!({ "on": "create", "model": "*ideogram-v3-turbo", "do": fails })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("a cat --model ideogram").await;
    let messages = ada.text("could not do it").await;
    let caption = messages.iter().find_map(|message| message["caption"].as_str()).unwrap_or_default();
    assert!(caption.contains("Ideogram v2, made by AI"), "the caption says who answered: {caption}");
    let state = world.replicate.state().await;
    let tries: Vec<(&str, &str)> = state["predictions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|known| (known["model"].as_str().unwrap_or_default(), known["status"].as_str().unwrap_or_default()))
        .collect();
    let turbo = ("ideogram-ai/ideogram-v3-turbo", "failed");
    assert_eq!(tries, [turbo, turbo, ("ideogram-ai/ideogram-v2", "succeeded")]);
    assert_eq!(state["highest_running"], 1, "never two at once");
}

/// The worker that learned of it dies before it could say so: whoever goes on says so, and buys no other.
#[tokio::test]
async fn what_was_paid_for_and_deleted_is_not_bought_again_unasked() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": { "outcome": "expired" } })).await;
    let breakpoint = Breakpoint::at("after-failure").await;
    let _bot = world.bot().await;
    let mut doomed = world.worker_stopping_at(&breakpoint);
    let ada = world.telegram.user(ADA);
    ada.say("a cat --model imagen").await;
    breakpoint.hit().await;
    doomed.kill().await;
    let _heir = world.worker();
    ada.text("its file was deleted there").await;
    let record = world.jobs(ADA).await.remove(0);
    assert_eq!((record.state, world.replicate.creates().await), (JobState::Dead, 1), "{record:?}");
    let ledger = world.queue().ledger(Owner(BotId(4242), UserId(ADA)), 0).await.expect("a ledger");
    assert_eq!(ledger.charged, price("imagen"), "it was charged for once");

    // asked for again, it is made again
    let again = world.queue().retry(&record.id, "operator", None).await.expect("the queue answers");
    assert_eq!(again, Retrying::Waiting);
    ada.photos(1).await;
    assert_eq!(world.replicate.creates().await, 2);
    let ledger = world.queue().ledger(Owner(BotId(4242), UserId(ADA)), 0).await.expect("a ledger");
    assert_eq!(ledger.charged, price("imagen").times(2));
}

/// The worker that chose a stand-in dies before it asked it: the next asks the same one, and nobody else again.
#[tokio::test]
async fn a_stand_in_that_was_chosen_is_asked_by_the_next_worker() {
    let world = World::start().await;
    let fails = json!({ "outcome": "director" });
    world.replicate.rule(json!({ "on": "create", "model": "*ideogram-v3-turbo", "do": fails })).await;
    let breakpoint = Breakpoint::at("after-choice").await;
    let _bot = world.bot().await;
    let mut doomed = world.worker_stopping_at(&breakpoint);
    let ada = world.telegram.user(ADA);
    ada.say("a cat --model ideogram").await;
    breakpoint.hit().await;
    doomed.kill().await;
    let _heir = world.worker();
    ada.photos(1).await;
    let state = world.replicate.state().await;
    let tries: Vec<&str> = state["predictions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|known| known["model"].as_str().unwrap_or_default())
        .collect();
    let turbo = "ideogram-ai/ideogram-v3-turbo";
    assert_eq!(tries, [turbo, turbo, "ideogram-ai/ideogram-v2"]);
}

/// Of those that the rules allow at that price, the one that was measured to be the fastest.
#[tokio::test]
async fn the_stand_in_is_the_fastest_that_the_price_allows() {
    let mut world = World::start().await;
    let catalogue = world.directory().join("catalogue.toml");
    let rules = r#"{ models = ["imagen", "schnell", "seedream"], price_percent = 100, fastest_first = true }"#;
    std::fs::write(&catalogue, format!("[[model]]\nid = \"ideogram\"\nfallback = {rules}\n")).expect("a file");
    world.variables.push(("ATELIER_CATALOGUE", catalogue.display().to_string()));
    let rules = json!([
        { "on": "create", "model": "*ideogram-v3-turbo", "do": { "outcome": "director" } },
        // faster by the catalogue, and slower in truth
        { "on": "create", "model": "*flux-schnell", "do": { "run_seconds": 1.5 } },
        { "on": "create", "model": "*imagen-4-ultra", "do": { "run_seconds": 0.0 } },
        { "on": "create", "model": "*seedream-3", "do": { "run_seconds": 0.1 } },
    ]);
    world.replicate.rule(rules).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("- one --model schnell\n- two --model seedream\n- three --model imagen").await;
    ada.photos(3).await;
    ada.say("a cat --model ideogram").await;
    ada.photos(4).await;
    let state = world.replicate.state().await;
    let last = state["predictions"].as_array().and_then(|known| known.last()).expect("a prediction");
    assert_eq!(last["model"], "bytedance/seedream-3", "{state}");
}

/// A request that is on its way for longer than a lost creation is waited for begins a second run: it is found out, stopped
/// and booked.
#[tokio::test]
async fn a_creation_that_comes_too_late_is_stopped_and_booked_when_the_job_is_over() {
    let world = World::start().await;
    let rules = json!([
        { "on": "create", "times": 1, "do": { "late": 6.0 } },
        { "on": "create", "times": 1, "do": { "outcome": "never_ends" } },
    ]);
    world.replicate.rule(rules).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("a cat --model imagen").await;
    ada.photos(1).await;
    let state = world.replicate.wait("creates=2&canceled=1").await;
    let statuses: BTreeSet<&str> =
        state["predictions"].as_array().expect("a list").iter().filter_map(|known| known["status"].as_str()).collect();
    assert_eq!(statuses, BTreeSet::from(["canceled", "succeeded"]), "{state}");
    ready::all_told(&world).await;
    let ledger = world.queue().ledger(Owner(BotId(4242), UserId(ADA)), 0).await.expect("a ledger");
    assert_eq!(ledger.charged.micros(), micros(&world.replicate.state().await["spent"]), "what was stopped counts");
}

/// Cancelled while it waits for its next attempt: no worker has it, and what it left at the provider is stopped all the same.
#[tokio::test]
async fn what_a_waiting_job_left_at_the_provider_is_stopped_when_it_is_cancelled() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": "cut_after" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("a cat --model imagen").await;
    world.replicate.wait("held=1").await;
    let job = world.only_job(ADA).await;
    world.until(&job, JobState::Delayed).await;
    let slot = ada.until("replies=1").await.pop().expect("a slot");
    ada.tap(&slot, "Cancel").await;
    world.replicate.wait("canceled=1").await;
    ready::all_told(&world).await;
    let ledger = world.queue().ledger(Owner(BotId(4242), UserId(ADA)), 0).await.expect("a ledger");
    assert_eq!(ledger.charged, price("imagen"), "what was stopped while it ran counts");
    assert_eq!(world.jobs(ADA).await[0].state, JobState::Cancelled);
}

/// What one picture of a model costs.
fn price(model: &str) -> Usd {
    let model = Catalogue::builtin().find(model).expect("a model");
    model.estimate(&Request::new("a cat".parse().expect("a prompt"), model.id.clone(), model.default_ratio()))
}

/// What may befall a creation.
fn fault(random: &mut StdRng) -> Option<Value> {
    Some(match random.random_range(0..17) {
        0 => json!("cut_before"),
        1 | 2 => json!("cut_after"),
        3 => json!({ "answer": "throttled" }),
        4 => json!({ "answer": "low_credit" }),
        5 => json!({ "answer": "unavailable" }),
        6 => json!({ "outcome": "high_demand" }),
        7 => json!({ "outcome": "interrupted" }),
        8 => json!({ "outcome": "nsfw" }),
        9 => json!({ "outcome": "empty_list" }),
        10 => json!({ "delay": 0.2 }),
        11 => json!({ "outcome": "never_ends" }),
        12 => json!({ "outcome": "expired" }),
        // longer than a lost creation is waited for
        13 => json!({ "late": 6.5 }),
        _ => return None,
    })
}

/// A number that a run may be given: `E2E_PROVIDER_JOBS` and `E2E_PROVIDER_SEED` of the property, `E2E_CREATES_PER_MINUTE` of
/// an account with little credit.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
pub(crate) fn given(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Where workers are killed, one after another.
const STEPS: [&str; 7] =
    ["after-claim", "after-intent", "after-create", "after-handle", "after-outputs", "before-edit", "after-edit"];

/// Random faults and killed workers: one charge for each result, and no result without one.
#[tokio::test]
async fn creations_charges_and_results_agree_over_random_faults() {
    let mut world = World::start().await;
    // what never ends is stopped by the provider this soon
    let catalogue = world.directory().join("catalogue.toml");
    std::fs::write(&catalogue, "[[model]]\nid = \"schnell\"\ndeadline_seconds = 5\n").expect("a file");
    world.variables.push(("ATELIER_CATALOGUE", catalogue.display().to_string()));
    let seed = given("E2E_PROVIDER_SEED", 20_261_127);
    let mut random = StdRng::seed_from_u64(seed);
    let model = Catalogue::builtin().find("schnell").expect("a model");
    let count = usize::try_from(given("E2E_PROVIDER_JOBS", 200)).expect("a number");
    let (mut rules, mut late) = (Vec::new(), BTreeSet::new());
    let mut chats: BTreeMap<i64, Vec<Request>> = BTreeMap::new();
    for number in 0..count {
        let prompt = format!("wish <{number}>");
        if let Some(fault) = fault(&mut random) {
            let throttled = fault["answer"] == "throttled" || fault["answer"] == "low_credit";
            let stumbles = fault["late"].is_number()
                || [json!("cut_before"), json!("cut_after"), json!({ "answer": "unavailable" })].contains(&fault);
            let fault = if throttled { json!({ "answer": { "status": 429, "retry_after": 1 } }) } else { fault };
            // A refused account holds up everybody, and one that stumbles three times in a row rests, twice as long for
            // every trial that stumbles too: where every third creation does, that is minutes now and then. A few are
            // enough.
            let every = match (throttled, stumbles) {
                (true, _) => 10,
                (_, true) => 3,
                _ => 1,
            };
            if number % every == 0 {
                if fault["late"].is_number() {
                    late.insert(prompt.clone());
                }
                rules.push(json!({ "on": "create", "prompt": prompt, "times": 1, "do": fault }));
            }
        }
        match random.random_range(0..8) {
            0 => rules.push(json!({ "on": "get", "prompt": prompt, "times": 2, "do": "cut_after" })),
            1 => rules.push(json!({ "on": "get", "prompt": prompt, "times": 1, "do": { "answer": "unavailable" } })),
            2 => rules.push(json!({ "on": "download", "prompt": prompt, "times": 1, "do": "cut_middle" })),
            _ => {}
        }
        let request = Request::new(prompt.parse().expect("a prompt"), model.id.clone(), model.default_ratio());
        chats.entry(100 + i64::try_from(number % 50).expect("a number")).or_default().push(request);
    }
    world.replicate.rule(Value::Array(rules)).await;
    let _bot = world.bot().await;
    for chat in chats.keys() {
        world.telegram.user(*chat).say("/help").await;
    }
    let mut ids = Vec::new();
    let users: Vec<i64> = chats.keys().copied().collect();
    for (chat, requests) in chats {
        ids.extend(crate::models::submit(&world, chat, requests).await);
    }
    // one of them is told of ends, while it lives
    let address = free_address();
    let worker = |number: usize| {
        let own = if number == 0 { address.as_str() } else { "127.0.0.1:0" };
        [["--lease", "2"].map(str::to_owned).to_vec(), hooks::hooked(own, &address).to_vec()].concat()
    };
    let mut workers = [world.worker_of(&worker(0)), world.worker_of(&worker(1))];
    let queue = world.queue();
    for (part, step) in (1..).zip(STEPS) {
        let share = (count * part / (STEPS.len() + 2)).max(1);
        // a wait has its patience: of many jobs it is for a few at a time
        for reached in (0..share).step_by(50).chain([share]) {
            world.replicate.wait(&format!("creates={reached}")).await;
        }
        // one in the middle of whatever it does, one exactly there
        let telling = json!({ "copies": random.random_range(0..4), "delay": random.random_range(0.0..0.5) });
        world.replicate.webhooks(telling).await;
        let at = random.random_range(0..workers.len());
        workers[at].kill().await;
        let breakpoint = Breakpoint::at(step).await;
        let doomed = worker(2);
        let doomed: Vec<&str> = doomed.iter().map(String::as_str).collect();
        let mut doomed = world.worker_stopping_with(&breakpoint, &doomed);
        breakpoint.hit().await;
        doomed.kill().await;
        workers[at] = world.worker_of(&worker(at));
    }
    let mut ends: BTreeMap<String, (UserId, JobState, JobId)> = BTreeMap::new();
    for id in &ids {
        let record = loop {
            // a machine that is busy elsewhere may leave one look without an answer
            if let Ok(Some(record)) = queue.record(id).await
                && record.state.is_final()
            {
                break record;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let job = record.job.expect("a job");
        ends.insert(job.request.prompt.as_str().to_owned(), (job.user, record.state, job.id));
    }
    // what came late has been looked for by then
    ready::all_told(&world).await;
    let state = world.replicate.state().await;
    let mut made: BTreeMap<String, Made> = BTreeMap::new();
    for known in state["predictions"].as_array().expect("a list") {
        let entry = made.entry(known["prompt"].as_str().expect("a prompt").to_owned()).or_default();
        let (status, outcome) = (known["status"].as_str().unwrap_or_default(), &known["outcome"]);
        assert!(["succeeded", "failed", "canceled"].contains(&status), "seed {seed}: nothing is left behind: {known}");
        entry.creations += 1;
        entry.results += usize::from(status == "succeeded" && outcome != "empty_list" && outcome != "expired");
        entry.expired += usize::from(outcome == "expired");
        entry.micros += micros(&known["charged"]);
    }
    let mut spent: BTreeMap<UserId, u64> = BTreeMap::new();
    let (mut lost, mut all) = (BTreeMap::<UserId, usize>::new(), 0);
    let mut owed: BTreeMap<&JobId, u64> = BTreeMap::new();
    for (prompt, (user, end, id)) in &ends {
        let made = made.get(prompt).copied().unwrap_or_default();
        let done = usize::from(*end == JobState::Done);
        // one that came later than anybody waits for is one more, and in the ledger
        let most = 1 + usize::from(late.contains(prompt));
        let right = made.results >= done && made.results - done < most;
        let trail = if right { Vec::new() } else { queue.trail(id).await.expect("the queue answers") };
        assert!(right, "seed {seed}: {prompt} ended {end}: {made:?}, {trail:#?}");
        let paid = made.results + made.expired;
        assert!(paid <= most, "seed {seed}: {prompt}: what is gone is not paid for again unasked: {made:?}");
        assert!(made.creations > 0 || *end == JobState::Dead, "seed {seed}: {prompt} ended {end} without a creation");
        *spent.entry(*user).or_default() += made.micros;
        owed.insert(id, made.micros);
        *lost.entry(*user).or_default() += made.expired;
        all += made.micros;
    }
    // the other way round there may be one: a job that too many of the workers were killed with ends without a creation
    let strange: Vec<&String> = made.keys().filter(|prompt| !ends.contains_key(*prompt)).collect();
    assert!(strange.is_empty(), "seed {seed}: no creation without a job: {strange:?}");
    assert!(all.abs_diff(micros(&state["spent"])) < 1_000, "seed {seed}: {all} of {}", state["spent"]);
    for user in users {
        let owner = UserId(user);
        let ledger = queue.ledger(Owner(BotId(4242), owner), 2_000).await.expect("a ledger");
        assert_eq!(ledger.reserved.micros(), 0, "seed {seed}: what ended holds nothing back");
        let mut entries: BTreeMap<&JobId, u64> = BTreeMap::new();
        for entry in ledger.entries.iter().filter(|entry| entry.kind == EntryKind::Charge) {
            *entries.entry(entry.job.as_ref().expect("a job")).or_default() += entry.amount.micros();
        }
        for (_, _, id) in ends.values().filter(|(of, ..)| *of == owner) {
            let (theirs, ours) = (owed.get(id).copied(), entries.get(id).copied());
            assert_eq!(theirs.unwrap_or(0), ours.unwrap_or(0), "seed {seed}: the entries of {id} say what it cost");
        }
        let charged = spent.get(&owner).copied().unwrap_or_default();
        assert_eq!(
            ledger.charged.micros(),
            charged,
            "seed {seed}: the ledger of {user} says what the provider charged"
        );
        let messages = world.telegram.user(user).messages().await;
        let said = messages.iter().filter(|message| message.to_string().contains("its file was deleted there")).count();
        let gone = lost.get(&owner).copied().unwrap_or_default();
        // whoever was killed between the message and the note of it left it to another to say so again
        let most = if gone == 0 { 0 } else { gone + 2 * STEPS.len() };
        assert!((gone..=most).contains(&said), "seed {seed}: {user} was told of what is gone: {said} {messages:?}");
    }
}

/// What the provider has of one prompt.
#[derive(Debug, Clone, Copy, Default)]
struct Made {
    creations: usize,
    /// With an output that can be fetched.
    results: usize,
    /// With one that was deleted.
    expired: usize,
    micros: u64,
}

/// Dollars of the simulator's state in millionths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cents, positive")]
pub(crate) fn micros(dollars: &Value) -> u64 {
    (dollars.as_f64().expect("a sum") * 1e6).round() as u64
}
