//! A job's story: where it stands and why, when it will run, what it cost, then what happened to it, in sentences.
//!
//! Invariant: it says nothing that is not on record or computed from it. Whatever the queue notes under a name that is
//! not known here is told as it stands, so that a newer worker's events are not lost on an older console.

mod cost;
mod verdict;
mod words;

use std::fmt::Write;

use atelier_domain::{JobId, JobState, Usd};
use atelier_queue::{Because, Event, Span};
use serde::Serialize;

pub use self::cost::{Attempt, Cost};
use self::verdict::Look;
use self::words::sentence;
use crate::Console;
use crate::batch::states_of;
use crate::error::ConsoleError;
use crate::view::{Answer, count, moment, owner, seconds};

/// A job's story.
#[derive(Debug, Clone, Serialize)]
pub struct Story {
    /// The moment, in Unix milliseconds.
    pub at_ms: u64,
    /// The job.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// Its model.
    pub model: String,
    /// Who asked, `bot:user`.
    pub user: String,
    /// When it was accepted, in Unix milliseconds.
    pub accepted_ms: u64,
    /// Where it stands, in words.
    pub verdict: String,
    /// Why, and how it goes on, in words.
    pub details: Vec<String>,
    /// The message it belongs to, when that asked for several pictures.
    pub batch: Option<BatchLine>,
    /// Jobs of its model that will be claimed before it, while it waits.
    pub ahead: Option<u32>,
    /// How many of those are its own user's.
    pub own_ahead: Option<u32>,
    /// Until it starts.
    pub start: Option<Span>,
    /// Until its picture.
    pub finish: Option<Span>,
    /// What keeps it from running, besides the jobs ahead.
    pub because: Vec<Because>,
    /// What it has cost.
    pub cost: Cost,
    /// Its claims, oldest first.
    pub attempts: Vec<Attempt>,
    /// What happened, oldest first.
    pub events: Vec<Told>,
}

/// The message that a job belongs to.
#[derive(Debug, Clone, Serialize)]
pub struct BatchLine {
    /// The batch.
    pub id: JobId,
    /// Which of its jobs this is, from 1; `None` when it cannot be told.
    pub number: Option<usize>,
    /// How many jobs it has.
    pub of: u32,
    /// How many of them have not ended.
    pub left: u32,
    /// Where they stand.
    pub states: String,
}

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// How long after the job was accepted, in milliseconds.
    pub after_ms: u64,
    /// What happened, as it is recorded.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// More about it, as it is recorded.
    pub detail: String,
    /// The same in words.
    pub sentence: String,
}

impl Console {
    /// Why a job is where it is.
    pub async fn why(&self, id: &JobId) -> Result<Story, ConsoleError> {
        let record = self.queue.record(id).await?.ok_or_else(|| ConsoleError::Unknown(id.clone()))?;
        let trail = self.queue.trail(id).await?;
        let standing = if record.state.is_final() { None } else { self.queue.standing(id, &self.catalogue).await? };
        let stats = self.queue.stats().await?;
        let batch = match &record.batch {
            None => None,
            Some(batch) => self.queue.batch(batch).await?.map(|batch| BatchLine {
                number: batch.jobs.iter().position(|job| job.id == *id).map(|index| index + 1),
                states: states_of(&batch.jobs),
                id: batch.id,
                of: batch.of,
                left: batch.left,
            }),
        };
        let at_ms = self.queue.clock_ms().await?;
        let attempts = cost::attempts(&record, &trail);
        let began = record.accepted_ms.or(trail.first().map(|event| event.at_ms)).unwrap_or(at_ms);
        let waiting = standing.as_ref().filter(|_| record.state == JobState::Waiting);
        let look = Look { record: &record, standing: standing.as_ref(), stats: &stats, trail: &trail, at_ms };
        let (verdict, details) = look.verdict();
        Ok(Story {
            at_ms,
            id: id.clone(),
            state: record.state,
            model: record.model.clone(),
            user: owner(&record),
            accepted_ms: began,
            verdict,
            details,
            batch,
            ahead: waiting.map(|standing| standing.ahead),
            own_ahead: waiting.map(|standing| standing.own_ahead),
            start: standing.as_ref().and_then(|standing| standing.start),
            finish: standing.as_ref().and_then(|standing| standing.finish),
            because: standing.map(|standing| standing.because).unwrap_or_default(),
            cost: Cost::of(&record, &trail, &attempts, &self.catalogue),
            attempts,
            events: trail.iter().map(|event| Told::of(event, began)).collect(),
        })
    }
}

impl Told {
    fn of(event: &Event, began: u64) -> Self {
        Self {
            at_ms: event.at_ms,
            after_ms: event.at_ms.saturating_sub(began),
            kind: event.kind.clone(),
            actor: event.actor.clone(),
            detail: event.detail.clone(),
            sentence: sentence(event),
        }
    }
}

impl Answer for Story {
    fn text(&self) -> String {
        let mut out = format!("Job {} ({}): {}", self.id, self.model, self.verdict);
        for detail in self.details.iter().filter(|detail| !detail.is_empty()) {
            let _ = write!(out, "\n  {detail}");
        }
        if let Some(batch) = &self.batch {
            let number = batch.number.map_or_else(|| "one".to_owned(), |number| format!("number {number}"));
            let _ = write!(out, "\nBatch {}: it is {number} of {}; {}.", batch.id, batch.of, batch.states);
        }
        let _ = write!(out, "\n{}", self.cost_line());
        let _ = write!(out, "\n\n{}  accepted from user {}", moment(self.accepted_ms), self.user);
        for told in &self.events {
            let _ = write!(out, "\n{:>23}  {}", format!("+{}", seconds(told.after_ms)), told.sentence);
        }
        out
    }
}

impl Story {
    fn cost_line(&self) -> String {
        let Cost { predicted_ms, charged_ms, predictions, price_micros } = &self.cost;
        let claims = match self.attempts.len() {
            0 => "nothing yet".to_owned(),
            number => {
                let claims = count(number as u64, "claim", "claims");
                format!("{} of a slot charged in {claims}", seconds(*charged_ms))
            }
        };
        let price = price_micros.filter(|price| *price > 0 && *predictions > 0).map_or_else(String::new, |price| {
            let predictions = count(*predictions as u64, "prediction", "predictions");
            format!("; {predictions} at the provider, {} a picture", Usd::from_micros(price))
        });
        let was = if self.state.is_final() { "was" } else { "is" };
        format!("Cost: {claims} ({} {was} predicted){price}.", seconds(*predicted_ms))
    }
}
