//! The run loop: a plain async function from job to outcome, run under apalis' worker runtime.
//!
//! Stopping has three steps: no more claims; after the grace period the jobs still running are asked to hand over;
//! shortly after that they are dropped and their leases run out. A second process can take them over at any point.

use std::sync::Arc;
use std::time::Duration;

use apalis::prelude::{Monitor, WorkerBuilder};
use atelier_domain::{Failure, FailureClass, Job, ModelId};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info};

use crate::backend::Source;
use crate::error::RunError;
use crate::exchange::Exchange;
use crate::herald::Herald;
use crate::keeper::{self, Keeper, Keeping};
use crate::lease::{Lease, Progress};
use crate::link::Queue;
use crate::scripts::Verb;

/// How a worker process works.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// A name unique to this start of the process: leases belong to it.
    pub worker: String,
    /// About the process, as one JSON object (host, pid, version), shown to operators.
    pub about: String,
    /// Jobs run at once.
    pub concurrency: usize,
    /// The models served; empty = all.
    pub models: Vec<ModelId>,
    /// How long a claim holds without renewal. A killed worker's jobs run again after this.
    pub lease: Duration,
    /// How long running jobs may go on after the stop signal before they are handed over.
    pub grace: Duration,
    /// The longest that one attempt may take before it is abandoned as a transient failure.
    pub attempt: Duration,
    /// The provider's account behind each model: models of one account share a rate. One not named has its own.
    pub lanes: Vec<(ModelId, String)>,
    /// Tells chats what nobody else can; `None` leaves it to other workers.
    pub herald: Option<Herald>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            worker: "worker".to_owned(),
            about: "{}".to_owned(),
            concurrency: 16,
            models: Vec::new(),
            lease: Duration::from_secs(6),
            grace: Duration::from_secs(20),
            attempt: Duration::from_secs(30 * 60),
            lanes: Vec::new(),
            herald: None,
        }
    }
}

/// A job in a worker's hands.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The job.
    pub job: Arc<Job>,
    /// Which claim of it this is, from 1, hand-overs not counted.
    pub attempt: u32,
    /// How many workers were lost with this job in their hands.
    pub lost: u32,
    /// How far earlier tries came.
    pub progress: Progress,
    /// The hold on it.
    pub lease: Lease,
}

impl Claimed {
    /// Which try this is, from 1. A claim whose worker was lost is none: that says something about the worker and nothing
    /// about the job, which is given up for it by another count.
    pub fn tries(&self) -> u32 {
        self.attempt.saturating_sub(self.lost).max(1)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The picture is in the chat.
    Done,
    /// It was stopped on request.
    Cancelled,
    /// It failed and is to be tried again after the wait. A failure of the class [`FailureClass::RateLimited`] burns no
    /// attempt, and all jobs of the same provider's account wait with it.
    Retry(Duration, Failure),
    /// It could not be tried here and is looked at again after the wait; burns no attempt.
    Postponed(Duration, Failure),
    /// It failed for good, and the user was told.
    Dead(Failure),
    /// This process stops; another goes on from the last checkpoint.
    HandedOver,
}

/// What runs a job. Dropped when the lease is lost.
pub type Handler = Arc<dyn Fn(Claimed) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// How long jobs that were asked to hand over have for it.
const LAST_CALL: Duration = Duration::from_secs(3);

/// Runs jobs until `shutdown`, then drains.
pub async fn run(
    queue: Queue,
    options: RunOptions,
    handler: Handler,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let worker: Arc<str> = options.worker.as_str().into();
    let (keeper, finish) = (Keeper::default(), CancellationToken::new());
    let hand_over = CancellationToken::new();
    let exchange = Exchange::new(
        queue.clone(),
        worker.clone(),
        options.models.clone(),
        options.lease,
        options.concurrency.max(1),
        keeper.clone(),
        hand_over.clone(),
        options.herald.clone(),
    );
    let keeping = Keeping {
        exchange: exchange.clone(),
        slots: options.concurrency,
        about: options.about.clone(),
        lanes: options.lanes.clone(),
    };
    let kept = AbortOnDropHandle::new(tokio::spawn(keeper.run(keeping, finish.clone())));
    let swept = AbortOnDropHandle::new(tokio::spawn(keeper::sweep(queue.clone())));
    let exchanged = AbortOnDropHandle::new(tokio::spawn(exchange.clone().run(shutdown.clone(), finish.clone())));
    let attempt = options.attempt;
    let monitor = Monitor::new().register(move |_restarts| {
        let handler = handler.clone();
        WorkerBuilder::new(exchange.worker.as_ref()).backend(Source::attach(&exchange)).build(
            move |claimed: Claimed| {
                let handler = handler.clone();
                async move { Ok::<_, apalis::prelude::BoxDynError>(attempt_once(&handler, claimed, attempt).await) }
            },
        )
    });
    let context = monitor.context();
    let running = monitor.run();
    tokio::pin!(running);
    let ended = tokio::select! {
        ended = &mut running => Some(ended),
        () = shutdown.cancelled() => None,
    };
    let result = match ended {
        Some(Ok(())) => Err(RunError::Runtime("it ended by itself".to_owned())),
        Some(Err(error)) => Err(RunError::Runtime(error.to_string())),
        None => {
            info!(worker = %worker, grace_s = options.grace.as_secs(), "no more claims; running jobs may finish");
            let _ = context.shutdown();
            let mut drained = tokio::time::timeout(options.grace, &mut running).await.is_ok();
            if !drained {
                hand_over.cancel();
                drained = tokio::time::timeout(LAST_CALL, &mut running).await.is_ok();
            }
            info!(worker = %worker, drained, "worker stopped");
            Ok(())
        }
    };
    finish.cancel();
    drop((kept, exchanged, swept));
    // best effort: a worker that cannot say goodbye is forgotten when its lease runs out
    let name: [&[u8]; 1] = [worker.as_bytes()];
    let goodbye = queue.call::<u32>(Verb::Retire, &name);
    let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
    result
}

/// Runs the handler on a task of its own, so that one busy job does not hold up the others, and a panic is a failed
/// attempt instead of a dead worker.
async fn attempt_once(handler: &Handler, claimed: Claimed, limit: Duration) -> Outcome {
    let (id, tries) = (claimed.job.id.clone(), claimed.tries());
    let task = AbortOnDropHandle::new(tokio::spawn(handler(claimed)));
    let failure = match tokio::time::timeout(limit, task).await {
        Ok(Ok(outcome)) => return outcome,
        Ok(Err(join)) => {
            error!(job.id = %id, error = %join, "the job panicked");
            Failure::new(FailureClass::Transient, "the job panicked")
        }
        Err(_) => Failure::new(FailureClass::Deadline, format!("the attempt took longer than {} s", limit.as_secs())),
    };
    match failure.next_try(tries, 0.5) {
        Some(wait) => Outcome::Retry(wait, failure),
        None => Outcome::Dead(failure),
    }
}
