//! What a job has cost: its claims with what each was charged, and the predictions made for it.
//!
//! Read off the trail by the rules of the step script: a claim charges its user what was predicted; its end settles
//! that to what it took, or to nothing when nothing was made of it; a lost worker settles nothing.

use atelier_domain::{Catalogue, Usd};
use atelier_queue::{Event, Record};
use serde::Serialize;

/// One claim of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The worker.
    pub worker: String,
    /// When it took the job, in Unix milliseconds.
    pub from_ms: u64,
    /// When it ended; `None` while it lasts.
    pub to_ms: Option<u64>,
    /// How: `done`, `cancelled`, `dead`, `retry`, `postpone`, `throttled`, `handed_over`, `lost`; `None` while it lasts.
    pub end: Option<String>,
    /// Milliseconds charged to its user's share.
    pub charged_ms: u64,
}

/// What a job has cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// What one claim is predicted to take, in milliseconds.
    pub predicted_ms: u64,
    /// What its user was charged with so far, in milliseconds of a worker's slot.
    pub charged_ms: u64,
    /// Predictions known to have been made at the provider.
    pub predictions: usize,
    /// The price of one picture of its model, in millionths of a US dollar.
    pub price_micros: Option<u64>,
}

/// The claims of a job, oldest first.
pub(super) fn attempts(record: &Record, trail: &[Event]) -> Vec<Attempt> {
    let predicted = record.cost_ms.unwrap_or(0);
    let mut attempts: Vec<Attempt> = Vec::new();
    for event in trail {
        if event.kind == "claimed" {
            attempts.push(Attempt {
                worker: event.actor.clone(),
                from_ms: event.at_ms,
                to_ms: None,
                end: None,
                charged_ms: predicted,
            });
            continue;
        }
        let Some(open) = attempts.last_mut().filter(|attempt| attempt.to_ms.is_none()) else { continue };
        open.charged_ms = match event.kind.as_str() {
            "done" | "cancelled" | "dead" | "retry" => event.at_ms.saturating_sub(open.from_ms),
            "postpone" | "throttled" | "handed_over" => 0,
            "lost" => predicted,
            _ => continue,
        };
        open.to_ms = Some(event.at_ms);
        open.end = Some(event.kind.clone());
    }
    attempts
}

impl Cost {
    pub(super) fn of(record: &Record, trail: &[Event], attempts: &[Attempt], catalogue: &Catalogue) -> Self {
        let mut handles: Vec<&str> =
            trail.iter().filter(|event| event.kind == "handle").map(|event| event.detail.as_str()).collect();
        handles.sort_unstable();
        handles.dedup();
        // some models answer with the picture itself, and leave no name of a prediction
        let at_once = trail.iter().filter(|event| event.kind == "outputs").count().min(1);
        let model = record.model.parse().ok().and_then(|model| catalogue.get(&model));
        let asked = record.job.as_ref().map(|job| &job.request);
        let price = model.map(|model| asked.map_or_else(|| model.usual_price(), |request| model.estimate(request)));
        Self {
            predicted_ms: record.cost_ms.unwrap_or(0),
            charged_ms: attempts.iter().map(|attempt| attempt.charged_ms).sum(),
            predictions: handles.len().max(at_once),
            price_micros: price.map(Usd::micros),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at_ms: u64, kind: &str, actor: &str) -> Event {
        Event { at_ms, kind: kind.to_owned(), actor: actor.to_owned(), detail: format!("of {actor}") }
    }

    #[test]
    fn a_claim_is_charged_by_its_end() {
        let record: Record = Record {
            id: atelier_domain::JobId::new(1_795_000_000_000, 1),
            state: atelier_domain::JobState::Active,
            model: "imagen".to_owned(),
            bot: None,
            user: None,
            batch: None,
            cost_ms: Some(10_000),
            weight: 1,
            urgent: false,
            attempt: 3,
            lost: 1,
            worker: None,
            accepted_ms: None,
            started_ms: None,
            claimed_ms: None,
            handle_ms: None,
            outputs_ms: None,
            ended_ms: None,
            due_ms: None,
            handle: None,
            slot: None,
            delivered: None,
            class: None,
            detail: None,
            job: None,
        };
        let trail = [
            event(1_000, "claimed", "a"),
            event(1_500, "handle", "a"),
            event(2_000, "throttled", "a"),
            event(3_000, "claimed", "b"),
            event(9_000, "lost", "b"),
            event(9_500, "claimed", "c"),
            event(9_600, "handle", "a"),
            event(12_500, "retry", "c"),
            event(15_000, "claimed", "a"),
        ];
        let attempts = attempts(&record, &trail);
        let charged: Vec<u64> = attempts.iter().map(|attempt| attempt.charged_ms).collect();
        assert_eq!(charged, [0, 10_000, 3_000, 10_000]);
        assert_eq!(attempts[1].end.as_deref(), Some("lost"));
        assert_eq!((attempts[3].to_ms, attempts[3].end.as_deref()), (None, None));
        let cost = Cost::of(&record, &trail, &attempts, Catalogue::builtin());
        assert_eq!((cost.charged_ms, cost.predictions), (23_000, 1), "an adopted prediction is one");
        assert_eq!(cost.price_micros, Catalogue::builtin().find("imagen").map(|model| model.usual_price().micros()));
    }
}
