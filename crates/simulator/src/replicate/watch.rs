//! What the control API tells about the server, and the conditions one can wait for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::{Matcher, Route};
use super::prediction::{Prediction, Status};
use super::state::{State, World};

/// Conditions of `GET /_sim/wait`: every number given must be reached (counted over matching predictions).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) model: Option<String>,
    pub(super) prompt: Option<String>,
    /// Seconds to wait, 30 by default, 300 at most.
    pub(super) timeout: Option<f64>,
    creates: Option<usize>,
    starting: Option<usize>,
    running: Option<usize>,
    held: Option<usize>,
    succeeded: Option<usize>,
    failed: Option<usize>,
    canceled: Option<usize>,
    aborted: Option<usize>,
    finished: Option<usize>,
    polls: Option<usize>,
    cancels: Option<usize>,
    downloads: Option<usize>,
    /// Requests to `GET /v1/predictions`, whatever the filter.
    lists: Option<usize>,
    /// Connections cut, whatever the filter.
    cuts: Option<usize>,
    /// Error answers to creates, whatever the filter.
    refused: Option<usize>,
    /// At most this many may be starting or processing.
    in_flight_at_most: Option<usize>,
}

/// What is counted over the matching predictions.
#[derive(Debug, Default)]
struct Tally {
    creates: usize,
    by_status: BTreeMap<&'static str, usize>,
    held: usize,
    polls: usize,
    cancels: usize,
    downloads: usize,
}

impl Wanted {
    pub(super) fn matcher(&self) -> Matcher {
        Matcher { model: self.model.clone(), prompt: self.prompt.clone() }
    }

    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs_f64(self.timeout.filter(|seconds| seconds.is_finite()).unwrap_or(30.0).clamp(0.0, 300.0))
    }

    fn met(&self, state: &State) -> bool {
        let tally = Tally::of(state, &self.matcher());
        let status = |status: Status| tally.by_status.get(status.name()).copied().unwrap_or(0);
        let in_flight = status(Status::Starting) + status(Status::Processing);
        let total = |counts: &mut dyn Iterator<Item = u64>| usize::try_from(counts.sum::<u64>()).unwrap_or(usize::MAX);
        let lists = total(&mut state.counts.requests.get(&Route::List).copied().into_iter());
        let reached = |wanted: Option<usize>, have: usize| wanted.is_none_or(|wanted| have >= wanted);
        reached(self.creates, tally.creates)
            && reached(self.starting, status(Status::Starting))
            && reached(self.running, status(Status::Processing))
            && reached(self.held, tally.held)
            && reached(self.succeeded, status(Status::Succeeded))
            && reached(self.failed, status(Status::Failed))
            && reached(self.canceled, status(Status::Canceled))
            && reached(self.aborted, status(Status::Aborted))
            && reached(self.finished, tally.by_status.values().sum::<usize>() - in_flight)
            && reached(self.polls, tally.polls)
            && reached(self.cancels, tally.cancels)
            && reached(self.downloads, tally.downloads)
            && reached(self.lists, lists)
            && reached(self.cuts, total(&mut [state.counts.cuts].into_iter()))
            && reached(self.refused, total(&mut state.counts.refused.values().copied()))
            && self.in_flight_at_most.is_none_or(|most| in_flight <= most)
    }
}

impl Tally {
    fn of(state: &State, matcher: &Matcher) -> Self {
        let mut tally = Self::default();
        for ((model, prompt), count) in &state.counts.creates {
            if matcher.matches(model, prompt) {
                tally.creates += usize::try_from(*count).unwrap_or(usize::MAX);
            }
        }
        let clamp = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        for known in state.predictions.values().filter(|it| matcher.matches(&it.model, it.prompt())) {
            *tally.by_status.entry(known.status.name()).or_default() += 1;
            tally.held += usize::from(known.status == Status::Processing && state.held(known));
            tally.polls += clamp(known.seen.polls);
            tally.cancels += clamp(known.seen.cancels);
            tally.downloads += clamp(known.seen.downloads);
        }
        tally
    }
}

/// Waits until the conditions are met; false when patience or the server ends first.
pub(super) async fn wait(world: &World, wanted: &Wanted) -> bool {
    let mut changes = world.changes();
    let met = async {
        while !world.read(|state| wanted.met(state)) {
            if changes.changed().await.is_err() {
                return false;
            }
        }
        true
    };
    tokio::select! {
        met = met => met,
        () = tokio::time::sleep(wanted.patience()) => false,
        () = world.shutdown.cancelled() => false,
    }
}

/// The whole picture over matching predictions.
pub(super) fn report(state: &State, matcher: &Matcher) -> Value {
    let tally = Tally::of(state, matcher);
    let creates: Vec<Value> = state
        .counts
        .creates
        .iter()
        .filter(|((model, prompt), _)| matcher.matches(model, prompt))
        .map(|((model, prompt), count)| json!({ "model": model, "prompt": prompt, "count": count }))
        .collect();
    let predictions: Vec<Value> = state
        .order
        .iter()
        .filter_map(|id| state.predictions.get(id))
        .filter(|known| matcher.matches(&known.model, known.prompt()))
        .map(|known| prediction(state, known))
        .collect();
    json!({
        "creates": tally.creates,
        "creates_by_prompt": creates,
        "status": tally.by_status,
        "held": tally.held,
        "polls": tally.polls,
        "cancels": tally.cancels,
        "downloads": tally.downloads,
        "highest_running": state.counts.highest_running,
        "requests": state.counts.requests,
        "refused": state.counts.refused,
        "cuts": state.counts.cuts,
        "credit": state.account.credit,
        "spent": (state.account.spent * 1000.0).round() / 1000.0,
        "limits": state.account.limits,
        "holds": state.holds,
        "rules": state.rules,
        "predictions": predictions,
    })
}

fn prediction(state: &State, known: &Prediction) -> Value {
    json!({
        "id": known.id,
        "model": known.model,
        "prompt": known.prompt(),
        "input": known.input,
        "status": known.status,
        "outcome": known.outcome,
        "held": known.status == Status::Processing && state.held(known),
        "total_seconds": known.completed_at.map(|at| (at - known.created_at) as f64 / 1000.0),
        "deadline_seconds": known.deadline.map(|at| (at - known.created_at) as f64 / 1000.0),
        "charged": known.charged,
        "polls": known.seen.polls,
        "cancels": known.seen.cancels,
        "downloads": known.seen.downloads,
    })
}
