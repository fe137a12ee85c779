//! A job as it is written to Redis, and the states it passes through.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{BotId, ChatId, JobId, MessageId, ThreadId, UserId};
use crate::request::Request;
use crate::texts::Language;

/// The newest version of [`Job`] that this build reads. An unknown one is dead-lettered, never guessed at.
///
/// Version 2 may carry [`crate::request::Options`]. A job without any is written as version 1, which older workers read:
/// one that would overlook a wish must not run it.
pub const JOB_VERSION: u32 = 2;
const PLAIN_VERSION: u32 = 1;

/// One prompt on its way to one picture: a small value, the same from submission to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Where the picture goes.
    pub place: Place,
    /// Who asked.
    pub user: UserId,
    /// The language to answer in.
    pub language: Language,
    /// What to make.
    pub request: Request,
    /// Which of the message's pictures this is, from 0, and how many there are.
    pub index: u8,
    /// How many pictures the message asked for.
    pub of: u8,
    /// When it was accepted, in Unix milliseconds.
    pub accepted_ms: u64,
}

/// A place in a chat, for one bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The bot that speaks there.
    pub bot: BotId,
    /// The chat.
    pub chat: ChatId,
    /// The topic, when the chat is a forum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<ThreadId>,
    /// The message that asked.
    pub reply_to: MessageId,
}

/// Why a record is no job.
#[derive(Debug, thiserror::Error)]
pub enum BadJob {
    /// It says a version that this build does not know.
    #[error("job version {0} is not known here (this build knows 1 to {JOB_VERSION})")]
    Version(u32),
    /// It is not the JSON of a job.
    #[error("the job's record cannot be read")]
    Malformed(#[source] serde_json::Error),
}

#[derive(Serialize)]
struct Versioned<'a> {
    v: u32,
    #[serde(flatten)]
    job: &'a Job,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

impl Job {
    /// The job as JSON, with its version.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let v = if self.request.options.is_empty() { PLAIN_VERSION } else { JOB_VERSION };
        serde_json::to_string(&Versioned { v, job: self })
    }

    /// Reads what [`Job::to_json`] wrote; the version is looked at first.
    pub fn from_json(text: &[u8]) -> Result<Self, BadJob> {
        let version: VersionOnly = serde_json::from_slice(text).map_err(BadJob::Malformed)?;
        if !(PLAIN_VERSION..=JOB_VERSION).contains(&version.v) {
            return Err(BadJob::Version(version.v));
        }
        serde_json::from_slice(text).map_err(BadJob::Malformed)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// In line.
    Waiting,
    /// Not before a moment: it failed and will be tried again.
    Delayed,
    /// A worker holds its lease.
    Active,
    /// Its picture is in the chat.
    Done,
    /// It failed for good.
    Dead,
    /// The user or the operator stopped it.
    Cancelled,
}

impl JobState {
    /// All states, in the order of a job's life.
    pub const ALL: [Self; 6] = [Self::Waiting, Self::Delayed, Self::Active, Self::Done, Self::Dead, Self::Cancelled];

    /// The name used in Redis, in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delayed => "delayed",
            Self::Active => "active",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will happen to the job any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The word names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a state is one of waiting, delayed, active, done, dead, cancelled")]
pub struct BadState;

impl FromStr for JobState {
    type Err = BadState;

    fn from_str(text: &str) -> Result<Self, BadState> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(BadState)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{InputImage, Options};

    fn job() -> Job {
        Job {
            id: JobId::new(1_795_000_000_000, 7),
            place: Place { bot: BotId(42), chat: ChatId(-100), thread: None, reply_to: MessageId(5) },
            user: UserId(9),
            language: Language::Russian,
            request: Request {
                prompt: "кот".parse().unwrap(),
                model: "sketch".parse().unwrap(),
                ratio: "3:2".parse().unwrap(),
                seed: None,
                options: Options::default(),
            },
            index: 0,
            of: 1,
            accepted_ms: 1_795_000_000_000,
        }
    }

    #[test]
    fn a_job_survives_the_round_trip() {
        assert_eq!(Job::from_json(job().to_json().unwrap().as_bytes()).unwrap(), job());
    }

    #[test]
    fn a_plain_job_is_what_older_workers_read_and_a_finer_one_is_not() {
        let mut job = job();
        let plain = job.to_json().unwrap();
        assert!(plain.contains("\"v\":1") && !plain.contains("options"), "{plain}");
        let file_id = "AgACAgI".parse().unwrap();
        job.request.options.images =
            vec![InputImage::Telegram { file_id, width: Some(3), height: Some(2), bytes: None }];
        let finer = job.to_json().unwrap();
        assert!(finer.contains("\"v\":2"), "{finer}");
        assert_eq!(Job::from_json(finer.as_bytes()).unwrap(), job);
    }

    #[test]
    fn unknown_versions_and_broken_records_are_told_apart() {
        let newer = job().to_json().unwrap().replace("\"v\":1", "\"v\":9");
        assert!(matches!(Job::from_json(newer.as_bytes()), Err(BadJob::Version(9))));
        assert!(matches!(Job::from_json(b"{\"v\":1}"), Err(BadJob::Malformed(_))));
        assert!(matches!(Job::from_json(b"\xff\x00"), Err(BadJob::Malformed(_))));
    }
}
