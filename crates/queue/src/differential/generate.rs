//! Random operations, most of them about something that is there.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::model::{Reference, State};
use super::operation::{End, Expired, Hold, Notice, Operation, Setting, Steer, Submit, Target, Verdict};
use super::wire::HANDLES;

/// Draws operations; new jobs and updates get new numbers.
#[derive(Debug)]
pub(super) struct Generator<R> {
    random: R,
    jobs: u32,
    updates: u32,
    planned: Option<Vec<Operation>>,
    /// How likely a worker that calls was cut off before.
    cut: f64,
    /// Whether workers put their free slots on offer.
    offering: bool,
}

const COSTS: [i64; 6] = [1, 333, 1000, 5000, 20_000, 90_000];
const WAITS: [i64; 6] = [0, 40, 300, 2000, 7000, 70_000];

impl<R: Rng> Generator<R> {
    pub(super) fn new(mut random: R) -> Self {
        // in most worlds leases run out
        let cut = *[0.02, 0.02, 0.5].choose(&mut random).unwrap_or(&0.5);
        // where they do not, jobs pile up
        let offering = random.random_bool(0.4);
        Self { random, jobs: 0, updates: 0, planned: None, cut, offering }
    }

    /// What happens next.
    pub(super) fn next(&mut self, state: &Reference) -> Operation {
        if let Some(operation) = self.planned.as_mut().and_then(Vec::pop) {
            return operation;
        }
        if self.planned.is_none() {
            self.planned = Some(self.open(state));
        }
        match self.random.random_range(0..1000) {
            0..190 => self.advance(),
            190..390 => self.submit(state),
            390..760 => self.step(state),
            760..820 => self.heartbeat(state),
            820..860 => self.checkpoint(state),
            860..866 => Operation::Position { job: self.job(state, None) },
            866..900 => {
                Operation::Cancel { job: self.job(state, None), owner: self.asker(state), tell: self.coin(0.5) }
            }
            900..930 => {
                let wanted =
                    *[State::Dead, State::Cancelled, State::Delayed, State::Done].choose(&mut self.random).unwrap();
                Operation::Retry { job: self.job(state, Some(wanted)), owner: self.asker(state) }
            }
            930..940 => {
                let count = self.random.random_range(1..=3);
                Operation::Forget { jobs: (0..count).map(|_| self.job(state, None)).collect() }
            }
            940..946 => Operation::Told(self.notice(state)),
            946..950 => Operation::Sweep,
            950..992 => {
                let steer = self.steer(state);
                if matches!(steer, Steer::Limit(Setting::KeepMs | Setting::KeepJobs | Setting::KeepBytes, Some(_))) {
                    // before any job ends, which would tidy up as well
                    self.planned.get_or_insert_default().push(Operation::Sweep);
                }
                Operation::Steer(steer)
            }
            992..996 => Operation::Expire(self.expired(state)),
            _ => Operation::Retire { worker: self.random.random_range(0..state.world.workers.len()) },
        }
    }

    /// What brings a queue to its end, one thing at a time; `None` when nothing is left in it.
    pub(super) fn drain(&mut self, state: &Reference) -> Option<Operation> {
        if let Some(steer) = state.what_restrains().into_iter().next() {
            return Some(Operation::Steer(steer));
        }
        let worker = self.random.random_range(0..state.world.workers.len());
        let ends: Vec<End> = Self::numbers(state, State::Active)
            .into_iter()
            .take(8)
            .map(|job| End { hold: Hold { job, later: 0 }, verdict: Verdict::Done })
            .collect();
        let waiting = Self::numbers(state, State::Waiting);
        if !ends.is_empty() || !waiting.is_empty() && self.coin(0.7) {
            return Some(Operation::Step {
                worker,
                want: 8,
                amnesty: true,
                notices: 0,
                said: Some(0),
                missed: None,
                ends,
            });
        }
        if let Some(job) = waiting.first().or(Self::numbers(state, State::Delayed).first()) {
            return Some(Operation::Cancel { job: *job, owner: None, tell: true });
        }
        if let Some(notice) = state.notices.keys().next() {
            return Some(Operation::Told(*notice));
        }
        let jobs: Vec<u32> = state.jobs.keys().copied().take(8).collect();
        (!jobs.is_empty()).then_some(Operation::Forget { jobs })
    }

    /// Limits as operators set them before anything happens, so that they are met; few records, for a quick check.
    fn open(&mut self, state: &Reference) -> Vec<Operation> {
        let mut opening = Vec::new();
        let mut limit = |chance: f64, setting: Setting| {
            if self.random.random_bool(chance) {
                let limit = Some(self.random.random_range(1..=2));
                opening.push(Operation::Steer(Steer::Limit(setting, limit)));
            }
        };
        limit(0.8, Setting::KeepJobs);
        limit(if state.world.bound == 64 { 0.3 } else { 0.9 }, Setting::User);
        limit(if state.world.bound == 64 { 0.5 } else { 0.0 }, Setting::Chat);
        (0..state.world.models).for_each(|model| limit(0.2, Setting::Model(model)));
        opening
    }

    fn coin(&mut self, chance: f64) -> bool {
        self.random.random_bool(chance)
    }

    fn advance(&mut self) -> Operation {
        Operation::Advance(match self.random.random_range(0..100) {
            0 => -self.random.random_range(1..3000),
            1..40 => self.random.random_range(1..60),
            40..75 => self.random.random_range(60..1500),
            75..92 => self.random.random_range(1500..7000),
            92..98 => self.random.random_range(7000..70_000),
            _ => self.random.random_range(70_000..5_000_000),
        })
    }

    fn submit(&mut self, state: &Reference) -> Operation {
        let known = self.updates > 0 && self.coin(0.04);
        let update = if known {
            self.random.random_range(1..=self.updates)
        } else {
            self.updates += 1;
            self.updates
        };
        let count = if self.coin(0.75) { 1 } else { self.random.random_range(2..=5) };
        let jobs = (0..count)
            .map(|_| {
                self.jobs += 1;
                let model = self.random.random_range(0..state.world.models);
                (self.jobs, model, *COSTS.choose(&mut self.random).unwrap())
            })
            .collect();
        Operation::Submit(Submit {
            owner: self.random.random_range(0..state.world.owners),
            update,
            chat: self.coin(0.5).then(|| self.random.random_range(0..state.world.chats)),
            urgent: self.coin(0.15),
            pending: *[3, 5, 8, 8].choose(&mut self.random).unwrap(),
            waiting: *[3, 8, 16, 16].choose(&mut self.random).unwrap(),
            jobs,
        })
    }

    fn step(&mut self, state: &Reference) -> Operation {
        let active = Self::numbers(state, State::Active);
        let most = if self.coin(0.7) { 2 } else { 6 }.min(active.len() + usize::from(self.coin(0.1)));
        let mut ends = Vec::new();
        for _ in 0..self.random.random_range(0..=most) {
            ends.push(End { hold: self.hold(state, State::Active), verdict: self.verdict() });
        }
        let want = match self.random.random_range(0..10) {
            0..2 => 0,
            2..7 => self.random.random_range(1..=2),
            _ => self.random.random_range(3..=8),
        };
        let worker = self.random.random_range(0..state.world.workers.len());
        let said = match self.random.random_range(0..20) {
            // where few are passed over in one step, jobs are to pile up
            _ if !self.offering || state.world.bound < 64 && self.coin(0.9) => None,
            0 => None,
            1..4 => Some(-1),
            4 => Some(0),
            // it knows, or something is on its way
            number => Some(state.offers.get(&worker).copied().unwrap_or(0) + i64::from(number > 16)),
        };
        let since = state.now - self.random.random_range(-1..300);
        let holds = active.into_iter().filter(|_| self.coin(0.7)).collect();
        let missed = (said == Some(-1) && self.coin(0.9)).then_some((since, holds));
        Operation::Step {
            worker,
            want,
            amnesty: self.coin(self.cut),
            notices: if self.coin(0.5) { 0 } else { self.random.random_range(1..=4) },
            said,
            missed,
            ends,
        }
    }

    fn verdict(&mut self) -> Verdict {
        let wait = *WAITS.choose(&mut self.random).unwrap();
        match self.random.random_range(0..100) {
            0..55 => Verdict::Done,
            55..60 => Verdict::Cancelled,
            60..67 => Verdict::Dead,
            67..77 => Verdict::Retry(wait),
            77..83 => Verdict::Postpone(wait),
            83..91 => Verdict::Throttle(wait),
            _ => Verdict::Release,
        }
    }

    fn heartbeat(&mut self, state: &Reference) -> Operation {
        let count = self.random.random_range(0..=3);
        Operation::Heartbeat {
            worker: self.random.random_range(0..state.world.workers.len()),
            slots: self.random.random_range(1..=4),
            amnesty: self.coin(self.cut),
            holds: (0..count).map(|_| self.hold(state, State::Active)).collect(),
        }
    }

    fn checkpoint(&mut self, state: &Reference) -> Operation {
        let handle = HANDLES.choose(&mut self.random).unwrap().0;
        let (name, value) = *[
            ("intent", "1"),
            ("handle", handle),
            ("handle", handle),
            ("outputs", "o"),
            ("sending", "1"),
            ("delivered", "5"),
            ("afresh", ""),
            ("over", ""),
        ]
        .choose(&mut self.random)
        .unwrap();
        let worker = self.random.random_range(0..state.world.workers.len());
        Operation::Checkpoint { hold: self.hold(state, State::Active), worker, name, value }
    }

    fn steer(&mut self, state: &Reference) -> Steer {
        let why = *["full", "cold"].choose(&mut self.random).unwrap();
        match self.random.random_range(0..100) {
            0..12 => Steer::Pause(self.target(state), why),
            12..32 => Steer::Resume(self.target(state)),
            32..34 => Steer::Close(why),
            34..44 => Steer::Reopen,
            44..68 => Steer::Limit(Setting::Model(self.model(state)), self.limit(3)),
            82..94 if state.world.bound == 64 => Steer::Limit(Setting::Chat, self.limit(3)),
            68..94 => Steer::Limit(Setting::User, self.limit(3)),
            94..96 => Steer::Limit(
                Setting::KeepMs,
                [None, Some(3_600_000), Some(100_000_000)].choose(&mut self.random).copied().unwrap(),
            ),
            96..99 => Steer::Limit(
                Setting::KeepJobs,
                [Some(0), Some(2), Some(2), Some(5)].choose(&mut self.random).copied().unwrap(),
            ),
            _ => Steer::Limit(Setting::KeepBytes, [None, None, Some(0)].choose(&mut self.random).copied().unwrap()),
        }
    }

    fn limit(&mut self, most: i64) -> Option<i64> {
        if self.coin(0.3) { None } else { Some(self.random.random_range(0..=most)) }
    }

    fn target(&mut self, state: &Reference) -> Target {
        match self.random.random_range(0..4) {
            0 => Target::Queue,
            1 => Target::Model(self.model(state)),
            _ => Target::User(self.random.random_range(0..state.world.owners)),
        }
    }

    fn model(&mut self, state: &Reference) -> usize {
        self.random.random_range(0..state.world.models)
    }

    fn expired(&mut self, state: &Reference) -> Expired {
        let batches: Vec<u32> = state.joined().collect();
        match self.random.random_range(0..3) {
            0 => Expired::Rate(state.lane(self.model(state))),
            1 => Expired::Handle(HANDLES.choose(&mut self.random).unwrap().0),
            _ => Expired::Batch(batches.choose(&mut self.random).copied().unwrap_or(0)),
        }
    }

    fn asker(&mut self, state: &Reference) -> Option<usize> {
        if self.coin(0.7) { None } else { Some(self.random.random_range(0..state.world.owners)) }
    }

    fn notice(&mut self, state: &Reference) -> Notice {
        let known: Vec<Notice> = state.notices.keys().copied().collect();
        known.choose(&mut self.random).copied().unwrap_or(Notice::Job(1))
    }

    fn numbers(state: &Reference, wanted: State) -> Vec<u32> {
        state.jobs.iter().filter(|(_, job)| job.state == wanted).map(|(id, _)| *id).collect()
    }

    /// A job, in the wanted state when there is one; sometimes any, and sometimes none that there ever was.
    fn job(&mut self, state: &Reference, wanted: Option<State>) -> u32 {
        if self.coin(0.02) {
            return 99_999;
        }
        let wanted = wanted.filter(|_| !self.coin(0.1));
        let some: Vec<u32> = wanted.map_or_else(Vec::new, |wanted| Self::numbers(state, wanted));
        let any: Vec<u32> = state.jobs.keys().copied().collect();
        some.choose(&mut self.random).or_else(|| any.choose(&mut self.random)).copied().unwrap_or(1)
    }

    fn hold(&mut self, state: &Reference, wanted: State) -> Hold {
        let later = if self.coin(0.94) { 0 } else { self.random.random_range(1..=2) };
        Hold { job: self.job(state, Some(wanted)), later }
    }
}
