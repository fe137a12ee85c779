//! One job: its record and its trail, as they are.

use std::fmt::Write;

use atelier_domain::JobId;
use atelier_queue::{Event, Record};
use serde::Serialize;

use crate::Console;
use crate::error::ConsoleError;
use crate::view::{Answer, Timings, moment, owner, seconds, table};

/// All that is on record about a job.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The record, its prompt included.
    #[serde(flatten)]
    pub record: Record,
    /// How long its parts took.
    #[serde(flatten)]
    pub timings: Timings,
    /// What happened to it, oldest first.
    pub trail: Vec<Event>,
}

impl Console {
    /// All that is on record about a job, its prompt included.
    pub async fn show(&self, id: &JobId) -> Result<Shown, ConsoleError> {
        let record = self.queue.record(id).await?.ok_or_else(|| ConsoleError::Unknown(id.clone()))?;
        let trail = self.queue.trail(id).await?;
        Ok(Shown { timings: Timings::of(&record), record, trail })
    }
}

impl Answer for Shown {
    fn text(&self) -> String {
        let record = &self.record;
        let mut facts = table(["job", record.id.as_str()]);
        let mut fact = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                facts.add([name.to_owned(), value]);
            }
        };
        let request = record.job.as_ref().map(|job| &job.request);
        fact("state", Some(record.state.to_string()));
        fact("model", Some(record.model.clone()));
        fact("prompt", request.map(|request| request.prompt.as_str().to_owned()));
        fact("ratio", request.map(|request| request.ratio.to_string()));
        fact("seed", request.and_then(|request| request.seed).map(|seed| seed.get().to_string()));
        fact("user", Some(owner(record)));
        fact("chat", record.job.as_ref().map(|job| job.place.chat.to_string()));
        fact("batch", record.batch.as_ref().map(ToString::to_string));
        fact("predicted", record.cost_ms.map(seconds));
        fact("weight", (record.weight > 1).then(|| record.weight.to_string()));
        fact("urgent", record.urgent.then(|| "yes".to_owned()));
        fact("attempt", Some(record.attempt.to_string()));
        fact("workers lost", (record.lost > 0).then(|| record.lost.to_string()));
        fact("worker", record.worker.clone());
        fact("prediction", record.handle.clone());
        fact("slot message", record.slot.map(|message| message.to_string()));
        fact("shown in message", record.delivered.map(|message| message.to_string()));
        fact("accepted", record.accepted_ms.map(moment));
        let Timings { waiting_ms, generating_ms, posting_ms } = self.timings;
        fact("waited", waiting_ms.map(seconds));
        fact("made in", generating_ms.map(seconds));
        fact("posted in", posting_ms.map(seconds));
        fact("ended", record.ended_ms.map(moment));
        fact("due", record.due_ms.map(moment));
        fact("failure", record.class.clone());
        fact("detail", record.detail.clone());
        let mut out = format!("{facts}");
        if !self.trail.is_empty() {
            let mut events = table(["when", "what", "by", "detail"]);
            for event in &self.trail {
                events.add([moment(event.at_ms), event.kind.clone(), event.actor.clone(), event.detail.clone()]);
            }
            let _ = write!(out, "\n{events}");
        }
        out
    }
}
