//! What users and operators do: cancel, try again, drop, pause, limit; and what workers say of themselves.

use super::super::operation::{Hold, Notice, Setting, Steer, Target};
use super::super::wire::Reply;
use super::{Reference, State, text};

/// Who does all of this.
pub(in super::super) const ACTOR: &str = "op";

impl Reference {
    /// A worker says that it lives and holds these.
    pub(super) fn heartbeat(&mut self, worker: usize, slots: i64, amnesty: bool, holds: &[Hold]) -> Reply {
        self.speak(amnesty);
        let until = self.now + 15_000;
        if let Some((old, _)) = self.workers.get_mut(&worker) {
            *old = until;
        } else {
            self.workers.insert(worker, (until, slots));
            for (model, line) in self.models.iter_mut().enumerate() {
                line.lane = Some(self.world.lanes[model]);
            }
        }
        let now = self.now;
        let known = self.workers.len();
        self.workers.retain(|_, (until, _)| *until > now);
        if self.workers.len() < known {
            self.offers.retain(|worker, _| self.workers.contains_key(worker));
        }
        let expiry = now + self.world.lease;
        let mut answer = vec![Reply::Int(-1)];
        for hold in holds {
            let fence = self.fence_of(*hold);
            let job = self.jobs.get_mut(&hold.job);
            let held = job.filter(|job| job.state == State::Active && job.fence == fence);
            answer.push(text(match held {
                None => "lost",
                Some(job) => {
                    job.expiry = expiry;
                    if job.cancel { "cancel" } else { "held" }
                }
            }));
        }
        if let Some(next) = self.in_state(State::Active).map(|(_, job)| job.expiry).min() {
            answer[0] = Reply::Int((next - now).max(0));
        }
        Reply::List(answer)
    }

    /// A worker writes how far a job is, under its token. A provider's handle belongs to one job.
    pub(super) fn checkpoint(&mut self, hold: Hold, worker: usize, name: &'static str, value: &'static str) -> Reply {
        let fence = self.fence_of(hold);
        let held = self.jobs.get(&hold.job).is_some_and(|job| job.state == State::Active && job.fence == fence);
        if !held {
            return text("stale");
        }
        if name == "handle" && *self.handles.entry(value).or_insert(hold.job) != hold.job {
            self.meet("a handle was taken");
            return text("taken");
        }
        if let Some(job) = self.jobs.get_mut(&hold.job) {
            let gone: &[&str] = match name {
                "afresh" => &["intent", "handle", "outputs", "sending"],
                "over" => &["outputs", "sending"],
                _ => &[],
            };
            if gone.is_empty() {
                job.marks.insert(name.to_owned(), value.to_owned());
            }
            job.marks.retain(|mark, _| !gone.contains(&mark.as_str()));
        }
        self.note(hold.job, name, &super::super::world::worker(worker));
        text("kept")
    }

    pub(super) fn cancel(&mut self, id: u32, owner: Option<usize>, tell: bool) -> Reply {
        let Some(job) = self.jobs.get_mut(&id) else { return text("unknown") };
        if owner.is_some_and(|owner| owner != job.owner) {
            return text("foreign");
        }
        match job.state {
            State::Active => {
                self.met.entry("a running job was to stop").and_modify(|count| *count += 1).or_insert(1);
                if !std::mem::replace(&mut job.cancel, true) {
                    self.note(id, "cancel_asked", ACTOR);
                }
                text("asked")
            }
            State::Waiting | State::Delayed => {
                let begun = job.marks.contains_key("intent");
                let place_in = job.chat.filter(|_| job.state == State::Waiting && !job.passed);
                self.finish(id, State::Cancelled);
                if let Some(chat) = place_in {
                    // it may have come back in the place of others
                    self.let_in(chat);
                }
                self.note(id, "cancelled", ACTOR);
                if tell || begun {
                    self.notices.insert(Notice::Job(id), self.now);
                }
                self.retain();
                text("cancelled")
            }
            State::Done | State::Cancelled | State::Dead => text("ended"),
        }
    }

    pub(super) fn retry(&mut self, id: u32, owner: Option<usize>) -> Reply {
        let Some(job) = self.jobs.get_mut(&id) else { return text("unknown") };
        if owner.is_some_and(|owner| owner != job.owner) {
            return text("foreign");
        }
        let (was, batch) = (job.state, job.batch);
        match was {
            State::Waiting | State::Active | State::Done => return text("not"),
            State::Delayed => {}
            State::Dead | State::Cancelled => {
                // as if it had just been accepted
                (job.settled, job.lost, job.cancel, job.attempt, job.failure) = (None, 0, false, 0, None);
                if !job.marks.contains_key("outputs") {
                    for gone in ["intent", "handle", "sending"] {
                        job.marks.remove(gone);
                    }
                }
                *self.totals.entry("retried").or_default() += 1;
                self.notices.remove(&Notice::Job(id));
                if let Some(batch) = batch
                    && let Some(group) = self.batches.get_mut(&batch)
                {
                    group.left += 1;
                    if group.joined.take().is_some() {
                        *self.met.entry("a joined batch was opened again").or_default() += 1;
                    }
                    self.notices.remove(&Notice::Batch(batch));
                }
            }
        }
        self.change(id, |job| {
            job.state = State::Waiting;
            job.due = None;
        });
        self.note(id, "retried", ACTOR);
        text("waiting")
    }

    /// Drops records of what ended.
    pub(super) fn forget(&mut self, ids: &[u32]) -> Reply {
        let mut dropped = 0;
        for id in ids {
            if self.jobs.get(id).is_some_and(|job| job.state.ended()) {
                self.jobs.remove(id);
                self.notices.remove(&Notice::Job(*id));
                dropped += 1;
            }
        }
        Reply::Int(dropped)
    }

    pub(super) fn steer(&mut self, steer: &Steer) -> Reply {
        let mut left = 0;
        let changed = match steer {
            Steer::Pause(target, why) => self.hold(*target, Some(why)),
            Steer::Resume(target) => {
                let changed = self.hold(*target, None);
                if let Target::User(owner) = target {
                    self.take_back(*owner);
                }
                changed
            }
            Steer::Close(why) => self.settings.closed.replace((*why).to_owned()).as_deref() != Some(*why),
            Steer::Reopen => self.settings.closed.take().is_some(),
            Steer::Limit(setting, value) => {
                let place = match setting {
                    Setting::Model(model) => &mut self.models[*model].limit,
                    Setting::User => &mut self.settings.user_limit,
                    Setting::Chat => &mut self.settings.chat_limit,
                    Setting::KeepMs => &mut self.settings.keep_ms,
                    Setting::KeepJobs => &mut self.settings.keep_jobs,
                    Setting::KeepBytes => &mut self.settings.keep_bytes,
                };
                let changed = std::mem::replace(place, *value) != *value;
                match setting {
                    Setting::User => left = self.take_back_all(),
                    Setting::Chat => (0..self.world.chats).for_each(|chat| self.let_in(chat)),
                    _ => {}
                }
                changed
            }
        };
        Reply::List(vec![Reply::Int(i64::from(changed)), Reply::Int(left)])
    }

    /// What an operator would have to do so that every job may run.
    pub(in super::super) fn what_restrains(&self) -> Vec<Steer> {
        let mut all = Vec::new();
        if self.settings.paused.is_some() {
            all.push(Steer::Resume(Target::Queue));
        }
        all.extend(self.paused.keys().map(|owner| Steer::Resume(Target::User(*owner))));
        for (model, line) in self.models.iter().enumerate() {
            if line.paused.is_some() {
                all.push(Steer::Resume(Target::Model(model)));
            }
            if line.limit.is_some() {
                all.push(Steer::Limit(Setting::Model(model), None));
            }
        }
        for (limit, setting) in [(self.settings.user_limit, Setting::User), (self.settings.chat_limit, Setting::Chat)] {
            if limit.is_some() {
                all.push(Steer::Limit(setting, None));
            }
        }
        all
    }

    /// Pauses for a reason, or resumes; whether that changed anything. What is paused for the same reason stays so since then.
    fn hold(&mut self, target: Target, why: Option<&str>) -> bool {
        let place = match target {
            Target::Queue => self.settings.paused.take(),
            Target::Model(model) => self.models[model].paused.take(),
            Target::User(owner) => self.paused.remove(&owner),
        };
        let same = |held: &str| why.is_some_and(|why| held.split_once(' ').is_some_and(|(_, rest)| rest == why));
        let now = self.now;
        let next = match (&place, why) {
            (Some(held), Some(_)) if same(held) => place.clone(),
            (_, why) => why.map(|why| format!("{now} {why}")),
        };
        let changed = place != next;
        match (target, next) {
            (Target::Queue, next) => self.settings.paused = next,
            (Target::Model(model), next) => self.models[model].paused = next,
            (Target::User(owner), Some(next)) => drop(self.paused.insert(owner, next)),
            (Target::User(_), None) => {}
        }
        changed
    }

    /// Lets back whoever may run under a new limit; how many are passed over still, when anybody came back.
    fn take_back_all(&mut self) -> i64 {
        let owners: std::collections::BTreeSet<usize> = self.passed.iter().map(|(_, owner)| *owner).collect();
        let (back, out): (Vec<usize>, Vec<usize>) = owners.into_iter().partition(|owner| self.may_run(*owner));
        for owner in &back {
            self.take_back(*owner);
        }
        if back.is_empty() { 0 } else { i64::try_from(out.len()).unwrap_or(i64::MAX) }
    }
}
