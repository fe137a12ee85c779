//! What the server saw: counts per bot and method for ever, and the last requests in full.
//!
//! A request is `early` when it arrives before a `retry_after` told earlier for the same bot, chat and kind of call
//! has passed: the number a well-behaved client keeps at zero.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

/// How many requests are kept in full.
const KEPT: usize = 4096;

/// One request; the answer's fields are empty until it is answered.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Seen {
    pub(crate) seq: u64,
    pub(crate) at_ms: i64,
    pub(crate) bot: i64,
    /// Lower-case method name.
    pub(crate) method: String,
    pub(crate) chat: Option<i64>,
    pub(crate) fields: Value,
    pub(crate) files: Value,
    pub(crate) early: bool,
    /// Number of the fault rule that met it.
    pub(crate) fault: Option<u64>,
    /// HTTP status; `None` while under way and for ever when the connection was cut.
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) answered_ms: Option<i64>,
}

/// Totals of one method of one bot.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Count {
    pub(crate) total: u64,
    /// Arrived inside a known `retry_after`.
    pub(crate) early: u64,
    /// Answered 2xx.
    pub(crate) ok: u64,
    /// Answered 429.
    pub(crate) limited: u64,
}

/// The log and the totals.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last_seq: u64,
    log: VecDeque<Seen>,
    counts: BTreeMap<(i64, String), Count>,
}

impl Requests {
    /// Notes an arrival; returns its number.
    pub(crate) fn arrive(&mut self, mut seen: Seen) -> u64 {
        self.last_seq += 1;
        seen.seq = self.last_seq;
        let count = self.counts.entry((seen.bot, seen.method.clone())).or_default();
        count.total += 1;
        count.early += u64::from(seen.early);
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(seen);
        self.last_seq
    }

    /// Notes which rule met a request.
    pub(crate) fn faulted(&mut self, seq: u64, rule: u64) {
        if let Some(seen) = self.find(seq) {
            seen.fault = Some(rule);
        }
    }

    /// Notes an answer.
    pub(crate) fn answered(&mut self, seq: u64, status: u16, error: Option<String>, now_ms: i64) {
        let Some(seen) = self.find(seq) else { return };
        seen.status = Some(status);
        seen.error = error;
        seen.answered_ms = Some(now_ms);
        let key = (seen.bot, seen.method.clone());
        let count = self.counts.entry(key).or_default();
        count.ok += u64::from((200..300).contains(&status));
        count.limited += u64::from(status == 429);
    }

    fn find(&mut self, seq: u64) -> Option<&mut Seen> {
        let first = self.log.front()?.seq;
        self.log.get_mut(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// The log, oldest first.
    pub(crate) fn log(&self) -> impl DoubleEndedIterator<Item = &Seen> {
        self.log.iter()
    }

    /// Totals by bot and method.
    pub(crate) fn counts(&self) -> &BTreeMap<(i64, String), Count> {
        &self.counts
    }

    /// How often a method was called, by one bot or by all.
    pub(crate) fn total(&self, bot: Option<i64>, method: &str) -> u64 {
        self.counts
            .iter()
            .filter(|((by, name), _)| name == method && bot.is_none_or(|bot| bot == *by))
            .map(|(_, count)| count.total)
            .sum()
    }

    /// Starts counting anew; numbers go on rising.
    pub(crate) fn reset(&mut self) {
        self.log.clear();
        self.counts.clear();
    }
}
