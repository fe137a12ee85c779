//! Reading single jobs: their records, what happened to them, a user's last ones, the jobs of one message; and the
//! operators' log.
//!
//! Nothing here changes a job. All types serialise: the command line's `--json` is these types.

use std::collections::BTreeMap;

use atelier_domain::{BotId, Job, JobId, JobState, MessageId, UserId};
use serde::Serialize;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::packed::{self, Asked};
use crate::steer::Owner;

/// All that is on record about a job. Times are Unix milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Its id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// The model's short name.
    pub model: String,
    /// The bot it came through.
    pub bot: Option<BotId>,
    /// The user who asked.
    pub user: Option<UserId>,
    /// The batch it belongs to, named by the id of its first job; `None` for the only job of a message.
    pub batch: Option<JobId>,
    /// Predicted milliseconds, which its user was charged with when it was claimed.
    pub cost_ms: Option<u64>,
    /// How much of a share its user has; 1 when nothing else was said.
    pub weight: u32,
    /// Whether it goes ahead of its user's other jobs, and a minute of work ahead of other users'.
    pub urgent: bool,
    /// Claims so far, hand-overs not counted.
    pub attempt: u32,
    /// Workers lost with the job in their hands.
    pub lost: u32,
    /// The worker of the last claim.
    pub worker: Option<String>,
    /// When it was accepted.
    pub accepted_ms: Option<u64>,
    /// When it was first claimed.
    pub started_ms: Option<u64>,
    /// When it was last claimed.
    pub claimed_ms: Option<u64>,
    /// When the prediction was known to exist.
    pub handle_ms: Option<u64>,
    /// When the prediction's outputs were known.
    pub outputs_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// When it is tried again.
    pub due_ms: Option<u64>,
    /// The provider's name for the prediction.
    pub handle: Option<String>,
    /// The message it is edited into.
    pub slot: Option<MessageId>,
    /// The message that shows the result.
    pub delivered: Option<MessageId>,
    /// The class of the last failure.
    pub class: Option<String>,
    /// What failed last, for operators.
    pub detail: Option<String>,
    /// The job itself; `None` when its record cannot be read. Left out of lists on request: it holds the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
}

/// One event of a job's trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// What happened.
    pub kind: String,
    /// Who did it: a worker, `user:<id>`, `operator`, `queue`.
    pub actor: String,
    /// More about it.
    pub detail: String,
}

/// The jobs of one message.
#[derive(Debug, Clone, Serialize)]
pub struct Batch {
    /// Its name: the id of its first job.
    pub id: JobId,
    /// How many jobs it has.
    pub of: u32,
    /// How many of them have not ended.
    pub left: u32,
    /// When the last one ended, in Unix milliseconds.
    pub joined_ms: Option<u64>,
    /// The jobs that are still on record, in the order of the message.
    pub jobs: Vec<Record>,
}

/// Entries of the operators' log.
const ACTIONS: isize = 1000;

/// Most jobs of one answer.
pub(crate) const PAGE: usize = 1000;

impl Queue {
    /// The record of a job, its body included.
    pub async fn record(&self, id: &JobId) -> Result<Option<Record>, QueueError> {
        Ok(self.records(std::slice::from_ref(id)).await?.pop())
    }

    /// What happened to a job, oldest first.
    pub async fn trail(&self, id: &JobId) -> Result<Vec<Event>, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.lrange(key(&format!("trail:{id}")), 0, -1);
        pipeline.hget(key("holds"), id.to_string());
        let (lines, held): (Vec<String>, Option<String>) = pipeline.query_async(&mut self.link()).await?;
        let mut events: Vec<Event> = lines.iter().filter_map(|line| Event::parse(line)).collect();
        // the first claim and a good end are told by the record itself
        let told: BTreeMap<&str, &str> = packed::held(held.as_deref()).collect();
        let text = |name: &str| told.get(name).map(|text| (*text).to_owned());
        let at = |name: &str| told.get(name).and_then(|at| at.parse::<u64>().ok());
        let worker = text("worker").unwrap_or_default();
        if let Some(at_ms) = at("started") {
            let (actor, detail) = (text("starter").unwrap_or_else(|| worker.clone()), "attempt 1".to_owned());
            let place = place_of_first_claim(&events, at_ms, &actor);
            events.insert(place, Event { at_ms, kind: "claimed".to_owned(), actor, detail });
        }
        if let (Some(at_ms), Some("done")) = (at("ended"), told.get("state").copied()) {
            events.push(Event { at_ms, kind: "done".to_owned(), actor: worker, detail: String::new() });
        }
        Ok(events)
    }

    /// What operators did to the queue, oldest first; the last thousand.
    pub async fn actions(&self) -> Result<Vec<Event>, QueueError> {
        let lines: Vec<String> =
            redis::cmd("LRANGE").arg(key("actions")).arg(0).arg(-1).query_async(&mut self.link()).await?;
        Ok(lines.iter().filter_map(|line| Event::parse(line)).collect())
    }

    /// The server's time in Unix milliseconds: what all times on record are taken from.
    pub async fn clock_ms(&self) -> Result<u64, QueueError> {
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut self.link()).await?;
        Ok(seconds * 1000 + micros / 1000)
    }

    /// Notes what an operator did to many jobs at once; the steering verbs note themselves.
    pub async fn note_action(&self, actor: &str, kind: &str, detail: &str) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        log_action(&mut pipeline, self.clock_ms().await?, actor, kind, detail);
        Ok(pipeline.query_async(&mut self.link()).await?)
    }

    /// A user's last jobs, newest first.
    pub async fn jobs_of(&self, bot: BotId, user: UserId, most: usize) -> Result<Vec<Record>, QueueError> {
        let ids: Vec<String> = redis::cmd("LRANGE")
            .arg(key(&format!("user:{bot}:{user}")))
            .arg(0)
            .arg(most.clamp(1, PAGE) - 1)
            .query_async(&mut self.link())
            .await?;
        let ids: Vec<JobId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        self.records(&ids).await
    }

    /// The jobs of a message together; `None` when there is no such batch, or no longer.
    pub async fn batch(&self, id: &JobId) -> Result<Option<Batch>, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.hgetall(key(&format!("batch:{id}"))).hget(key("batches"), id.as_str());
        let (fields, left): (BTreeMap<String, String>, Option<String>) = pipeline.query_async(&mut self.link()).await?;
        let Some(ids) = fields.get("ids") else { return Ok(None) };
        let ids: Vec<JobId> = ids.split(',').filter_map(|id| id.parse().ok()).collect();
        let number = |text: Option<&String>| text.and_then(|value| value.parse().ok()).unwrap_or(0);
        Ok(Some(Batch {
            id: id.clone(),
            of: number(fields.get("of")),
            left: number(left.as_ref()),
            joined_ms: fields.get("joined").and_then(|at| at.parse().ok()),
            jobs: self.records(&ids).await?,
        }))
    }

    /// The records of these jobs, in their order, without those that are gone.
    pub(crate) async fn records(&self, ids: &[JobId]) -> Result<Vec<Record>, QueueError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = ids.iter().map(JobId::to_string).collect();
        let mut pipeline = redis::pipe();
        pipeline.hmget(key("jobs"), &names).hmget(key("holds"), &names);
        for name in &names {
            pipeline.hgetall(key(&format!("job:{name}")));
        }
        let mut answers: std::vec::IntoIter<redis::Value> =
            pipeline.query_async::<Vec<_>>(&mut self.link()).await?.into_iter();
        let mut next = || answers.next().unwrap_or(redis::Value::Nil);
        let unreadable = |error: redis::ParsingError| QueueError::Unreadable(error.to_string());
        let asked: Vec<Option<Vec<u8>>> = redis::from_redis_value(next()).map_err(unreadable)?;
        let held: Vec<Option<String>> = redis::from_redis_value(next()).map_err(unreadable)?;
        let mut records = Vec::with_capacity(ids.len());
        for ((id, asked), held) in ids.iter().zip(asked).zip(held) {
            let written: BTreeMap<String, String> = redis::from_redis_value(next()).map_err(unreadable)?;
            let Some(asked) = asked else { continue };
            let asked = Asked::read(&asked);
            let mut fields: BTreeMap<&str, &str> = asked.fields().chain(packed::held(held.as_deref())).collect();
            fields.extend(written.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            records.extend(Record::from_fields(id, &fields, asked.body));
        }
        Ok(records)
    }
}

impl Record {
    fn from_fields(id: &JobId, fields: &BTreeMap<&str, &str>, body: &[u8]) -> Option<Self> {
        let text = |name: &str| fields.get(name).map(|value| (*value).to_owned());
        let number = |name: &str| fields.get(name).and_then(|value| value.parse::<u64>().ok());
        let message = |name: &str| fields.get(name).and_then(|value| value.parse().ok());
        let owner = fields.get("owner").and_then(|value| value.parse::<Owner>().ok());
        let small = |name: &str| number(name).and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
        Some(Self {
            id: id.clone(),
            state: fields.get("state")?.parse().ok()?,
            model: text("model").unwrap_or_default(),
            bot: owner.map(|Owner(bot, _)| bot),
            user: owner.map(|Owner(_, user)| user),
            batch: fields.get("batch").and_then(|value| value.parse().ok()),
            cost_ms: number("cost"),
            weight: small("weight").max(1),
            urgent: fields.get("seq").is_some_and(|seq| seq.starts_with('-')),
            attempt: small("attempt"),
            lost: small("lost"),
            worker: text("worker"),
            accepted_ms: number("at"),
            started_ms: number("started"),
            claimed_ms: number("claimed"),
            handle_ms: number("handle_at"),
            outputs_ms: number("outputs_at"),
            ended_ms: number("ended"),
            due_ms: number("due"),
            handle: text("handle"),
            slot: message("slot"),
            delivered: message("delivered"),
            class: text("class"),
            detail: text("detail"),
            job: Job::from_json(body).ok(),
        })
    }
}

/// Adds an entry of the operators' log to a pipeline: it goes with what it is about.
pub(crate) fn log_action(pipeline: &mut redis::Pipeline, at_ms: u64, actor: &str, kind: &str, detail: &str) {
    let line = format!("{at_ms}\u{1f}{kind}\u{1f}{actor}\u{1f}{detail}");
    pipeline.rpush(key("actions"), line).ignore().ltrim(key("actions"), -ACTIONS, -1).ignore();
}

impl Event {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(4, '\u{1f}');
        Some(Self {
            at_ms: parts.next()?.parse().ok()?,
            kind: parts.next()?.to_owned(),
            actor: parts.next()?.to_owned(),
            detail: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

/// Where the first claim stands in a trail without it. At its own millisecond only what befalls a waiting job comes
/// before it: somebody cancels it or has it tried again.
fn place_of_first_claim(events: &[Event], at_ms: u64, worker: &str) -> usize {
    let before = |event: &&Event| {
        let waiting = event.kind == "retried" || event.kind == "cancelled" && event.actor != worker;
        event.at_ms < at_ms || event.at_ms == at_ms && waiting
    };
    events.iter().take_while(before).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_claim_stands_between_what_came_before_and_what_followed() {
        let place = |trail: &[(u64, &str, &str)]| {
            let event = |&(at_ms, kind, actor): &(u64, &str, &str)| {
                let (kind, actor) = (kind.to_owned(), actor.to_owned());
                Event { at_ms, kind, actor, detail: String::new() }
            };
            place_of_first_claim(&trail.iter().map(event).collect::<Vec<_>>(), 10, "w")
        };
        assert_eq!(place(&[]), 0);
        assert_eq!(place(&[(11, "intent", "w")]), 0);
        assert_eq!(place(&[(9, "cancelled", "user:1"), (10, "retried", "operator"), (10, "intent", "w")]), 2);
        assert_eq!(place(&[(10, "cancelled", "user:1"), (10, "retried", "operator"), (12, "lost", "w")]), 2);
        assert_eq!(place(&[(10, "cancelled", "w"), (10, "retried", "operator")]), 0, "its worker stopped it");
        assert_eq!(place(&[(10, "handed_over", "w"), (10, "cancelled", "user:1")]), 0);
    }
}
