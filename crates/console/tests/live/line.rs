//! A queue on a server of its own, and a worker whose jobs end as the test says.

use std::sync::Arc;
use std::time::Duration;

use atelier_console::{Actor, Answer, Console, now_ms};
use atelier_domain::{BotId, Catalogue, ChatId, Job, JobId, Language, MessageId, Place, Request, UpdateId, UserId};
use atelier_queue::{
    Claimed, Handler, Limits, Outcome, PrivateRedis, PrivateSettings, Queue, RunError, RunOptions, Submission, run,
};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Line {
    pub(crate) queue: Queue,
    pub(crate) console: Console,
    pub(crate) server: PrivateRedis,
    pub(crate) settings: PrivateSettings,
    pub(crate) data: TempDir,
}

pub(crate) const BOT: i64 = 77;

impl Line {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let settings = PrivateSettings { data: data.path().to_owned(), port: None, program: None };
        let server = PrivateRedis::start(settings.clone()).await.unwrap();
        let queue = Queue::connect(server.url()).await.unwrap();
        let console = Console::new(queue.clone(), Catalogue::builtin().clone());
        let settings = PrivateSettings { port: Some(server.port()), ..settings };
        Self { queue, console, server, settings, data }
    }

    /// The only job of a message of user 9.
    pub(crate) async fn submit(&self, number: u32, model: &str, prompt: &str) -> JobId {
        self.submit_all(number, 9, model, &[prompt]).await.remove(0)
    }

    /// The jobs of one message.
    pub(crate) async fn submit_all(&self, number: u32, user: i64, model: &str, prompts: &[&str]) -> Vec<JobId> {
        let accepted_ms = now_ms();
        let of = u8::try_from(prompts.len()).unwrap_or(u8::MAX);
        let job = |(index, prompt): (usize, &&str)| Job {
            id: JobId::new(accepted_ms, number * 256 + u32::try_from(index).unwrap()),
            place: Place { bot: BotId(BOT), chat: ChatId(5), thread: None, reply_to: MessageId(1) },
            user: UserId(user),
            language: Language::English,
            request: Request {
                prompt: prompt.parse().unwrap(),
                model: model.parse().unwrap(),
                ratio: "1:1".parse().unwrap(),
                seed: None,
                options: atelier_domain::Options::default(),
            },
            index: u8::try_from(index).unwrap_or(u8::MAX),
            of,
            accepted_ms,
        };
        let jobs: Vec<Job> = prompts.iter().enumerate().map(job).collect();
        let ids = jobs.iter().map(|job| job.id.clone()).collect();
        let jobs: Vec<(Job, Duration)> = jobs.into_iter().map(|job| (job, Duration::from_secs(1))).collect();
        let submission = Submission {
            bot: BotId(BOT),
            user: UserId(user),
            update: UpdateId(number),
            jobs: &jobs,
            limits: Limits { pending_per_user: 1000, ..Limits::default() },
            weight: 1,
            urgent: false,
        };
        self.queue.submit(&submission).await.unwrap();
        ids
    }

    pub(crate) async fn why(&self, id: &JobId) -> String {
        self.console.why(id).await.unwrap().text()
    }

    /// A worker named `painter` with so many slots.
    pub(crate) fn work(&self, slots: usize, models: &[&str]) -> Painter {
        let (claims, claimed) = mpsc::unbounded_channel();
        let handler: Handler = Arc::new(move |job: Claimed| {
            let claims = claims.clone();
            Box::pin(async move {
                let (answer, outcome) = oneshot::channel();
                let _ = claims.send((job, answer));
                outcome.await.unwrap_or(Outcome::HandedOver)
            })
        });
        let options = RunOptions {
            worker: "painter".to_owned(),
            about: r#"{"host":"studio","pid":7,"version":"1"}"#.to_owned(),
            concurrency: slots,
            models: models.iter().map(|model| model.parse().unwrap()).collect(),
            ..RunOptions::default()
        };
        let stop = CancellationToken::new();
        let running = tokio::spawn(run(self.queue.clone(), options, handler, stop.clone()));
        Painter { claimed, stop, running }
    }
}

pub(crate) type Hand = (Claimed, oneshot::Sender<Outcome>);

pub(crate) struct Painter {
    claimed: mpsc::UnboundedReceiver<Hand>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), RunError>>,
}

impl Painter {
    /// The next job and the way to end it.
    pub(crate) async fn next(&mut self) -> Hand {
        self.claimed.recv().await.unwrap()
    }

    /// Ends the next job like this; which it was.
    pub(crate) async fn ends(&mut self, outcome: Outcome) -> JobId {
        let (job, answer) = self.next().await;
        let id = job.job.id.clone();
        drop(job);
        answer.send(outcome).unwrap();
        id
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }
}

pub(crate) fn jo() -> Actor {
    Actor::of("jo", "box")
}

pub(crate) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}
