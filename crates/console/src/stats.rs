//! The queue in numbers.

use std::fmt::Write;

use atelier_queue::{Queue, Stats};

use crate::view::{ConsoleError, View, count, json, seconds, table};

/// The queue in numbers, at one moment.
pub async fn stats(queue: &Queue, view: View) -> Result<String, ConsoleError> {
    let stats = queue.stats().await?;
    match view {
        View::Json => json(&stats),
        View::Text => Ok(text(&stats)),
    }
}

fn text(stats: &Stats) -> String {
    let mut out = String::new();
    let oldest = stats.oldest_waiting_ms.map_or_else(String::new, |age| format!(" (the first for {})", seconds(age)));
    let _ = writeln!(
        out,
        "{} waiting{oldest}, {} running, {} to be tried again; on record: {} ended, {} dead",
        stats.waiting, stats.active, stats.delayed, stats.ended, stats.dead
    );
    let totals: Vec<String> = stats.totals.iter().map(|(name, number)| format!("{number} {name}")).collect();
    if !totals.is_empty() {
        let _ = writeln!(out, "since the beginning: {}", totals.join(", "));
    }
    if !stats.models.is_empty() {
        let mut models = table(["model", "waiting", "running", "typically"]);
        for model in &stats.models {
            let typical = model.typical_ms.map_or_else(|| "not measured yet".to_owned(), seconds);
            models.add_row([model.model.clone(), model.waiting.to_string(), model.running.to_string(), typical]);
        }
        let _ = writeln!(out, "\n{models}");
    }
    let slots: u64 = stats.workers.iter().map(|worker| worker.slots).sum();
    if stats.workers.is_empty() {
        let _ = write!(out, "\nno worker runs: start one with `atelier worker`");
    } else {
        let workers = stats.workers.len() as u64;
        let _ = writeln!(out, "\n{} with {}", count(workers, "worker", "workers"), count(slots, "slot", "slots"));
        let mut living = table(["worker", "slots", "about"]);
        for worker in &stats.workers {
            living.add_row([worker.worker.clone(), worker.slots.to_string(), about(&worker.about)]);
        }
        let _ = write!(out, "{living}");
    }
    out
}

/// `key value, key value`, for whatever a worker says of itself.
fn about(value: &serde_json::Value) -> String {
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value.as_object() {
        Some(fields) => {
            fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use atelier_queue::{ModelStats, WorkerStats};

    use super::*;

    #[test]
    fn an_empty_and_a_busy_queue_read_well() {
        let empty = Stats {
            waiting: 0,
            delayed: 0,
            active: 0,
            dead: 0,
            ended: 0,
            oldest_waiting_ms: None,
            models: Vec::new(),
            workers: Vec::new(),
            totals: BTreeMap::new(),
        };
        assert!(text(&empty).ends_with("no worker runs: start one with `atelier worker`"), "{}", text(&empty));
        let busy = Stats {
            waiting: 3,
            oldest_waiting_ms: Some(1500),
            models: vec![ModelStats { model: "imagen".to_owned(), waiting: 3, running: 1, typical_ms: None }],
            workers: vec![WorkerStats {
                worker: "w".to_owned(),
                slots: 2,
                about: serde_json::json!({"pid": 7, "host": "box"}),
            }],
            totals: BTreeMap::from([("accepted".to_owned(), 4)]),
            ..empty
        };
        let shown = text(&busy);
        for part in
            ["3 waiting (the first for 1.50 s)", "4 accepted", "imagen", "1 worker with 2 slots", "host box, pid 7"]
        {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}
