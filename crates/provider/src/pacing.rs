//! When to ask next how a generation stands.
//!
//! Of a model whose runs were measured, the first question comes just before a run usually ends, then a few close together
//! around that moment, then ever fewer: a run of ordinary length is noticed at once for a handful of questions. Of a model
//! that nobody measured there is only the catalogue's guess, so its first runs are asked for more often.

use std::time::Duration;

/// The first question about a run of unknown length: a refusal, or a far faster model than expected, shows at once.
const FIRST: Duration = Duration::from_millis(250);
/// Two questions about a measured run are at least so far apart.
const SHORTEST: Duration = Duration::from_millis(25);
/// The same for runs of unknown length.
const SHORTEST_UNKNOWN: Duration = Duration::from_millis(100);
/// A run that is over, or later than usual, is noticed after so long at the most.
const LONGEST: Duration = Duration::from_secs(2);
/// Long runs are looked at so often on the way: for their progress, and because they may fail before their time.
const ON_THE_WAY: Duration = Duration::from_secs(10);
/// Less than this no spread is believed: the network alone varies by it.
const LEAST_SPREAD: Duration = Duration::from_millis(20);

/// How long runs of a model take from creation to output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// The middle of what was measured, or what the catalogue says.
    pub time: Duration,
    /// The standard deviation of what was measured; none, if nothing was.
    pub spread: Option<Duration>,
}

/// How long to wait before the next poll of a generation that began `elapsed` ago.
///
/// A failure's own wish (`retry_after`) comes before this: wait for whichever is longer.
pub fn next_poll(elapsed: Duration, usual: Usual) -> Duration {
    let Some(spread) = usual.spread else { return unknown(elapsed, usual.time) };
    let near = spread.clamp(LEAST_SPREAD, usual.time.mul_f64(0.4).max(LEAST_SPREAD));
    let begin = usual.time.saturating_sub(near);
    if elapsed < begin {
        return begin.saturating_sub(elapsed).clamp(SHORTEST, ON_THE_WAY);
    }
    // at the end of the close questions both are the same
    let close = near / 2;
    let late = elapsed.saturating_sub(usual.time) / 2;
    close.max(late).clamp(SHORTEST, LONGEST)
}

/// One early question, then after twice the time until 60 % of the guess, then 5 % of the time apart: a run that is far faster
/// than the guess takes no longer than twice its time.
fn unknown(elapsed: Duration, guess: Duration) -> Duration {
    let expected = guess.mul_f64(0.6);
    if elapsed < FIRST {
        return FIRST.min(expected).saturating_sub(elapsed).max(SHORTEST_UNKNOWN);
    }
    if elapsed < expected {
        return expected.saturating_sub(elapsed).min(elapsed).clamp(SHORTEST_UNKNOWN, ON_THE_WAY);
    }
    guess.max(elapsed).mul_f64(0.05).clamp(SHORTEST_UNKNOWN, LONGEST)
}

/// The questions of one process, kept within the provider's limit on them: Replicate answers 3,000 a minute per account
/// (<https://replicate.com/docs>), short bursts included.
#[derive(Debug, Default)]
pub struct Questions {
    /// When all questions so far would have been asked, had they come evenly.
    even: Duration,
}

impl Questions {
    /// Forty a second in the long run.
    const EVERY: Duration = Duration::from_millis(25);
    /// So far ahead of the even pace they may be: forty at once.
    const BURST: Duration = Duration::from_secs(1);

    /// Counts one more question and says how long it has to wait; `now` is the time on any clock that only rises.
    pub fn ask(&mut self, now: Duration) -> Duration {
        let wait = self.even.saturating_sub(now + Self::BURST);
        self.even = self.even.max(now) + Self::EVERY;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(time: f64, spread: f64) -> Usual {
        Usual { time: Duration::from_secs_f64(time), spread: Some(Duration::from_secs_f64(spread)) }
    }

    fn unmeasured(time: f64) -> Usual {
        Usual { time: Duration::from_secs_f64(time), spread: None }
    }

    /// The moments of all polls until a generation of `actual` seconds is seen to be over.
    fn polls(actual: f64, usual: Usual) -> Vec<f64> {
        let actual = Duration::from_secs_f64(actual);
        let (mut elapsed, mut moments) = (Duration::ZERO, Vec::new());
        loop {
            elapsed += next_poll(elapsed, usual);
            moments.push(elapsed.as_secs_f64());
            if elapsed >= actual {
                return moments;
            }
        }
    }

    #[test]
    fn an_instant_model_wastes_a_quarter_of_a_second_at_most() {
        for typical in [0.0, 0.05, 1.0, 6.0, 300.0] {
            assert!(polls(0.0, unmeasured(typical))[0] <= 0.25, "{typical}");
        }
    }

    #[test]
    fn a_first_run_is_noticed_soon_and_not_asked_for_often() {
        for (actual, guess) in [(6.0, 6.0), (8.0, 8.0), (11.0, 11.0), (14.0, 11.0), (60.0, 60.0)] {
            let moments = polls(actual, unmeasured(guess));
            let late = moments.last().unwrap() - actual;
            assert!(late <= 0.05 * actual + 0.1 && moments.len() <= 21, "{actual}: {late} {moments:?}");
        }
    }

    #[test]
    fn a_first_run_that_is_far_faster_than_the_guess_is_noticed_within_its_own_time() {
        for actual in [0.3, 0.7, 1.5, 2.1, 5.0, 9.0] {
            let moments = polls(actual, unmeasured(60.0));
            let late = moments.last().unwrap() - actual;
            assert!(late <= actual && moments.len() <= 7, "{actual}: {late} {moments:?}");
        }
    }

    /// With the creation and the download, four polls are six requests.
    #[test]
    fn a_predictable_run_takes_four_polls_and_is_noticed_within_its_spread() {
        let usual = usual(10.0, 0.05);
        for hundredths in -5..=5 {
            let actual = 10.0 + f64::from(hundredths) / 100.0;
            let moments = polls(actual, usual);
            let late = moments.last().unwrap() - actual;
            assert!(moments.len() <= 5 && late <= 0.026, "{actual}: {late} {moments:?}");
        }
        let middle = polls(10.0, usual);
        assert!(middle.len() <= 3 && (middle[0] - 9.95).abs() < 1e-6, "{middle:?}");
    }

    #[test]
    fn a_late_run_is_asked_for_ever_less_often() {
        let moments = polls(60.0, usual(10.0, 0.05));
        let gaps: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps[1..].is_sorted_by(|a, b| *a <= b + 1e-9), "{gaps:?}");
        assert!(moments.len() <= 40 && gaps.iter().all(|gap| *gap <= 2.001), "{moments:?}");
        let slightly = polls(10.5, usual(10.0, 0.05));
        assert!(slightly.len() <= 12 && slightly.last().unwrap() - 10.5 <= 0.25, "{slightly:?}");
    }

    #[test]
    fn a_long_run_is_looked_at_on_the_way() {
        let moments = polls(60.0, usual(60.0, 6.0));
        assert!(
            (moments[0] - 10.0).abs() < 1e-9 && moments.windows(2).all(|pair| pair[1] - pair[0] <= 10.001),
            "{moments:?}"
        );
    }

    #[test]
    fn waits_are_bounded_whatever_comes_in() {
        for elapsed in [0, 1, 249, 250, 3_600, 1_000_000, 1_000_000_000] {
            for time in [0, 1, 1_000, 3_600_000] {
                for spread in [None, Some(0), Some(10), Some(3_600_000)] {
                    let spread = spread.map(Duration::from_millis);
                    let usual = Usual { time: Duration::from_millis(time), spread };
                    let wait = next_poll(Duration::from_millis(elapsed), usual);
                    assert!(wait >= SHORTEST && wait <= ON_THE_WAY, "{elapsed} {usual:?}: {wait:?}");
                }
            }
        }
        assert_eq!(next_poll(Duration::from_secs(500), unmeasured(6.0)), LONGEST);
    }

    #[test]
    fn a_crowd_shares_the_limit() {
        let mut questions = Questions::default();
        let waits: Vec<Duration> = (0..200).map(|_| questions.ask(Duration::from_secs(7))).collect();
        assert!(waits[..=40].iter().all(Duration::is_zero), "{waits:?}");
        assert_eq!(waits[199] + Questions::BURST, Duration::from_millis(25 * 199));
        // after a rest there may be a burst again
        assert_eq!(questions.ask(Duration::from_secs(60)), Duration::ZERO);
    }
}
