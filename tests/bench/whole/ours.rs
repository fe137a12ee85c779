//! Our queue, through the same calls that bot and worker make.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atelier_domain::{BotId, Job, UpdateId};
use atelier_queue::{Claimed, Handler, Limits, Outcome, Queue, RunOptions, Submission, Submitted, run};
use tokio_util::sync::CancellationToken;

use crate::floor::Work;

/// The submitting side.
pub(crate) struct Ours {
    queue: Queue,
    updates: AtomicU32,
}

impl Ours {
    pub(crate) async fn open(url: &str) -> Self {
        let queue = Queue::connect(&url.parse().expect("an address")).await.expect("a queue");
        Self { queue, updates: AtomicU32::new(0) }
    }

    pub(crate) async fn submit(&self, jobs: &[Job]) {
        let jobs: Vec<(Job, Duration)> = jobs.iter().map(|job| (job.clone(), Duration::from_secs(1))).collect();
        let update = UpdateId(self.updates.fetch_add(1, Ordering::Relaxed));
        let limits = Limits { pending_per_user: u32::MAX, waiting: u32::MAX };
        let submission =
            Submission { bot: BotId(1), user: jobs[0].0.user, update, jobs: &jobs, limits, weight: 1, urgent: false };
        assert_eq!(self.queue.submit(&submission).await.expect("the queue accepts"), Submitted::Accepted);
    }

    /// Jobs done so far.
    pub(crate) async fn done(&self) -> u64 {
        let stats = self.queue.stats().await.expect("the queue counts");
        stats.totals.get("done").copied().unwrap_or(0)
    }
}

/// The working side, until `stop`: the run loop of a worker process.
pub(crate) async fn serve(url: String, concurrency: usize, work: Work, stop: CancellationToken) {
    let queue = Queue::connect(&url.parse().expect("an address")).await.expect("a queue");
    let options = RunOptions { concurrency, ..RunOptions::default() };
    let handler: Handler = Arc::new(move |claimed: Claimed| {
        let working = work(claimed.job.id.as_str());
        Box::pin(async move {
            working.await;
            Outcome::Done
        })
    });
    run(queue, options, handler, stop).await.expect("the worker runs");
}
