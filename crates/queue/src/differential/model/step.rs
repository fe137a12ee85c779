//! A worker's step: what ended goes, what has become due comes back, what may run is claimed.

use super::super::operation::{End, Hold, Notice, Verdict};
use super::super::wire::Reply;
use super::super::world;
use super::{Reference, State, text};

/// A moment before which a worker may have missed something, and the jobs that it holds.
type Missed = (i64, Vec<u32>);

impl Reference {
    pub(super) fn step(
        &mut self,
        worker: usize,
        want: usize,
        amnesty: bool,
        notices: i64,
        said: Option<(i64, Option<&Missed>)>,
        ends: &[End],
    ) -> Reply {
        let before = self.in_state_ended();
        let mut away = self.away(worker, said.map(|(said, _)| said));
        let answers: Vec<Reply> =
            ends.iter().map(|end| text(if self.settle(worker, *end) { "settled" } else { "stale" })).collect();
        if let Some((_, Some((before, holds)))) = said {
            away = self.give_back(worker, *before, holds);
        }
        let want = want.saturating_sub(away);
        let said = said.map(|(said, _)| said);
        self.speak(amnesty);
        self.promote();
        self.reap();
        let claims = self.claim(worker, want);
        self.forget_rates();
        self.round_measures();
        if self.in_state_ended() > before {
            self.retain();
        }
        let rest = said.map(|_| if claims.short { 0 } else { want - claims.jobs.len() });
        if let Some(rest) = rest {
            self.offer(worker, said, rest);
        }
        let told = self.take_notices(notices);
        let moment = if claims.short && claims.jobs.len() < want {
            Some(self.now)
        } else {
            self.moment(notices > 0, !claims.jobs.is_empty())
        };
        let mut answer = vec![
            Reply::Int(moment.map_or(-1, |moment| (moment - self.now).max(0))),
            Reply::List(answers),
            Reply::List(told.iter().map(|notice| text(&notice.name())).collect()),
            Reply::Int(rest.map_or(-1, number)),
            Reply::Int(number(away)),
        ];
        answer.extend(claims.jobs);
        Reply::List(answer)
    }

    /// How many jobs were handed to a worker that it does not know of yet. Of an offer that it takes for used up, or that
    /// was taken away, nothing is asked.
    fn away(&mut self, worker: usize, said: Option<i64>) -> usize {
        let Some(said) = said.filter(|said| *said > 0) else { return 0 };
        let away = self.offers.get(&worker).map_or(0, |left| said - left);
        if away > 0 {
            self.meet("a hand on its way");
        }
        usize::try_from(away).unwrap_or(0)
    }

    /// What a worker was given before a moment and does not know of waits again; how much it was given since.
    fn give_back(&mut self, worker: usize, before: i64, holds: &[u32]) -> usize {
        let mine = |job: &super::Job| job.worker == Some(worker) && job.claimed >= before;
        let away = self.in_state(State::Active).filter(|(id, job)| mine(job) && !holds.contains(id)).count();
        let mine = self
            .in_state(State::Active)
            .filter(|(id, job)| job.worker == Some(worker) && job.claimed < before && !holds.contains(id));
        let mut lost: Vec<(i64, u32)> = mine.map(|(id, job)| (job.expiry, *id)).collect();
        lost.sort_unstable();
        for (_, job) in lost {
            self.meet("a claim that never arrived");
            self.settle(worker, End { hold: Hold { job, later: 0 }, verdict: Verdict::Release });
        }
        away
    }

    /// Puts a worker's free slots on offer, in place of those before; used up means that there is none.
    fn offer(&mut self, worker: usize, said: Option<i64>, rest: usize) {
        if rest > 0 {
            self.offers.insert(worker, number(rest));
        } else if said != Some(0) {
            self.offers.remove(&worker);
        }
    }

    fn in_state_ended(&self) -> i64 {
        ["done", "cancelled", "dead"].iter().filter_map(|state| self.totals.get(state)).sum()
    }

    /// Whoever was cut off from Redis asks that leases are spared for a while.
    pub(super) fn speak(&mut self, amnesty: bool) {
        if amnesty {
            self.spare = self.spare.max(self.now + self.world.amnesty);
            self.meet("an amnesty");
        }
    }

    /// Jobs and models whose moment has come are waiting again.
    fn promote(&mut self) {
        let mut due: Vec<(Option<i64>, u32)> = self.in_state(State::Delayed).map(|(id, job)| (job.due, *id)).collect();
        due.sort_unstable();
        for (due, id) in due.into_iter().take(self.world.bound) {
            if due.is_some_and(|due| due <= self.now) {
                self.meet("a delayed job was due");
                self.change(id, |job| {
                    job.state = State::Waiting;
                    job.due = None;
                });
            }
        }
        for line in &mut self.models {
            line.gate = line.gate.filter(|gate| *gate > self.now);
        }
    }

    /// Takes back what ran out, unless nobody could help it. What was lost too often is dead, and its chat is told.
    fn reap(&mut self) {
        let now = self.now;
        if self.spare > now {
            if self.in_state(State::Active).any(|(_, job)| job.expiry <= now) {
                self.meet("a lease was spared");
            }
            return;
        }
        let expired = self.in_state(State::Active).filter(|(_, job)| job.expiry <= now);
        let mut expired: Vec<(i64, u32)> = expired.map(|(id, job)| (job.expiry, *id)).collect();
        expired.sort_unstable();
        for (_, id) in expired.into_iter().take(self.world.bound) {
            let Some(job) = self.jobs.get(&id).cloned() else { continue };
            self.change(id, |job| {
                job.state = State::Delayed;
                job.lost += 1;
            });
            self.released(job.owner, job.chat);
            self.note(id, "lost", &job.worker.map(world::worker).unwrap_or_default());
            let lost = job.lost + 1;
            self.meet("a lease ran out");
            if lost >= self.world.lost {
                if let Some(job) = self.jobs.get_mut(&id) {
                    job.failure = Some(("fatal", format!("its worker was lost {lost} times")));
                }
                self.meet("a job was lost too often");
                self.finish(id, State::Dead);
                self.note(id, "dead", "queue");
                self.notices.insert(Notice::Job(id), now);
            } else {
                self.change(id, |job| job.state = State::Waiting);
            }
        }
    }

    /// When there may be something to do again.
    fn moment(&self, notices: bool, claimed: bool) -> Option<i64> {
        let due = self.in_state(State::Delayed).filter_map(|(_, job)| job.due).min();
        let gate = self.models.iter().filter_map(|line| line.gate).min();
        let expiry = self.in_state(State::Active).map(|(_, job)| job.expiry).min();
        let expiry = expiry.map(|expiry| if expiry <= self.now { self.spare.max(expiry) } else { expiry });
        // a lease just given may end before the others are spared no more, if the clock was set back
        let given = claimed.then_some(self.now + self.world.lease);
        let notice = self.notices.values().min().copied().filter(|_| notices);
        [due, gate, expiry, given, notice].into_iter().flatten().min()
    }
}

impl Notice {
    pub(in super::super) fn name(self) -> String {
        match self {
            Self::Batch(id) => format!("batch:{}", world::job(id)),
            Self::Job(id) => format!("job:{}", world::job(id)),
        }
    }
}

fn number(count: usize) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
