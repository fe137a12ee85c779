//! A job's story: where it stands and why, then what happened to it, in sentences.
//!
//! Invariant: it says nothing that is not on record. Whatever the queue notes under a name that is not known here is
//! told as it stands, so that a newer worker's events are not lost on an older console.

use std::fmt::Write;

use atelier_domain::{Catalogue, FailureClass, JobId, JobState};
use atelier_queue::{Because, Event, Queue, Record, Span, Standing, Stats};
use serde::Serialize;

use crate::view::{ConsoleError, Timings, View, count, json, moment, seconds};

#[derive(Serialize)]
struct Story {
    id: JobId,
    state: JobState,
    verdict: String,
    ahead: Option<u32>,
    start: Option<Span>,
    finish: Option<Span>,
    because: Vec<Because>,
    events: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    at_ms: u64,
    after_ms: u64,
    sentence: String,
}

/// Why a job is where it is.
pub async fn why(
    queue: &Queue,
    catalogue: &Catalogue,
    id: &JobId,
    now_ms: u64,
    view: View,
) -> Result<String, ConsoleError> {
    let record = queue.record(id).await?.ok_or_else(|| ConsoleError::Unknown(id.clone()))?;
    let trail = queue.trail(id).await?;
    let standing = if record.state.is_final() { None } else { queue.standing(id, catalogue).await? };
    let stats = queue.stats().await?;
    let began = record.accepted_ms.or(trail.first().map(|event| event.at_ms)).unwrap_or(now_ms);
    let tell = |event: &Event| Told {
        at_ms: event.at_ms,
        after_ms: event.at_ms.saturating_sub(began),
        sentence: sentence(event),
    };
    let story = Story {
        id: id.clone(),
        state: record.state,
        verdict: verdict(&record, standing.as_ref(), &stats, now_ms),
        ahead: standing.as_ref().map(|standing| standing.ahead).filter(|_| record.state == JobState::Waiting),
        start: standing.as_ref().and_then(|standing| standing.start),
        finish: standing.as_ref().and_then(|standing| standing.finish),
        because: standing.map(|standing| standing.because).unwrap_or_default(),
        events: trail.iter().map(tell).collect(),
    };
    match view {
        View::Json => json(&story),
        View::Text => Ok(text(&record, &story, began)),
    }
}

fn text(record: &Record, story: &Story, began: u64) -> String {
    let mut out = format!("Job {} ({}): {}\n", story.id, record.model, story.verdict);
    let user = record.user.map_or_else(String::new, |user| format!(" from user {user}"));
    let _ = write!(out, "\n{}  accepted{user}", moment(began));
    for told in &story.events {
        let _ = write!(out, "\n{:>23}  {}", format!("+{}", seconds(told.after_ms)), told.sentence);
    }
    out
}

fn verdict(record: &Record, standing: Option<&Standing>, stats: &Stats, now_ms: u64) -> String {
    match record.state {
        JobState::Waiting => waiting(record, standing),
        JobState::Delayed => {
            let due = record.due_ms.map_or(0, |due| due.saturating_sub(now_ms));
            format!("attempt {} failed ({}); it is tried again in {}.", record.attempt, failure(record), seconds(due))
        }
        JobState::Active => active(record, standing, stats, now_ms),
        JobState::Done => {
            let Timings { waiting_ms, generating_ms, posting_ms } = Timings::of(record);
            let part = |what: &str, time: Option<u64>| time.map(|time| format!("{what} {}", seconds(time)));
            let parts: Vec<String> = [
                part("waited", waiting_ms),
                part("was generated in", generating_ms),
                part("was posted in", posting_ms),
            ]
            .into_iter()
            .flatten()
            .collect();
            format!("the picture is in the chat; it {}.", parts.join(", "))
        }
        JobState::Dead => {
            let tries = count(u64::from(record.attempt), "attempt", "attempts");
            format!("it failed for good after {tries}: {}.", failure(record))
        }
        JobState::Cancelled => "it was cancelled.".to_owned(),
    }
}

fn waiting(record: &Record, standing: Option<&Standing>) -> String {
    let Some(standing) = standing else { return "it has just left the line; ask again.".to_owned() };
    let mut parts: Vec<String> =
        standing.because.iter().map(|because| reason(because, &record.model)).collect();
    parts.push(match standing.ahead {
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
        parts.push(format!("{} run on {}", standing.running, count(u64::from(standing.slots), "slot", "slots")));
    }
    if let Some(start) = standing.start {
        parts.push(format!("it starts in about {}", span(start)));
    }
    format!("it waits: {}.", parts.join("; "))
}

/// `12 s (10 s to 14 s)`.
fn span(span: Span) -> String {
    if span.high_ms == span.low_ms {
        return seconds(span.likely_ms);
    }
    format!("{} ({} to {})", seconds(span.likely_ms), seconds(span.low_ms), seconds(span.high_ms))
}

/// What keeps a job from running, and what would help.
fn reason(because: &Because, model: &str) -> String {
    match because {
        Because::Paused { why } => format!("the queue is paused {why} (resume it with `atelier queue resume`)"),
        Because::ModelPaused { why } => {
            format!("its model is paused {why} (resume it with `atelier queue resume --model {model}`)")
        }
        Because::UserPaused { why } => format!("its user is paused {why}"),
        Because::UserLimit { running } => format!("its user has {running} jobs running, the most allowed"),
        Because::ChatLimit { running } => format!("its chat has {running} jobs running, the most allowed"),
        Because::ModelLimit { running } => format!("{running} jobs of its model run, the most allowed"),
        Because::Rate { wait_ms, every_ms, why } => format!(
            "the provider asked to slow down{}: the next job may go in {}, then one every {}",
            if why.is_empty() { String::new() } else { format!(" ({why})") },
            seconds(*wait_ms),
            seconds(*every_ms)
        ),
        Because::Unserved => {
            format!("no worker serves its model (start one with `atelier worker --model {model}`)")
        }
        Because::NoWorker => "no worker runs (start one with `atelier worker`)".to_owned(),
    }
}

fn active(record: &Record, standing: Option<&Standing>, stats: &Stats, now_ms: u64) -> String {
    let worker = record.worker.as_deref().unwrap_or("a worker");
    let stage = match (record.handle_ms, record.outputs_ms) {
        (_, Some(at)) => format!("the picture has been there for {}, it is being posted", since(at, now_ms)),
        (Some(at), None) => format!("the provider has been at it for {}", since(at, now_ms)),
        (None, None) => "it has not been given to the provider yet".to_owned(),
    };
    let eta = standing.and_then(|standing| standing.finish);
    let eta = eta.map_or_else(String::new, |eta| format!(", about {} to go", seconds(eta.likely_ms)));
    if stats.workers.iter().any(|known| known.worker == worker) {
        format!("{worker} has it (attempt {}): {stage}{eta}.", record.attempt)
    } else {
        format!("{worker} had it and has gone silent: another worker takes it over when its lease runs out.")
    }
}

fn since(at_ms: u64, now_ms: u64) -> String {
    seconds(now_ms.saturating_sub(at_ms))
}

/// What failed and what the class means.
fn failure(record: &Record) -> String {
    let class = record.class.as_deref().unwrap_or("no reason on record");
    let detail = record.detail.as_deref().unwrap_or("");
    let known = FailureClass::ALL.into_iter().find(|known| known.name() == class).map(meaning);
    let meaning = known.unwrap_or(class);
    if detail.is_empty() { meaning.to_owned() } else { format!("{meaning} ({detail})") }
}

fn meaning(class: FailureClass) -> &'static str {
    match class {
        FailureClass::InvalidInput => "the model refuses these inputs",
        FailureClass::Filtered => "a content filter stopped it",
        FailureClass::RateLimited => "the provider asked to slow down",
        FailureClass::OutOfCredit => "the provider's account is empty",
        FailureClass::Unauthorised => "the provider refuses the token",
        FailureClass::Transient => "the service or the network stumbled",
        FailureClass::Fatal => "a lasting fault",
        FailureClass::Deadline => "it was not done in time",
        FailureClass::BadMedia => "the picture could not be shown",
        FailureClass::Unreachable => "the chat cannot be reached any more",
        FailureClass::Unreadable => "its record cannot be read",
    }
}

/// One event in words.
fn sentence(event: &Event) -> String {
    let Event { kind, actor, detail, .. } = event;
    let with = |text: &str| if detail.is_empty() { text.to_owned() } else { format!("{text}: {detail}") };
    match kind.as_str() {
        "claimed" => format!("{actor} took it ({detail})"),
        "intent" => "it was about to be given to the provider".to_owned(),
        "handle" => with("the provider accepted it"),
        "outputs" => "the provider has the picture".to_owned(),
        "sending" => "a new message was about to be sent".to_owned(),
        "delivered" => "the picture is in the chat".to_owned(),
        "afresh" => "the generation was given up, a new one begins".to_owned(),
        "lost" => format!("{actor} was lost with it ({detail})"),
        "retry" => format!("the attempt on {actor} failed: {detail}"),
        "postpone" => format!("{actor} put it off: {detail}"),
        "throttled" => format!("the provider refused it for now, it goes back into line without loss: {detail}"),
        "retried" => format!("{actor} had it run again ({detail})"),
        "handed_over" => with(&format!("{actor} stopped and handed it over")),
        "cancel_asked" => format!("{actor} asked to cancel it"),
        "cancelled" => with(&format!("cancelled by {actor}")),
        "done" => "done".to_owned(),
        "dead" => with(&format!("{actor} gave it up")),
        other => with(&format!("{other} by {actor}")),
    }
}
