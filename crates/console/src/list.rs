//! Jobs by state. Prompts are what people wrote to a bot, so a list shows them on request only.

use std::collections::BTreeMap;

use atelier_domain::{BotId, JobState, ModelId, UserId};
use atelier_queue::{Filter, Queue, Record};
use serde::Serialize;

use crate::view::{ConsoleError, Timings, View, json, seconds, table};

/// Which jobs to list.
#[derive(Debug, Clone)]
pub struct Wish {
    /// In this state; `None` lists those that have not ended.
    pub state: Option<JobState>,
    /// Of this model.
    pub model: Option<ModelId>,
    /// Of this user of this bot.
    pub user: Option<(BotId, UserId)>,
    /// Accepted at least so long ago, in milliseconds.
    pub older_ms: Option<u64>,
    /// At most so many of each state.
    pub limit: usize,
    /// Whether prompts are shown.
    pub prompts: bool,
}

/// The states of jobs that have not ended, those that move first.
const LIVING: [JobState; 3] = [JobState::Active, JobState::Waiting, JobState::Delayed];

#[derive(Serialize)]
struct Listed {
    /// The states looked at, and whether there are more jobs than are listed.
    states: BTreeMap<&'static str, bool>,
    jobs: Vec<Record>,
}

/// The jobs wished for: those in line in the order of their turn, ended ones newest first.
pub async fn list(queue: &Queue, wish: &Wish, now_ms: u64, view: View) -> Result<String, ConsoleError> {
    let mut listed = Listed { states: BTreeMap::new(), jobs: Vec::new() };
    let states = wish.state.as_ref().map_or(&LIVING[..], std::slice::from_ref);
    for &state in states {
        let filter = Filter {
            states: vec![state],
            model: wish.model.clone(),
            user: wish.user,
            accepted_before_ms: wish.older_ms.map(|age| now_ms.saturating_sub(age)),
        };
        let page = queue.list(&filter, 0, wish.limit).await?;
        listed.states.insert(state.name(), page.more);
        listed.jobs.extend(page.jobs);
    }
    if !wish.prompts {
        listed.jobs.iter_mut().for_each(|record| record.job = None);
    }
    match view {
        View::Json => json(&listed),
        View::Text => Ok(text(&listed, now_ms)),
    }
}

fn text(listed: &Listed, now_ms: u64) -> String {
    if listed.jobs.is_empty() {
        let states: Vec<&str> = listed.states.keys().copied().collect();
        return format!("no job is {}", states.join(" or "));
    }
    let mut rows = table(["job", "state", "model", "user", "accepted", "times", "more"]);
    for record in &listed.jobs {
        let ago = |at: u64| format!("{} ago", seconds(now_ms.saturating_sub(at)));
        rows.add_row([
            record.id.to_string(),
            record.state.to_string(),
            record.model.clone(),
            record.user.map_or_else(String::new, |user| user.to_string()),
            record.accepted_ms.map_or_else(String::new, ago),
            times(record),
            more(record, now_ms),
        ]);
    }
    let more: Vec<&str> = listed.states.iter().filter(|(_, more)| **more).map(|(state, _)| *state).collect();
    let more = if more.is_empty() { String::new() } else { format!("; there are more that are {}", more.join(", ")) };
    format!("{rows}\n{} shown{more}", listed.jobs.len())
}

/// Waiting + generating + posting, as far as it has come.
fn times(record: &Record) -> String {
    let Timings { waiting_ms, generating_ms, posting_ms } = Timings::of(record);
    [waiting_ms, generating_ms, posting_ms].into_iter().flatten().map(seconds).collect::<Vec<_>>().join(" + ")
}

fn more(record: &Record, now_ms: u64) -> String {
    let mut parts = Vec::new();
    if let Some(due) = record.due_ms.filter(|_| record.state == JobState::Delayed) {
        parts.push(format!("again in {}", seconds(due.saturating_sub(now_ms))));
    }
    if let Some(worker) = record.worker.as_ref().filter(|_| record.state == JobState::Active) {
        parts.push(format!("on {worker}"));
    }
    if let Some(class) = record.class.as_ref().filter(|_| record.state != JobState::Done) {
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
