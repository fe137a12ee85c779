//! How a worker ends a hold: only under the token of the claim, and as often as it likes.

use super::super::operation::{End, Verdict};
use super::super::world;
use super::accept::rounded;
use super::{Reference, State, UNIT};

/// What is said of a failure.
pub(in super::super) const FAILURE: (&str, &str) = ("transient", "it broke");

impl Reference {
    /// Whether the hold is ended with this; false when it was somebody else's by then.
    pub(super) fn settle(&mut self, worker: usize, end: End) -> bool {
        let id = end.hold.job;
        let fence = self.fence_of(end.hold);
        let Some(job) = self.jobs.get(&id).cloned() else { return false };
        if fence.is_some() && job.settled == fence {
            self.meet("an end was repeated");
            return true;
        }
        if job.state != State::Active || job.fence != fence {
            self.meet("an end came too late");
            return false;
        }
        let burns = !matches!(end.verdict, Verdict::Postpone(_) | Verdict::Throttle(_) | Verdict::Release);
        let took = if burns { (self.now - job.claimed).max(0) } else { 0 };
        self.charge(&job, (took - job.cost) * UNIT);
        self.change(id, |job| {
            // whatever comes next: no longer in flight
            job.state = State::Delayed;
            job.settled = fence;
            job.attempt -= i64::from(!burns);
        });
        self.released(job.owner, job.chat);
        let actor = world::worker(worker);
        let lane = self.lane(job.model);
        match end.verdict {
            Verdict::Done => {
                if job.attempt == 1 {
                    self.learn(job.model, took);
                }
                self.relax(lane);
                self.finish(id, State::Done);
            }
            Verdict::Cancelled => {
                self.finish(id, State::Cancelled);
                self.note(id, "cancelled", &actor);
            }
            Verdict::Dead => {
                self.fail(id, FAILURE.1);
                self.finish(id, State::Dead);
                self.note(id, "dead", &actor);
            }
            Verdict::Retry(wait) | Verdict::Postpone(wait) => {
                self.fail(id, FAILURE.1);
                let due = self.now + wait;
                self.change(id, |job| job.due = Some(due));
                self.note(id, if burns { "retry" } else { "postpone" }, &actor);
            }
            Verdict::Throttle(wait) => {
                self.change(id, |job| job.state = State::Waiting);
                self.throttle(lane, wait);
                self.note(id, "throttled", &actor);
            }
            Verdict::Release => {
                self.change(id, |job| job.state = State::Waiting);
                self.note(id, "handed_over", &actor);
            }
        }
        true
    }

    pub(super) fn fail(&mut self, id: u32, detail: &str) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.failure = Some((FAILURE.0, detail.to_owned()));
        }
    }

    /// A job of theirs is no longer in flight: its owner and its chat may have another.
    pub(super) fn released(&mut self, owner: usize, chat: Option<usize>) {
        if self.may_run(owner) {
            self.take_back(owner);
        }
        if let Some(chat) = chat {
            self.let_in(chat);
        }
    }

    /// Charges an owner for more or less than was predicted. Of one whose tag was forgotten only this job's is known.
    fn charge(&mut self, job: &super::Job, by: i64) {
        let by = by.div_euclid(job.weight);
        if by == 0 {
            // nothing to say, not even of an owner who was forgotten
            return;
        }
        let line = &mut self.models[job.model];
        if let Some(tag) = line.ring.get_mut(&job.owner) {
            *tag += by;
            self.met.entry("a waiting owner was charged").and_modify(|count| *count += 1).or_insert(1);
        } else {
            let tag = line.aside.get(&job.owner).copied().unwrap_or(job.tag);
            line.keep_aside(job.owner, tag + by);
            self.meet("an absent owner was charged");
        }
    }

    /// A model's typical duration follows what its jobs take; one that was taken over in the middle says nothing.
    fn learn(&mut self, model: usize, took: i64) {
        let (line, took) = (&mut self.models[model], took as f64);
        if line.typical == 0.0 {
            (line.typical, line.spread) = (took.max(1.0), took / 4.0);
        } else {
            let off = took - line.typical;
            line.typical = (line.typical + off * 0.1).max(1.0);
            line.spread += (off.abs() - line.spread) * 0.1;
        }
    }

    /// Measures are kept in whole milliseconds.
    pub(super) fn round_measures(&mut self) {
        for line in &mut self.models {
            line.typical = rounded(line.typical) as f64;
            line.spread = rounded(line.spread) as f64;
        }
    }
}
