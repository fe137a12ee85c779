//! The protocol in plain Rust: one struct that holds the queue, one method per verb.
//!
//! Written from the rules, not from the scripts: what the scripts count (running, waiting, pending) is found here by
//! looking at the jobs. A model's owners stand in its `ring`, each with the tag at which its next job starts; who does
//! not wait there keeps its tag `aside` while it lies ahead of the model's time. An owner that is first but may not run
//! is *passed over*, and so is a job whose chat is full: they come back when that changes. Deliberately absent: bytes,
//! wake-ups, expiry.

mod accept;
mod claims;
mod ends;
mod keep;
mod position;
mod rates;
mod steer;
mod step;
mod view;

pub(super) use self::ends::FAILURE;
pub(super) use self::rates::name as lane_name;
pub(super) use self::steer::ACTOR;
pub(super) use self::view::seen;

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{Expired, Hold, Notice, Operation};
use super::wire::Reply;
use super::world::World;

/// A tag's parts to a millisecond of work.
const UNIT: i64 = 1000;
/// How far ahead of its turn an urgent job goes.
const BOOST: i64 = 60_000 * UNIT;
/// How far below others an urgent job's number lies.
const URGENT: i64 = 1 << 52;
/// When a world begins.
pub(super) const START: i64 = 1_700_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Delayed,
    Active,
    Done,
    Cancelled,
    Dead,
}

impl State {
    pub(super) fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Dead)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delayed => "delayed",
            Self::Active => "active",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) state: State,
    pub(super) model: usize,
    pub(super) owner: usize,
    pub(super) chat: Option<usize>,
    weight: i64,
    cost: i64,
    /// Its place in its owner's line.
    place: i64,
    batch: Option<u32>,
    /// It met its chat full, and waits for it.
    passed: bool,
    due: Option<i64>,
    expiry: i64,
    fence: Option<i64>,
    settled: Option<i64>,
    worker: Option<usize>,
    claimed: i64,
    started: Option<i64>,
    attempt: i64,
    lost: i64,
    /// Its owner's tag after it.
    tag: i64,
    cancel: bool,
    ended: i64,
    failure: Option<(&'static str, String)>,
    marks: BTreeMap<String, String>,
    trail: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Model {
    /// Virtual time: the start tag of what was claimed last.
    time: i64,
    ring: BTreeMap<usize, i64>,
    aside: BTreeMap<usize, i64>,
    /// Where its turn among the models ends, and its place there while it may be claimed from.
    tag: i64,
    turn: Option<i64>,
    typical: f64,
    spread: f64,
    limit: Option<i64>,
    paused: Option<String>,
    /// Until when its lane refuses more; a step takes it away then.
    gate: Option<i64>,
    lane: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Settings {
    user_limit: Option<i64>,
    chat_limit: Option<i64>,
    keep_ms: Option<i64>,
    keep_jobs: Option<i64>,
    keep_bytes: Option<i64>,
    paused: Option<String>,
    closed: Option<String>,
}

#[derive(Debug, Clone)]
struct Rate {
    every: i64,
    refused: i64,
    whole: i64,
    closed: i64,
    touched: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Batch {
    owner: usize,
    of: i64,
    left: i64,
    joined: Option<i64>,
}

/// The queue.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) world: World,
    pub(super) now: i64,
    fence: i64,
    number: i64,
    /// How far the models' turns have come.
    turn: i64,
    pub(super) jobs: BTreeMap<u32, Job>,
    /// All claims of each job ever.
    claims: BTreeMap<u32, Vec<i64>>,
    models: Vec<Model>,
    /// Owners passed over, per model.
    passed: BTreeSet<(usize, usize)>,
    paused: BTreeMap<usize, String>,
    settings: Settings,
    rates: BTreeMap<usize, Rate>,
    pub(super) batches: BTreeMap<u32, Batch>,
    pub(super) notices: BTreeMap<Notice, i64>,
    seen: BTreeMap<u32, Vec<u32>>,
    handles: BTreeMap<&'static str, u32>,
    /// Living workers: until when, and slots.
    workers: BTreeMap<usize, (i64, i64)>,
    /// Slots that workers have on offer.
    pub(super) offers: BTreeMap<usize, i64>,
    spare: i64,
    totals: BTreeMap<&'static str, i64>,
    /// How often each corner of the protocol was met.
    pub(super) met: BTreeMap<&'static str, u64>,
}

impl Reference {
    pub(super) fn new(world: World) -> Self {
        let models = vec![Model::default(); world.models];
        Self {
            world,
            now: START,
            fence: 0,
            number: 0,
            turn: 0,
            jobs: BTreeMap::new(),
            claims: BTreeMap::new(),
            models,
            passed: BTreeSet::new(),
            paused: BTreeMap::new(),
            settings: Settings::default(),
            rates: BTreeMap::new(),
            batches: BTreeMap::new(),
            notices: BTreeMap::new(),
            seen: BTreeMap::new(),
            handles: BTreeMap::new(),
            workers: BTreeMap::new(),
            offers: BTreeMap::new(),
            spare: 0,
            totals: BTreeMap::new(),
            met: BTreeMap::new(),
        }
    }

    /// Does what the operation says; what a caller is answered.
    pub(super) fn apply(&mut self, operation: &Operation) -> Reply {
        let reply = match operation {
            Operation::Advance(by) => {
                self.now += by;
                Reply::Int(self.now)
            }
            Operation::Submit(submit) => self.submit(submit),
            Operation::Step { worker, want, amnesty, notices, said, missed, ends } => {
                let said = said.map(|said| (said, missed.as_ref()));
                self.step(*worker, *want, *amnesty, *notices, said, ends)
            }
            Operation::Heartbeat { worker, slots, amnesty, holds } => self.heartbeat(*worker, *slots, *amnesty, holds),
            Operation::Retire { worker } => {
                self.workers.remove(worker);
                self.offers.retain(|worker, _| self.workers.contains_key(worker));
                Reply::Int(1)
            }
            Operation::Position { job } => self.position(*job),
            Operation::Checkpoint { hold, worker, name, value } => self.checkpoint(*hold, *worker, name, value),
            Operation::Cancel { job, owner, tell } => self.cancel(*job, *owner, *tell),
            Operation::Retry { job, owner } => self.retry(*job, *owner),
            Operation::Forget { jobs } => self.forget(jobs),
            Operation::Told(notice) => Reply::Int(i64::from(self.notices.remove(notice).is_some())),
            Operation::Sweep => self.sweep(),
            Operation::Steer(steer) => self.steer(steer),
            Operation::Expire(expired) => Reply::Int(i64::from(match expired {
                Expired::Batch(id) => self.batches.remove(id).is_some(),
                Expired::Rate(lane) => self.rates.remove(lane).is_some(),
                Expired::Handle(handle) => self.handles.remove(handle).is_some(),
            })),
        };
        self.take_turns(|_| true);
        reply
    }

    fn meet(&mut self, corner: &'static str) {
        *self.met.entry(corner).or_default() += 1;
    }

    /// The token of a claim; `None` when there never was such a claim.
    pub(super) fn fence_of(&self, hold: Hold) -> Option<i64> {
        self.claims.get(&hold.job).and_then(|claims| claims.iter().rev().nth(hold.later)).copied()
    }

    /// Batches of which nothing is left to run.
    pub(super) fn joined(&self) -> impl Iterator<Item = u32> {
        self.batches.iter().filter(|(_, batch)| batch.joined.is_some()).map(|(id, _)| *id)
    }

    /// The jobs in a state, by number.
    fn in_state(&self, state: State) -> impl Iterator<Item = (&u32, &Job)> {
        self.jobs.iter().filter(move |(_, job)| job.state == state)
    }

    fn count(&self, state: State, which: impl Fn(&Job) -> bool) -> i64 {
        i64::try_from(self.in_state(state).filter(|(_, job)| which(job)).count()).unwrap_or(i64::MAX)
    }

    fn running(&self, model: usize) -> i64 {
        self.count(State::Active, |job| job.model == model)
    }

    fn busy(&self, owner: usize) -> i64 {
        self.count(State::Active, |job| job.owner == owner)
    }

    fn pending(&self, owner: usize) -> i64 {
        self.jobs.values().filter(|job| job.owner == owner && !job.state.ended()).count().try_into().unwrap_or(i64::MAX)
    }

    /// Whether the owner may have another job in flight.
    fn may_run(&self, owner: usize) -> bool {
        !self.paused.contains_key(&owner) && below(self.busy(owner), self.settings.user_limit)
    }

    /// Whether the chat may have another job in flight.
    fn has_room(&self, chat: usize) -> bool {
        below(self.count(State::Active, |job| job.chat == Some(chat)), self.settings.chat_limit)
    }

    /// The job that an owner would run next.
    fn head(&self, model: usize, owner: usize) -> Option<(i64, u32)> {
        let waiting = self.in_state(State::Waiting);
        let mine = waiting.filter(|(_, job)| job.model == model && job.owner == owner && !job.passed);
        mine.map(|(id, job)| (job.place, *id)).min()
    }

    /// Puts an owner into a model's ring or takes it out, after anything that may have changed that; whether it came to
    /// stand at the model's time.
    fn place(&mut self, model: usize, owner: usize) -> bool {
        let waits = self.head(model, owner).is_some();
        if !waits {
            self.passed.remove(&(model, owner));
        }
        let runs = waits && !self.passed.contains(&(model, owner));
        let line = &mut self.models[model];
        if runs && !line.ring.contains_key(&owner) {
            let tag = line.aside.remove(&owner).unwrap_or(0);
            line.ring.insert(owner, tag.max(line.time));
            return tag <= line.time;
        } else if !runs && let Some(tag) = line.ring.remove(&owner) {
            line.keep_aside(owner, tag);
        }
        false
    }

    /// Lets an owner back into the rings in which it was passed over.
    fn take_back(&mut self, owner: usize) {
        for model in 0..self.models.len() {
            if self.passed.remove(&(model, owner)) {
                self.meet("an owner passed over came back");
                self.place(model, owner);
            }
        }
    }

    /// Lets a chat's jobs back that met it full: of each owner on each model as many as the chat has room for.
    fn let_in(&mut self, chat: usize) {
        let busy = self.count(State::Active, |job| job.chat == Some(chat));
        let room = self.settings.chat_limit.map_or(usize::MAX, |limit| usize::try_from(limit - busy).unwrap_or(0));
        let held = self.jobs.iter().filter(|(_, job)| job.passed && job.chat == Some(chat));
        let mut held: Vec<_> = held.map(|(id, job)| ((job.model, job.owner), job.place, *id)).collect();
        held.sort_unstable();
        for line in held.chunk_by(|one, other| one.0 == other.0) {
            for (_, _, id) in line.iter().take(room) {
                self.change(*id, |job| job.passed = false);
                self.meet("a job held back was let in");
            }
        }
    }

    /// Changes a job, and its owner's place with it.
    fn change(&mut self, id: u32, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(&id) {
            change(job);
            let (model, owner) = (job.model, job.owner);
            self.place(model, owner);
        }
    }

    fn note(&mut self, id: u32, kind: &str, actor: &str) {
        let now = self.now;
        if let Some(job) = self.jobs.get_mut(&id) {
            job.trail.push(format!("{now} {kind} {actor}"));
        }
    }

    /// Whether the model's jobs may be claimed now.
    fn open(&self, model: usize) -> bool {
        let line = &self.models[model];
        line.paused.is_none() && below(self.running(model), line.limit) && line.gate.is_none() && !line.ring.is_empty()
    }

    /// Gives models that have become open a turn behind those that wait for theirs, and takes it from the others.
    fn take_turns(&mut self, which: impl Fn(usize) -> bool) {
        for model in (0..self.models.len()).filter(|model| which(*model)) {
            let (open, turn) = (self.open(model), self.turn);
            let line = &mut self.models[model];
            line.turn = open.then(|| line.turn.unwrap_or(turn.max(line.tag)));
        }
    }
}

impl Model {
    fn keep_aside(&mut self, owner: usize, tag: i64) {
        if tag > self.time {
            self.aside.insert(owner, tag);
        } else {
            self.aside.remove(&owner);
        }
    }
}

fn below(count: i64, limit: Option<i64>) -> bool {
    limit.is_none_or(|limit| count < limit)
}

fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}
