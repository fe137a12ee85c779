//! The same services down the whole line: from a chat to the pictures, the texts and the sums.

use atelier_domain::text::{TextTask, Written};
use atelier_domain::{BotId, ChatId, Job, JobId, JobState, Language, MessageId, Place, UpdateId, UserId};
use atelier_queue::{Limits, Submission, Submitted};
use harness::{Services, World};

use super::{GRAPH, file};

const BOT: BotId = BotId(4242);

/// A world whose processes know the operator's file.
pub(crate) async fn world_with_services() -> (World, Services) {
    let (mut world, services) = (World::start().await, Services::start(|_| {}).await);
    let path = world.directory().join("catalogue.toml");
    std::fs::write(&path, file(services.address)).expect("the file is written");
    std::fs::write(world.directory().join("services.json"), GRAPH).expect("the graph is written");
    world.variables.push(("ATELIER_CATALOGUE", path.display().to_string()));
    world.variables.push(("OPENAI_API_KEY", "sk-hidden".to_owned()));
    (world, services)
}

#[tokio::test]
async fn models_of_the_operators_accounts_answer_beside_the_others() {
    let (world, services) = world_with_services().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- one --model gpt-image\n- two --model local\n- three --model flux-local\n- four --model forge\n- five --model imagen").await;
    ada.photos(5).await;
    let state = services.state().await;
    assert_eq!(state["creations"].as_array().map(Vec::len), Some(4), "each once: {state}");
    assert_eq!(world.replicate.creates().await, 1);
    let ledger = world.queue().ledger(atelier_queue::Owner(BOT, UserId(1)), 100).await.expect("a ledger");
    assert_eq!(ledger.charged.micros(), 100_000, "0.04 and 0.06: {ledger:?}");
}

/// The account takes two at once, of however many workers.
#[tokio::test]
async fn an_accounts_cap_holds_for_all_workers_together_and_a_dead_ones_place_is_taken_over() {
    let (world, services) = world_with_services().await;
    services.hold().await;
    let lease = ["--lease", "2"];
    let (_bot, mut doomed, _worker) = (world.bot().await, world.worker_with(&lease), world.worker_with(&lease));
    let ada = world.telegram.user(1);
    ada.say("a fox --model flux-local --n 6").await;
    ada.text("0 of 6").await;
    for job in world.jobs(1).await {
        world.until(&job.id, JobState::Active).await;
    }
    services.wait("most_queued=2").await;
    // its jobs go on in the places that they had
    doomed.kill().await;
    services.release().await;
    ada.photos(6).await;
    let state = services.state().await;
    assert_eq!((&state["most_queued"], state["creations"].as_array().map(Vec::len)), (&2.into(), Some(6)), "{state}");
}

/// Three jobs stumble once each: for all workers that is an account to be left in peace, and others go on.
#[tokio::test]
async fn an_account_that_stumbles_rests_for_all_workers() {
    let (world, services) = world_with_services().await;
    for _ in 0..3 {
        services.answer("images", 500, r#"{"error":{"message":"no","type":"server_error"}}"#).await;
    }
    let (_bot, _workers) = (world.bot().await, [world.worker(), world.worker()]);
    let ada = world.telegram.user(1);
    ada.say("a fox --model local --n 3").await;
    ada.photos(3).await;
    let mut resting = 0;
    for record in world.jobs(1).await {
        let trail = world.queue().trail(&record.id).await.expect("the queue answers");
        resting += trail.iter().filter(|event| event.kind == "postpone" && event.detail.contains("rests")).count();
        assert_eq!(record.attempt, 2, "the rest burns no try: {record:?}");
    }
    assert!(resting > 0, "they waited in line");
}

#[tokio::test]
async fn a_worker_killed_before_a_paid_answer_does_not_pay_twice_and_the_chat_hears_the_truth() {
    let (world, services) = world_with_services().await;
    services.hold().await;
    let (_bot, mut worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a fox --model gpt-image").await;
    services.wait("waiting=1").await;
    worker.kill().await;
    services.release().await;
    let _worker = world.worker();
    ada.text("did not answer").await;
    let state = services.state().await;
    assert_eq!(state["creations"].as_array().map(Vec::len), Some(1), "{state}");
}

#[tokio::test]
async fn a_text_job_is_kept_for_the_bot_and_shown_in_the_slot() {
    let (world, services) = world_with_services().await;
    services.says("chat", r#"{"look":"a tall woman in red","scenes":["she wakes","she runs"]}"#).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let task = TextTask::Scenes { count: None };
    let ada = world.telegram.user(1);
    // there is a chat once its user has said something
    ada.say("/help").await;
    let job = submit(&world, task.clone(), "A tale of a woman. She runs.").await;
    ada.text("1. she wakes").await;
    let Some(Written::Scenes(scenes)) = world.queue().written(&job).await.expect("an answer") else {
        panic!("nothing")
    };
    assert_eq!(scenes.look.as_deref(), Some("a tall woman in red"));
    // a model that gives nothing usable, again and again: the script's own sentences, and the chat is told so
    services.answer("chat", 404, r#"{"error":{"message":"no such model"}}"#).await;
    let job = submit(&world, task, "Dawn over a bay. A boat leaves.").await;
    ada.text("by sentences").await;
    let Some(Written::Scenes(scenes)) = world.queue().written(&job).await.expect("an answer") else {
        panic!("nothing")
    };
    assert_eq!(scenes.scenes, ["Dawn over a bay.", "A boat leaves."]);
}

/// Submits a text job as the bot does, in the private chat of user 1.
async fn submit(world: &World, task: TextTask, text: &str) -> JobId {
    let request = task.request(text.parse().expect("a text"), "writer".parse().expect("a model"));
    let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis()).expect("a moment");
    let number = rand::random();
    let job = Job {
        id: JobId::new(now, number),
        place: Place { bot: BOT, chat: ChatId(1), thread: None, reply_to: MessageId(1) },
        user: UserId(1),
        language: Language::English,
        request,
        index: 0,
        of: 1,
        accepted_ms: now,
    };
    let (id, jobs) = (job.id.clone(), [(job, std::time::Duration::from_secs(1))]);
    let submission = Submission {
        bot: BOT,
        user: UserId(1),
        update: UpdateId(number & 0xff_ffff),
        jobs: &jobs,
        limits: Limits::default(),
        weight: 1,
        urgent: false,
    };
    assert_eq!(world.queue().submit(&submission).await.expect("an answer"), Submitted::Accepted);
    id
}

#[tokio::test]
async fn a_prompt_that_the_rules_stop_is_named_and_the_rest_of_the_list_is_drawn() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- a skyscraper of glass\n- a naked king\n- a bunch of grapes").await;
    ada.photos(2).await;
    ada.text("“naked”").await;
    assert_eq!(world.replicate.creates().await, 2);
}

#[tokio::test]
async fn a_sum_is_explained_entry_by_entry_and_a_budget_is_kept() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ledger = async |arguments: &[&str]| {
        let ran = world.command("ledger", arguments).output().await.expect("it runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    let ada = world.telegram.user(1);
    ada.say("a fox --model imagen --n 2").await;
    ada.photos(2).await;
    for job in world.jobs(1).await {
        world.until(&job.id, JobState::Done).await;
    }
    let shown: serde_json::Value = serde_json::from_str(&ledger(&["4242:1", "--json"]).await).expect("JSON");
    assert_eq!((&shown["charged"], &shown["reserved"], &shown["today"]), (&120_000.into(), &0.into(), &120_000.into()));
    let kinds: Vec<&str> =
        shown["entries"].as_array().expect("entries").iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["reserve", "reserve", "charge", "charge"], "{shown}");
    // 0.20 a day, of which 0.12 are used: one more at 0.06 fits, and then nothing
    ledger(&["--each-user", "0.20"]).await;
    ada.say("a cat --model imagen --n 2").await;
    ada.text("$0.08 is left").await;
    ada.say("a cat --model imagen").await;
    ada.photos(3).await;
    assert_eq!(world.replicate.creates().await, 3, "what was refused was not made");
    assert!(ledger(&["4242:1", "--grant", "1", "--reference", "cash-1"]).await.contains("$1.00 granted"));
    ada.say("a dog --model imagen").await;
    ada.photos(4).await;
}
