//! The queue in numbers, at one moment, and how many workers it would take.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::scripts::Verb;
use crate::steer::Owner;

/// A pause that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Since when, in Unix milliseconds.
    pub at_ms: u64,
    /// By whom.
    pub actor: String,
    /// Why; may be empty.
    pub why: String,
}

/// A user whose jobs are not claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PausedUser {
    /// Who, as `bot:user`.
    pub owner: String,
    /// The pause.
    pub paused: Hold,
}

/// The queue in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Stats {
    /// Jobs that wait for a slot.
    pub waiting: u64,
    /// Jobs to be tried again later.
    pub delayed: u64,
    /// Jobs in workers' hands.
    pub active: u64,
    /// Jobs that failed for good and are still on record.
    pub dead: u64,
    /// Jobs done or cancelled and still on record.
    pub ended: u64,
    /// Bytes of Redis' memory that the records of ended jobs take.
    pub kept_bytes: u64,
    /// Users with a job that has not ended, or who are paused.
    pub users: u64,
    /// How long the one has waited whose turn is next, over all models.
    pub oldest_waiting_ms: Option<u64>,
    /// Who paused the queue and why.
    pub paused: Option<Hold>,
    /// Why no jobs are accepted.
    pub closed: Option<String>,
    /// Slots that would bring every waiting job to its start within [`TARGET_MS`]: the signal to scale workers by.
    pub desired_slots: u64,
    /// Per model.
    pub models: Vec<ModelStats>,
    /// The living workers.
    pub workers: Vec<WorkerStats>,
    /// Counters since the beginning: accepted, done, dead, cancelled, retried.
    pub totals: BTreeMap<String, u64>,
    /// What operators set, as it was set: limits and retention.
    pub settings: BTreeMap<String, String>,
}

/// One model in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModelStats {
    /// Its short name.
    pub model: String,
    /// Jobs that wait for a slot.
    pub waiting: u64,
    /// Their predicted milliseconds in all.
    pub queued_ms: u64,
    /// Users that wait for it and may run.
    pub users: u64,
    /// Jobs in workers' hands.
    pub running: u64,
    /// Smoothed milliseconds from claim to done.
    pub typical_ms: Option<u64>,
    /// How far a job lies from that, smoothed.
    pub spread_ms: Option<u64>,
    /// Most in flight.
    pub limit: Option<u64>,
    /// Slots of living workers that serve it.
    pub slots: u64,
    /// Slots that would bring its waiting jobs to their start within [`TARGET_MS`].
    pub desired_slots: u64,
    /// How long the one has waited whose turn is next.
    pub oldest_waiting_ms: Option<u64>,
    /// Who paused it and why.
    pub paused: Option<Hold>,
    /// The provider's account behind it.
    pub lane: String,
    /// The account refuses jobs for so long.
    pub lane_closed_ms: u64,
    /// The account takes one job per so many milliseconds; 0 when it is not limited.
    pub lane_every_ms: u64,
}

/// One living worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerStats {
    /// Its name.
    pub worker: String,
    /// Jobs it runs at once.
    pub slots: u64,
    /// The models it serves; none = all.
    pub models: Vec<String>,
    /// What it says of itself.
    pub about: serde_json::Value,
}

/// The wait that the desired slots aim at, in milliseconds, unless another is asked for.
pub const TARGET_MS: u64 = 30_000;

type Raw = (
    (u64, u64, u64, u64, u64, u64, String, String),
    Vec<String>,
    Vec<String>,
    BTreeMap<String, u64>,
    BTreeMap<String, String>,
);

impl Queue {
    /// The queue in numbers.
    pub async fn stats(&self) -> Result<Stats, QueueError> {
        self.stats_for(TARGET_MS).await
    }

    /// The queue in numbers; the desired slots aim at this wait.
    pub async fn stats_for(&self, target_ms: u64) -> Result<Stats, QueueError> {
        let raw: Raw = self.call(Verb::Stats, &[]).await?;
        Ok(Stats::read(raw, target_ms.max(1)))
    }

    /// The users who are paused.
    pub async fn paused_users(&self) -> Result<Vec<PausedUser>, QueueError> {
        let pauses: BTreeMap<String, String> =
            redis::cmd("HGETALL").arg(key("pauses")).query_async(&mut self.link()).await?;
        let named = pauses.into_iter().filter(|(owner, _)| owner.parse::<Owner>().is_ok());
        Ok(named.map(|(owner, packed)| PausedUser { owner, paused: Hold::read(&packed) }).collect())
    }
}

impl Hold {
    /// Reads `at actor why`, as the steering script writes it.
    fn read(packed: &str) -> Self {
        let mut parts = packed.splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default();
        Self { at_ms: next().parse().unwrap_or(0), actor: next().to_owned(), why: next().to_owned() }
    }

    fn read_some(packed: &str) -> Option<Self> {
        (!packed.is_empty()).then(|| Self::read(packed))
    }
}

impl Stats {
    fn read(raw: Raw, target_ms: u64) -> Self {
        let (gauges, models, workers, totals, mut settings) = raw;
        let (delayed, active, dead, ended, kept_bytes, users, paused, closed) = gauges;
        settings.retain(|name, _| name != "paused" && name != "closed");
        let paused = Hold::read_some(&paused);
        let user_limit = settings.get("user_limit").and_then(|limit| limit.parse().ok());
        let signal = Signal { target_ms, user_limit, paused: paused.is_some() };
        let mut models: Vec<ModelStats> = models.chunks_exact(14).map(|part| ModelStats::read(part, &signal)).collect();
        models.sort_by(|one, other| one.model.cmp(&other.model));
        let mut workers: Vec<WorkerStats> =
            workers.chunks_exact(2).map(|pair| WorkerStats::read(&pair[0], &pair[1])).collect();
        workers.sort_by(|one, other| one.worker.cmp(&other.worker));
        Self {
            waiting: models.iter().map(|model| model.waiting).sum(),
            delayed,
            active,
            dead,
            ended,
            kept_bytes,
            users,
            oldest_waiting_ms: models.iter().filter_map(|model| model.oldest_waiting_ms).max(),
            paused,
            closed: some(&closed),
            desired_slots: models.iter().map(|model| model.desired_slots).sum(),
            models,
            workers,
            totals,
            settings,
        }
    }
}

/// What decides how many slots are worth having, besides a model's own numbers.
struct Signal {
    target_ms: u64,
    user_limit: Option<u64>,
    paused: bool,
}

impl ModelStats {
    fn read(part: &[String], signal: &Signal) -> Self {
        let number = |index: usize| part[index].parse::<u64>().unwrap_or(0);
        let known = |index: usize| part[index].parse::<u64>().ok();
        let typical = number(5);
        let mut model = Self {
            model: part[0].clone(),
            waiting: number(1),
            queued_ms: number(2),
            users: number(3),
            running: number(4),
            typical_ms: Some(typical).filter(|typical| *typical > 0),
            spread_ms: Some(number(6)).filter(|_| typical > 0),
            limit: known(7),
            slots: number(8),
            desired_slots: 0,
            oldest_waiting_ms: known(9),
            paused: Hold::read_some(&part[10]),
            lane: part[11].clone(),
            lane_closed_ms: number(12),
            lane_every_ms: number(13),
        };
        model.desired_slots = model.desired(signal);
        model
    }

    /// Slots that bring its waiting jobs to their start in time, never more than could be used: a slot for a job that
    /// is paused, over a limit, or refused by the provider stands idle.
    fn desired(&self, signal: &Signal) -> u64 {
        let typical = self.typical_ms.unwrap_or(0);
        let held = signal.paused || self.paused.is_some() || self.users == 0 || self.lane_closed_ms > signal.target_ms;
        let (waiting, queued_ms) = if held { (0, 0) } else { (self.waiting, self.queued_ms) };
        if waiting + self.running == 0 {
            return 0;
        }
        // the running ones keep their slots: half done on average, they give them up within the target or not at all
        let left = queued_ms + self.running * typical / 2;
        let mut most = (waiting + self.running).min(self.limit.unwrap_or(u64::MAX).max(self.running));
        if let Some(limit) = signal.user_limit {
            most = most.min(self.running + self.users.saturating_mul(limit));
        }
        if self.lane_every_ms > 0 && typical > 0 {
            // an account that takes a job every so often is kept busy by so many slots
            most = most.min(typical.div_ceil(self.lane_every_ms).max(self.running));
        }
        left.div_ceil(signal.target_ms).max(1).min(most)
    }
}

impl WorkerStats {
    fn read(worker: &str, packed: &str) -> Self {
        let mut parts = packed.splitn(3, '\u{1f}');
        let slots = parts.next().and_then(|slots| slots.parse().ok()).unwrap_or(0);
        let models = parts.next().unwrap_or_default().split(',').filter(|model| !matches!(*model, "" | "*"));
        let models = models.map(str::to_owned).collect();
        let about = parts.next().and_then(|about| serde_json::from_str(about).ok()).unwrap_or_default();
        Self { worker: worker.to_owned(), slots, models, about }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(numbers: [u64; 4], more: impl FnOnce(&mut ModelStats, &mut Signal)) -> u64 {
        let [waiting, queued_ms, running, users] = numbers;
        let typical_ms = Some(10_000);
        let mut model = ModelStats { waiting, queued_ms, users, running, typical_ms, ..ModelStats::default() };
        let mut signal = Signal { target_ms: 30_000, user_limit: None, paused: false };
        more(&mut model, &mut signal);
        model.desired(&signal)
    }

    #[test]
    fn the_desired_slots_bring_the_waiting_to_their_start_in_time() {
        assert_eq!(desired([0, 0, 0, 0], |_, _| {}), 0);
        assert_eq!(desired([1, 10_000, 0, 1], |_, _| {}), 1);
        assert_eq!(desired([30, 300_000, 0, 1], |_, _| {}), 10);
        assert_eq!(desired([30, 300_000, 6, 1], |_, _| {}), 11);
        assert_eq!(desired([30, 300_000, 0, 1], |_, signal| signal.target_ms = 10_000), 30);
        assert_eq!(desired([30, 300_000, 0, 1], |_, signal| signal.target_ms = 1), 30, "one slot a job at most");
    }

    #[test]
    fn slots_that_would_stand_idle_are_not_desired() {
        let busy = [30, 300_000, 6, 1];
        assert_eq!(desired([30, 300_000, 2, 1], |model, _| model.limit = Some(4)), 4);
        assert_eq!(desired(busy, |model, _| model.limit = Some(4)), 6, "those that run keep their slots");
        assert_eq!(desired(busy, |_, signal| signal.user_limit = Some(2)), 8, "one user more may have two");
        assert_eq!(desired(busy, |_, signal| signal.paused = true), 1, "the running ones are finished");
        assert_eq!(desired([30, 300_000, 0, 1], |_, signal| signal.paused = true), 0);
        assert_eq!(desired([30, 300_000, 0, 0], |_, _| {}), 0, "all who wait are paused or at their limit");
        assert_eq!(desired([30, 300_000, 0, 1], |model, _| model.lane_closed_ms = 60_000), 0);
        assert_eq!(desired([30, 300_000, 0, 1], |model, _| model.lane_every_ms = 5_000), 2);
    }

    #[test]
    fn a_pause_is_read_as_it_was_written() {
        let hold = Hold::read_some("1795000000000 operator:jo@box the provider is down").unwrap();
        assert_eq!((hold.at_ms, hold.actor.as_str()), (1_795_000_000_000, "operator:jo@box"));
        assert_eq!(hold.why, "the provider is down");
        assert_eq!(Hold::read("1 someone ").why, "");
        assert_eq!(Hold::read_some(""), None);
    }
}
