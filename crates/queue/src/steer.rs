//! Steering the queue as a whole: pause and resume, drain and reopen, limits, dropping old records.
//!
//! Settings live in Redis and hold for every process at once. Every change leaves an entry with its actor.

use std::fmt;
use std::str::FromStr;

use atelier_domain::{BotId, JobId, ModelId, UserId};
use serde::Serialize;

use crate::control::owned;
use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

/// What a pause is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Steering {
    /// The whole queue: no job is claimed.
    Queue,
    /// One model.
    Model(ModelId),
    /// One user of one bot.
    User(BotId, UserId),
}

/// A limit that operators set; without a number it does not limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Jobs of one model in flight, over all workers.
    ModelLimit(ModelId),
    /// Jobs of one user in flight, over all models.
    UserLimit,
    /// Jobs of one group chat in flight.
    ChatLimit,
    /// How long records of ended jobs are kept, in milliseconds (7 days at first).
    KeepMs,
    /// How many records of ended jobs are kept; of dead ones as many again (100,000 at first).
    KeepJobs,
    /// How many bytes of Redis' memory the records of ended jobs may take (256 MiB at first).
    KeepBytes,
}

impl fmt::Display for Steering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue => formatter.write_str("the queue"),
            Self::Model(model) => write!(formatter, "model {model}"),
            Self::User(bot, user) => write!(formatter, "user {bot}:{user}"),
        }
    }
}

/// The text names no user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a user is named by bot and user id, like 7712345678:123456789")]
pub struct BadOwner;

/// A user of a bot, written `bot:user`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner(pub BotId, pub UserId);

impl FromStr for Owner {
    type Err = BadOwner;

    fn from_str(text: &str) -> Result<Self, BadOwner> {
        let (bot, user) = text.split_once(':').ok_or(BadOwner)?;
        Ok(Self(bot.parse().map_err(|_| BadOwner)?, user.parse().map_err(|_| BadOwner)?))
    }
}

impl Queue {
    /// Lets no job of it be claimed until resumed; running ones go on. False when it was paused like that already.
    pub async fn pause(&self, what: &Steering, actor: &str, why: &str) -> Result<bool, QueueError> {
        self.steer("pause", actor, what, why).await
    }

    /// Ends a pause. False when there was none.
    pub async fn resume(&self, what: &Steering, actor: &str) -> Result<bool, QueueError> {
        self.steer("resume", actor, what, "").await
    }

    /// Accepts no more jobs; those accepted are done. `why` is for operators.
    pub async fn close(&self, actor: &str, why: &str) -> Result<bool, QueueError> {
        let why = if why.is_empty() { "drained" } else { why };
        self.steer("close", actor, &Steering::Queue, why).await
    }

    /// Accepts jobs again.
    pub async fn reopen(&self, actor: &str) -> Result<bool, QueueError> {
        self.steer("reopen", actor, &Steering::Queue, "").await
    }

    /// Sets a limit, or lifts it. False when it was set like that already.
    pub async fn limit(&self, setting: &Setting, actor: &str, value: Option<u64>) -> Result<bool, QueueError> {
        let value = value.map_or_else(String::new, |value| value.to_string());
        let (what, which) = match setting {
            Setting::ModelLimit(model) => ("model", model.to_string()),
            Setting::UserLimit => ("user_limit", String::new()),
            Setting::ChatLimit => ("chat_limit", String::new()),
            Setting::KeepMs => ("keep_ms", String::new()),
            Setting::KeepJobs => ("keep_jobs", String::new()),
            Setting::KeepBytes => ("keep_bytes", String::new()),
        };
        self.steered(["limit", actor, what, &which, &value]).await
    }

    /// Drops the records of these jobs, as far as they have ended; how many were dropped.
    pub async fn forget(&self, ids: &[JobId], actor: &str) -> Result<u32, QueueError> {
        let mut dropped = 0;
        for some in ids.chunks(64) {
            let mut arguments: Vec<&[u8]> = vec![actor.as_bytes()];
            arguments.extend(some.iter().map(|id| id.as_str().as_bytes()));
            dropped += self.call::<u32>(Verb::Forget, &arguments).await?;
        }
        Ok(dropped)
    }

    /// Drops records that are beyond what the settings keep, at most `most`; how many were dropped. Every end of a job
    /// does so in passing, and workers do once a minute.
    pub(crate) async fn sweep(&self, most: u32) -> Result<u32, QueueError> {
        let mut dropped = 0;
        while dropped < most {
            match self.call::<u32>(Verb::Sweep, &[]).await? {
                0 => break,
                some => dropped += some,
            }
        }
        Ok(dropped)
    }

    async fn steer(&self, verb: &str, actor: &str, what: &Steering, why: &str) -> Result<bool, QueueError> {
        let (what, which) = match what {
            Steering::Queue => ("queue", String::new()),
            Steering::Model(model) => ("model", model.to_string()),
            Steering::User(bot, user) => ("user", owned(Some((*bot, *user)))),
        };
        self.steered([verb, actor, what, &which, why]).await
    }

    /// Repeats the step while parked owners are left to bring back.
    async fn steered(&self, arguments: [&str; 5]) -> Result<bool, QueueError> {
        let arguments = arguments.map(str::as_bytes);
        let (changed, mut left): (bool, u64) = self.call(Verb::Steer, &arguments).await?;
        while left > 0 {
            (_, left) = self.call::<(bool, u64)>(Verb::Steer, &arguments).await?;
        }
        Ok(changed)
    }
}
