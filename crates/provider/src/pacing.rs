//! When to ask next how a generation stands.
//!
//! The pace is a fraction of the time it takes, so that a picture is noticed about 1 % late on average, whether the
//! model needs two seconds or two minutes.

use std::time::Duration;

/// The first question comes no later than this: a refusal, or a far faster model than expected, shows at once.
const FIRST: Duration = Duration::from_millis(250);
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// Questions per second that one process allows itself. Replicate answers 3,000 a minute per account.
const QUESTIONS_PER_SECOND: f64 = 40.0;

/// How long to wait before the next poll of a generation that began `elapsed` ago and usually takes `typical`.
///
/// One early question, one at 60 % of the typical time, then 1.5 % of the time apart, at least 100 ms and at most 2 s.
/// A failure's own wish (`retry_after`) comes before this: wait for whichever is longer.
pub fn next_poll(elapsed: Duration, typical: Duration) -> Duration {
    let expected = typical.mul_f64(0.6);
    if elapsed < FIRST {
        return (FIRST.min(expected)).saturating_sub(elapsed).max(SHORTEST);
    }
    if elapsed < expected {
        return expected.saturating_sub(elapsed).max(SHORTEST);
    }
    typical.max(elapsed).mul_f64(0.015).clamp(SHORTEST, LONGEST)
}

/// Stretches `wait` when `in_flight` generations are polled by one process, so that together they stay within the
/// provider's limit on questions.
pub fn share(wait: Duration, in_flight: usize) -> Duration {
    let crowd = u32::try_from(in_flight).unwrap_or(u32::MAX).min(100_000);
    wait.max(Duration::from_secs_f64(f64::from(crowd) / QUESTIONS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments of all polls until a generation of `actual` is seen to be over.
    fn polls(actual: f64, typical: f64) -> Vec<f64> {
        let (actual, typical) = (Duration::from_secs_f64(actual), Duration::from_secs_f64(typical));
        let (mut elapsed, mut moments) = (Duration::ZERO, Vec::new());
        loop {
            elapsed += next_poll(elapsed, typical);
            moments.push(elapsed.as_secs_f64());
            if elapsed >= actual {
                return moments;
            }
        }
    }

    #[test]
    fn an_instant_model_wastes_a_quarter_of_a_second_at_most() {
        for typical in [0.0, 0.05, 1.0, 6.0, 300.0] {
            assert!(polls(0.0, typical)[0] <= 0.25, "{typical}");
        }
    }

    #[test]
    fn a_typical_run_is_noticed_soon_and_not_asked_for_often() {
        for (actual, typical) in [(6.0, 6.0), (8.0, 8.0), (11.0, 11.0), (14.0, 11.0), (60.0, 60.0)] {
            let moments = polls(actual, typical);
            let late = moments.last().unwrap() - actual;
            assert!(late <= (0.015 * actual).max(0.1) + 0.001, "{actual}: {late}");
            assert!((moments[1] - 0.6 * typical).abs() < 0.001 && moments.len() <= 60, "{moments:?}");
        }
    }

    #[test]
    fn waits_are_bounded_whatever_comes_in() {
        for elapsed in [0, 1, 249, 250, 3_600, 1_000_000, 1_000_000_000] {
            for typical in [0, 1, 1_000, 3_600_000] {
                let (elapsed, typical) = (Duration::from_millis(elapsed), Duration::from_millis(typical));
                let wait = next_poll(elapsed, typical);
                assert!(wait >= SHORTEST && wait <= LONGEST.max(typical.mul_f64(0.6)), "{elapsed:?} {typical:?}");
            }
        }
        assert_eq!(next_poll(Duration::from_secs(500), Duration::from_secs(6)), LONGEST);
    }

    #[test]
    fn a_crowd_shares_the_limit() {
        assert_eq!(share(Duration::from_millis(240), 3), Duration::from_millis(240));
        assert_eq!(share(Duration::from_millis(240), 100), Duration::from_millis(2_500));
    }
}
