//! Cancel and retry: jobs by name, the jobs of a batch, or all that fit a filter.
//!
//! An action on a filter looks, acts, and looks again until it meets no job that it has not met, so that jobs which move
//! meanwhile are not missed; jobs accepted after it began are left alone, so that it ends. Invariant: the numbers told
//! are what the queue answered job by job, not what was hoped for.

use std::collections::{BTreeMap, HashSet};

use atelier_domain::{JobId, JobState};
use atelier_queue::{Cancelling, QueueError, Retrying};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use crate::Console;
use crate::actor::Actor;
use crate::error::ConsoleError;
use crate::list::Wish;
use crate::view::{Answer, count};

/// Which jobs an action is about.
#[derive(Debug, Clone)]
pub enum Selection {
    /// These.
    Jobs(Vec<JobId>),
    /// Those of a batch that the action can be about, by the id of any of its jobs.
    Batch(JobId),
    /// All that fit.
    All(Wish),
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop jobs that have not ended.
    Cancel,
    /// Run failed jobs again.
    Retry,
}

/// What became of an action.
#[derive(Debug, Clone, Serialize)]
pub struct Acted {
    /// What was done.
    pub action: Action,
    /// Jobs that were meant.
    pub matched: usize,
    /// Jobs that it changed.
    pub touched: usize,
    /// How many of them had each outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// One by one, when jobs were named or are those of a batch.
    pub jobs: Vec<ActedOn>,
}

/// What became of one job.
#[derive(Debug, Clone, Serialize)]
pub struct ActedOn {
    /// The job.
    pub id: JobId,
    /// `cancelled`, `asked`, `waiting` (again), or why not: `ended`, `not`, `unknown`.
    pub outcome: &'static str,
    /// Its state when nothing could be done.
    pub state: Option<JobState>,
}

/// Calls under way at once.
const TOGETHER: usize = 32;
/// Looks at most: each finds only jobs that moved while the one before read.
const LOOKS: usize = 10;

impl Action {
    /// The states it can be about, those it is about unless others are named first.
    pub fn states(self) -> &'static [JobState] {
        match self {
            Self::Cancel => &[JobState::Waiting, JobState::Delayed, JobState::Active],
            Self::Retry => &[JobState::Dead, JobState::Cancelled, JobState::Delayed],
        }
    }

    /// The states it is about when none is named.
    fn usual(self) -> &'static [JobState] {
        match self {
            Self::Cancel => self.states(),
            Self::Retry => &[JobState::Dead],
        }
    }

    /// Its name, as it is typed and recorded.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

impl Console {
    /// Does it to all jobs selected.
    pub async fn act(&self, action: Action, selection: &Selection, by: &Actor) -> Result<Acted, ConsoleError> {
        let mut acted = Acted { action, matched: 0, touched: 0, outcomes: BTreeMap::new(), jobs: Vec::new() };
        match selection {
            Selection::Jobs(ids) => self.act_on(&mut acted, ids, by, true).await?,
            Selection::Batch(id) => {
                let batch = self.find_batch(id).await?;
                let fit = batch.jobs.iter().filter(|record| action.usual().contains(&record.state));
                let ids: Vec<JobId> = fit.map(|record| record.id.clone()).collect();
                self.act_on(&mut acted, &ids, by, true).await?;
            }
            Selection::All(wish) => {
                self.act_on_all(&mut acted, wish, by).await?;
                if acted.touched > 0 {
                    let (detail, kind) = (format!("{}: {}", wish.described(), acted.summary()), action.name());
                    self.queue.note_action(by.as_str(), kind, &detail).await?;
                }
            }
        }
        Ok(acted)
    }

    async fn act_on_all(&self, acted: &mut Acted, wish: &Wish, by: &Actor) -> Result<(), ConsoleError> {
        let began = self.queue.clock_ms().await?;
        let mut filter = wish.filter(acted.action.usual(), began);
        // an empty list would mean every state
        filter.states.retain(|state| acted.action.states().contains(state));
        if filter.states.is_empty() {
            return Ok(());
        }
        // of the same millisecond at most
        filter.accepted_before_ms = Some(filter.accepted_before_ms.unwrap_or(began + 1));
        let mut met = HashSet::new();
        for _ in 0..LOOKS {
            let found = self.queue.matching(&filter).await?.into_iter().map(|found| found.id);
            let new: Vec<JobId> = found.filter(|id| met.insert(id.clone())).collect();
            if new.is_empty() {
                break;
            }
            self.act_on(acted, &new, by, false).await?;
        }
        Ok(())
    }

    async fn act_on(&self, acted: &mut Acted, ids: &[JobId], by: &Actor, named: bool) -> Result<(), ConsoleError> {
        acted.matched += ids.len();
        let (action, of) = (acted.action, acted.matched);
        let mut outcomes = stream::iter(ids).map(|id| self.act_on_one(action, id, by)).buffered(TOGETHER);
        for id in ids {
            let next = outcomes.try_next().await;
            let outcome = next.map_err(|source| acted.interrupted(of, source))?.unwrap_or("unknown");
            acted.count(outcome);
            if named {
                acted.jobs.push(ActedOn { id: id.clone(), outcome, state: None });
            }
        }
        for job in acted.jobs.iter_mut().filter(|job| matches!(job.outcome, "ended" | "not")) {
            job.state = self.queue.record(&job.id).await?.map(|record| record.state);
        }
        Ok(())
    }

    async fn act_on_one(&self, action: Action, id: &JobId, by: &Actor) -> Result<&'static str, QueueError> {
        Ok(match action {
            Action::Cancel => match self.queue.cancel(id, by.as_str(), None).await? {
                Cancelling::Cancelled => "cancelled",
                Cancelling::Asked => "asked",
                Cancelling::Ended => "ended",
                Cancelling::Unknown | Cancelling::Foreign => "unknown",
            },
            Action::Retry => match self.queue.retry(id, by.as_str(), None).await? {
                Retrying::Waiting => "waiting",
                Retrying::Not | Retrying::NoBudget { .. } | Retrying::Closed => "not",
                Retrying::Unknown | Retrying::Foreign => "unknown",
            },
        })
    }
}

impl Acted {
    fn count(&mut self, outcome: &'static str) {
        *self.outcomes.entry(outcome).or_default() += 1;
        if matches!(outcome, "cancelled" | "asked" | "waiting") {
            self.touched += 1;
        }
    }

    fn interrupted(&self, of: usize, source: QueueError) -> ConsoleError {
        let touched = self.outcomes.values().sum();
        if of == 1 { source.into() } else { ConsoleError::Interrupted { touched, of, source } }
    }

    /// How many had which outcome.
    fn summary(&self) -> String {
        let parts: Vec<String> = self
            .outcomes
            .iter()
            .map(|(outcome, number)| {
                let number = *number as u64;
                match *outcome {
                    "cancelled" => count(number, "job is cancelled", "jobs are cancelled"),
                    "asked" => count(number, "running job is being stopped", "running jobs are being stopped"),
                    "waiting" => count(number, "job waits in line again", "jobs wait in line again"),
                    "ended" => format!("{number} had ended before"),
                    "not" => format!("{number} had moved on before"),
                    _ => format!("{number} not on record any more"),
                }
            })
            .collect();
        parts.join(", ")
    }
}

impl Answer for Acted {
    fn text(&self) -> String {
        if self.matched == 0 {
            return match self.action {
                Action::Cancel => "no job fits that could be cancelled".to_owned(),
                Action::Retry => "no failed job fits".to_owned(),
            };
        }
        if self.jobs.is_empty() {
            return self.summary();
        }
        let line = |job: &ActedOn| {
            let state = job.state.map_or("gone", JobState::name);
            let said = match job.outcome {
                "cancelled" => "cancelled".to_owned(),
                "asked" => "runs; its worker was told to stop it".to_owned(),
                "waiting" => "waits in line again".to_owned(),
                "ended" => format!("not cancelled: it is {state}"),
                "not" => format!("not retried: it is {state}"),
                _ => "not on record".to_owned(),
            };
            format!("{}  {said}", job.id)
        };
        self.jobs.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Whether each job that was named was changed. A filter is not wrong when some of its jobs move on by themselves.
    fn is_yes(&self) -> bool {
        self.jobs.is_empty() || self.touched == self.matched
    }
}

impl Wish {
    /// In words, for the operators' log.
    pub(crate) fn described(&self) -> String {
        let mut parts: Vec<String> = self.states.iter().map(|state| state.name().to_owned()).collect();
        parts.extend(self.model.as_ref().map(|model| format!("model {model}")));
        parts.extend(self.user.map(|(bot, user)| format!("user {bot}:{user}")));
        parts.extend(self.older_ms.map(|age| format!("older than {}", crate::view::set_duration(age))));
        if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
    }
}
