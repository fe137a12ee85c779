//! All figures of one run, and the sixteen that are quoted.

use serde_json::{Value, json};

use crate::options::Options;
use crate::sample::{median, rounded};
use crate::whole::answers::{self, Answers};
use crate::whole::basics::{self, Queues};
use crate::whole::footprint::{self, Footprint};
use crate::whole::together;

/// What was measured; a group that was left out is missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    pub(crate) queues: Option<Queues>,
    pub(crate) answers: Option<Answers>,
    pub(crate) footprint: Option<Footprint>,
    pub(crate) together: Option<Vec<f64>>,
}

/// Measures one group after the other: nothing runs beside what is measured.
pub(crate) async fn measure(options: &Options) -> Figures {
    let mut figures = Figures::default();
    if options.wants("queue") {
        eprintln!("queue: pickup, submit, drain, fan-out; ours and the floor in turns");
        figures.queues = Some(basics::measure(options).await);
    }
    if options.wants("footprint") {
        eprintln!("footprint: a worker idle, then with 100 jobs in flight");
        figures.footprint = Some(footprint::measure(options).await);
    }
    if options.wants("answers") {
        eprintln!("answers: the bot idle, then with 200 jobs running");
        figures.answers = Some(answers::measure(options).await);
    }
    if options.wants("together") {
        eprintln!("together: three prompts of {} s in one message", together::SECONDS);
        figures.together = Some(together::measure(options).await);
    }
    figures
}

impl Figures {
    /// The figures under their fixed names; what was not measured is null. A ratio is ours to the floor's.
    pub(crate) fn json(&self) -> Value {
        let queue = |value: fn(&Queues) -> f64| self.queues.as_ref().map(value).map(rounded);
        let answer = |value: fn(&Answers) -> f64| self.answers.as_ref().map(value).map(rounded);
        let cost = |value: fn(&Footprint) -> f64| self.footprint.as_ref().map(value).map(rounded);
        json!({
            "pickup_p50_ms": queue(|it| it.ours.pickup.percentile(50)),
            "pickup_p99_ms": queue(|it| it.ours.pickup.percentile(99)),
            "pickup_p50_ratio": queue(|it| it.ours.pickup.percentile(50) / it.floor.pickup.percentile(50)),
            "submit_per_s": queue(|it| median(it.ours.single.clone())),
            "submit_batched_per_s": queue(|it| median(it.ours.batched.clone())),
            "drain_per_s": queue(|it| median(it.ours.drain.clone())),
            "drain_ratio": queue(|it| basics::ratio(&it.ours.drain, &it.floor.drain)),
            "fanout_ratio": queue(|it| median(it.ours.fan_out.clone()) / basics::ideal_fan_out()),
            "answer_p99_idle_ms": answer(|it| it.idle.percentile(99)),
            "answer_p99_busy_ms": answer(|it| it.busy.percentile(99)),
            "answer_ratio": answer(|it| it.busy.percentile(99) / it.idle.percentile(99)),
            "worker_rss_idle_mb": cost(|it| it.idle_mb),
            "worker_rss_100_mb": cost(|it| it.held_mb),
            "idle_cpu_pct": cost(|it| it.idle_processor_per_cent),
            "idle_redis_cmds_per_s": cost(|it| it.idle_commands_per_s),
            "batch3_ratio": self.together.clone().map(median).map(|wall| rounded(wall / f64::from(together::SECONDS))),
        })
    }
}
