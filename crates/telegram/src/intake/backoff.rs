//! How long to wait after a failure: doubling from 0.2 s to 5 s, with jitter.
//!
//! Half of each wait is random, so that several bots that lost the same Redis or network do not return in step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(5);

/// The waits after failures in a row.
pub(super) struct Backoff {
    next: Duration,
    /// Gives a number in 0..1.
    random: fn() -> f64,
}

impl Backoff {
    pub(super) fn new(random: fn() -> f64) -> Self {
        Self { next: FIRST, random }
    }

    /// The wait after one more failure.
    pub(super) fn failed(&mut self) -> Duration {
        let wait = self.next.mul_f64(0.5 + (self.random)().clamp(0.0, 1.0) / 2.0);
        self.next = (self.next * 2).min(MOST);
        wait
    }

    /// Starts anew.
    pub(super) fn succeeded(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_bound_and_start_anew() {
        let mut backoff = Backoff::new(|| 1.0);
        let waits: Vec<_> = (0..7).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.succeeded();
        assert_eq!(backoff.failed().as_millis(), 200);
        assert_eq!(Backoff::new(|| 0.0).failed().as_millis(), 100);
    }
}
