//! How jobs end, what is kept of them, and what chats are told.

use super::super::operation::Notice;
use super::super::wire::Reply;
use super::{Reference, State};

/// For how long records are kept, and how many of each kind, unless it is set.
const KEEP: (i64, i64) = (604_800_000, 100_000);

impl Reference {
    /// Ends a job. The last of a batch joins it.
    pub(super) fn finish(&mut self, id: u32, state: State) {
        let now = self.now;
        let mut batch = None;
        self.change(id, |job| {
            job.state = state;
            job.passed = false;
            job.ended = now;
            batch = job.batch;
        });
        *self.totals.entry(state.name()).or_default() += 1;
        if let Some(id) = batch
            && let Some(group) = self.batches.get_mut(&id)
        {
            group.left -= 1;
            if group.left == 0 {
                group.joined = Some(now);
                *self.met.entry("a batch joined").or_default() += 1;
                self.notices.insert(Notice::Batch(id), now);
            }
        }
    }

    /// After jobs ended: drops records that are too old, too many or, together, too large; the oldest first, dead ones
    /// last, some of each at a time.
    pub(super) fn retain(&mut self) {
        let (keep_ms, keep_jobs) = (self.settings.keep_ms.unwrap_or(KEEP.0), self.settings.keep_jobs.unwrap_or(KEEP.1));
        for dead in [false, true] {
            let kept = self.jobs.iter().filter(|(_, job)| job.state.ended() && (job.state == State::Dead) == dead);
            let mut oldest: Vec<(i64, u32)> = kept.map(|(id, job)| (job.ended, *id)).collect();
            oldest.sort_unstable();
            let over = i64::try_from(oldest.len()).unwrap_or(i64::MAX) - keep_jobs;
            for (index, (ended, id)) in (0_i64..).zip(oldest).take(self.world.bound) {
                // the only sizes that a run sets are none and all
                if index < over || ended <= self.now - keep_ms || self.settings.keep_bytes == Some(0) {
                    self.jobs.remove(&id);
                    self.meet(if index < over { "too many records" } else { "a record too old or too large" });
                } else {
                    break;
                }
            }
        }
    }

    /// The same though no job ended; how many were dropped.
    pub(super) fn sweep(&mut self) -> Reply {
        let ended = |state: &Self| state.jobs.values().filter(|job| job.state.ended()).count();
        let before = ended(self);
        self.retain();
        let dropped = before - ended(self);
        if dropped > 0 {
            self.meet("a sweep that found something");
        }
        Reply::Int(dropped.try_into().unwrap_or(i64::MAX))
    }

    /// Hands out what chats must be told; it comes back unless it is confirmed in time.
    pub(super) fn take_notices(&mut self, most: i64) -> Vec<Notice> {
        let now = self.now;
        let mut due: Vec<(i64, Notice)> =
            self.notices.iter().filter(|(_, at)| **at <= now).map(|(notice, at)| (*at, *notice)).collect();
        due.sort_unstable();
        due.truncate(usize::try_from(most).unwrap_or(0));
        for (_, notice) in &due {
            self.meet("a chat was told");
            self.notices.insert(*notice, now + 30_000);
        }
        due.into_iter().map(|(_, notice)| notice).collect()
    }
}
