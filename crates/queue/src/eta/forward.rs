//! The queue run forward from one look at it, until a job is claimed.
//!
//! Of each model only sums are known: its waiting jobs, their owners, its place among the models, and how much has come of
//! late. That is enough: the next claims are made one by one, as a step makes them, and those after them in stretches of
//! time, in which the fleet's slots are shared among the models in proportion to their owners. All the while more
//! messages come: their owners begin at the model's time, so of each as many jobs go ahead as there are rounds left.

use super::{Ahead, Load};

/// Claims made one by one: as many as the fleet has slots, within these.
const SINGLE: (f64, f64) = (16.0, 1024.0);
/// Stretches of time afterwards, and how much longer each is than the one before.
const STRETCHES: u32 = 400;
const LONGER: f64 = 1.02;
/// A rush passes: after the time of so many jobs half as much comes as now, after twice that a third. Nobody knows; but
/// with what comes now taken to come for ever, shown waits are too long in the second half of every rush, and whoever
/// waits longest is wrong most. Tried in simulated days of several shapes, lengths, loads and crowds.
const PASSES: f64 = 32.0;
/// Whoever can be overtaken at all can be by this much of a round up to its claim.
const LAST_ROUND: f64 = 0.3;
/// Less than a job.
const WHOLE: f64 = 0.99;

/// What one model has to do, as it changes.
struct Lane {
    owners: f64,
    jobs: f64,
    cost: f64,
    /// Where it stands among the models.
    turn: f64,
    /// Messages a millisecond.
    comes: f64,
    limit: f64,
}

impl Lane {
    fn new(load: &Load) -> Self {
        let cost = if load.waiting > 0.0 && load.work_ms > 0.0 { load.work_ms / load.waiting } else { load.typical_ms };
        // whose owners all stand apart, at a limit of theirs, takes no turn either
        let (owners, jobs) = if load.shut || load.owners < 1.0 { (0.0, 0.0) } else { (load.owners, load.waiting) };
        Self {
            owners,
            jobs,
            cost: cost.max(1.0),
            turn: load.turn_ms,
            comes: if load.shut { 0.0 } else { load.messages_ms },
            limit: load.limit,
        }
    }

    /// So many jobs are claimed; the rounds among its owners that this takes. Those who wait have, on the average, always
    /// as many jobs left as now.
    fn serve(&mut self, jobs: f64) -> f64 {
        let before = self.owners.max(1.0);
        self.owners -= (jobs * self.owners / self.jobs.max(jobs).max(f64::MIN_POSITIVE)).min(self.owners);
        self.jobs = (self.jobs - jobs).max(0.0);
        // nobody waits without a job, and no job without an owner
        self.owners = self.owners.max(self.jobs.min(1.0)).min(self.jobs);
        jobs / before
    }
}

/// The run: its own model is the first of the lanes.
pub(super) struct Forward {
    lanes: Vec<Lane>,
    slots: f64,
    /// Jobs to be claimed up to the one in question, with it.
    left: f64,
    /// Rounds among its model's owners until its turn; 0 when nobody goes ahead of it any more.
    rounds: f64,
    /// Jobs of one message, in the middle.
    size: f64,
    /// Until half as much comes.
    passes: f64,
    now: f64,
}

impl Forward {
    pub(super) fn new(ahead: &Ahead) -> Self {
        let loads = || std::iter::once(&ahead.own).chain(&ahead.others);
        let sum = |of: fn(&Load) -> f64| loads().map(of).sum::<f64>();
        let (messages, jobs) = (sum(|load| load.messages_ms), sum(|load| load.jobs_ms));
        let work = sum(|load| load.jobs_ms * load.typical_ms);
        let mut lanes: Vec<Lane> = loads().map(Lane::new).collect();
        // the job itself may stand apart, or wait for its next attempt
        lanes[0].owners = lanes[0].owners.max(1.0);
        lanes[0].jobs = lanes[0].jobs.max(ahead.jobs + 1.0);
        Self {
            lanes,
            slots: ahead.slots,
            left: ahead.jobs + 1.0,
            rounds: if ahead.rounds > 0.0 { ahead.rounds.max(LAST_ROUND) } else { 0.0 },
            size: if messages > 0.0 { (jobs / messages).max(1.0) } else { 1.0 },
            passes: if jobs > 0.0 { PASSES * work / jobs } else { PASSES * ahead.own.typical_ms },
            now: 0.0,
        }
    }

    /// Milliseconds until the job is claimed; the jobs that run end at these moments, which are in their order.
    pub(super) fn run(mut self, ends: Vec<f64>) -> f64 {
        if self.one_by_one(ends) {
            return self.now;
        }
        let waiting: f64 = self.lanes.iter().map(|lane| lane.jobs * lane.cost).sum();
        let mut stretch = ((self.left * self.lanes[0].cost).min(waiting) / self.slots / 24.0).max(1.0);
        let mut pace = 0.0;
        for _ in 0..STRETCHES {
            let left = self.left;
            let (given, used) = self.come_and_share(stretch);
            pace = (given + left - self.left).max(0.0) / stretch;
            if self.left <= given + 1e-6 {
                return self.now + (left / pace.max(f64::MIN_POSITIVE)).min(used);
            }
            self.left -= given;
            self.now += stretch;
            stretch *= LONGER;
        }
        // so far away that only the order of magnitude counts
        self.now + self.left / pace.max(self.slots / self.lanes[0].cost / 100.0)
    }

    /// The next claims, each where a job ends; whether the job in question was among them.
    fn one_by_one(&mut self, mut ends: Vec<f64>) -> bool {
        // the soonest is the last
        ends.reverse();
        for _ in counted(self.slots.clamp(SINGLE.0, SINGLE.1)) {
            let end = ends.pop().unwrap_or(self.now).max(self.now);
            self.come(end - self.now);
            self.now = end;
            let next = self.whose_turn();
            let lane = &mut self.lanes[next];
            let rounds = lane.serve(1.0);
            lane.turn += lane.cost / lane.owners.max(1.0);
            let end = end + lane.cost;
            if next == 0 {
                self.left -= 1.0;
                if self.left < 0.5 {
                    return true;
                }
                self.pass(rounds);
            }
            ends.insert(ends.partition_point(|other| *other > end), end);
        }
        false
    }

    /// The model that gives the next job. Those that have none lose their place.
    fn whose_turn(&mut self) -> usize {
        let mut next = 0;
        for (index, lane) in self.lanes.iter().enumerate().skip(1) {
            if lane.jobs >= WHOLE && lane.turn < self.lanes[next].turn {
                next = index;
            }
        }
        let turn = self.lanes[next].turn;
        for lane in self.lanes.iter_mut().skip(1).filter(|lane| lane.jobs < WHOLE) {
            lane.turn = lane.turn.max(turn);
        }
        next
    }

    /// What comes in a while.
    fn come(&mut self, during: f64) {
        let still = during / (1.0 + self.now / self.passes.max(1.0));
        for lane in &mut self.lanes {
            lane.owners += lane.comes * still;
            lane.jobs += lane.comes * still * self.size;
        }
        if self.rounds > 0.0 {
            // as if messages of any length were equally likely to go on
            let before = self.size * (1.0 - (1.0 - 1.0 / self.size).powf(self.rounds));
            self.left += self.lanes[0].comes * still * before.min(self.size);
        }
    }

    /// What comes in a while, and what is claimed in it: the jobs of that which its own model gives, and how long all
    /// slots have something to do.
    fn come_and_share(&mut self, during: f64) -> (f64, f64) {
        self.come(during);
        let mut free = self.slots * during;
        let most = |lane: &Lane| (lane.jobs * lane.cost).min(lane.limit * during);
        let mut given = vec![0.0; self.lanes.len()];
        let mut open: Vec<usize> = (0..given.len()).filter(|index| self.lanes[*index].owners > 0.0).collect();
        // whoever has less to do than its share leaves the rest to the others
        while !open.is_empty() && free > 0.0 {
            let owners: f64 = open.iter().map(|index| self.lanes[*index].owners).sum();
            let share = free / owners;
            let content = |index: &usize| most(&self.lanes[*index]) <= share * self.lanes[*index].owners;
            let (full, rest): (Vec<usize>, Vec<usize>) = open.iter().copied().partition(content);
            for index in if full.is_empty() { &rest } else { &full } {
                given[*index] = most(&self.lanes[*index]).min(share * self.lanes[*index].owners);
                free -= given[*index];
            }
            open = if full.is_empty() { Vec::new() } else { rest };
        }
        for (index, work) in given.iter().enumerate() {
            let jobs = work / self.lanes[index].cost;
            let rounds = self.lanes[index].serve(jobs);
            if index == 0 {
                self.pass(rounds);
            }
        }
        (given[0] / self.lanes[0].cost, during - free.max(0.0) / self.slots)
    }

    fn pass(&mut self, rounds: f64) {
        if self.rounds > 0.0 {
            self.rounds = (self.rounds - rounds).max(LAST_ROUND);
        }
    }
}

/// When slots become free: those that are free at once, then where jobs end, of each model evenly within the time of one.
/// Short ones end sooner than the mean of all says.
pub(super) fn ends(ahead: &Ahead) -> Vec<f64> {
    let slots = ahead.slots.min(SINGLE.1);
    let busy = ahead.running.min(ahead.slots).max(0.0);
    let mut ends: Vec<f64> = counted((ahead.slots - busy).round().min(slots)).map(|_| 0.0).collect();
    let mut running: Vec<(f64, f64)> = std::iter::once(&ahead.own)
        .chain(&ahead.others)
        .map(|load| (load.running, load.typical_ms.max(1.0)))
        .filter(|(jobs, _)| *jobs > 0.0)
        .collect();
    if running.is_empty() {
        running.push((busy, ahead.own.typical_ms.max(1.0)));
    }
    running.sort_by(|one, other| one.1.total_cmp(&other.1));
    let scale = busy / running.iter().map(|(jobs, _)| jobs).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut pace: f64 = running.iter().map(|(jobs, length)| scale * jobs / length).sum();
    let (mut since, mut count, mut next) = (0.0, 0.0, 1.0);
    for (jobs, length) in running {
        let until = count + pace * (length - since);
        while next <= until + 1e-6 && fewer(&ends, slots) {
            ends.push(since + (next - count) / pace);
            next += 1.0;
        }
        (since, count, pace) = (length, until, pace - scale * jobs / length);
    }
    ends
}

/// Whether there are fewer of them than that.
fn fewer(ends: &[f64], most: f64) -> bool {
    u32::try_from(ends.len()).is_ok_and(|count| f64::from(count) < most)
}

/// 1, 2, 3 … up to this.
fn counted(number: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(1.0), |last| Some(last + 1.0)).take_while(move |each| *each <= number)
}
