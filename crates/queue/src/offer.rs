//! What the queue has on offer of a worker's slots, and the jobs that it hands over for them.
//!
//! A submit claims in the name of a worker that has slots on offer, and publishes the jobs to it (`lua/hand.lua`). They
//! come over another connection than the answers of calls, so that a call may tell of jobs that are still on their way.
//! Their slots are taken from then on. Both connections keep their order: counting tells who is meant.

use std::time::{Duration, Instant};

use atelier_domain::JobId;

/// Both sides' counts.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    /// What is left of it as far as is known here; `None` when an answer or a message may have been lost.
    left: Option<usize>,
    /// Jobs handed over: all that were handed over before the offer was made, and those that arrived so far.
    before: usize,
    arrived: usize,
    /// How often messages may have been lost.
    gaps: usize,
    /// What was handed over before this moment of the server's clock may be among them, until a call has said so.
    missed: Option<u64>,
    /// Since when some are known to be on their way.
    waiting: Option<Instant>,
}

/// What a call said of the offer when it was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    left: Option<usize>,
    arrived: usize,
    gaps: usize,
    missed: Option<u64>,
}

impl Said {
    /// As the script takes it. Whoever may have missed something says what it holds: what else it was given goes back to
    /// its line.
    pub(crate) fn word(self, held: impl FnOnce() -> Vec<JobId>) -> String {
        match (self.missed, self.left) {
            (Some(before), _) => held().iter().fold(format!("-1 {before}"), |all, id| all + "," + id.as_str()),
            (None, Some(left)) => left.to_string(),
            (None, None) => "-1".to_owned(),
        }
    }
}

impl Offer {
    /// Nothing is on offer yet.
    pub(crate) fn none() -> Self {
        Self { left: Some(0), ..Self::default() }
    }

    /// Whether something may be on offer.
    pub(crate) fn stands(&self) -> bool {
        self.left != Some(0)
    }

    /// Whether the worker hears of what is handed to it: before that it offers nothing.
    pub(crate) fn is_heard(&self) -> bool {
        self.gaps > 0
    }

    /// What a call says that is sent now.
    pub(crate) fn said(&self) -> Said {
        Said { left: self.left, arrived: self.arrived, gaps: self.gaps, missed: self.missed }
    }

    /// The call's answer: so much is on offer from then on, and so many jobs had been handed over that the call did not
    /// know of. How many slots are taken by those of them that are still on their way.
    pub(crate) fn renewed(&mut self, said: Said, left: usize, away: usize) -> usize {
        if said.gaps != self.gaps {
            // the jobs may be among what was lost
            self.left = None;
            return 0;
        }
        self.missed = None;
        let taken = self.on_their_way();
        self.before = self.before.max(said.arrived) + away;
        self.left = Some(left.saturating_sub(self.arrived.saturating_sub(self.before)));
        let more = self.on_their_way() - taken;
        if more > 0 {
            self.waiting.get_or_insert_with(Instant::now);
        }
        more
    }

    /// How many slots are free again because their jobs have been on their way for longer than that: they were lost in the
    /// moment between two connections. Should one come all the same, it takes a slot then.
    pub(crate) fn overdue(&mut self, patience: Duration) -> usize {
        if self.waiting.is_none_or(|since| since.elapsed() < patience) {
            return 0;
        }
        self.forget()
    }

    fn forget(&mut self) -> usize {
        let lost = self.on_their_way();
        self.arrived += lost;
        self.waiting = None;
        lost
    }

    /// A call's answer was lost: what became of the offer is for the next one to find out.
    pub(crate) fn unknown(&mut self) {
        self.left = None;
    }

    /// So many jobs arrived: how many slots they take that were not taken before.
    pub(crate) fn arrived(&mut self, jobs: usize) -> usize {
        let new = jobs - jobs.min(self.on_their_way());
        self.arrived += jobs;
        self.waiting = self.waiting.filter(|_| self.on_their_way() > 0);
        self.left = self.left.map(|left| left.saturating_sub(new));
        new
    }

    /// Messages may have been lost until this moment of the server's clock: how many slots are free again, since their jobs
    /// will not arrive.
    pub(crate) fn gap(&mut self, until: u64) -> usize {
        let lost = self.forget();
        self.gaps += 1;
        self.missed = Some(until);
        self.left = None;
        lost
    }

    fn on_their_way(&self) -> usize {
        self.before.saturating_sub(self.arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An offer of so many slots, made by a call.
    fn of(slots: usize) -> Offer {
        let mut offer = Offer::none();
        let said = offer.said();
        assert_eq!(offer.renewed(said, slots, 0), 0);
        offer
    }

    #[test]
    fn what_arrives_takes_a_slot_off_the_offer() {
        let mut offer = of(3);
        assert_eq!(offer.arrived(2), 2);
        assert_eq!(offer.said().word(Vec::new), "1");
        let said = offer.said();
        assert_eq!(offer.renewed(said, 0, 0), 0);
        assert!(!offer.stands());
    }

    #[test]
    fn jobs_on_their_way_take_their_slots_when_a_call_tells_of_them_and_not_again_when_they_arrive() {
        let mut offer = of(3);
        let said = offer.said();
        assert_eq!(offer.renewed(said, 1, 2), 2);
        assert_eq!(offer.arrived(1), 0);
        assert_eq!(offer.said().word(Vec::new), "1", "it was none of the new offer's");
        assert_eq!(offer.arrived(2), 1, "one was, and one was handed over for the new offer");
        assert_eq!(offer.said().word(Vec::new), "0");
    }

    #[test]
    fn jobs_that_arrive_during_the_call_that_tells_of_them_are_counted_once() {
        let mut offer = of(3);
        let said = offer.said();
        assert_eq!(offer.arrived(2), 2);
        assert_eq!(offer.renewed(said, 1, 2), 0);
        assert_eq!(offer.said().word(Vec::new), "1");
        // one was handed over after the call, and arrived before its answer
        let said = offer.said();
        assert_eq!(offer.arrived(1), 1);
        assert_eq!(offer.renewed(said, 5, 0), 0);
        assert_eq!(offer.said().word(Vec::new), "4");
    }

    #[test]
    fn whoever_may_have_missed_something_says_what_it_holds() {
        let mut offer = of(3);
        offer.unknown();
        assert_eq!(offer.said().word(Vec::new), "-1");
        offer.gap(1795);
        let held = vec![JobId::new(1, 1), JobId::new(2, 2)];
        assert_eq!(offer.said().word(|| held.clone()), format!("-1 1795,{},{}", held[0], held[1]));
    }

    #[test]
    fn what_does_not_come_gives_its_slots_back_and_takes_them_when_it_comes_all_the_same() {
        let mut offer = of(3);
        let said = offer.said();
        assert_eq!(offer.renewed(said, 1, 2), 2);
        assert_eq!(offer.overdue(Duration::from_secs(60)), 0);
        assert_eq!(offer.arrived(1), 0);
        assert_eq!(offer.overdue(Duration::ZERO), 1);
        assert_eq!(offer.overdue(Duration::ZERO), 0);
        assert_eq!(offer.arrived(1), 1);
    }

    #[test]
    fn what_was_lost_gives_its_slots_back() {
        let mut offer = of(3);
        let said = offer.said();
        assert_eq!(offer.renewed(said, 1, 2), 2);
        let said = offer.said();
        assert_eq!(offer.gap(1795), 2);
        assert_eq!(offer.renewed(said, 1, 1), 0, "who knows whether that one was lost, too");
        assert_eq!(offer.said().word(Vec::new), "-1 1795");
        let said = offer.said();
        assert_eq!(offer.renewed(said, 2, 0), 0);
        assert_eq!(offer.said().word(Vec::new), "2");
        assert_eq!(offer.arrived(1), 1);
    }
}
