//! Jobs by what they have in common. Prompts are what people wrote to a bot, so a list shows them on request only.

use atelier_domain::{BotId, JobState, ModelId, UserId};
use atelier_queue::{Filter, Record};
use serde::Serialize;

use crate::Console;
use crate::error::ConsoleError;
use crate::view::{Answer, Timings, ago, count, owner, seconds, table};

/// Which jobs are meant.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// In one of these states; none = what the verb is usually about.
    pub states: Vec<JobState>,
    /// Of this model.
    pub model: Option<ModelId>,
    /// Of this user of this bot.
    pub user: Option<(BotId, UserId)>,
    /// Accepted at least so long ago, in milliseconds.
    pub older_ms: Option<u64>,
}

/// The states of jobs that have not ended, those that move first.
const LIVING: [JobState; 3] = [JobState::Active, JobState::Waiting, JobState::Delayed];

impl Wish {
    /// The same wish for the queue; ages count from `now_ms`.
    pub(crate) fn filter(&self, otherwise: &[JobState], now_ms: u64) -> Filter {
        let mut states = self.states.clone();
        states.dedup();
        Filter {
            states: if states.is_empty() { otherwise.to_vec() } else { states },
            model: self.model.clone(),
            user: self.user,
            accepted_before_ms: self.older_ms.map(|age| now_ms.saturating_sub(age)),
        }
    }
}

/// A page of jobs.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The moment, in Unix milliseconds.
    pub at_ms: u64,
    /// The states looked at.
    pub states: Vec<JobState>,
    /// How many jobs that fit come before these.
    pub offset: usize,
    /// Whether more follow.
    pub more: bool,
    /// The jobs: running ones first, those in line in the order of their turn, ended ones newest first.
    pub jobs: Vec<Record>,
}

impl Console {
    /// The jobs wished for, by default those that have not ended; at most 1,000. Prompts only with `prompts`.
    pub async fn list(&self, wish: &Wish, offset: usize, limit: usize, prompts: bool) -> Result<Listed, ConsoleError> {
        let at_ms = self.queue.clock_ms().await?;
        let filter = wish.filter(&LIVING, at_ms);
        let page = self.queue.list(&filter, offset, limit).await?;
        let mut listed = Listed { at_ms, states: filter.states, offset, more: page.more, jobs: page.jobs };
        if !prompts {
            listed.jobs.iter_mut().for_each(|record| record.job = None);
        }
        Ok(listed)
    }
}

impl Answer for Listed {
    fn text(&self) -> String {
        if self.jobs.is_empty() {
            let states: Vec<&str> = self.states.iter().map(|state| state.name()).collect();
            let further = if self.offset > 0 { "further " } else { "" };
            return format!("no {further}job is {}", states.join(" or "));
        }
        let mut rows = table(["job", "state", "model", "user", "accepted", "waited + made + posted", "more"]);
        for record in &self.jobs {
            rows.add([
                record.id.to_string(),
                record.state.to_string(),
                record.model.clone(),
                owner(record),
                record.accepted_ms.map_or_else(String::new, |at| ago(at, self.at_ms)),
                times(record),
                more(record, self.at_ms),
            ]);
        }
        let shown = self.jobs.len();
        let more =
            if self.more { format!("; there are more: --offset {}", self.offset + shown) } else { String::new() };
        format!("{rows}\n{}{more}", count(shown as u64, "job", "jobs"))
    }
}

/// Waiting + generating + posting, as far as it has come.
fn times(record: &Record) -> String {
    let Timings { waiting_ms, generating_ms, posting_ms } = Timings::of(record);
    [waiting_ms, generating_ms, posting_ms].into_iter().flatten().map(seconds).collect::<Vec<_>>().join(" + ")
}

/// What is worth knowing of a job in its state.
pub(crate) fn more(record: &Record, now_ms: u64) -> String {
    let mut parts = Vec::new();
    if record.urgent && !record.state.is_final() {
        parts.push("urgent".to_owned());
    }
    if let Some(due) = record.due_ms.filter(|_| record.state == JobState::Delayed) {
        parts.push(format!("again in {}", seconds(due.saturating_sub(now_ms))));
    }
    if let Some(worker) = record.worker.as_ref().filter(|_| record.state == JobState::Active) {
        parts.push(format!("on {worker}"));
    }
    if record.attempt > 1 {
        parts.push(format!("attempt {}", record.attempt));
    }
    if let Some(class) = record.class.as_ref().filter(|_| matches!(record.state, JobState::Dead | JobState::Delayed)) {
        parts.push(class.clone());
    }
    if let Some(job) = &record.job {
        parts.push(format!("“{}”", shortened(job.request.prompt.as_str())));
    }
    parts.join(", ")
}

/// The first line's first 60 characters.
fn shortened(prompt: &str) -> String {
    let line = prompt.lines().next().unwrap_or_default();
    let short: String = line.chars().take(60).collect();
    if short.len() < prompt.len() { format!("{short}…") } else { short }
}
