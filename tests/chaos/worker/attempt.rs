//! One attempt of a job: the real worker's steps in the real worker's order, with an effect at each place where that one
//! calls the provider or the chat.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::{Failure, FailureClass, MessageId};
use atelier_queue::{Checkpoint, Claimed, Lost, Outcome};

use super::journal::Journal;
use crate::effects::{Client, Created};
use crate::plan::{Conduct, Stumble};

/// What every job of the process shares.
pub(crate) struct Shop {
    pub(crate) seed: u64,
    pub(crate) effects: Client,
    pub(crate) journal: Journal,
}

/// A creation this much older than the intent may still be the intent's.
const SLACK_MS: u64 = 5000;
/// After so many lost workers a job is given up, as the real worker does.
const MOST_LOST: u32 = 5;

struct Walk {
    shop: Arc<Shop>,
    claimed: Claimed,
    id: String,
    number: u32,
    input: String,
    conduct: Conduct,
}

enum Stop {
    Lost,
    Cancelled,
    HandOver,
    Failed(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(Failure::new(FailureClass::Transient, error.to_string()))
    }
}

/// Runs one attempt.
pub(crate) async fn attempt(shop: Arc<Shop>, claimed: Claimed) -> Outcome {
    let walk = Walk::new(shop, claimed);
    walk.note("claimed", walk.claimed.progress.handle.as_deref().unwrap_or("-"));
    if walk.claimed.progress.delivered.is_some() {
        return Outcome::Done;
    }
    match walk.steps().await {
        Ok(()) => Outcome::Done,
        Err(Stop::Lost | Stop::HandOver) => Outcome::HandedOver,
        Err(Stop::Cancelled) => Outcome::Cancelled,
        Err(Stop::Failed(failure)) => match failure.next_try(walk.claimed.attempt, 0.0) {
            // the real waits are seconds: the same decisions, sooner
            Some(_) => Outcome::Retry(failure.retry_after.unwrap_or(walk.conduct.again), failure),
            None => Outcome::Dead(failure),
        },
    }
}

impl Walk {
    fn new(shop: Arc<Shop>, claimed: Claimed) -> Self {
        // "<number> <input>", as the submitter wrote it
        let prompt = claimed.job.request.prompt.as_str();
        let (number, input) = prompt.split_once(' ').expect("a prompt of this run");
        let (number, input) = (number.parse().expect("a number"), input.to_owned());
        let conduct = Conduct::of(shop.seed, number, claimed.attempt);
        Self { id: claimed.job.id.to_string(), shop, claimed, number, input, conduct }
    }

    fn note(&self, kind: &str, what: &str) {
        self.shop.journal.note(kind, &self.claimed.lease, &self.id, what);
    }

    async fn steps(&self) -> Result<(), Stop> {
        if self.claimed.lease.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if self.claimed.lost >= MOST_LOST {
            return fail(FailureClass::Fatal, "too many workers were lost with it");
        }
        let [before, prediction, sending, edit, delivered] = self.conduct.waits;
        self.pause(before).await?;
        if self.claimed.progress.handle.is_none() || self.claimed.progress.outputs.is_none() {
            let handle = match &self.claimed.progress.handle {
                Some(handle) => handle.clone(),
                None => self.begin().await?,
            };
            self.pause(prediction).await?;
            if self.conduct.stumble == Stumble::Prediction {
                self.keep("afresh", Checkpoint::Afresh).await?;
                return fail(FailureClass::Transient, "the prediction failed");
            }
            self.keep("outputs", Checkpoint::Outputs(format!("outputs of {handle}"))).await?;
        }
        self.pause(sending).await?;
        match self.conduct.stumble {
            Stumble::AfterOutputs => return fail(FailureClass::Transient, "the picture cannot be fetched"),
            Stumble::Panic => panic!("as planned"),
            _ => {}
        }
        self.keep("sending", Checkpoint::Sending).await?;
        tokio::time::sleep(edit).await;
        self.shop.effects.edit(&self.id, self.claimed.lease.fence()).await?;
        tokio::time::sleep(delivered).await;
        self.keep("delivered", Checkpoint::Delivered(MessageId(1))).await
    }

    /// A prediction: the one that an earlier attempt may have created, or a new one.
    async fn begin(&self) -> Result<String, Stop> {
        if let Some(intent) = self.claimed.progress.intent
            && let Some(handle) = self.find(intent).await?
        {
            return Ok(handle);
        }
        match self.conduct.stumble {
            Stumble::BeforeCreate => return fail(FailureClass::Transient, "the service is busy"),
            Stumble::Fatal => return fail(FailureClass::Fatal, "nobody can draw this"),
            _ => {}
        }
        loop {
            let intent = SystemTime::now();
            self.keep("intent", Checkpoint::Intent(intent)).await?;
            let created =
                self.shop.effects.create(self.number, &self.input, &self.id, self.claimed.lease.fence()).await?;
            let handle = match created {
                Created::Handle(handle) => handle,
                Created::Refused(wait) => {
                    self.keep("afresh", Checkpoint::Afresh).await?;
                    let failure = Failure::new(FailureClass::RateLimited, "too many requests").after(wait);
                    return Err(Stop::Failed(failure));
                }
            };
            if self.conduct.stumble == Stumble::AnswerLost {
                return fail(FailureClass::Transient, "no answer");
            }
            if self.own(&handle).await? {
                return Ok(handle);
            }
            // a job with the same wish found it first; then its own is free
            if let Some(handle) = self.find(intent).await? {
                return Ok(handle);
            }
        }
    }

    async fn find(&self, intent: SystemTime) -> Result<Option<String>, Stop> {
        let intent = intent.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let since = u64::try_from(intent).unwrap_or(0).saturating_sub(SLACK_MS);
        for handle in self.shop.effects.find(&self.input, since).await? {
            if self.own(&handle).await? {
                return Ok(Some(handle));
            }
        }
        Ok(None)
    }

    /// Whether the prediction is this job's.
    async fn own(&self, handle: &str) -> Result<bool, Stop> {
        match self.claimed.lease.checkpoint(&Checkpoint::Handle(handle.to_owned())).await {
            Ok(()) => {
                self.note("kept", "handle");
                Ok(true)
            }
            Err(Lost::Handle) => {
                self.note("taken", handle);
                Ok(false)
            }
            Err(Lost::Lease) => {
                self.note("stale", "handle");
                Err(Stop::Lost)
            }
        }
    }

    async fn keep(&self, name: &str, checkpoint: Checkpoint) -> Result<(), Stop> {
        let kept = self.claimed.lease.checkpoint(&checkpoint).await;
        self.note(if kept.is_ok() { "kept" } else { "stale" }, name);
        kept.map_err(|_| Stop::Lost)
    }

    async fn pause(&self, wait: Duration) -> Result<(), Stop> {
        let lease = &self.claimed.lease;
        tokio::select! {
            biased;
            () = lease.lost() => Err(Stop::Lost),
            () = lease.cancelled() => Err(Stop::Cancelled),
            () = lease.hand_over() => Err(Stop::HandOver),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}

fn fail<T>(class: FailureClass, detail: &str) -> Result<T, Stop> {
    Err(Stop::Failed(Failure::new(class, detail)))
}
