//! Our own apalis backend: a claimer task that asks Redis for as many jobs as slots are free, and a lease layer that
//! ends each hold with the handler's outcome.
//!
//! Invariant: every job taken from Redis has a free slot waiting for it (zero prefetch), and the backend never
//! returns an error, since apalis would end the worker and drop its running jobs.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use atelier_domain::{BotId, Failure, FailureClass, Job, JobId, ModelId};
use futures::future::BoxFuture;
use redis::FromRedisValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};
use tracing::{error, warn};

use crate::error::QueueError;
use crate::keeper::Keeper;
use crate::keys;
use crate::lease::{Lease, Progress};
use crate::link::Queue;
use crate::run::{Claimed, Outcome};
use crate::scripts::Verb;

/// Most jobs of one claim: bounds the script's time.
const BATCH: u32 = 32;
/// The slow timer behind the pushed wake-up.
const FALLBACK: Duration = Duration::from_secs(5);
/// After this much silence Redis was away: leases get that long again before they are taken back.
const SILENCE: Duration = Duration::from_secs(4);
/// A job whose worker was lost so often is dead without another look. The worker itself gives up earlier and tells
/// the user; this bounds a job that kills its worker before it can.
const LOST: u32 = 8;

/// What a claimer needs; a restarted worker starts another.
#[derive(Clone)]
pub(crate) struct Claimer {
    pub(crate) queue: Queue,
    pub(crate) worker: Arc<str>,
    pub(crate) models: Vec<ModelId>,
    pub(crate) lease: Duration,
    pub(crate) keeper: Keeper,
    pub(crate) hand_over: CancellationToken,
    pub(crate) stop: CancellationToken,
}

/// The backend that apalis polls: the receiving end of the claimer.
pub(crate) struct Source {
    jobs: mpsc::UnboundedReceiver<Claimed>,
    release: Option<BoxFuture<'static, ()>>,
}

impl Source {
    /// Starts a claimer for `slots` jobs at once.
    pub(crate) fn start(claimer: Claimer, slots: usize) -> Self {
        // unbounded in type only: a job is sent only with one of the `slots` permits in its lease
        let (sender, jobs) = mpsc::unbounded_channel();
        tokio::spawn(claimer.run(Arc::new(Semaphore::new(slots)), sender));
        Self { jobs, release: None }
    }
}

impl Backend for Source {
    type Task = Task<Claimed>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Claimed>, Infallible>>> {
        self.jobs.poll_recv(context).map(|claimed| claimed.map(|claimed| Ok(Task::new(claimed))))
    }

    fn poll_close(&mut self, context: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        // jobs that were claimed but not begun go back at once
        let jobs = &mut self.jobs;
        let release = self.release.get_or_insert_with(|| {
            jobs.close();
            let mut left = Vec::new();
            while let Ok(claimed) = jobs.try_recv() {
                left.push(claimed.lease);
            }
            Box::pin(async move {
                for lease in left {
                    lease.settle(&Outcome::HandedOver).await;
                }
            })
        });
        release.as_mut().poll(context).map(Ok)
    }
}

impl BackendConfig for Source {
    type Args = Claimed;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = LeaseLayer;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> LeaseLayer {
        LeaseLayer
    }
}

/// The outermost layer: drops the handler when the lease is lost, settles the job when it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseLayer;

impl<S> Layer<S> for LeaseLayer {
    type Service = LeaseService<S>;

    fn layer(&self, inner: S) -> LeaseService<S> {
        LeaseService { inner }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct LeaseService<S> {
    inner: S,
}

impl<S> Service<Task<Claimed>> for LeaseService<S>
where
    S: Service<Task<Claimed>, Response = Outcome>,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, task: Task<Claimed>) -> Self::Future {
        let lease = task.args.lease.clone();
        let handling = self.inner.call(task);
        Box::pin(async move {
            let ended = tokio::select! {
                biased;
                () = lease.lost() => None,
                outcome = handling => Some(outcome.map_err(|error| error.into().to_string())),
            };
            match ended {
                None => warn!(job.id = %lease.held().id, "the lease is lost: the job is dropped here"),
                Some(Ok(outcome)) => lease.settle(&outcome).await,
                Some(Err(error)) => error!(job.id = %lease.held().id, error, "the worker runtime failed the job"),
            }
            Ok(())
        })
    }
}

/// One job as the claim script hands it out.
type Raw = (String, String, u32, u32, Vec<u8>, Vec<String>);

impl Claimer {
    async fn run(self, slots: Arc<Semaphore>, sender: mpsc::UnboundedSender<Claimed>) {
        let mut bell = Bell::default();
        let mut backoff = Duration::from_millis(50);
        let mut permits = VecDeque::new();
        loop {
            if permits.is_empty() {
                tokio::select! {
                    permit = slots.clone().acquire_owned() => permits.extend(permit.ok()),
                    () = self.stop.cancelled() => return,
                }
            }
            while permits.len() < BATCH as usize
                && let Ok(permit) = slots.clone().try_acquire_owned()
            {
                permits.push_back(permit);
            }
            if self.stop.is_cancelled() {
                return;
            }
            let until = Instant::now() + self.lease;
            match self.claim(permits.len()).await {
                Ok((due, raw)) => {
                    backoff = Duration::from_millis(50);
                    let full = raw.len() == permits.len();
                    for raw in raw {
                        if let Some(permit) = permits.pop_front() {
                            self.hand_out(raw, until, permit, &sender).await;
                        }
                    }
                    if !full {
                        self.wait(&mut bell, due).await;
                    }
                }
                Err(error) => {
                    if !error.is_unreachable() {
                        error!(worker = %self.worker, %error, "no job can be claimed; trying again");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(Duration::from_millis(500)),
                        () = self.stop.cancelled() => return,
                    }
                }
            }
        }
    }

    async fn claim(&self, want: usize) -> Result<(Option<Duration>, Vec<Raw>), QueueError> {
        let numbers =
            [self.lease.as_millis().to_string(), want.to_string(), SILENCE.as_millis().to_string(), LOST.to_string()];
        let mut arguments: Vec<&[u8]> = vec![self.worker.as_bytes()];
        arguments.extend(numbers.iter().map(String::as_bytes));
        arguments.extend(self.models.iter().map(|model| model.as_str().as_bytes()));
        let answer: Vec<redis::Value> = self.queue.call(Verb::Claim, &arguments).await?;
        let unreadable = |error: redis::ParsingError| QueueError::Unreadable(error.to_string());
        let mut answer = answer.into_iter();
        let due = answer.next().map_or(Ok(-1), i64::from_redis_value).map_err(unreadable)?;
        let due = u64::try_from(due).ok().map(Duration::from_millis);
        let jobs = answer.map(Raw::from_redis_value).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        Ok((due, jobs))
    }

    /// Makes a claim into a job for the handler; one that cannot be read is dead at once.
    async fn hand_out(
        &self,
        raw: Raw,
        until: Instant,
        permit: OwnedSemaphorePermit,
        sender: &mpsc::UnboundedSender<Claimed>,
    ) {
        let (id, fence, attempt, lost, body, fields) = raw;
        let Ok(id) = id.parse::<JobId>() else {
            // only a foreign hand can write such a key; its lease runs out and the queue counts it as lost
            error!(worker = %self.worker, "a claimed job has an impossible id");
            return;
        };
        let fields = || fields.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
        let lease = Lease::new(
            self.queue.clone(),
            id.clone(),
            fence,
            self.worker.clone(),
            self.hand_over.clone(),
            until,
            permit,
        );
        self.keeper.add(&lease);
        let job = match Job::from_json(&body) {
            Ok(job) if job.id == id => job,
            wrong => {
                let detail = match wrong {
                    Err(error) => error.to_string(),
                    Ok(_) => "the record belongs to another job".to_owned(),
                };
                let bot = fields().find(|(name, _)| *name == "bot").and_then(|(_, bot)| bot.parse().ok()).map(BotId);
                error!(job.id = %id, bot = bot.map(|bot| bot.0), detail, "a job's record cannot be read");
                lease.settle(&Outcome::Dead(Failure::new(FailureClass::Unreadable, detail))).await;
                return;
            }
        };
        let progress = Progress::from_fields(fields());
        if progress.cancel {
            lease.held().cancel.cancel();
        }
        let claimed = Claimed { job: Arc::new(job), attempt, lost, progress, lease };
        if let Err(unsent) = sender.send(claimed) {
            unsent.0.lease.settle(&Outcome::HandedOver).await;
        }
    }

    /// Sleeps until a job may be there: a wake entry, the next due moment, or the slow timer.
    async fn wait(&self, bell: &mut Bell, due: Option<Duration>) {
        let limit = due.unwrap_or(FALLBACK).clamp(Duration::from_millis(1), FALLBACK);
        tokio::select! {
            () = bell.ring(&self.queue, limit) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// The blocking pop on the wake list, on a connection of its own that is made anew after a fault.
#[derive(Default)]
struct Bell {
    link: Option<redis::aio::MultiplexedConnection>,
}

impl Bell {
    async fn ring(&mut self, queue: &Queue, limit: Duration) {
        let deadline = tokio::time::Instant::now() + limit;
        if self.link.is_none() {
            self.link = queue.blocking_link().await.ok();
        }
        let Some(link) = self.link.as_mut() else {
            tokio::time::sleep_until(deadline.min(tokio::time::Instant::now() + Duration::from_millis(300))).await;
            return;
        };
        let mut pop = redis::cmd("BLPOP");
        pop.arg(keys::key("wake")).arg(limit.as_secs_f64());
        // the server's timer may lag; a connection that says nothing at all is dead
        let patience = limit + Duration::from_secs(1);
        match tokio::time::timeout(patience, pop.query_async::<redis::Value>(link)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => self.link = None,
        }
    }
}
