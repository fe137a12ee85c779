//! Which numbers of the queue are metrics, and what they are called.
//!
//! Names follow Prometheus' conventions: base units, `_total` on counters, one unit a family. Workers are not labels:
//! every start has another name, and each would be a series of its own.

use atelier_queue::{ModelStats, Stats};

use super::exposition::{Exposition, Kind};
use crate::stats::Numbers;

type PerModel = fn(&ModelStats) -> Option<u64>;

/// Numbers of jobs, slots and users per model.
const COUNTS: [(&str, &str, PerModel); 7] = [
    ("atelier_queue_waiting", "Jobs that wait for a slot.", |model| Some(model.waiting)),
    ("atelier_queue_waiting_users", "Users that wait and may run.", |model| Some(model.users)),
    ("atelier_queue_running", "Jobs in workers' hands.", |model| Some(model.running)),
    ("atelier_queue_running_limit", "Most jobs in workers' hands, where there is a limit.", |model| model.limit),
    (
        "atelier_queue_slots",
        "Slots of living workers that serve the model; one that serves several counts for each.",
        |model| Some(model.slots),
    ),
    (
        "atelier_queue_desired_slots",
        "Slots that would bring every waiting job to its start within the target wait, running jobs included.",
        |model| Some(model.desired_slots),
    ),
    ("atelier_queue_paused", "Whether the model is paused.", |model| Some(u64::from(model.paused.is_some()))),
];

/// Times per model, in milliseconds.
const TIMES: [(&str, &str, PerModel); 4] = [
    ("atelier_queue_queued_seconds", "Predicted seconds of a slot that the waiting jobs take.", |model| {
        Some(model.queued_ms)
    }),
    ("atelier_queue_oldest_waiting_seconds", "How long the one has waited whose turn is next.", |model| {
        Some(model.oldest_waiting_ms.unwrap_or(0))
    }),
    ("atelier_queue_job_seconds", "Smoothed seconds from claim to done.", |model| model.typical_ms),
    ("atelier_queue_job_spread_seconds", "How far a job lies from that, smoothed.", |model| model.spread_ms),
];

/// The numbers as Prometheus reads them.
pub(super) fn exposition(numbers: &Numbers) -> String {
    let stats = &numbers.stats;
    let mut text = Exposition::default();
    for (name, help, value) in COUNTS {
        let mut family = text.family(Kind::Gauge, name, help);
        for model in &stats.models {
            if let Some(value) = value(model) {
                family.count(&[("model", &model.model)], value);
            }
        }
    }
    for (name, help, value) in TIMES {
        let mut family = text.family(Kind::Gauge, name, help);
        for model in &stats.models {
            if let Some(value) = value(model) {
                family.seconds(&[("model", &model.model)], value);
            }
        }
    }
    lanes(&mut text, stats);
    whole(&mut text, numbers);
    totals(&mut text, stats);
    text.finish()
}

/// The providers' accounts, each once however many models share it.
fn lanes(text: &mut Exposition, stats: &Stats) {
    let mut lanes: Vec<&ModelStats> = stats.models.iter().collect();
    lanes.sort_by(|one, other| one.lane.cmp(&other.lane));
    lanes.dedup_by(|one, other| one.lane == other.lane);
    let mut family =
        text.family(Kind::Gauge, "atelier_queue_lane_closed", "Whether the provider's account refuses jobs now.");
    for model in &lanes {
        family.flag(&[("lane", &model.lane)], model.lane_closed_ms > 0);
    }
    let help = "The provider's account takes one job per so many seconds; 0 when it is not limited.";
    let mut family = text.family(Kind::Gauge, "atelier_queue_lane_interval_seconds", help);
    for model in &lanes {
        family.seconds(&[("lane", &model.lane)], model.lane_every_ms);
    }
}

/// What is about the whole queue.
fn whole(text: &mut Exposition, numbers: &Numbers) {
    let (stats, limits) = (&numbers.stats, &numbers.limits);
    let slots = stats.workers.iter().map(|worker| worker.slots).sum();
    for (name, help, value) in [
        ("atelier_queue_delayed", "Jobs to be tried again later.", stats.delayed),
        ("atelier_queue_dead", "Jobs that failed for good and are still on record.", stats.dead),
        ("atelier_queue_ended_kept", "Jobs done or cancelled and still on record.", stats.ended),
        ("atelier_queue_kept_bytes", "Bytes of Redis' memory that the records of ended jobs take.", stats.kept_bytes),
        ("atelier_queue_kept_bytes_limit", "Most bytes that they may take.", limits.keep_bytes),
        ("atelier_queue_users", "Users with a job that has not ended, or who are paused.", stats.users),
        ("atelier_queue_paused_users", "Users who are paused.", numbers.paused_users.len() as u64),
        ("atelier_queue_workers", "Living workers.", stats.workers.len() as u64),
        ("atelier_queue_worker_slots", "Jobs that the living workers can run at once.", slots),
        ("atelier_queue_all_paused", "Whether the whole queue is paused.", u64::from(stats.paused.is_some())),
        ("atelier_queue_closed", "Whether new jobs are refused.", u64::from(stats.closed.is_some())),
    ] {
        text.family(Kind::Gauge, name, help).count(&[], value);
    }
    let help = "The wait that the desired slots aim at.";
    text.family(Kind::Gauge, "atelier_queue_target_wait_seconds", help).seconds(&[], numbers.target_wait_ms);
}

/// Counters since the queue's beginning.
fn totals(text: &mut Exposition, stats: &Stats) {
    let total = |name: &str| stats.totals.get(name).copied().unwrap_or(0);
    text.family(Kind::Counter, "atelier_queue_accepted_total", "Jobs accepted.").count(&[], total("accepted"));
    let mut family = text.family(
        Kind::Counter,
        "atelier_queue_ended_total",
        "Jobs ended, by how; one that is retried may end again.",
    );
    for state in ["done", "dead", "cancelled"] {
        family.count(&[("state", state)], total(state));
    }
    let help = "Ended jobs that somebody had run again.";
    text.family(Kind::Counter, "atelier_queue_retried_total", help).count(&[], total("retried"));
}
