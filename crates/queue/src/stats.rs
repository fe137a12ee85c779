//! The queue in numbers, at one moment, and how many workers it would take.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

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
    pub paused: Option<String>,
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
    /// What operators set: limits and retention.
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
    pub paused: Option<String>,
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
}

impl Stats {
    fn read(raw: Raw, target_ms: u64) -> Self {
        let ((delayed, active, dead, ended, kept_bytes, users, paused, closed), models, workers, totals, settings) = raw;
        let mut models: Vec<ModelStats> =
            models.chunks_exact(14).map(|part| ModelStats::read(part, target_ms)).collect();
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
            paused: some(&paused),
            closed: some(&closed),
            desired_slots: models.iter().map(|model| model.desired_slots).sum(),
            models,
            workers,
            totals,
            settings,
        }
    }
}

impl ModelStats {
    fn read(part: &[String], target_ms: u64) -> Self {
        let number = |index: usize| part[index].parse::<u64>().unwrap_or(0);
        let known = |index: usize| part[index].parse::<u64>().ok();
        let (queued_ms, running, typical) = (number(2), number(4), number(5));
        let limit = known(7);
        // the running ones keep their slots: half done on average, they give them up within the target or not at all
        let left = queued_ms + running * typical / 2;
        let desired = if number(1) + running == 0 { 0 } else { left.div_ceil(target_ms).max(1) };
        Self {
            model: part[0].clone(),
            waiting: number(1),
            queued_ms,
            users: number(3),
            running,
            typical_ms: Some(typical).filter(|typical| *typical > 0),
            spread_ms: Some(number(6)).filter(|_| typical > 0),
            limit,
            slots: number(8),
            desired_slots: desired.min(number(1) + running).min(limit.unwrap_or(u64::MAX)),
            oldest_waiting_ms: known(9),
            paused: some(&part[10]),
            lane: part[11].clone(),
            lane_closed_ms: number(12),
            lane_every_ms: number(13),
        }
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

    #[test]
    fn the_desired_slots_bring_the_waiting_to_their_start_in_time() {
        let part = |waiting: u64, queued: u64, running: u64, limit: i64| {
            let numbers = [waiting, queued, 1, running, 10_000, 0].map(|number| number.to_string());
            let mut part = vec!["imagen".to_owned()];
            part.extend(numbers);
            part.extend([limit.to_string(), "4".into(), "-1".into(), String::new(), "imagen".into(), "0".into(), "0".into()]);
            ModelStats::read(&part, 30_000).desired_slots
        };
        assert_eq!(part(0, 0, 0, -1), 0);
        assert_eq!(part(1, 10_000, 0, -1), 1);
        assert_eq!(part(30, 300_000, 0, -1), 10);
        assert_eq!(part(30, 300_000, 6, -1), 11);
        assert_eq!(part(30, 300_000, 6, 4), 4);
    }
}
