//! The jobs of one message together: where each stands, what has come of it.

use atelier_domain::{JobId, JobState};
use atelier_queue::{Batch, Record};
use serde::Serialize;

use crate::Console;
use crate::error::ConsoleError;
use crate::list::more;
use crate::view::{Answer, Timings, ago, moment, owner, seconds, table};

/// A batch and its jobs.
#[derive(Debug, Clone, Serialize)]
pub struct BatchShown {
    /// The moment, in Unix milliseconds.
    pub at_ms: u64,
    /// The batch.
    #[serde(flatten)]
    pub batch: Batch,
    /// Jobs whose picture is in the chat.
    pub done: usize,
    /// Jobs that failed for good: what `retry --batch` runs again.
    pub dead: usize,
}

impl Console {
    /// A batch by the id of any of its jobs. Prompts only with `prompts`.
    pub async fn batch(&self, id: &JobId, prompts: bool) -> Result<BatchShown, ConsoleError> {
        let mut batch = self.find_batch(id).await?;
        if !prompts {
            batch.jobs.iter_mut().for_each(|record| record.job = None);
        }
        let number = |state: JobState| batch.jobs.iter().filter(|record| record.state == state).count();
        let (done, dead) = (number(JobState::Done), number(JobState::Dead));
        Ok(BatchShown { at_ms: self.queue.clock_ms().await?, batch, done, dead })
    }

    pub(crate) async fn find_batch(&self, id: &JobId) -> Result<Batch, ConsoleError> {
        let unknown = || ConsoleError::UnknownBatch(id.clone());
        if let Some(batch) = self.queue.batch(id).await? {
            return Ok(batch);
        }
        let first = self.queue.record(id).await?.and_then(|record| record.batch).ok_or_else(unknown)?;
        self.queue.batch(&first).await?.ok_or_else(unknown)
    }
}

/// `2 done, 1 dead, 1 active` of some jobs.
pub(crate) fn states_of(jobs: &[Record]) -> String {
    let number = |state: JobState| jobs.iter().filter(|record| record.state == state).count();
    let some = JobState::ALL.into_iter().map(|state| (number(state), state)).filter(|(number, _)| *number > 0);
    some.map(|(number, state)| format!("{number} {state}")).collect::<Vec<_>>().join(", ")
}

impl Answer for BatchShown {
    fn text(&self) -> String {
        let Batch { id, of, joined_ms, jobs, .. } = &self.batch;
        let gone = usize::try_from(*of).unwrap_or(0).saturating_sub(jobs.len());
        let gone = if gone > 0 { format!(", {gone} not on record any more") } else { String::new() };
        let end = joined_ms.map_or_else(String::new, |at| format!("; the last ended {}", ago(at, self.at_ms)));
        let of_whom = jobs.first().map_or_else(String::new, |record| {
            let accepted = record.accepted_ms.map_or_else(String::new, |at| format!(", accepted {}", moment(at)));
            format!(" from user {}{accepted}", owner(record))
        });
        let mut rows = table(["#", "job", "state", "model", "waited + made + posted", "in message", "more"]);
        for (index, record) in jobs.iter().enumerate() {
            let Timings { waiting_ms, generating_ms, posting_ms } = Timings::of(record);
            let times: Vec<String> =
                [waiting_ms, generating_ms, posting_ms].into_iter().flatten().map(seconds).collect();
            rows.add([
                (index + 1).to_string(),
                record.id.to_string(),
                record.state.to_string(),
                record.model.clone(),
                times.join(" + "),
                record.delivered.map_or_else(String::new, |message| message.to_string()),
                more(record, self.at_ms),
            ]);
        }
        let retry = match self.dead {
            0 => String::new(),
            _ => format!("\n`atelier queue retry --batch {id}` runs the failed ones again"),
        };
        format!("batch {id} of {of}{of_whom}\n{}{gone}{end}\n{rows}{retry}", states_of(jobs))
    }
}
