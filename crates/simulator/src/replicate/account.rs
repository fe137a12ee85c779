//! Request limits and credit, as the real account has them.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Requests a minute; the burst is a minute's worth unless credit is low.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) enabled: bool,
    pub(super) creates_per_minute: u32,
    pub(super) others_per_minute: u32,
    /// Dollars below which creating is reduced to six a minute with a burst of one.
    pub(super) low_credit_below: f64,
    /// Creates a minute then, one at a time: six in the real service.
    #[serde(default = "six")]
    pub(super) low_credit_per_minute: u32,
}

const fn six() -> u32 {
    6
}

impl Limits {
    pub(super) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            creates_per_minute: 600,
            others_per_minute: 3000,
            low_credit_below: 5.0,
            low_credit_per_minute: six(),
        }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Throttled(u64),
    LowCredit(u64),
    NoCredit,
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) limits: Limits,
    pub(super) credit: Option<f64>,
    pub(super) spent: f64,
    creates: Bucket,
    /// Creates while credit is low.
    scarce: Bucket,
    others: Bucket,
}

impl Account {
    pub(super) fn new(limits: bool, credit: Option<f64>, now: Instant) -> Self {
        let limits = Limits::new(limits);
        Self {
            limits,
            credit,
            spent: 0.0,
            creates: Bucket { tokens: f64::from(limits.creates_per_minute), at: now },
            scarce: Bucket { tokens: 1.0, at: now },
            others: Bucket { tokens: f64::from(limits.others_per_minute), at: now },
        }
    }

    /// Takes one request from the budget; the answer is what `ratelimit-remaining` shows.
    pub(super) fn admit(&mut self, create: bool, now: Instant) -> Result<u32, Refusal> {
        let low = create && self.credit.is_some_and(|credit| credit < self.limits.low_credit_below);
        if create && self.credit.is_some_and(|credit| credit <= 0.0) {
            return Err(Refusal::NoCredit);
        }
        let (bucket, per_minute, burst) = match (create, low) {
            (true, true) => (&mut self.scarce, self.limits.low_credit_per_minute, 1),
            (true, false) => (&mut self.creates, self.limits.creates_per_minute, self.limits.creates_per_minute),
            (false, _) => (&mut self.others, self.limits.others_per_minute, self.limits.others_per_minute),
        };
        if !self.limits.enabled {
            return Ok(per_minute.saturating_sub(1));
        }
        bucket
            .take(f64::from(per_minute), f64::from(burst), now)
            .map_err(|seconds| if low { Refusal::LowCredit(seconds) } else { Refusal::Throttled(seconds) })
    }

    pub(super) fn charge(&mut self, dollars: f64) {
        self.spent += dollars;
        if let Some(credit) = &mut self.credit {
            *credit = (*credit - dollars).max(0.0);
        }
    }
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Tokens left after taking one, or seconds until there is one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive by construction")]
    fn take(&mut self, per_minute: f64, burst: f64, now: Instant) -> Result<u32, u64> {
        let rate = per_minute / 60.0;
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * rate).min(burst);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(self.tokens as u32);
        }
        Err(((1.0 - self.tokens) / rate.max(1e-6)).ceil().clamp(1.0, 3600.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn low_credit_means_one_create_in_ten_seconds() {
        let start = Instant::now();
        let mut account = Account::new(true, Some(4.0), start);
        assert_eq!(account.admit(true, start), Ok(0));
        assert_eq!(account.admit(true, start), Err(Refusal::LowCredit(10)));
        assert_eq!(account.admit(false, start), Ok(2999));
        assert_eq!(account.admit(true, start + Duration::from_secs(10)), Ok(0));
        account.charge(4.0);
        assert_eq!(account.admit(true, start + Duration::from_secs(90)), Err(Refusal::NoCredit));
    }

    #[test]
    fn a_minute_of_creates_may_come_at_once() {
        let start = Instant::now();
        let mut account = Account::new(true, None, start);
        assert_eq!(account.admit(true, start), Ok(599));
        for _ in 0..599 {
            assert!(account.admit(true, start).is_ok());
        }
        assert_eq!(account.admit(true, start), Err(Refusal::Throttled(1)));
    }
}
