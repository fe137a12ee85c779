//! Why a job did not end in a picture, and what the queue does about it.
//!
//! A class is a decision, not a description: it alone fixes whether and when a job runs again. The provider's own
//! words never travel in it; `detail` is for operators and is never shown in a chat.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A failure as the queue records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The decision.
    pub class: FailureClass,
    /// For operators: what happened, without secrets; at most a few hundred characters.
    pub detail: String,
    /// The earliest moment at which another try makes sense, counted from now.
    pub retry_after: Option<Duration>,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The model refuses these inputs; trying again cannot help.
    InvalidInput,
    /// A content filter stopped the prompt, or stopped something and does not say what.
    Filtered,
    /// A content filter stopped what the model had made of the prompt.
    FilteredOutput,
    /// Too many requests for now.
    RateLimited,
    /// The operator's account at the provider is empty.
    OutOfCredit,
    /// The operator's key is missing or wrong.
    Unauthorised,
    /// The service or the network stumbled; trying again is likely to help.
    Transient,
    /// Our own or the provider's lasting fault.
    Fatal,
    /// A paid service did not answer and cannot be asked what became of it: it may have been made and paid for.
    Unanswered,
    /// The provider did not finish in time.
    Deadline,
    /// It was made, and deleted at the provider before it was fetched.
    Expired,
    /// The picture is unreadable, or not something that can be shown.
    BadMedia,
    /// The chat cannot be reached any more (blocked, kicked, deleted).
    Unreachable,
    /// The job's record cannot be read (damaged, or written by a newer version).
    Unreadable,
}

impl FailureClass {
    /// All classes.
    pub const ALL: [Self; 14] = [
        Self::InvalidInput,
        Self::Filtered,
        Self::FilteredOutput,
        Self::RateLimited,
        Self::OutOfCredit,
        Self::Unauthorised,
        Self::Transient,
        Self::Fatal,
        Self::Unanswered,
        Self::Deadline,
        Self::Expired,
        Self::BadMedia,
        Self::Unreachable,
        Self::Unreadable,
    ];

    /// How many times a job may be tried in all when it fails like this; 1 means never again.
    pub const fn attempts(self) -> u32 {
        match self {
            // bad media: another picture would be paid for again, and nothing says that it would be a better one;
            // expired: the same, an hour after anybody waited for it
            Self::InvalidInput
            | Self::Filtered
            | Self::FilteredOutput
            | Self::Unanswered
            | Self::BadMedia
            | Self::Expired
            | Self::Fatal
            | Self::Unreachable
            | Self::Unreadable => 1,
            Self::Deadline => 2,
            Self::Unauthorised | Self::OutOfCredit => 3,
            Self::Transient => 5,
            Self::RateLimited => 50,
        }
    }

    /// The wait before the next try, before jitter, after `failed` tries.
    pub fn backoff(self, failed: u32) -> Duration {
        let (first, most) = match self {
            Self::RateLimited => (5, 60),
            Self::Unauthorised | Self::OutOfCredit => (30, 300),
            _ => (2, 60),
        };
        let doubled = 1_u64.checked_shl(failed.saturating_sub(1).min(16)).unwrap_or(u64::MAX);
        Duration::from_secs((first * doubled).min(most))
    }

    /// Whether a provider may have charged for what failed like this: it stopped a run that had begun, or delivered
    /// something of no use. What fails of itself is, as far as known, not charged for.
    pub const fn may_have_cost(self) -> bool {
        matches!(self, Self::Deadline | Self::Expired | Self::BadMedia | Self::Unreachable)
    }

    /// The name used in records, metrics and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Filtered => "filtered",
            Self::FilteredOutput => "filtered_output",
            Self::RateLimited => "rate_limited",
            Self::OutOfCredit => "out_of_credit",
            Self::Unauthorised => "unauthorised",
            Self::Transient => "transient",
            Self::Fatal => "fatal",
            Self::Unanswered => "unanswered",
            Self::Deadline => "deadline",
            Self::Expired => "expired",
            Self::BadMedia => "bad_media",
            Self::Unreachable => "unreachable",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Failure {
    /// A failure without a wish about when to try again.
    pub fn new(class: FailureClass, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into(), retry_after: None }
    }

    /// The same failure, not to be retried before `wait` has passed.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// When to try again after `failed` tries (this one included): `None` when the job is dead.
    /// `jitter` in 0..1 spreads retries of many jobs by up to a quarter.
    pub fn next_try(&self, failed: u32, jitter: f64) -> Option<Duration> {
        if failed >= self.class.attempts() {
            return None;
        }
        let wait = match self.retry_after {
            // the whole account waits with the job: no longer than the provider asked for
            Some(wait) if self.class == FailureClass::RateLimited => wait.max(Duration::from_millis(500)),
            wait => self.class.backoff(failed).max(wait.unwrap_or_default()),
        };
        Some(wait.mul_f64(1.0 + 0.25 * jitter.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_wish_is_obeyed_and_the_last_try_is_the_last() {
        let failure = Failure::new(FailureClass::Transient, "x").after(Duration::from_secs(40));
        assert_eq!(failure.next_try(1, 0.0), Some(Duration::from_secs(40)));
        assert_eq!(failure.next_try(5, 0.0), None);
        assert_eq!(Failure::new(FailureClass::Filtered, "x").next_try(1, 0.0), None);
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits: Vec<u64> = (1..=8).map(|n| FailureClass::Transient.backoff(n).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
