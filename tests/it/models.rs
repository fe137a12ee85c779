//! Every model of the catalogue, each asked in its own words, from one chat.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::{
    BotId, Catalogue, ChatId, InputImage, Job, JobId, JobState, Language, MessageId, Model, Options, Place, Request,
    UpdateId, UserId,
};
use atelier_queue::{Limits, Submission, Submitted};
use harness::World;
use serde_json::{Value, json};

const ADA: i64 = 1;

/// A wish that says everything that the model understands.
fn fullest(model: &Model, images: &[InputImage]) -> Request {
    let takes = &model.takes;
    let mut request = Request::new(
        format!("a fox for {}", model.id).parse().expect("a prompt"),
        model.id.clone(),
        *model.ratios.last().expect("a ratio"),
    );
    request.seed = takes.seed.as_ref().map(|_| 7.try_into().expect("a seed"));
    request.options = Options {
        negative: takes.negative.as_ref().map(|_| "text, blur".parse().expect("a text")),
        style: model.styles().next().cloned(),
        size: takes.size.as_ref().and_then(|choice| choice.values.keys().next().copied()),
        quality: takes.quality.as_ref().and_then(|choice| choice.values.keys().next().copied()),
        seconds: takes.seconds.as_ref().and_then(|numbers| numbers.values.first().copied()),
        resolution: takes.resolution.as_ref().and_then(|choice| choice.values.keys().next().copied()),
        fps: takes.fps.as_ref().and_then(|numbers| numbers.values.first().copied()),
        images: takes.images.iter().flat_map(|takes| images.iter().take(takes.most).cloned()).collect(),
        ..Options::default()
    };
    model.check(&request).expect("a wish that the model serves");
    request
}

/// The picture of a message, as the bot knows it.
fn image_of(message: &Value) -> Option<InputImage> {
    let media = &message["media"];
    let side = |name: &str| media[name].as_u64().and_then(|side| u32::try_from(side).ok());
    let file_id = media["file_id"].as_str()?.parse().expect("a file id");
    Some(InputImage::Telegram { file_id, width: side("width"), height: side("height"), bytes: media["size"].as_u64() })
}

/// Sends jobs into the line, as a bot does.
pub(crate) async fn submit(world: &World, chat: i64, requests: Vec<Request>) -> Vec<JobId> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis();
    let now_ms = u64::try_from(now).expect("a date");
    let job = |(number, request): (u32, Request)| {
        let job = Job {
            id: JobId::new(now_ms, u32::try_from(chat).expect("a chat") * 100_000 + number),
            place: Place { bot: BotId(4242), chat: ChatId(chat), thread: None, reply_to: MessageId(1) },
            user: UserId(chat),
            language: Language::English,
            request,
            index: 0,
            of: 1,
            accepted_ms: now_ms,
        };
        (job, Duration::from_secs(1))
    };
    let mut ids = Vec::new();
    for (job, predicted) in (0..).zip(requests).map(job) {
        let submission = Submission {
            bot: BotId(4242),
            user: job.user,
            update: UpdateId(
                u32::try_from(chat).expect("a chat") * 1_000_000 + u32::try_from(ids.len()).expect("a number"),
            ),
            jobs: &[(job.clone(), predicted)],
            limits: Limits { pending_per_user: 100_000, waiting: 100_000 },
            weight: 1,
            urgent: false,
        };
        let submitted = world.queue().submit(&submission).await.expect("the queue answers");
        assert!(matches!(submitted, Submitted::Accepted), "{submitted:?}");
        ids.push(job.id);
    }
    ids
}

/// The simulator knows each model's own schema and refuses what is wrong in it or not in it.
#[tokio::test]
async fn all_models_run_side_by_side_from_one_chat() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", "64"]));
    let ada = world.telegram.user(ADA);
    ada.say("a harbour --model sketch --n 2").await;
    let images: Vec<InputImage> = ada.photos(2).await.iter().filter_map(image_of).collect();
    let models: Vec<&Model> =
        Catalogue::builtin().models().iter().filter(|model| !model.provider.is_sketch()).collect();
    let mut requests = Vec::new();
    for model in &models {
        if model.makes_from_words() {
            requests.push(fullest(model, &[]));
        }
        if model.makes_from_images() {
            requests.push(fullest(model, &images));
            if model.keeps_shape() {
                let mut kept = fullest(model, &images[..1]);
                kept.options.keep_shape = true;
                requests.push(kept);
            }
        }
    }
    let wanted = requests.len() as u64;
    let hold = world.replicate.hold(json!({})).await;
    let ids = submit(&world, ADA, requests).await;
    let state = world.replicate.wait(&format!("held={wanted}")).await;
    assert_eq!(state["refused"], json!({}), "no input was refused: {state}");
    let asked: BTreeSet<&str> =
        state["predictions"].as_array().expect("a list").iter().filter_map(|known| known["model"].as_str()).collect();
    assert_eq!(asked, models.iter().map(|model| model.slug.as_str()).collect(), "every model at once");
    world.replicate.release_one(hold).await;
    for id in &ids {
        let record = world.until(id, JobState::Done).await;
        assert_eq!(record.attempt, 1, "{record:?}");
    }
    assert_eq!(world.replicate.creates().await, wanted, "paid once each");
    let kinds = |kind: &'static str| ada.of_kind(kind);
    assert!(!kinds("video").await.is_empty() && !kinds("photo").await.is_empty());
    let state = world.replicate.state().await;
    assert!(!state.to_string().contains("AAtesttoken"), "no address with the bot's token went to the provider");
}

/// Peak memory of a process in kB.
fn peak_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// A film is streamed to disk and from there to the chat.
#[tokio::test]
async fn a_long_film_passes_through_little_memory() {
    let world = World::start().await;
    let (_bot, worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(ADA);
    ada.say("a small one --model seedance --res 480p").await;
    ada.until("videos=1").await;
    let before = peak_kb(worker.id());
    let bulky = json!({ "outcome": { "bulky": { "bytes": 45_000_000 } } });
    world.replicate.rule(json!({ "on": "create", "prompt": "huge", "do": bulky })).await;
    ada.say("a huge one --model seedance --res 480p").await;
    let messages = ada.until("videos=2").await;
    let sizes = messages.iter().filter_map(|message| message["media"]["size"].as_u64());
    assert!(sizes.max() > Some(45_000_000), "the whole film arrived");
    let grown = peak_kb(worker.id()).saturating_sub(before);
    assert!(grown < 48 * 1024, "{grown} kB more");
}

/// A Bot API server of one's own takes films that Telegram's does not.
#[tokio::test]
async fn a_film_of_300_mb_passes_through_little_memory_to_a_server_of_ones_own() {
    let world = World::with(|config| config.local_bot_api = true).await;
    let (_bot, worker) = (world.bot().await, world.worker_with(&["--telegram-file-mb", "2000"]));
    let ada = world.telegram.user(ADA);
    ada.say("a small one --model seedance --res 480p").await;
    ada.until("videos=1").await;
    let before = peak_kb(worker.id());
    let bulky = json!({ "outcome": { "bulky": { "bytes": 300_000_000 } } });
    world.replicate.rule(json!({ "on": "create", "prompt": "huge", "do": bulky })).await;
    ada.say("a huge one --model seedance --res 480p").await;
    let messages = ada.until("videos=2").await;
    let sizes = messages.iter().filter_map(|message| message["media"]["size"].as_u64());
    assert!(sizes.max() > Some(300_000_000), "the whole film arrived");
    let grown = peak_kb(worker.id()).saturating_sub(before);
    assert!(grown < 48 * 1024, "{grown} kB more");
}

#[tokio::test]
async fn a_film_that_is_too_large_for_the_chat_comes_as_a_card_with_its_address() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--telegram-file-mb", "2"]));
    let bulky = json!({ "outcome": { "bulky": { "bytes": 3_000_000 } } });
    world.replicate.rule(json!({ "on": "create", "do": bulky })).await;
    let ada = world.telegram.user(ADA);
    ada.say("a long film --model seedance --res 480p").await;
    let messages = ada.until("photos=1").await;
    let card = messages.iter().find(|message| message["kind"] == "photo").expect("a card");
    let caption = card["caption"].as_str().unwrap_or_default();
    assert!(caption.contains("larger than can be sent here") && caption.contains("/delivery/"), "{caption}");
    assert_eq!(world.replicate.creates().await, 1, "paid once");
    // one that was made from a picture shows that
    ada.send_picture("/video it moves --model seedance --res 480p", json!({})).await;
    let messages = ada.until("photos=2").await;
    let is_card = |message: &&Value| message["from"]["is_bot"] == true && message["kind"] == "photo";
    let shown = messages.iter().rfind(is_card).expect("an answer");
    let caption = shown["caption"].as_str().unwrap_or_default();
    assert!(caption.contains("larger than can be sent here") && caption.contains("/delivery/"), "{shown}");
    assert_eq!((&shown["media"]["width"], &shown["media"]["height"]), (&1.into(), &1.into()), "{shown}");
}
