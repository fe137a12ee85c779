//! The checker: what must be true of a history, however it came about.
//!
//! Every rule is a function of the history alone, and has tests on histories that break it. What can be excluded: that
//! a job ends twice or never, that two workers hold it at once, that anything is written to Redis under a token that is
//! not the last, that a limit is broken, that something acknowledged is missing, that anything is left behind. What
//! cannot: a worker that is stopped between the leave to do something outside of Redis and the deed does it when it
//! goes on, whatever happened meanwhile. Such deeds are counted, not judged: `late_edits` change nothing (an edit is
//! idempotent), `late_creations` cost a prediction.

mod caps;
mod creations;
mod edits;
mod ends;
mod holds;
mod rest;
#[cfg(test)]
mod sample;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;

use crate::history::History;
use holds::Replay;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The rule's name.
    pub(crate) rule: &'static str,
    /// What it is about: a job, a model, a key.
    pub(crate) subject: String,
    /// What was found.
    pub(crate) found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.rule, self.subject, self.found)
    }
}

/// The judgement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    /// What must not be.
    pub(crate) violations: Vec<Violation>,
    /// What may be, and how often it was.
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

impl Verdict {
    fn wrong(&mut self, rule: &'static str, subject: &str, found: impl Into<String>) {
        self.violations.push(Violation { rule, subject: subject.to_owned(), found: found.into() });
    }

    fn count(&mut self, what: &'static str, by: usize) {
        *self.counts.entry(what).or_default() += by as u64;
    }
}

/// Judges a history.
pub(crate) fn check(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    for oddity in &history.oddities {
        verdict.wrong("oddity", "-", oddity);
    }
    let replays: BTreeMap<&str, Replay> =
        history.jobs.iter().map(|job| (job.id.as_str(), Replay::of(job, &mut verdict))).collect();
    ends::check(history, &replays, &mut verdict);
    tokens::check(history, &replays, &mut verdict);
    creations::check(history, &replays, &mut verdict);
    edits::check(history, &replays, &mut verdict);
    caps::check(history, &replays, &mut verdict);
    rest::check(history, &mut verdict);
    verdict
}

/// How long after the kill an answer that Redis gave before it may still be read: whoever reads may be stopped itself.
const READ_LATE_MS: u64 = 5000;

/// Whether what was answered at that time may be missing: Redis was killed and had not written it down.
fn in_gap(history: &History, at_ms: u64) -> bool {
    history.gaps.iter().any(|(from, to)| (*from..=*to + READ_LATE_MS).contains(&at_ms))
}
