//! The figures for people and for programs.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::sample::rounded;

/// The names under which figures are quoted, in their order.
pub(crate) const KEYS: [&str; 26] = [
    "pickup_p50_ms",
    "pickup_p99_ms",
    "pickup_p50_ratio",
    "pickup_p99_ratio",
    "cycle_per_s",
    "cycle_ratio",
    "cycle_deep_ratio",
    "redis_us_per_job",
    "worker_us_per_job",
    "submit_ratio",
    "submit_batched_ratio",
    "fair_vs_fifo",
    "users_1e5_loss",
    "capped_loss",
    "script_p99_ms",
    "script_max_ms",
    "position_p99_ms",
    "start_s",
    "bytes_per_waiting_job",
    "recovery_p99_s",
    "crash16_s",
    "cancel_p99_s",
    "idle_cmds_per_s",
    "idle_cpu_pct",
    "eta_within_30pct",
    "jain",
];

/// One line of the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    name: String,
    ours: String,
    floor: String,
    ratio: String,
    target: &'static str,
    keyed: Vec<(&'static str, f64)>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Our value.
    pub(crate) fn ours(mut self, value: f64) -> Self {
        self.ours = short(value);
        self
    }

    /// What it is held against.
    pub(crate) fn floor(mut self, value: f64) -> Self {
        self.floor = short(value);
        self
    }

    /// Ours to that.
    pub(crate) fn ratio(mut self, value: f64) -> Self {
        self.ratio = short(value);
        self
    }

    /// Words in the place of our value.
    pub(crate) fn note(mut self, words: impl Into<String>) -> Self {
        self.ours = words.into();
        self
    }

    pub(crate) fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    /// Quotes a value under a name.
    pub(crate) fn key(mut self, key: &'static str, value: f64) -> Self {
        debug_assert!(KEYS.contains(&key), "{key} is one of the names");
        self.keyed.push((key, value));
        self
    }
}

/// The whole table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let head = Row {
        ours: "ours".to_owned(),
        floor: "floor".to_owned(),
        ratio: "ratio".to_owned(),
        target: "target",
        ..Row::default()
    };
    for row in std::iter::once(&head).chain(rows) {
        let Row { name, ours, floor, ratio, target, .. } = row;
        // writing to a string cannot fail
        let _ = writeln!(text, "{name:<58} {ours:>12} {floor:>10} {ratio:>8}  {target}");
    }
    text
}

/// All figures under their names; what was not measured is null.
pub(crate) fn json(rows: &[Row]) -> Value {
    let keyed = |key: &str| rows.iter().flat_map(|row| &row.keyed).find(|(name, _)| *name == key);
    let value = |key: &str| keyed(key).map_or(Value::Null, |(_, value)| Value::from(rounded(*value)));
    Value::Object(KEYS.iter().map(|key| ((*key).to_owned(), value(key))).collect::<Map<_, _>>())
}

fn short(value: f64) -> String {
    let digits = match value.abs() {
        1000.0.. => 0,
        20.0.. => 1,
        _ => 3,
    };
    format!("{value:.digits$}")
}
