//! Reading the queue: one job, a user's jobs, lists by state, the numbers.
//!
//! Nothing here changes a key. All types serialise: the command line's `--json` is these types.

use std::collections::BTreeMap;

use atelier_domain::{BotId, Job, JobId, JobState, MessageId, ModelId, UserId};
use serde::Serialize;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::scripts::Verb;

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

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// How many jobs the list has in all.
    pub total: u64,
    /// The jobs of this page.
    pub jobs: Vec<Record>,
}

/// The queue in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Stats {
    /// Jobs in line.
    pub waiting: u64,
    /// Jobs to be tried again later.
    pub delayed: u64,
    /// Jobs in workers' hands.
    pub active: u64,
    /// Jobs that failed for good and are still on record.
    pub dead: u64,
    /// Jobs done or cancelled and still on record.
    pub ended: u64,
    /// How long the first in line has waited.
    pub oldest_waiting_ms: Option<u64>,
    /// Per model.
    pub models: Vec<ModelStats>,
    /// The living workers.
    pub workers: Vec<WorkerStats>,
    /// Counters since the beginning: accepted, done, dead, cancelled.
    pub totals: BTreeMap<String, u64>,
}

/// One model in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct ModelStats {
    /// Its short name.
    pub model: String,
    /// Jobs in line.
    pub waiting: u64,
    /// Jobs in workers' hands.
    pub running: u64,
    /// Smoothed milliseconds from claim to done.
    pub typical_ms: Option<u64>,
}

/// One living worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerStats {
    /// Its name.
    pub worker: String,
    /// Jobs it runs at once.
    pub slots: u64,
    /// What it says of itself.
    pub about: serde_json::Value,
}

/// Most jobs of one page.
const PAGE: usize = 1000;

impl Queue {
    /// The record of a job, its body included.
    pub async fn record(&self, id: &JobId) -> Result<Option<Record>, QueueError> {
        Ok(self.records(std::slice::from_ref(id)).await?.pop())
    }

    /// What happened to a job, oldest first.
    pub async fn trail(&self, id: &JobId) -> Result<Vec<Event>, QueueError> {
        let lines: Vec<String> =
            redis::cmd("LRANGE").arg(key(&format!("trail:{id}"))).arg(0).arg(-1).query_async(&mut self.link()).await?;
        Ok(lines.iter().filter_map(|line| Event::parse(line)).collect())
    }

    /// A user's last jobs, newest first.
    pub async fn jobs_of(&self, bot: BotId, user: UserId, most: usize) -> Result<Vec<Record>, QueueError> {
        let ids: Vec<String> = redis::cmd("ZREVRANGE")
            .arg(key(&format!("user:{bot}:{user}")))
            .arg(0)
            .arg(most.clamp(1, PAGE) - 1)
            .query_async(&mut self.link())
            .await?;
        let ids: Vec<JobId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        self.records(&ids).await
    }

    /// A page of the jobs in a state; waiting and delayed ones in the order of their turn (of one model, or model by
    /// model), ended ones newest first.
    pub async fn list(
        &self,
        state: JobState,
        model: Option<&ModelId>,
        offset: usize,
        most: usize,
    ) -> Result<Listing, QueueError> {
        let (sets, newest_first): (Vec<String>, bool) = match state {
            JobState::Waiting => (self.lines(model).await?, false),
            JobState::Delayed => (vec![key("delayed")], false),
            JobState::Active => (vec![key("leases")], false),
            JobState::Dead => (vec![key("dead")], true),
            JobState::Done | JobState::Cancelled => (vec![key("ended")], true),
        };
        let most = most.clamp(1, PAGE);
        let (mut total, mut ids, mut skip) = (0_usize, Vec::new(), offset);
        for set in sets {
            let length: usize = redis::cmd("ZCARD").arg(&set).query_async(&mut self.link()).await?;
            total += length;
            if ids.len() < most && skip < length {
                let verb = if newest_first { "ZREVRANGE" } else { "ZRANGE" };
                let page: Vec<String> = redis::cmd(verb)
                    .arg(&set)
                    .arg(skip)
                    .arg(skip + most - ids.len() - 1)
                    .query_async(&mut self.link())
                    .await?;
                ids.extend(page.iter().filter_map(|id| id.parse::<JobId>().ok()));
            }
            skip = skip.saturating_sub(length);
        }
        let mut jobs = self.records(&ids).await?;
        // `ended` holds two states; a job may also have moved on between the two calls
        jobs.retain(|record| record.state == state && model.is_none_or(|model| record.model == model.as_str()));
        Ok(Listing { total: total as u64, jobs })
    }

    /// The queue in numbers, at one moment.
    pub async fn stats(&self) -> Result<Stats, QueueError> {
        type Raw = (u64, u64, u64, u64, u64, i64, Vec<redis::Value>, Vec<redis::Value>, BTreeMap<String, u64>);
        let raw: Raw = self.call(Verb::Stats, &[]).await?;
        let unreadable = |error: redis::ParsingError| QueueError::Unreadable(error.to_string());
        let mut models = Vec::new();
        for part in raw.6.chunks_exact(4) {
            let (model, waiting, running, typical): (String, u64, u64, i64) =
                redis::from_redis_value(redis::Value::Array(part.to_vec())).map_err(unreadable)?;
            models.push(ModelStats { model, waiting, running, typical_ms: u64::try_from(typical).ok() });
        }
        models.sort_by(|one, other| one.model.cmp(&other.model));
        let mut workers = Vec::new();
        for part in raw.7.chunks_exact(3) {
            let (worker, slots, about): (String, u64, String) =
                redis::from_redis_value(redis::Value::Array(part.to_vec())).map_err(unreadable)?;
            let about = serde_json::from_str(&about).unwrap_or(serde_json::Value::Null);
            workers.push(WorkerStats { worker, slots, about });
        }
        Ok(Stats {
            waiting: raw.0,
            delayed: raw.1,
            active: raw.2,
            dead: raw.3,
            ended: raw.4,
            oldest_waiting_ms: u64::try_from(raw.5).ok(),
            models,
            workers,
            totals: raw.8,
        })
    }

    async fn lines(&self, model: Option<&ModelId>) -> Result<Vec<String>, QueueError> {
        if let Some(model) = model {
            return Ok(vec![key(&format!("line:{model}"))]);
        }
        let lanes: Vec<String> =
            redis::cmd("ZRANGE").arg(key("lanes")).arg(0).arg(-1).query_async(&mut self.link()).await?;
        Ok(lanes.iter().map(|model| key(&format!("line:{model}"))).collect())
    }

    /// The records of these jobs, in their order, without those that are gone.
    async fn records(&self, ids: &[JobId]) -> Result<Vec<Record>, QueueError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for id in ids {
            pipeline.hgetall(key(&format!("job:{id}"))).get(key(&format!("body:{id}")));
        }
        let answers: Vec<redis::Value> = pipeline.query_async(&mut self.link()).await?;
        let unreadable = |error: redis::ParsingError| QueueError::Unreadable(error.to_string());
        let mut records = Vec::with_capacity(ids.len());
        for (id, pair) in ids.iter().zip(answers.chunks_exact(2)) {
            let fields: BTreeMap<String, String> = redis::from_redis_value(pair[0].clone()).map_err(unreadable)?;
            let body: Option<Vec<u8>> = redis::from_redis_value(pair[1].clone()).map_err(unreadable)?;
            records.extend(Record::from_fields(id, &fields, body.as_deref()));
        }
        Ok(records)
    }
}

impl Record {
    fn from_fields(id: &JobId, fields: &BTreeMap<String, String>, body: Option<&[u8]>) -> Option<Self> {
        let text = |name: &str| fields.get(name).cloned();
        let number = |name: &str| fields.get(name).and_then(|value| value.parse::<u64>().ok());
        let message = |name: &str| fields.get(name).and_then(|value| value.parse().ok());
        let small = |name: &str| number(name).and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
        Some(Self {
            id: id.clone(),
            state: fields.get("state")?.parse().ok()?,
            model: text("model").unwrap_or_default(),
            bot: fields.get("bot").and_then(|value| value.parse().ok()),
            user: fields.get("user").and_then(|value| value.parse().ok()),
            attempt: small("attempt"),
            lost: small("lost"),
            worker: text("worker"),
            accepted_ms: number("accepted"),
            started_ms: number("started"),
            handle_ms: number("handle_at"),
            outputs_ms: number("outputs_at"),
            ended_ms: number("ended"),
            due_ms: number("due"),
            handle: text("handle"),
            slot: message("slot"),
            delivered: message("delivered"),
            class: text("class"),
            detail: text("detail"),
            job: body.and_then(|body| Job::from_json(body).ok()),
        })
    }
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
