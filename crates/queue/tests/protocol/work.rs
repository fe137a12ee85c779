//! Jobs, and a worker whose every claim a test answers.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Job, JobId, JobState, UpdateId, UserId};
use atelier_queue::{Claimed, Handler, Limits, Outcome, Queue, RunOptions, Submission, Submitted, run};
use futures::FutureExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use crate::asked::{BOT, job};

pub(crate) async fn submit(queue: &Queue, update: u32, jobs: &[(Job, Duration)]) -> Submitted {
    let limits = Limits { pending_per_user: 5, waiting: 100 };
    let submission =
        Submission { bot: BOT, user: UserId(9), update: UpdateId(update), jobs, limits, weight: 1, urgent: false };
    queue.submit(&submission).await.unwrap()
}

/// A worker whose handler hands every claim to the test and waits for the outcome.
pub(crate) struct Bench {
    claims: mpsc::UnboundedReceiver<(Claimed, tokio::sync::oneshot::Sender<Outcome>)>,
    stop: CancellationToken,
    pub(crate) running: tokio::task::JoinHandle<()>,
}

impl Bench {
    pub(crate) fn start(queue: &Queue, name: &str, options: RunOptions) -> Self {
        let (sender, claims) = mpsc::unbounded_channel();
        let handler: Handler = Arc::new(move |claimed: Claimed| {
            let sender = sender.clone();
            async move {
                let (answer, outcome) = tokio::sync::oneshot::channel();
                let _ = sender.send((claimed, answer));
                outcome.await.unwrap_or(Outcome::HandedOver)
            }
            .boxed()
        });
        let stop = CancellationToken::new();
        let options = RunOptions { worker: name.to_owned(), ..options };
        let (queue, token) = (queue.clone(), stop.clone());
        let running = tokio::spawn(async move { run(queue, options, handler, token).await.unwrap() });
        Self { claims, stop, running }
    }

    pub(crate) async fn next(&mut self) -> (Claimed, tokio::sync::oneshot::Sender<Outcome>) {
        tokio::time::timeout(Duration::from_secs(20), self.claims.recv()).await.expect("a claim").unwrap()
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

pub(crate) async fn until(queue: &Queue, id: &JobId, state: JobState) -> atelier_queue::Record {
    tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            match queue.record(id).await {
                Ok(Some(record)) if record.state == state => return record,
                _ => tokio::task::yield_now().await,
            }
        }
    })
    .await
    .expect("the state is reached")
}

pub(crate) fn quick() -> RunOptions {
    RunOptions {
        concurrency: 4,
        lease: Duration::from_millis(900),
        grace: Duration::from_millis(100),
        ..RunOptions::default()
    }
}
