//! Fair claims: start-time fair queuing of each model's owners, and of the models among each other.

use std::collections::BTreeSet;

use super::super::wire::Reply;
use super::super::world;
use super::{BOOST, Reference, State, UNIT, below, text};

/// What one step did besides.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) jobs: Vec<Reply>,
    /// It stopped before it had seen all that could be had.
    pub(super) short: bool,
    passed_over: usize,
}

impl Reference {
    /// Claims up to `want` jobs for a worker, each the first of the owner whose turn it is, of the model whose turn it is.
    pub(super) fn claim(&mut self, worker: usize, want: usize) -> Claims {
        let mut claims = Claims::default();
        let mut done = BTreeSet::new();
        if want == 0 || self.settings.paused.is_some() {
            return claims;
        }
        let world = self.world.clone();
        self.take_turns(|model| world.serves(worker, model));
        while claims.jobs.len() < want {
            let turns = self.models.iter().enumerate().filter_map(|(model, line)| Some((line.turn?, model)));
            let next = turns.filter(|(_, model)| world.serves(worker, *model) && !done.contains(model)).min();
            let Some((turn, model)) = next else { break };
            let lane = self.lane(model);
            if let Some(ready) = self.lane_opens(lane) {
                self.models[model].gate = Some(ready);
                self.meet("a model waits for its lane");
                done.insert(model);
                continue;
            }
            let Some(id) = self.next_of(model, &mut claims) else {
                done.insert(model);
                continue;
            };
            self.spend(lane);
            self.turn = self.turn.max(turn);
            let line = &mut self.models[model];
            let owners = i64::try_from(line.ring.len()).unwrap_or(i64::MAX).max(1);
            line.tag = turn + (self.jobs[&id].cost * UNIT).div_euclid(owners);
            line.turn = Some(line.tag);
            if !below(self.running(model), self.models[model].limit) {
                done.insert(model);
            }
            claims.jobs.push(self.hand_out(id, worker));
        }
        claims
    }

    /// Hands the jobs of a submit to the worker that has most on offer for one of their models, as if it had called. One that
    /// does not listen offers nothing any more.
    pub(super) fn hand(&mut self, models: &BTreeSet<usize>, most: usize) {
        let mut offers: Vec<(i64, usize)> = self.offers.iter().map(|(worker, slots)| (*slots, *worker)).collect();
        offers.sort_unstable();
        for (slots, worker) in offers.into_iter().rev().filter(|(slots, _)| *slots > 0) {
            if !models.iter().any(|model| self.world.serves(worker, *model)) {
                continue;
            }
            if self.world.deaf == Some(worker) {
                self.offers.remove(&worker);
                self.meet("a worker that listens no more");
                continue;
            }
            let claims = self.claim(worker, most.min(usize::try_from(slots).unwrap_or(0)));
            self.forget_rates();
            let handed = i64::try_from(claims.jobs.len()).unwrap_or(i64::MAX);
            self.offers.insert(worker, slots - handed);
            if handed > 0 {
                self.meet("a job was handed to a worker");
            }
            return;
        }
    }

    /// Takes the job that a model runs next out of its owner's line. Whoever is first but may not run is passed over.
    fn next_of(&mut self, model: usize, claims: &mut Claims) -> Option<u32> {
        loop {
            let ring = self.models[model].ring.clone();
            let scored = ring.into_iter().filter_map(|(owner, tag)| {
                let (place, id) = self.head(model, owner)?;
                Some((if place < 0 { tag - BOOST } else { tag }, owner, tag, id))
            });
            let (score, owner, tag, id) = scored.min()?;
            let job = self.jobs[&id].clone();
            if !self.may_run(owner) {
                self.passed.insert((model, owner));
                self.meet("an owner was passed over");
                self.place(model, owner);
            } else if job.chat.is_some_and(|chat| !self.has_room(chat)) {
                self.change(id, |job| job.passed = true);
                self.meet("a job met its chat full");
            } else {
                let after = tag + (job.cost * UNIT).div_euclid(job.weight);
                self.models[model].ring.insert(owner, after);
                self.models[model].time = self.models[model].time.max(score);
                self.change(id, |job| {
                    job.state = State::Active;
                    job.tag = after;
                });
                let line = &mut self.models[model];
                let time = line.time;
                let tags = line.aside.len();
                line.aside.retain(|_, tag| *tag > time);
                if line.aside.len() < tags {
                    self.meet("time overtook an absent owner");
                }
                if score < tag {
                    self.meet("an urgent job");
                }
                return Some(id);
            }
            claims.passed_over += 1;
            if claims.passed_over >= self.world.bound {
                claims.short = true;
                self.meet("a step that passed over too many");
                return None;
            }
        }
    }

    /// Gives a claimed job to its worker, under a token above all before it.
    fn hand_out(&mut self, id: u32, worker: usize) -> Reply {
        let (now, expiry) = (self.now, self.now + self.world.lease);
        self.fence = (self.fence + 1).max(now * 1024);
        let fence = self.fence;
        self.claims.entry(id).or_default().push(fence);
        let mut again = false;
        if let Some(job) = self.jobs.get_mut(&id) {
            again = job.started.is_some();
            job.fence = Some(fence);
            job.expiry = expiry;
            job.worker = Some(worker);
            job.claimed = now;
            job.attempt += 1;
            job.started = job.started.or(Some(now));
        }
        // the first claim is told by the record
        if again {
            self.note(id, "claimed", &world::worker(worker));
        }
        let job = &self.jobs[&id];
        let marks = job.marks.iter().flat_map(|(name, value)| [text(name), text(value)]).collect();
        Reply::List(vec![
            text(&world::job(id)),
            text(&fence.to_string()),
            Reply::Int(job.attempt),
            Reply::Int(job.lost),
            text(&format!("body of {id}")),
            text(if job.cancel { super::ACTOR } else { "" }),
            Reply::List(marks),
        ])
    }
}
