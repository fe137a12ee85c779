//! The living workers and what they have in hand.

use atelier_domain::JobState;
use atelier_queue::{Filter, Record, Stats, WorkerStats};
use serde::Serialize;

use crate::Console;
use crate::error::ConsoleError;
use crate::view::{Answer, count, seconds, table};

/// The living workers.
#[derive(Debug, Clone, Serialize)]
pub struct Workers {
    /// The moment, in Unix milliseconds.
    pub at_ms: u64,
    /// Jobs they can run at once, in all.
    pub slots: u64,
    /// One by one.
    pub workers: Vec<WorkerNow>,
    /// Running jobs whose worker has not been heard of for longer than a lease: others take them over.
    pub orphans: usize,
}

/// A living worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerNow {
    /// What it says of itself.
    #[serde(flatten)]
    pub worker: WorkerStats,
    /// Jobs in its hands.
    pub running: usize,
    /// When it claimed the oldest of them, in Unix milliseconds.
    pub oldest_claim_ms: Option<u64>,
}

/// Jobs of one read.
const PAGE: usize = 1000;

impl Console {
    /// The living workers.
    pub async fn workers(&self) -> Result<Workers, ConsoleError> {
        let at_ms = self.queue.clock_ms().await?;
        let stats = self.queue.stats().await?;
        let filter = Filter { states: vec![JobState::Active], ..Filter::default() };
        let mut running = Vec::new();
        loop {
            let page = self.queue.list(&filter, running.len(), PAGE).await?;
            running.extend(page.jobs);
            if !page.more {
                break;
            }
        }
        Ok(Workers::of(at_ms, stats, &running))
    }
}

impl Workers {
    fn of(at_ms: u64, stats: Stats, running: &[Record]) -> Self {
        let workers: Vec<WorkerNow> = stats
            .workers
            .into_iter()
            .map(|worker| {
                let mine = running.iter().filter(|record| record.worker.as_ref() == Some(&worker.worker));
                let claims: Vec<Option<u64>> = mine.map(|record| record.claimed_ms).collect();
                WorkerNow { worker, running: claims.len(), oldest_claim_ms: claims.into_iter().flatten().min() }
            })
            .collect();
        let held: usize = workers.iter().map(|worker| worker.running).sum();
        let slots = workers.iter().map(|worker| worker.worker.slots).sum();
        Self { at_ms, slots, workers, orphans: running.len().saturating_sub(held) }
    }
}

impl Answer for Workers {
    fn text(&self) -> String {
        let orphans = match self.orphans {
            0 => String::new(),
            number => {
                let jobs = count(number as u64, "job's worker has", "jobs' workers have");
                format!("\n{jobs} gone silent; others take over when the lease runs out")
            }
        };
        if self.workers.is_empty() {
            return format!("no worker runs: start one with `atelier worker`{orphans}");
        }
        let mut rows = table(["worker", "host", "process", "version", "running", "longest for", "models"]);
        for WorkerNow { worker, running, oldest_claim_ms } in &self.workers {
            let said = |name: &str| match &worker.about[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let models = if worker.models.is_empty() { "all".to_owned() } else { worker.models.join(" ") };
            rows.add([
                worker.worker.clone(),
                said("host"),
                said("pid"),
                said("version"),
                format!("{running} of {}", worker.slots),
                oldest_claim_ms.map_or_else(String::new, |at| seconds(self.at_ms.saturating_sub(at))),
                models,
            ]);
        }
        let workers = count(self.workers.len() as u64, "worker", "workers");
        format!("{rows}\n{workers} with {}{orphans}", count(self.slots, "slot", "slots"))
    }
}
