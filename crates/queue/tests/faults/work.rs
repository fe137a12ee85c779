//! Jobs and workers for the tests of faults: what was accepted, what ran, and under which token it took effect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atelier_domain::{Job, JobId, JobState, MessageId, UpdateId, UserId};
use atelier_queue::{
    Checkpoint, Claimed, Handler, Limits, Outcome, Queue, QueueError, Record, RunOptions, Submission, Submitted, run,
};
use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::asked;
pub(crate) use crate::asked::BOT;

/// Short enough for a test, long enough for a machine that does other things as well.
pub(crate) const LEASE: Duration = Duration::from_millis(1500);
/// "Within two seconds" as a test asserts it.
pub(crate) const BACK: Duration = Duration::from_secs(5);
/// For something that happens sooner or later.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn job(number: u32) -> (Job, Duration) {
    asked::job(number, "sketch")
}

/// Submits one job under its own number as the update's.
pub(crate) async fn try_submit(queue: &Queue, number: u32) -> Result<JobId, QueueError> {
    let jobs = [job(number)];
    let limits = Limits { pending_per_user: 100_000, waiting: 100_000 };
    let submission = Submission {
        bot: BOT,
        user: UserId(9),
        update: UpdateId(number),
        jobs: &jobs,
        limits,
        weight: 1,
        urgent: false,
    };
    match queue.submit(&submission).await? {
        Submitted::Accepted | Submitted::Before(_) => Ok(jobs[0].0.id.clone()),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn submit(queue: &Queue, number: u32) -> JobId {
    try_submit(queue, number).await.unwrap()
}

/// Submits as the bot does: again until the queue answers.
pub(crate) async fn submit_at_last(queue: &Queue, number: u32) -> JobId {
    let repeated = async {
        loop {
            match try_submit(queue, number).await {
                Ok(id) => return id,
                Err(error) => assert!(error.is_unreachable(), "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, repeated).await.expect("the queue answers at last")
}

/// The record of a job once it has a state; the queue may be away meanwhile.
pub(crate) async fn until(queue: &Queue, id: &JobId, state: JobState) -> Record {
    let mut seen = None;
    let looked = async {
        loop {
            match queue.record(id).await {
                Ok(Some(record)) if record.state == state => return record,
                other => seen = Some(other),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let reached = tokio::time::timeout(PATIENCE, looked).await;
    reached.unwrap_or_else(|_| panic!("{id} never was {state:?}: {seen:?}"))
}

pub(crate) fn options(name: &str) -> RunOptions {
    RunOptions {
        worker: name.to_owned(),
        concurrency: 4,
        lease: LEASE,
        grace: Duration::from_millis(100),
        ..RunOptions::default()
    }
}

/// A job in the hands of a test: the claim, and how to end it.
pub(crate) struct Hands {
    pub(crate) claimed: Claimed,
    end: oneshot::Sender<Outcome>,
}

impl Hands {
    pub(crate) fn done(self) -> JobId {
        self.end_with(Outcome::Done)
    }

    pub(crate) fn end_with(self, outcome: Outcome) -> JobId {
        self.end.send(outcome).unwrap();
        self.claimed.job.id.clone()
    }
}

/// A worker process of the test.
pub(crate) struct Worker {
    claims: mpsc::UnboundedReceiver<Hands>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Worker {
    /// A worker whose jobs wait for the test to end them.
    pub(crate) fn start(queue: &Queue, name: &str) -> Self {
        Self::with(queue, options(name))
    }

    pub(crate) fn with(queue: &Queue, options: RunOptions) -> Self {
        let (sender, claims) = mpsc::unbounded_channel();
        let handler: Handler = Arc::new(move |claimed: Claimed| {
            let sender = sender.clone();
            async move {
                let (end, outcome) = oneshot::channel();
                let _ = sender.send(Hands { claimed, end });
                outcome.await.unwrap_or(Outcome::HandedOver)
            }
            .boxed()
        });
        Self { claims, ..Self::handling(queue, options, handler) }
    }

    /// A worker that ends each job as soon as it could put its result on record, in the ledger, too.
    pub(crate) fn busy(queue: &Queue, name: &str, ledger: &Ledger) -> Self {
        let ledger = ledger.clone();
        let handler: Handler = Arc::new(move |claimed: Claimed| {
            let ledger = ledger.clone();
            async move {
                let effect = claimed.lease.checkpoint(&Checkpoint::Delivered(MessageId(1))).await;
                if effect.is_ok() {
                    ledger.note(&claimed.job.id);
                }
                Outcome::Done
            }
            .boxed()
        });
        Self::handling(queue, options(name), handler)
    }

    fn handling(queue: &Queue, options: RunOptions, handler: Handler) -> Self {
        let stop = CancellationToken::new();
        let (queue, token) = (queue.clone(), stop.clone());
        let running = tokio::spawn(async move { run(queue, options, handler, token).await.unwrap() });
        Self { claims: mpsc::unbounded_channel().1, stop, running }
    }

    pub(crate) async fn next(&mut self) -> Hands {
        tokio::time::timeout(PATIENCE, self.claims.recv()).await.expect("a claim").expect("the worker runs")
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

/// How often each job took effect.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<BTreeMap<JobId, u32>>>);

impl Ledger {
    fn note(&self, id: &JobId) {
        *self.0.lock().unwrap().entry(id.clone()).or_default() += 1;
    }

    /// Every job accepted took effect and ended once, and nothing is left of any of them but its record. A holder that
    /// lost its job after the effect is on record leaves it to the next one to find: that is no second effect.
    pub(crate) async fn check(&self, queue: &Queue, accepted: &[JobId]) {
        for id in accepted {
            let record = until(queue, id, JobState::Done).await;
            assert_eq!(record.delivered, Some(MessageId(1)), "{id}");
            let ends = queue.trail(id).await.unwrap().into_iter().filter(|event| event.kind == "done").count();
            assert_eq!(ends, 1, "{id}");
        }
        let stats = queue.stats().await.unwrap();
        let accepted = u64::try_from(accepted.len()).unwrap();
        assert_eq!((stats.waiting, stats.delayed, stats.active, stats.ended), (0, 0, 0, accepted));
        assert_eq!((stats.totals["accepted"], stats.totals["done"]), (accepted, accepted));
        assert_eq!(self.0.lock().unwrap().len() as u64, accepted);
    }
}

/// Prints how long the queue took to be at full speed again, and holds it to the bound.
pub(crate) fn measured(what: &str, since: Instant) {
    let took = since.elapsed();
    println!("{what}: {:.0} ms", took.as_secs_f64() * 1000.0);
    assert!(took < BACK, "{what} took {took:?}");
}
