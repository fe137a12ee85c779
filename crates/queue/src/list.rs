//! Lists of jobs by what they have in common: state, model, user, age.
//!
//! Nothing here changes a key. A list is read page by page from the sets that hold the jobs of a state, and what does
//! not fit is left out on the way: an operator's question may look at many jobs, a worker never asks one.

use atelier_domain::{BotId, JobId, JobState, ModelId, UserId};
use serde::Serialize;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::record::{PAGE, Record};

/// Which jobs.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these states; none = all.
    pub states: Vec<JobState>,
    /// Only of this model.
    pub model: Option<ModelId>,
    /// Only of this user of this bot.
    pub user: Option<(BotId, UserId)>,
    /// Only accepted before this moment, in Unix milliseconds.
    pub accepted_before_ms: Option<u64>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// The jobs of this page. Waiting ones user by user in the order of their turn, delayed ones by due time, running
    /// ones by lease, ended ones newest first.
    pub jobs: Vec<Record>,
    /// Whether more would follow.
    pub more: bool,
}

/// Keys or ids of one read.
const CHUNK: isize = 500;

impl Filter {
    pub(crate) fn states(&self) -> &[JobState] {
        if self.states.is_empty() { &JobState::ALL } else { &self.states }
    }

    /// Whether a job of that model and user, accepted then, is meant; its state is the caller's business.
    pub(crate) fn takes(&self, model: &str, owner: Option<(BotId, UserId)>, accepted_ms: Option<u64>) -> bool {
        self.model.as_ref().is_none_or(|wished| wished.as_str() == model)
            && self.user.is_none_or(|user| owner == Some(user))
            && self.accepted_before_ms.is_none_or(|before| accepted_ms.is_none_or(|at| at < before))
    }

    fn fits(&self, record: &Record, state: JobState) -> bool {
        // a job may have moved on between two reads
        let owner = record.bot.zip(record.user);
        record.state == state && self.takes(&record.model, owner, record.accepted_ms)
    }
}

impl Queue {
    /// A page of the jobs that fit, at most a thousand.
    pub async fn list(&self, filter: &Filter, offset: usize, most: usize) -> Result<Listing, QueueError> {
        let most = most.clamp(1, PAGE);
        let (mut jobs, mut skip) = (Vec::new(), offset);
        for &state in filter.states() {
            for (set, newest_first) in self.sets(state, filter).await? {
                let mut start = 0;
                loop {
                    let ids = self.page(&set, newest_first, start).await?;
                    if ids.is_empty() {
                        break;
                    }
                    start += CHUNK;
                    for record in self.records(&ids).await? {
                        if !filter.fits(&record, state) {
                            continue;
                        }
                        if skip > 0 {
                            skip -= 1;
                        } else if jobs.len() == most {
                            return Ok(Listing { jobs, more: true });
                        } else {
                            jobs.push(record);
                        }
                    }
                }
            }
        }
        Ok(Listing { jobs, more: false })
    }

    async fn page(&self, set: &str, newest_first: bool, start: isize) -> Result<Vec<JobId>, QueueError> {
        let verb = if newest_first { "ZREVRANGE" } else { "ZRANGE" };
        let mut read = redis::cmd(verb);
        read.arg(set).arg(start).arg(start + CHUNK - 1);
        let ids: Vec<String> = read.query_async(&mut self.link()).await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// The sets that hold the jobs of a state, and whether they are read from their end.
    async fn sets(&self, state: JobState, filter: &Filter) -> Result<Vec<(String, bool)>, QueueError> {
        Ok(match state {
            JobState::Waiting => self.lines(filter).await?.into_iter().map(|line| (line, false)).collect(),
            JobState::Delayed => vec![(key("delayed"), false)],
            JobState::Active => vec![(key("leases"), false)],
            JobState::Dead => vec![(key("dead"), true)],
            JobState::Done | JobState::Cancelled => vec![(key("ended"), true)],
        })
    }

    /// The lines of those who wait, the parked ones behind the others, then those held back for their chat.
    async fn lines(&self, filter: &Filter) -> Result<Vec<String>, QueueError> {
        let mut link = self.link();
        let models: Vec<String> = match &filter.model {
            Some(model) => vec![model.to_string()],
            None => redis::cmd("SMEMBERS").arg(key("models")).query_async(&mut link).await?,
        };
        let mut lines = Vec::new();
        let only = filter.user.map(|(bot, user)| format!("{bot}:{user}"));
        let parked: Vec<String> = redis::cmd("SMEMBERS").arg(key("parked")).query_async(&mut link).await?;
        for model in models {
            let owners: Vec<String> = match &only {
                Some(owner) => vec![owner.clone()],
                None => {
                    redis::cmd("ZRANGE")
                        .arg(key(&format!("ring:{model}")))
                        .arg(0)
                        .arg(-1)
                        .query_async(&mut link)
                        .await?
                }
            };
            let parked = if only.is_some() { &[] } else { parked.as_slice() };
            lines.extend(owners.iter().chain(parked).map(|owner| key(&format!("line:{model}:{owner}"))));
        }
        let chats: Vec<String> = redis::cmd("SMEMBERS").arg(key("held")).query_async(&mut link).await?;
        for chat in chats {
            let held = key(&format!("held:{chat}"));
            let each: Vec<String> = redis::cmd("ZRANGE").arg(&held).arg(0).arg(-1).query_async(&mut link).await?;
            lines.extend(each.iter().map(|line| format!("{held}:{line}")));
        }
        Ok(lines)
    }
}
