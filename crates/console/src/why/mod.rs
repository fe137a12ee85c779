//! A job's story: where it stands and why, when it will run, what it cost, then what happened to it, in sentences.
//!
//! Invariant: it says nothing that is not on record or computed from it. Whatever the queue notes under a name that is
//! not known here is told as it stands, so that a newer worker's events are not lost on an older console.

mod cost;
mod words;

use std::fmt::Write;

use atelier_domain::{JobId, JobState, Usd};
use atelier_queue::{Because, Event, ModelStats, Record, Span, Standing, Stats};
use serde::Serialize;

pub use self::cost::{Attempt, Cost};
use self::words::{failure, reason, sentence, span};
use crate::Console;
use crate::batch::states_of;
use crate::error::ConsoleError;
use crate::view::{Answer, Timings, count, moment, owner, seconds};

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

/// All that a verdict is made of.
struct Look<'a> {
    record: &'a Record,
    standing: Option<&'a Standing>,
    stats: &'a Stats,
    trail: &'a [Event],
    at_ms: u64,
}

impl Look<'_> {
    /// Where the job stands; why, and how it goes on.
    fn verdict(&self) -> (String, Vec<String>) {
        let (record, id) = (self.record, &self.record.id);
        match record.state {
            JobState::Waiting => ("it waits".to_owned(), self.waiting()),
            JobState::Delayed => self.delayed(),
            JobState::Active => self.active(),
            JobState::Done => {
                let Timings { waiting_ms, generating_ms, posting_ms } = Timings::of(record);
                let part = |what: &str, time: Option<u64>| time.map(|time| format!("{what} {}", seconds(time)));
                let parts: Vec<String> = [
                    part("it waited", waiting_ms),
                    part("was made in", generating_ms),
                    part("was posted in", posting_ms),
                ]
                .into_iter()
                .flatten()
                .collect();
                ("the picture is in the chat".to_owned(), vec![parts.join(", ")])
            }
            JobState::Dead => {
                let tries = count(u64::from(record.attempt), "attempt", "attempts");
                let details = vec![failure(record), format!("`atelier queue retry {id}` runs it again")];
                (format!("it failed for good after {tries}"), details)
            }
            JobState::Cancelled => {
                let last = self.trail.iter().rev().find(|event| event.kind == "cancelled");
                let (actor, when) = match (self.asked(), last) {
                    // whoever asked, not the worker that obeyed
                    (Some(actor), _) => (actor, "ran"),
                    (None, last) => (last.map_or("somebody", |event| event.actor.as_str()), "waited"),
                };
                let details = vec![format!("`atelier queue retry {id}` runs it again")];
                (format!("it was cancelled by {actor} while it {when}"), details)
            }
        }
    }

    fn obstacles(&self) -> impl Iterator<Item = String> {
        self.standing.iter().flat_map(|standing| &standing.because).map(|because| reason(because, self.record))
    }

    fn start(&self) -> String {
        let blocked = || self.standing.iter().any(|standing| standing.because.iter().any(Because::is_blocking));
        match self.standing.and_then(|standing| standing.start) {
            Some(start) if start.high_ms == 0 => "it starts now".to_owned(),
            Some(start) => format!("it starts in about {}", span(start)),
            None if blocked() => "when it starts cannot be said before that is put right".to_owned(),
            None => "when it starts cannot be said".to_owned(),
        }
    }

    fn waiting(&self) -> Vec<String> {
        let Some(standing) = self.standing else { return vec!["it has just left the line; ask again".to_owned()] };
        let mut details: Vec<String> = self.obstacles().collect();
        details.push(match standing.ahead {
            0 => "it is the next of its model".to_owned(),
            jobs => {
                let own = match standing.own_ahead {
                    0 => String::new(),
                    own => format!(" ({own} of the same user)"),
                };
                format!("{} ahead of it{own}", count(u64::from(jobs), "job is", "jobs are"))
            }
        });
        if standing.slots > 0 {
            let slots = count(u64::from(standing.slots), "slot serves", "slots serve");
            let jobs = count(u64::from(standing.running), "job runs", "jobs run");
            details.push(format!("{slots} its model; {jobs} now, of all models"));
        }
        details.push(self.start());
        details
    }

    fn delayed(&self) -> (String, Vec<String>) {
        let record = self.record;
        let due = record.due_ms.map_or(0, |due| due.saturating_sub(self.at_ms));
        let headline = match record.attempt {
            // a job that was put off has lost no attempt
            0 => "it was put off".to_owned(),
            attempt => format!("attempt {attempt} failed"),
        };
        let mut details = vec![failure(record)];
        details.push(if due > 0 {
            format!("it is tried again in {}", seconds(due))
        } else {
            "it is due, and goes into line as soon as a worker looks".to_owned()
        });
        details.extend(self.obstacles());
        details.push(self.start());
        (headline, details)
    }

    fn active(&self) -> (String, Vec<String>) {
        let record = self.record;
        let worker = record.worker.as_deref().unwrap_or("a worker");
        if !self.stats.workers.iter().any(|known| known.worker == worker) {
            let details = vec!["another worker takes it over when its lease runs out".to_owned()];
            return (format!("{worker} had it and has gone silent"), details);
        }
        let since = |at: u64| seconds(self.at_ms.saturating_sub(at));
        let stage = match (record.handle_ms, record.outputs_ms) {
            (_, Some(at)) => format!("the picture has been there for {}, it is being posted", since(at)),
            (Some(at), None) => format!("the provider has been at it for {}", since(at)),
            (None, None) => "the provider has not named it yet".to_owned(),
        };
        let mut details = vec![stage];
        details.extend(self.to_go());
        details.extend(self.asked().map(|actor| format!("{actor} asked to cancel it")));
        (format!("{worker} has it (attempt {})", record.attempt), details)
    }

    /// How long a running job still takes, measured against what its model usually takes.
    fn to_go(&self) -> Option<String> {
        let model = self.stats.models.iter().find(|model| model.model == self.record.model)?;
        let took = self.at_ms.saturating_sub(self.record.claimed_ms?);
        let ModelStats { typical_ms: Some(typical), spread_ms, .. } = model else {
            let finish = self.standing?.finish?;
            return Some(format!("about {} to go; its model was not measured yet", seconds(finish.likely_ms)));
        };
        let spread = 2 * spread_ms.unwrap_or(typical / 4);
        if took > typical + spread {
            let usual = format!("{} ± {}", seconds(*typical), seconds(spread));
            return Some(format!("it takes longer ({}) than is usual for its model ({usual})", seconds(took)));
        }
        let left = |until: u64| until.saturating_sub(took);
        let (likely, low, high) = (left(*typical), left(typical.saturating_sub(spread)), left(typical + spread));
        Some(format!("about {} to go ({} to {})", seconds(likely), seconds(low), seconds(high)))
    }

    /// Who asked to cancel it while it ran, since it was last accepted or retried.
    fn asked(&self) -> Option<&str> {
        let mut life = self.trail.iter().rev().take_while(|event| event.kind != "retried");
        life.find(|event| event.kind == "cancel_asked").map(|event| event.actor.as_str())
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
