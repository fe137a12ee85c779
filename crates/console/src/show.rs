//! One job: its record and its trail, as they are.

use std::fmt::Write;

use atelier_domain::JobId;
use atelier_queue::{Event, Queue, Record};
use serde::Serialize;

use crate::view::{ConsoleError, Timings, View, json, moment, seconds, table};

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    record: Record,
    #[serde(flatten)]
    timings: Timings,
    trail: Vec<Event>,
}

/// All that is on record about a job, its prompt included.
pub async fn show(queue: &Queue, id: &JobId, view: View) -> Result<String, ConsoleError> {
    let record = queue.record(id).await?.ok_or_else(|| ConsoleError::Unknown(id.clone()))?;
    let trail = queue.trail(id).await?;
    match view {
        View::Json => json(&Shown { timings: Timings::of(&record), record, trail }),
        View::Text => Ok(text(&record, &trail)),
    }
}

fn text(record: &Record, trail: &[Event]) -> String {
    let mut facts = table(["job", record.id.as_str()]);
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.add_row([name, &value]);
        }
    };
    let request = record.job.as_ref().map(|job| &job.request);
    fact("state", Some(record.state.to_string()));
    fact("model", Some(record.model.clone()));
    fact("prompt", request.map(|request| request.prompt.as_str().to_owned()));
    fact("ratio", request.map(|request| request.ratio.to_string()));
    fact("seed", request.and_then(|request| request.seed).map(|seed| seed.get().to_string()));
    fact("bot", record.bot.map(|bot| bot.to_string()));
    fact("user", record.user.map(|user| user.to_string()));
    fact("chat", record.job.as_ref().map(|job| job.place.chat.to_string()));
    fact("attempt", Some(record.attempt.to_string()));
    fact("workers lost", (record.lost > 0).then(|| record.lost.to_string()));
    fact("worker", record.worker.clone());
    fact("prediction", record.handle.clone());
    fact("slot message", record.slot.map(|message| message.to_string()));
    fact("shown in message", record.delivered.map(|message| message.to_string()));
    fact("accepted", record.accepted_ms.map(moment));
    let Timings { waiting_ms, generating_ms, posting_ms } = Timings::of(record);
    fact("waiting", waiting_ms.map(seconds));
    fact("generating", generating_ms.map(seconds));
    fact("posting", posting_ms.map(seconds));
    fact("ended", record.ended_ms.map(moment));
    fact("due", record.due_ms.map(moment));
    fact("failure", record.class.clone());
    fact("detail", record.detail.clone());
    let mut out = format!("{facts}");
    if !trail.is_empty() {
        let mut events = table(["when", "what", "by", "detail"]);
        for event in trail {
            events.add_row([moment(event.at_ms), event.kind.clone(), event.actor.clone(), event.detail.clone()]);
        }
        let _ = write!(out, "\n{events}");
    }
    out
}
