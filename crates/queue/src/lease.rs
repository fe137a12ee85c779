//! A worker's hold on a job, and the fenced writes that only a holder can make.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use atelier_domain::{Failure, FailureClass, JobId, MessageId};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::error::QueueError;
use crate::exchange::{Exchange, Slot};
use crate::run::Outcome;
use crate::scripts::Verb;

/// How far a job has come; written before or after the step that its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkpoint {
    /// A prediction is about to be created. Written before the call that may cost money.
    Intent(SystemTime),
    /// The prediction created or found: the provider's name for it.
    Handle(String),
    /// The prediction ended: where its outputs are.
    Outputs(String),
    /// The result is about to be shown in the chat.
    Sending,
    /// The file that Telegram made of the result, by its name for the job's bot.
    File(String),
    /// The result stands in the chat.
    Delivered(MessageId),
    /// The prediction is known to be over without an output. It stays on record, so that another holder finds the same and
    /// makes no other; what runs the job again on purpose forgets it.
    Over,
    /// The prediction failed for certain, or never was: another one may be created.
    Afresh,
}

/// The checkpoints of a job as its next holder finds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// When the intent to create was written, if it was.
    pub intent: Option<SystemTime>,
    /// The prediction, if one is known.
    pub handle: Option<String>,
    /// Where its outputs are, if it ended.
    pub outputs: Option<String>,
    /// Whether an earlier holder was about to show the result.
    pub sending: bool,
    /// The message that shows the result, if it does.
    pub delivered: Option<MessageId>,
    /// The slot, if the bot or a worker posted one.
    pub slot: Option<MessageId>,
}

/// Why a checkpoint was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The job is somebody else's by now: drop it without a word.
    #[error("the lease is lost")]
    Lease,
    /// The handle belongs to another job.
    #[error("the handle belongs to another job")]
    Handle,
}

/// Before a fenced call is repeated for the first time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// A hold on a job. Clones are the same hold; the worker's slot is free again when it is settled or the last is dropped.
#[derive(Clone)]
pub struct Lease {
    held: Arc<Held>,
}

pub(crate) struct Held {
    exchange: Arc<Exchange>,
    pub(crate) id: JobId,
    pub(crate) fence: String,
    pub(crate) lost: CancellationToken,
    pub(crate) cancel: CancellationToken,
    /// Until when the hold is certain without asking Redis.
    certain: Mutex<Instant>,
    slot: Mutex<Option<Slot>>,
}

impl fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lease").field("id", &self.held.id).field("fence", &self.held.fence).finish()
    }
}

impl Lease {
    pub(crate) fn new(exchange: Arc<Exchange>, id: JobId, fence: String, certain: Instant, slot: Slot) -> Self {
        let (lost, cancel) = (CancellationToken::new(), CancellationToken::new());
        let (certain, slot) = (Mutex::new(certain), Mutex::new(Some(slot)));
        Self { held: Arc::new(Held { exchange, id, fence, lost, cancel, certain, slot }) }
    }

    pub(crate) fn held(&self) -> &Arc<Held> {
        &self.held
    }

    /// The fencing token of this hold: it rises with every claim. What leaves a mark outside of Redis may carry it.
    pub fn fence(&self) -> &str {
        &self.held.fence
    }

    /// Whether the worker learned that the job is somebody else's.
    pub fn is_lost(&self) -> bool {
        self.held.lost.is_cancelled()
    }

    /// Whether the hold is certain without asking Redis: a process that was paused past its lease must not even show
    /// progress. What matters is checked against the fence instead ([`Lease::checkpoint`]).
    pub fn is_certain(&self) -> bool {
        !self.is_lost() && Instant::now() < *self.held.certain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the job turns out to be somebody else's.
    pub async fn lost(&self) {
        self.held.lost.cancelled().await;
    }

    /// Whether somebody asked to cancel the job.
    pub fn is_cancelled(&self) -> bool {
        self.held.cancel.is_cancelled()
    }

    /// Resolves when somebody asks to cancel the job.
    pub async fn cancelled(&self) {
        self.held.cancel.cancelled().await;
    }

    /// Resolves when the worker must stop and asks its jobs to be handed over.
    pub async fn hand_over(&self) {
        self.held.exchange.hand_over.cancelled().await;
    }

    /// Writes a checkpoint, waiting as long as Redis is away; it is on record when this returns `Ok`.
    pub async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), Lost> {
        let (name, value) = match checkpoint {
            Checkpoint::Intent(at) => ("intent", milliseconds(*at).to_string()),
            Checkpoint::Handle(handle) => ("handle", handle.clone()),
            Checkpoint::Outputs(outputs) => ("outputs", outputs.clone()),
            Checkpoint::Sending => ("sending", "1".to_owned()),
            Checkpoint::File(name) => ("file", name.clone()),
            Checkpoint::Delivered(message) => ("delivered", message.to_string()),
            Checkpoint::Over => ("over", String::new()),
            Checkpoint::Afresh => ("afresh", String::new()),
        };
        let held = &self.held;
        let arguments: [&[u8]; 5] = [
            held.id.as_str().as_bytes(),
            held.fence.as_bytes(),
            held.exchange.worker.as_bytes(),
            name.as_bytes(),
            value.as_bytes(),
        ];
        let answer: String = self.persist(Verb::Checkpoint, &arguments).await?;
        match answer.as_str() {
            "kept" => Ok(()),
            "taken" => Err(Lost::Handle),
            _ => {
                held.lost.cancel();
                Err(Lost::Lease)
            }
        }
    }

    /// Ends the hold. A stale one is dropped in silence: the job is somebody else's.
    pub(crate) async fn settle(&self, outcome: &Outcome) {
        let held = &self.held;
        let none = Failure::new(FailureClass::Fatal, "");
        let (verdict, wait, failure) = match outcome {
            Outcome::Done => ("done", Duration::ZERO, &none),
            Outcome::Cancelled => ("cancelled", Duration::ZERO, &none),
            Outcome::HandedOver => ("release", Duration::ZERO, &none),
            Outcome::Dead(failure) => ("dead", Duration::ZERO, failure),
            // whoever is refused for its number waits for the lane, with all the others of it
            Outcome::Retry(wait, failure) if failure.class == FailureClass::RateLimited => ("throttle", *wait, failure),
            Outcome::Retry(wait, failure) => ("retry", *wait, failure),
            Outcome::Postponed(wait, failure) => ("postpone", *wait, failure),
        };
        let end = [
            held.id.to_string(),
            held.fence.clone(),
            verdict.to_owned(),
            wait.as_millis().to_string(),
            failure.class.name().to_owned(),
            failure.detail.clone(),
        ];
        let slot = held.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(slot) = slot else { return };
        let settled = tokio::select! {
            settled = held.exchange.settle(end, slot) => settled,
            () = held.lost.cancelled() => false,
        };
        if settled {
            debug!(job.id = %held.id, verdict, "job settled");
        } else {
            held.lost.cancel();
            warn!(job.id = %held.id, verdict, "the job was somebody else's by the time it ended here");
        }
    }

    /// Ends the hold on a task of its own.
    pub(crate) fn settle_later(self, outcome: Outcome) {
        tokio::spawn(async move { self.settle(&outcome).await });
    }

    /// Repeats a fenced call until Redis answers: the fence makes the repetition harmless.
    async fn persist<T: redis::FromRedisValue>(&self, verb: Verb, arguments: &[&[u8]]) -> Result<T, Lost> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.held.exchange.queue.call(verb, arguments).await {
                Ok(answer) => return Ok(answer),
                Err(QueueError::Unreachable { .. }) => {}
                Err(error) => {
                    warn!(job.id = %self.held.id, ?verb, %error, "redis refused a fenced write; it is repeated");
                }
            }
            self.pause(&mut pause).await?;
        }
    }

    /// Waits before a fenced call is repeated, longer each time; not after the lease is lost.
    async fn pause(&self, pause: &mut Duration) -> Result<(), Lost> {
        tokio::select! {
            () = tokio::time::sleep(*pause) => {
                *pause = (*pause * 2).min(Duration::from_millis(500));
                Ok(())
            }
            () = self.held.lost.cancelled() => Err(Lost::Lease),
        }
    }
}

impl Held {
    /// The lease was renewed: it holds at least until then.
    pub(crate) fn renewed(&self, until: Instant) {
        *self.certain.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// Unix milliseconds; 0 before 1970.
pub(crate) fn milliseconds(at: SystemTime) -> u64 {
    u64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Whole milliseconds of a duration.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Progress {
    /// Reads the checkpoints out of a job's record.
    pub(crate) fn from_fields<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut progress = Self::default();
        for (name, value) in fields {
            match name {
                "intent" => {
                    progress.intent = value.parse().ok().map(|at| UNIX_EPOCH + Duration::from_millis(at));
                }
                "handle" => progress.handle = Some(value.to_owned()),
                "outputs" => progress.outputs = Some(value.to_owned()),
                "sending" => progress.sending = true,
                "delivered" => progress.delivered = value.parse().ok(),
                "slot" => progress.slot = value.parse().ok(),
                _ => {}
            }
        }
        progress
    }
}
