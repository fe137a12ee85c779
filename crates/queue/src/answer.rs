//! What the queue says to a worker: the answer of a step, and the jobs that a submit hands over.

use std::time::Duration;

use redis::{FromRedisValue, ParsingError, Value};
use serde::{Deserialize, Deserializer};

/// One claimed job as the scripts give it: id, fence, attempt, workers lost with it, what was asked with its body, who
/// wants it cancelled, what was written on its way.
#[derive(Debug, Deserialize)]
pub(crate) struct Raw(
    pub(crate) String,
    pub(crate) String,
    pub(crate) u32,
    pub(crate) u32,
    #[serde(deserialize_with = "bytes")] pub(crate) Vec<u8>,
    pub(crate) String,
    #[serde(default)] pub(crate) Vec<String>,
);

/// What one call brought.
#[derive(Debug)]
pub(crate) struct Answer {
    /// How long until there is something to do again.
    pub(crate) due: Option<Duration>,
    /// Per end: `settled` or `stale`.
    pub(crate) settled: Vec<String>,
    pub(crate) notices: Vec<String>,
    /// Slots on offer from now on, and jobs handed over that the caller did not know of; `None` when the offer stays as
    /// it was.
    pub(crate) offer: Option<(usize, usize)>,
    pub(crate) jobs: Vec<Raw>,
}

impl Answer {
    pub(crate) fn read(answer: Vec<Value>) -> Result<Self, ParsingError> {
        let mut answer = answer.into_iter();
        let mut next = || answer.next().unwrap_or(Value::Nil);
        let due = i64::from_redis_value(next())?;
        let settled = Vec::from_redis_value(next())?;
        let notices = Vec::from_redis_value(next())?;
        let (left, away) = (i64::from_redis_value(next())?, usize::from_redis_value(next())?);
        let jobs = answer.map(Raw::of).collect::<Result<_, _>>()?;
        let due = u64::try_from(due).ok().map(Duration::from_millis);
        Ok(Self { due, settled, notices, offer: usize::try_from(left).ok().map(|left| (left, away)), jobs })
    }
}

impl Raw {
    fn of(value: Value) -> Result<Self, ParsingError> {
        let (id, fence, attempt, lost, asked, cancel, written) = FromRedisValue::from_redis_value(value)?;
        Ok(Self(id, fence, attempt, lost, asked, cancel, written))
    }
}

fn bytes<'de, D: Deserializer<'de>>(text: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(text).map(String::into_bytes)
}

/// Jobs that a submit claimed for this worker.
#[derive(Debug, Deserialize)]
pub(crate) struct Hand {
    /// When, in milliseconds of the server's clock.
    pub(crate) at: u64,
    pub(crate) jobs: Vec<Raw>,
}

impl Hand {
    pub(crate) fn read(message: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_that_are_handed_over_have_an_end_that_may_be_missing() {
        let message = r#"{"at":1795851008430,"jobs":[["a","7",1,0,"m\u001f1\u001e{}",""],["b","8",2,1,"m","user:1",["slot","5"]]]}"#;
        let hand = Hand::read(message).unwrap();
        assert_eq!(hand.at, 1_795_851_008_430);
        assert_eq!(hand.jobs[0].4, b"m\x1f1\x1e{}");
        assert!(hand.jobs[0].6.is_empty());
        assert_eq!(hand.jobs[1].6, ["slot", "5"]);
        assert!(Hand::read("[]").is_err());
    }
}
