//! The pictures of one message together: how far they are, and the message that says so.

use std::time::Duration;

use crate::job::JobState;
use crate::money::Usd;
use crate::texts::{Language, Tell};

/// How many of a message's jobs are where. A job whose picture is in the chat counts as done although its worker has not
/// said so yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the chat.
    pub done: u32,
    /// Failed for good.
    pub failed: u32,
    /// Called off.
    pub cancelled: u32,
    /// In a worker's hands.
    pub working: u32,
    /// In line, or to be tried again.
    pub waiting: u32,
}

impl Tally {
    /// Counts jobs by state; the second value says whether the picture is in the chat.
    pub fn of(jobs: impl IntoIterator<Item = (JobState, bool)>) -> Self {
        let mut tally = Self::default();
        for (state, shown) in jobs {
            let place = match state {
                JobState::Done => &mut tally.done,
                JobState::Active if shown => &mut tally.done,
                JobState::Dead => &mut tally.failed,
                JobState::Cancelled => &mut tally.cancelled,
                JobState::Active => &mut tally.working,
                JobState::Waiting | JobState::Delayed => &mut tally.waiting,
            };
            *place += 1;
        }
        tally
    }

    /// Those that have not ended.
    pub const fn left(&self) -> u32 {
        self.working + self.waiting
    }

    /// All of them.
    pub const fn all(&self) -> u32 {
        self.done + self.failed + self.cancelled + self.left()
    }
}

/// What the message under the pictures says.
pub fn words(language: Language, tally: &Tally, cost: Usd, eta: Option<Duration>) -> String {
    let mut lines = vec![if tally.left() > 0 {
        language.tell(&Tell::BatchRunning { done: tally.done, of: tally.all() })
    } else {
        language.tell(&Tell::BatchEnded { done: tally.done, of: tally.all() })
    }];
    let mut facts = Vec::new();
    if tally.working > 0 {
        facts.push(language.tell(&Tell::BatchWorking { count: tally.working }));
    }
    if tally.waiting > 0 {
        facts.push(language.tell(&Tell::BatchWaiting { count: tally.waiting }));
    }
    if tally.failed > 0 {
        facts.push(language.tell(&Tell::BatchFailed { count: tally.failed }));
    }
    if tally.cancelled > 0 {
        facts.push(language.tell(&Tell::BatchCancelled { count: tally.cancelled }));
    }
    if !facts.is_empty() {
        lines.push(facts.join(" · "));
    }
    let mut last = Vec::new();
    if let Some(eta) = eta.filter(|_| tally.left() > 0) {
        last.push(language.tell(&Tell::BatchEta { eta }));
    }
    let price = if tally.left() > 0 { Tell::BatchPrice { cost } } else { Tell::BatchCost { cost } };
    last.push(language.tell(if cost == Usd::ZERO { &Tell::BatchFree } else { &price }));
    lines.push(last.join(" · "));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_counts_every_job_once() {
        let states = JobState::ALL.into_iter().flat_map(|state| [(state, false), (state, true)]);
        let tally = Tally::of(states);
        assert_eq!(tally, Tally { done: 3, failed: 2, cancelled: 2, working: 1, waiting: 4 });
        assert_eq!((tally.all(), tally.left()), (12, 5));
    }

    #[test]
    fn the_words_say_what_is_going_on_and_what_it_costs() {
        let cost = Usd::from_micros(90_000);
        let running = Tally { done: 1, working: 1, waiting: 1, ..Tally::default() };
        assert_eq!(
            words(Language::English, &running, cost, Some(Duration::from_secs(25))),
            "1 of 3 pictures is here.\n1 being drawn · 1 in line\nabout 25 s to go · $0.09 together"
        );
        let ended = Tally { done: 2, failed: 1, ..Tally::default() };
        assert_eq!(
            words(Language::English, &ended, Usd::from_micros(60_000), None),
            "2 of 3 pictures are here.\n1 failed\n$0.06 spent"
        );
    }
}
