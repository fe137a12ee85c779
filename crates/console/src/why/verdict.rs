//! Where a job stands, what keeps it, and how it goes on.

use atelier_domain::JobState;
use atelier_queue::{Because, Event, ModelStats, Record, Standing, Stats};

use super::words::{failure, reason, span};
use crate::view::{Timings, count, seconds};

/// All that a verdict is made of.
pub(super) struct Look<'a> {
    pub(super) record: &'a Record,
    pub(super) standing: Option<&'a Standing>,
    pub(super) stats: &'a Stats,
    pub(super) trail: &'a [Event],
    pub(super) at_ms: u64,
}

impl Look<'_> {
    /// Where the job stands; why, and how it goes on.
    pub(super) fn verdict(&self) -> (String, Vec<String>) {
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
        // what keeps it says more than that nothing was created yet
        let place = |because: &&Because| matches!(because, Because::Place { .. });
        let place = self.standing.and_then(|standing| standing.because.iter().find(place));
        let mut details = vec![place.map_or(stage, |because| reason(because, record))];
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
