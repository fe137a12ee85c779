//! The console over a real server: what it says of jobs at every point of their lives.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use atelier_console::{ConsoleError, View, Wish, list, now_ms, show, stats, why};
use atelier_domain::{
    BotId, Catalogue, ChatId, Failure, FailureClass, Job, JobId, JobState, Language, MessageId, Place, Request,
    UpdateId, UserId,
};
use atelier_queue::{
    Checkpoint, Claimed, Handler, Limits, Outcome, PrivateRedis, PrivateSettings, Queue, RunOptions, Submission, run,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

struct Line {
    queue: Queue,
    _server: PrivateRedis,
    _data: TempDir,
}

impl Line {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let settings = PrivateSettings { data: data.path().to_owned(), port: None, program: None };
        let server = PrivateRedis::start(settings).await.unwrap();
        Self { queue: Queue::connect(server.url()).await.unwrap(), _server: server, _data: data }
    }

    async fn submit(&self, number: u32, model: &str, prompt: &str) -> JobId {
        let accepted_ms = now_ms();
        let request = Request {
            prompt: prompt.parse().unwrap(),
            model: model.parse().unwrap(),
            ratio: "1:1".parse().unwrap(),
            seed: None,
        };
        let job = Job {
            id: JobId::new(accepted_ms, number),
            place: Place { bot: BotId(77), chat: ChatId(5), thread: None, reply_to: MessageId(1) },
            user: UserId(9),
            language: Language::English,
            request,
            index: 0,
            of: 1,
            accepted_ms,
        };
        let id = job.id.clone();
        let submission = Submission {
            bot: BotId(77),
            user: UserId(9),
            update: UpdateId(number),
            jobs: &[(job, Duration::from_secs(1))],
            limits: Limits::default(),
            weight: 1,
            urgent: false,
        };
        self.queue.submit(&submission).await.unwrap();
        id
    }

    async fn why(&self, id: &JobId) -> String {
        why(&self.queue, Catalogue::builtin(), id, now_ms(), View::Text).await.unwrap()
    }
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

#[tokio::test]
async fn a_waiting_job_says_that_nobody_works() {
    let line = Line::start().await;
    let id = line.submit(1, "imagen", "a private thought").await;
    assert_says(&line.why(&id).await, &[id.as_str(), "it waits, and no worker runs", "accepted from user 9"]);
    assert_says(&stats(&line.queue, View::Text).await.unwrap(), &["1 waiting", "no worker runs", "imagen"]);

    let mut wish = Wish { state: None, model: None, user: None, older_ms: None, limit: 10, prompts: false };
    for view in [View::Text, View::Json] {
        let shown = list(&line.queue, &wish, now_ms(), view).await.unwrap();
        assert!(shown.contains(id.as_str()) && !shown.contains("private thought"), "{shown}");
    }
    wish.prompts = true;
    assert_says(&list(&line.queue, &wish, now_ms(), View::Text).await.unwrap(), &["“a private thought”"]);
    wish.state = Some(JobState::Dead);
    assert_eq!(list(&line.queue, &wish, now_ms(), View::Text).await.unwrap(), "no job is dead");

    let shown: Value = serde_json::from_str(&show(&line.queue, &id, View::Json).await.unwrap()).unwrap();
    assert_eq!(shown["state"], "waiting");
    assert_eq!(shown["job"]["request"]["prompt"], "a private thought");
    let stranger = JobId::new(1_795_000_000_000, 1);
    assert!(matches!(show(&line.queue, &stranger, View::Text).await, Err(ConsoleError::Unknown(_))));
}

#[tokio::test]
async fn a_story_goes_from_the_claim_to_the_end() {
    let line = Line::start().await;
    let good = line.submit(1, "imagen", "good").await;
    let (claims, mut claimed) = mpsc::unbounded_channel();
    let handler: Handler = Arc::new(move |job: Claimed| {
        let claims = claims.clone();
        Box::pin(async move {
            let (answer, outcome) = tokio::sync::oneshot::channel();
            let _ = claims.send((job, answer));
            outcome.await.unwrap_or(Outcome::HandedOver)
        })
    });
    let options = RunOptions {
        worker: "painter".to_owned(),
        about: r#"{"models":["imagen"]}"#.to_owned(),
        models: vec!["imagen".parse().unwrap()],
        ..RunOptions::default()
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(line.queue.clone(), options, handler, stop.clone()));

    let (job, answer) = claimed.recv().await.unwrap();
    job.lease.checkpoint(&Checkpoint::Handle("prediction1".to_owned())).await.unwrap();
    assert_says(&line.why(&good).await, &["painter has it (attempt 1)", "the provider accepted it: prediction1"]);
    // a model that nobody serves waits although a worker runs
    let foreign = line.submit(2, "seedream", "other").await;
    assert_says(&line.why(&foreign).await, &["nobody serves its model", "atelier worker --model seedream"]);
    job.lease.checkpoint(&Checkpoint::Outputs("[]".to_owned())).await.unwrap();
    drop(job);
    answer.send(Outcome::Done).unwrap();

    let bad = line.submit(3, "imagen", "bad").await;
    let (job, answer) = claimed.recv().await.unwrap();
    drop(job);
    answer.send(Outcome::Dead(Failure::new(FailureClass::Filtered, "NSFW"))).unwrap();
    let last = line.submit(4, "imagen", "last").await;
    let (job, answer) = claimed.recv().await.unwrap();
    assert_eq!(job.job.id, last);
    drop(job);
    answer.send(Outcome::HandedOver).unwrap();
    stop.cancel();
    running.await.unwrap().unwrap();

    assert_says(&line.why(&good).await, &["the picture is in the chat; it waited", "was posted in", "done"]);
    assert_says(&line.why(&bad).await, &["failed for good after 1 attempt: a content filter stopped it (NSFW)"]);
    assert_says(&line.why(&last).await, &["painter stopped and handed it over"]);
    let story = why(&line.queue, Catalogue::builtin(), &good, now_ms(), View::Json).await.unwrap();
    let story: Value = serde_json::from_str(&story).unwrap();
    assert_eq!(story["state"], "done");
    assert!(story["events"].as_array().unwrap().len() >= 4, "{story}");
}
