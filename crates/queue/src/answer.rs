//! What the queue says to a worker: the answer of a step, and the jobs that a submit hands over.

use std::time::Duration;

use redis::{FromRedisValue, ParsingError, Value};

/// One claimed job as the scripts give it: id, fence, attempt, workers lost with it, what was asked with its body, who
/// wants it cancelled, what was written on its way.
#[derive(Debug)]
pub(crate) struct Raw(
    pub(crate) String,
    pub(crate) String,
    pub(crate) u32,
    pub(crate) u32,
    pub(crate) Vec<u8>,
    pub(crate) String,
    pub(crate) Vec<String>,
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

/// Jobs that a submit claimed for this worker.
#[derive(Debug)]
pub(crate) struct Hand {
    /// When, in milliseconds of the server's clock.
    pub(crate) at: u64,
    pub(crate) jobs: Vec<Raw>,
}

impl Hand {
    /// Reads a message (`lua/hand.lua`): parts, each behind its length in bytes and a colon.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let mut parts = Parts(message.as_bytes());
        let at = parts.number()?;
        let mut jobs = Vec::new();
        while !parts.0.is_empty() {
            let (id, fence) = (parts.text()?, parts.text()?);
            let (attempt, lost, asked, cancel) = (parts.number()?, parts.number()?, parts.next()?, parts.text()?);
            // what is counted may not be there
            let written = (0..parts.number()?).map(|_: u32| parts.text()).collect::<Option<_>>()?;
            jobs.push(Raw(id, fence, attempt, lost, asked.to_vec(), cancel, written));
        }
        Some(Self { at, jobs })
    }
}

/// What is left of a message.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let colon = self.0.iter().position(|byte| *byte == b':')?;
        let length: usize = std::str::from_utf8(&self.0[..colon]).ok()?.parse().ok()?;
        let (part, rest) = self.0[colon + 1..].split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.next()?.to_vec()).ok()
    }

    fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        std::str::from_utf8(self.next()?).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_apart_by_its_lengths() {
        let message = "13:17958510084301:a1:71:11:06:m\u{1f}1\u{1e}::0:1:01:b1:81:21:11:m4:user1:24:slot1:5";
        let hand = Hand::read(message).unwrap();
        assert_eq!(hand.at, 1_795_851_008_430);
        let [one, other] = hand.jobs.as_slice() else { panic!("two jobs") };
        assert_eq!((one.0.as_str(), one.2, one.3, one.4.as_slice()), ("a", 1, 0, b"m\x1f1\x1e::".as_slice()));
        assert!(one.5.is_empty() && one.6.is_empty());
        assert_eq!(
            (other.1.as_str(), other.5.as_str(), other.6.as_slice()),
            ("8", "user", ["slot", "5"].map(String::from).as_slice())
        );
    }

    #[test]
    fn a_damaged_message_is_none() {
        for damaged in [
            "",
            "x",
            "1:",
            "9:1",
            "1:x",
            "1:51:a",
            "1:51:a1:71:x1:01:m0:1:0",
            "1:51:a1:71:11:01:m0:9:999999999",
            "99999999999999999999:1",
        ] {
            assert!(Hand::read(damaged).is_none(), "{damaged}");
        }
    }
}
