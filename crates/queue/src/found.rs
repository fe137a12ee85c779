//! All jobs that fit a filter, for actions on many.
//!
//! Read by scanning, not by rank: jobs move while they are read, and a scan returns every member that was in a set all
//! the time, however others come and go. A job that moves from one set to another in between may be missed or met
//! twice: whoever must have them all looks again.

use std::collections::HashSet;

use atelier_domain::{JobId, JobState};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::list::Filter;
use crate::packed::{self, Asked};
use crate::steer::Owner;

/// A job that fits, as little of it as an action on many needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// When it was accepted, in Unix milliseconds.
    pub accepted_ms: Option<u64>,
    /// Bytes of Redis' memory that its record takes, when it has ended.
    pub bytes: u64,
}

/// Keys of one round trip, and members wished for of each.
const KEYS: usize = 100;
const COUNT: usize = 500;

/// Which kind of key is scanned.
#[derive(Clone, Copy)]
enum Kind {
    Set,
    Sorted,
}

impl Queue {
    /// All jobs that fit, each once, in no order.
    pub async fn matching(&self, filter: &Filter) -> Result<Vec<Found>, QueueError> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for &state in filter.states() {
            let sets = match state {
                JobState::Waiting => self.waiting_sets(filter).await?,
                JobState::Delayed => vec![key("delayed")],
                JobState::Active => vec![key("leases")],
                JobState::Dead => vec![key("dead")],
                JobState::Done | JobState::Cancelled => vec![key("ended")],
            };
            let mut ids = self.members(Kind::Sorted, sets).await?;
            ids.retain(|id| !seen.contains(id));
            for chunk in ids.chunks(COUNT) {
                for job in self.look(chunk, filter, state).await? {
                    seen.insert(job.id.to_string());
                    found.push(job);
                }
            }
        }
        Ok(found)
    }

    /// Every set that may hold a waiting job of the filter's model and user.
    async fn waiting_sets(&self, filter: &Filter) -> Result<Vec<String>, QueueError> {
        let models = match &filter.model {
            Some(model) => vec![model.to_string()],
            None => self.members(Kind::Set, vec![key("models")]).await?,
        };
        let mut sets = Vec::new();
        if let Some((bot, user)) = filter.user {
            sets.extend(models.iter().map(|model| key(&format!("line:{model}:{bot}:{user}"))));
        } else {
            let parked = self.members(Kind::Set, vec![key("parked")]).await?;
            for model in &models {
                let ring = self.members(Kind::Sorted, vec![key(&format!("ring:{model}"))]).await?;
                sets.extend(ring.iter().chain(&parked).map(|owner| key(&format!("line:{model}:{owner}"))));
            }
        }
        for chat in self.members(Kind::Set, vec![key("held")]).await? {
            let held = key(&format!("held:{chat}"));
            let lines = self.members(Kind::Sorted, vec![held.clone()]).await?;
            sets.extend(lines.iter().map(|line| format!("{held}:{line}")));
        }
        sets.sort_unstable();
        sets.dedup();
        Ok(sets)
    }

    /// The members of these keys, each once a key.
    async fn members(&self, kind: Kind, keys: Vec<String>) -> Result<Vec<String>, QueueError> {
        let mut members = HashSet::new();
        let mut open: Vec<(String, String)> = keys.into_iter().map(|key| (key, "0".to_owned())).collect();
        while !open.is_empty() {
            let some = open.split_off(open.len().saturating_sub(KEYS));
            let mut pipeline = redis::pipe();
            for (key, cursor) in &some {
                let mut scan = match kind {
                    Kind::Set => redis::cmd("SSCAN"),
                    Kind::Sorted => redis::cmd("ZSCAN"),
                };
                scan.arg(key).arg(cursor).arg("COUNT").arg(COUNT);
                pipeline.add_command(scan);
            }
            let answers: Vec<(String, Vec<String>)> = pipeline.query_async(&mut self.link()).await?;
            for ((key, _), (cursor, values)) in some.into_iter().zip(answers) {
                // a member of a sorted set comes with its score
                let width = match kind {
                    Kind::Set => 1,
                    Kind::Sorted => 2,
                };
                members.extend(values.into_iter().step_by(width));
                if cursor != "0" {
                    open.push((key, cursor));
                }
            }
        }
        Ok(members.into_iter().collect())
    }

    /// Those of these jobs that are in the state and fit.
    async fn look(&self, ids: &[String], filter: &Filter, state: JobState) -> Result<Vec<Found>, QueueError> {
        let ids: Vec<JobId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = ids.iter().map(JobId::to_string).collect();
        let mut pipeline = redis::pipe();
        pipeline.hmget(key("jobs"), &names).hmget(key("holds"), &names);
        let (asked, held): (Vec<Option<Vec<u8>>>, Vec<Option<String>>) = pipeline.query_async(&mut self.link()).await?;
        let mut found = Vec::new();
        for ((id, asked), held) in ids.into_iter().zip(asked).zip(held) {
            let Some(asked) = asked else { continue };
            let (asked, held) = (Asked::read(&asked), packed::held(held.as_deref()));
            let (mut is_there, mut bytes) = (false, 0);
            for (name, value) in held {
                match name {
                    "state" => is_there = value == state.name(),
                    "bytes" => bytes = value.parse().unwrap_or(0),
                    _ => {}
                }
            }
            let accepted_ms = asked.field("at").and_then(|at| at.parse().ok());
            let owner = asked.field("owner").and_then(|owner| owner.parse().ok());
            let owner = owner.map(|Owner(bot, user)| (bot, user));
            if is_there && filter.takes(asked.field("model").unwrap_or_default(), owner, accepted_ms) {
                found.push(Found { id, state, accepted_ms, bytes });
            }
        }
        Ok(found)
    }
}
