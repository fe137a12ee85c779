//! Services besides Replicate, from an operator's file: their clients against simulated ones, fault by fault.

pub(crate) mod line;

use std::net::SocketAddr;
use std::path::Path;

use atelier_domain::catalogue::Catalogue;
use atelier_domain::text::{TextTask, Written};
use atelier_domain::{Failure, FailureClass, InputImage, Model, Request};
use atelier_provider::{Handle, ImageRef, Order, Provider, Providers, StartError, Started, Status, Surroundings};
use harness::Services;
use std::sync::Arc;

const FILE: &str = include_str!("services.toml");
const GRAPH: &str = include_str!("services.json");

/// A simulated machine room, and the clients that an operator's file makes of it.
struct Room {
    services: Services,
    providers: Providers,
    catalogue: Catalogue,
}

impl Room {
    async fn open() -> Self {
        let services = Services::start(|_| {}).await;
        let file = file(services.address);
        let variable = |name: &str| (name == "OPENAI_API_KEY").then(|| "sk-hidden".into());
        let graph = |_: &Path| Ok(GRAPH.to_owned());
        let around = Surroundings { variable: &variable, file: &graph };
        let providers = Providers::none().and_accounts(&file, &around).expect("accounts");
        Self { services, providers, catalogue: Catalogue::with(&file).expect("a catalogue") }
    }

    fn of(&self, model: &str) -> (Arc<dyn Provider>, Model) {
        let model = self.catalogue.find(model).expect("a model").clone();
        (self.providers.for_model(&model).expect("a provider"), model)
    }

    async fn start(&self, model: &str, prompt: &str) -> Result<Started, StartError> {
        let (provider, model) = self.of(model);
        let request = wish(&model, prompt);
        provider.start(&Order { model: &model, request: &request, images: &[] }).await
    }

    async fn write(&self, task: TextTask, text: &str) -> Result<Written, StartError> {
        let (provider, model) = self.of("writer");
        let request = task.request(text.parse().expect("a text"), model.id.clone());
        match provider.start(&Order { model: &model, request: &request, images: &[] }).await? {
            Started::Finished(outputs) => Ok(serde_json::from_slice(&outputs[0].bytes).expect("what was written")),
            Started::Running(handle) => panic!("{handle}"),
        }
    }
}

/// The operator's file, for services at this address.
pub(crate) fn file(address: SocketAddr) -> String {
    FILE.replace("127.0.0.1:1", &address.to_string())
}

fn wish(model: &Model, prompt: &str) -> Request {
    let mut request =
        Request::new(prompt.parse().expect("a prompt"), model.id.clone(), "3:2".parse().expect("a ratio"));
    request.seed = model.takes_seed().then(|| 7.try_into().expect("a seed"));
    request
}

fn png(started: Started) -> usize {
    match started {
        Started::Finished(outputs) => {
            assert!(outputs[0].bytes.starts_with(b"\x89PNG"), "{outputs:?}");
            outputs[0].bytes.len()
        }
        Started::Running(handle) => panic!("{handle}"),
    }
}

fn not_created(error: StartError) -> Failure {
    match error {
        StartError::NotCreated(failure) => failure,
        StartError::Unknown(failure) => panic!("unknown: {failure:?}"),
    }
}

fn unknown(error: StartError) -> Failure {
    match error {
        StartError::Unknown(failure) => failure,
        StartError::NotCreated(failure) => panic!("not created: {failure:?}"),
    }
}

/// Follows a generation to its end, without waiting longer than the simulator works.
async fn ended(provider: &Arc<dyn Provider>, handle: &Handle) -> Status {
    loop {
        match provider.poll(handle).await.expect("a status") {
            Status::Running { .. } => tokio::task::yield_now().await,
            over => return over,
        }
    }
}

#[tokio::test]
async fn openai_speaks_base64_and_addresses_and_takes_what_its_models_take() {
    let room = Room::open().await;
    png(room.start("gpt-image", "a fox").await.expect("a picture"));
    let sent = room.services.state().await["last"]["images"].clone();
    assert_eq!(sent["size"], "1536x1024", "our ratio in its words: {sent}");
    assert!(sent.get("aspect_ratio").is_none() && sent.get("seed").is_none(), "{sent}");
    let (provider, _) = room.of("local");
    let Started::Running(handle) = room.start("local", "a fox").await.expect("an address") else { panic!("finished") };
    let Status::Finished { outputs, .. } = provider.poll(&handle).await.expect("a status") else { panic!("running") };
    assert!(provider.download(&outputs[0]).await.expect("bytes").starts_with(b"\x89PNG"));
    let state = room.services.state().await;
    assert_eq!((state["creations"].as_array().map(Vec::len), &state["charged_micros"]), (Some(2), &80_000.into()));
}

#[tokio::test]
async fn refusals_of_openai_are_decisions() {
    let room = Room::open().await;
    assert_eq!(not_created(room.start("gpt-image", "!nsfw").await.expect_err("refused")).class, FailureClass::Filtered);
    for (status, body, class) in [
        (429, r#"{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}"#, FailureClass::RateLimited),
        (429, r#"{"error":{"message":"quota","code":"insufficient_quota"}}"#, FailureClass::OutOfCredit),
        (401, r#"{"error":{"message":"Incorrect API key provided: sk-hidden"}}"#, FailureClass::Unauthorised),
        (404, r#"{"error":{"message":"no such model"}}"#, FailureClass::Fatal),
    ] {
        room.services.answer("images", status, body).await;
        let failure = not_created(room.start("gpt-image", "a fox").await.expect_err("refused"));
        assert_eq!(failure.class, class, "{failure:?}");
        assert!(!failure.detail.contains("sk-hidden"), "{failure:?}");
    }
    assert_eq!(room.services.state().await["charged_micros"], 0, "refused is free");
}

#[tokio::test]
async fn a_paid_creation_without_an_answer_is_never_repeated_and_a_free_one_may_be() {
    let room = Room::open().await;
    for action in ["cut_after", "cut_before"] {
        room.services.rule("images", action).await;
        let failure = unknown(room.start("gpt-image", "a fox").await.expect_err("cut off"));
        assert_eq!((failure.class, failure.class.attempts()), (FailureClass::Unanswered, 1), "{failure:?}");
    }
    let (provider, model) = room.of("gpt-image");
    let request = wish(&model, "a fox");
    let order = Order { model: &model, request: &request, images: &[] };
    let lost = provider.find_lost(&order, std::time::SystemTime::now()).await;
    assert_eq!(lost.expect_err("it cannot be found").class, FailureClass::Unanswered);
    // a server of one's own
    room.services.rule("txt2img", "cut_after").await;
    assert_eq!(unknown(room.start("forge", "a fox").await.expect_err("cut off")).class, FailureClass::Transient);
    let (provider, model) = room.of("forge");
    let request = wish(&model, "a fox");
    let order = Order { model: &model, request: &request, images: &[] };
    assert!(provider.find_lost(&order, std::time::SystemTime::now()).await.expect("a list").is_empty());
}

#[tokio::test]
async fn comfyui_runs_a_graph_and_its_history_tells_the_end() {
    let room = Room::open().await;
    let (provider, _) = room.of("flux-local");
    let Started::Running(handle) = room.start("flux-local", "a \"quoted\" fox").await.expect("a handle") else {
        panic!("finished")
    };
    let sent = room.services.state().await["last"]["prompt"].clone();
    assert_eq!(sent["prompt_id"], handle.as_str(), "the id is ours");
    let inputs = &sent["prompt"]["6"]["inputs"];
    assert_eq!((&inputs["text"], &sent["prompt"]["3"]["inputs"]["seed"]), (&"a \"quoted\" fox".into(), &7.into()));
    let Status::Finished { outputs, .. } = ended(&provider, &handle).await else { panic!("failed") };
    assert!(provider.download(&outputs[0]).await.expect("bytes").starts_with(b"\x89PNG"));
    let Started::Running(bad) = room.start("flux-local", "!fail").await.expect("a handle") else { panic!("finished") };
    let Status::Failed(failure) = ended(&provider, &bad).await else { panic!("finished") };
    assert!(failure.detail.contains("KSampler"), "{failure:?}");
    let gone = provider.poll(&"0b0e4a1e-0000-4000-8000-000000000000".parse().expect("a handle")).await;
    assert!(matches!(gone, Ok(Status::Failed(failure)) if failure.class == FailureClass::Transient));
}

#[tokio::test]
async fn a_prompt_of_comfyui_whose_answer_was_lost_is_found_by_its_graph() {
    let room = Room::open().await;
    room.services.hold().await;
    room.services.rule("prompt", "cut_after").await;
    unknown(room.start("flux-local", "a fox").await.expect_err("cut off"));
    let (provider, model) = room.of("flux-local");
    let request = wish(&model, "a fox");
    let order = Order { model: &model, request: &request, images: &[] };
    let since = std::time::SystemTime::now();
    let found = provider.find_lost(&order, since).await.expect("a list");
    assert_eq!(found.len(), 1, "{found:?}");
    room.services.release().await;
    assert!(matches!(ended(&provider, &found[0]).await, Status::Finished { .. }));
    assert_eq!(provider.find_lost(&order, since).await.expect("a list"), found, "also when it is done");
    let other = wish(&model, "a cat");
    let order = Order { model: &model, request: &other, images: &[] };
    assert!(provider.find_lost(&order, since).await.expect("a list").is_empty());
}

#[tokio::test]
async fn comfyui_stops_what_waits_and_what_runs() {
    let room = Room::open().await;
    room.services.hold().await;
    let (provider, _) = room.of("flux-local");
    let mut handles = Vec::new();
    for prompt in ["first", "second"] {
        let Started::Running(handle) = room.start("flux-local", prompt).await.expect("a handle") else { panic!() };
        handles.push(handle);
    }
    room.services.wait("waiting=1").await;
    let second = provider.poll(&handles[1]).await.expect("a status");
    assert_eq!(second, Status::Running { progress: None, queued: true });
    provider.cancel(&handles[1]).await.expect("stopped");
    provider.cancel(&handles[0]).await.expect("stopped");
    assert!(matches!(ended(&provider, &handles[0]).await, Status::Failed(_)));
    assert_eq!(room.services.state().await["creations"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn whoever_gives_up_a_picture_of_sdapi_interrupts_it() {
    let room = Room::open().await;
    png(room.start("forge", "a fox").await.expect("a picture"));
    let sent = room.services.state().await["last"]["txt2img"].clone();
    assert_eq!((&sent["width"], &sent["height"], &sent["steps"]), (&624.into(), &416.into(), &20.into()), "{sent}");
    room.services.hold().await;
    let giving_up = room.start("forge", "a slow fox");
    tokio::select! {
        _ = giving_up => panic!("it is held"),
        () = room.services.wait("waiting=1") => {}
    }
    room.services.wait("interrupts=1").await;
}

#[tokio::test]
async fn progress_of_comfyui_comes_over_its_web_socket_and_is_done_without() {
    for fault in [None, Some("cut_before"), Some("cut_after")] {
        let room = Room::open().await;
        room.services.hold().await;
        if let Some(fault) = fault {
            room.services.rule("ws", fault).await;
        }
        let Started::Running(handle) = room.start("flux-local", "a fox").await.expect("queued") else {
            panic!("finished")
        };
        let (provider, _) = room.of("flux-local");
        let told = async {
            // broken connections are made again
            while provider.poll(&handle).await.expect("a status")
                != (Status::Running { progress: Some(25), queued: false })
            {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(harness::PATIENCE, told).await.unwrap_or_else(|_| panic!("{fault:?}: no progress"));
        room.services.release().await;
        assert!(matches!(ended(&provider, &handle).await, Status::Finished { .. }), "{fault:?}");
    }
    // a server that has none at all: the history is enough
    let room = Room::open().await;
    for _ in 0..50 {
        room.services.answer("ws", 404, "{}").await;
    }
    let Started::Running(handle) = room.start("flux-local", "a fox").await.expect("queued") else { panic!("finished") };
    let (provider, _) = room.of("flux-local");
    assert!(matches!(ended(&provider, &handle).await, Status::Finished { .. }));
}

#[tokio::test]
async fn openai_changes_pictures_that_travel_as_files() {
    let room = Room::open().await;
    let (provider, model) = room.of("gpt-edit");
    let mut request = wish(&model, "a hat on the fox");
    let file = InputImage::Telegram { file_id: "one".parse().expect("a file"), width: None, height: None, bytes: None };
    let png = ImageRef::inline(b"\x89PNG\r\n\x1a\n and the rest", "image/png");
    for (count, name) in [(1, "image"), (2, "image[]")] {
        request.options.images = vec![file.clone(); count];
        let images = vec![png.clone(); count];
        let order = Order { model: &model, request: &request, images: &images };
        assert!(matches!(provider.start(&order).await, Ok(Started::Finished(_))), "{name}");
        let last = room.services.state().await["last"].clone();
        assert_eq!(last["files"].as_array().map(Vec::len), Some(count), "{last}");
        let (edit, text) = (&last["edits"], "a hat on the fox");
        assert_eq!((&edit["prompt"], &edit["n"], &edit["size"]), (&text.into(), &1.into(), &"1536x1024".into()));
        assert!(edit.get("image").is_none(), "a picture is no field: {edit}");
    }
    let order = Order { model: &model, request: &request, images: &[png.clone(), png] };
    let blocked = r#"{"error":{"message":"no","type":"image_generation_user_error","code":"moderation_blocked"}}"#;
    room.services.answer("edits", 400, blocked).await;
    assert_eq!(not_created(provider.start(&order).await.expect_err("refused")).class, FailureClass::Filtered);
    room.services.rule("edits", "cut_after").await;
    let lost = unknown(provider.start(&order).await.expect_err("the answer is lost"));
    assert_eq!(lost.class, FailureClass::Unanswered, "it may have been paid for");
    assert_eq!(room.services.state().await["charged_micros"], 3 * 40_000);
}

#[tokio::test]
async fn a_chat_model_translates_enhances_and_finds_scenes() {
    let room = Room::open().await;
    room.services.says("chat", "«a red fox»").await;
    let to = atelier_domain::Language::English;
    let Written::Prompt(prompt) = room.write(TextTask::Translate { to }, "рыжая лиса").await.expect("words")
    else {
        panic!()
    };
    assert_eq!(prompt.as_str(), "a red fox");
    let asked = room.services.state().await["last"]["chat"].clone();
    assert_eq!(asked["messages"][1]["content"], "рыжая лиса", "what a user wrote stands alone: {asked}");
    room.services.says("chat", r#"{"look":"a tall woman in red","scenes":["she wakes","she runs","she rests"]}"#).await;
    let task = TextTask::Scenes { count: Some(2.try_into().expect("a count")) };
    let Written::Scenes(scenes) = room.write(task.clone(), "A tale.").await.expect("scenes") else { panic!() };
    assert_eq!(scenes.prompts(), ["she wakes\na tall woman in red", "she runs\na tall woman in red"]);
    room.services.says("chat", "I would rather not.").await;
    assert_eq!(
        not_created(room.write(task, "A tale.").await.expect_err("nothing usable")).class,
        FailureClass::Transient
    );
}

#[tokio::test]
async fn every_account_can_be_checked_and_the_moderation_asked() {
    let room = Room::open().await;
    for provider in room.providers.iter() {
        assert!(!provider.check().await.expect("it answers").is_empty());
    }
    let moderation = room.providers.moderation().expect("a moderation");
    assert_eq!(moderation.flagged("a fox").await.expect("an opinion"), None);
    assert_eq!(moderation.flagged("!flagged").await.expect("an opinion").as_deref(), Some("violence"));
}
