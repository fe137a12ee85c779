//! Dropping the records of ended jobs by filter: first a look at what would go, then the deed.

use std::collections::BTreeMap;

use atelier_domain::{JobId, JobState};
use atelier_queue::Found;
use serde::Serialize;

use crate::Console;
use crate::actor::Actor;
use crate::error::ConsoleError;
use crate::list::Wish;
use crate::view::{Answer, bytes, count, moment};

/// Records that were dropped, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Purged {
    /// Whether they were; else this is what would be dropped.
    pub done: bool,
    /// Records that fit.
    pub matched: usize,
    /// Records dropped. Fewer when some were dropped by retention, or retried, in between.
    pub dropped: u32,
    /// The records that fit by state.
    pub states: BTreeMap<&'static str, usize>,
    /// The bytes of Redis' memory that they take.
    pub bytes: u64,
    /// When the oldest and the newest of their jobs were accepted, in Unix milliseconds.
    pub accepted_ms: Option<(u64, u64)>,
}

/// The states of jobs whose records can be dropped.
pub(crate) const ENDED: [JobState; 3] = [JobState::Done, JobState::Dead, JobState::Cancelled];

/// Records dropped between two looks at whether the queue is still there.
const CHUNK: usize = 640;

impl Console {
    /// What [`Console::purge`] would drop.
    pub async fn purge_preview(&self, wish: &Wish) -> Result<Purged, ConsoleError> {
        Ok(Purged::of(&self.ended(wish).await?))
    }

    /// Drops the records of ended jobs that fit.
    pub async fn purge(&self, wish: &Wish, by: &Actor) -> Result<Purged, ConsoleError> {
        let found = self.ended(wish).await?;
        let mut purged = Purged { done: true, ..Purged::of(&found) };
        let ids: Vec<JobId> = found.into_iter().map(|found| found.id).collect();
        for (index, chunk) in ids.chunks(CHUNK).enumerate() {
            let dropped = self.queue.forget(chunk, by.as_str()).await;
            let touched = index * CHUNK;
            purged.dropped += dropped.map_err(|source| ConsoleError::Interrupted { touched, of: ids.len(), source })?;
        }
        if purged.dropped > 0 {
            let dropped = count(u64::from(purged.dropped), "record", "records");
            let detail = format!("{}: {dropped} dropped", wish.described());
            self.queue.note_action(by.as_str(), "purge", &detail).await?;
        }
        Ok(purged)
    }

    async fn ended(&self, wish: &Wish) -> Result<Vec<Found>, ConsoleError> {
        let mut filter = wish.filter(&ENDED, self.queue.clock_ms().await?);
        filter.states.retain(|state| state.is_final());
        if filter.states.is_empty() {
            // nothing that is left would be a record of an ended job
            return Ok(Vec::new());
        }
        Ok(self.queue.matching(&filter).await?)
    }
}

impl Purged {
    fn of(found: &[Found]) -> Self {
        let mut states = BTreeMap::new();
        for job in found {
            *states.entry(job.state.name()).or_default() += 1;
        }
        let accepted = || found.iter().filter_map(|job| job.accepted_ms);
        Self {
            done: false,
            matched: found.len(),
            dropped: 0,
            states,
            bytes: found.iter().map(|job| job.bytes).sum(),
            accepted_ms: accepted().min().zip(accepted().max()),
        }
    }
}

impl Answer for Purged {
    fn text(&self) -> String {
        if self.matched == 0 {
            return "no record fits".to_owned();
        }
        let states: Vec<String> = self.states.iter().map(|(state, number)| format!("{number} {state}")).collect();
        let states = states.join(", ");
        if self.done {
            let dropped = count(u64::from(self.dropped), "record is", "records are");
            return format!("{dropped} dropped ({states}, {})", bytes(self.bytes));
        }
        let accepted = self
            .accepted_ms
            .map_or_else(String::new, |(first, last)| format!(", accepted from {} to {}", moment(first), moment(last)));
        let records = count(self.matched as u64, "record", "records");
        format!(
            "would drop {records}: {states}; {}{accepted}\nnothing was dropped; the same with --yes does it, and it \
             cannot be undone",
            bytes(self.bytes)
        )
    }
}
