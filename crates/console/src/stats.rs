//! The queue in numbers.

use std::fmt::Write;

use atelier_queue::{Hold, ModelStats, PausedUser, Stats};
use serde::Serialize;

use crate::Console;
use crate::error::ConsoleError;
use crate::limits::LimitsNow;
use crate::view::{Answer, Rows, ago, bytes, count, seconds, set_duration, table};

/// The queue in numbers, at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Numbers {
    /// The moment, in Unix milliseconds.
    pub at_ms: u64,
    /// The wait that the desired slots aim at, in milliseconds.
    pub target_wait_ms: u64,
    /// Who closed the queue to new jobs, when it is closed and the operators' log still says so.
    pub closed_by: Option<Hold>,
    /// The users who are paused.
    pub paused_users: Vec<PausedUser>,
    /// The limits that hold.
    pub limits: LimitsNow,
    /// The numbers.
    #[serde(flatten)]
    pub stats: Stats,
}

/// Users named in the text.
const NAMED: usize = 5;

impl Console {
    /// The queue in numbers; the desired slots aim at this wait.
    pub async fn stats(&self, target_wait_ms: u64) -> Result<Numbers, ConsoleError> {
        let stats = self.queue.stats_for(target_wait_ms).await?;
        let closed_by = match &stats.closed {
            None => None,
            Some(why) => {
                let closing = self.queue.actions().await?.into_iter().rev().find(|event| event.kind == "close");
                closing.map(|event| Hold { at_ms: event.at_ms, actor: event.actor, why: why.clone() })
            }
        };
        Ok(Numbers {
            at_ms: self.queue.clock_ms().await?,
            target_wait_ms,
            closed_by,
            paused_users: self.queue.paused_users().await?,
            limits: LimitsNow::of(&stats),
            stats,
        })
    }
}

impl Answer for Numbers {
    fn text(&self) -> String {
        let stats = &self.stats;
        let mut out = self.warnings();
        if !out.is_empty() {
            out.push('\n');
        }
        let oldest =
            stats.oldest_waiting_ms.map_or_else(String::new, |age| format!(" (the first for {})", seconds(age)));
        let users = count(stats.users, "user", "users");
        let later = if stats.delayed > 0 { format!(", {} to be tried again", stats.delayed) } else { String::new() };
        let _ = writeln!(out, "{} waiting{oldest}, {} running{later}; {users}", stats.waiting, stats.active);
        let _ = writeln!(
            out,
            "on record: {} done or cancelled, {} dead; {} of {}, kept for {}",
            stats.ended,
            stats.dead,
            bytes(stats.kept_bytes),
            bytes(self.limits.keep_bytes),
            set_duration(self.limits.keep_ms),
        );
        let totals: Vec<String> = stats.totals.iter().map(|(name, number)| format!("{number} {name}")).collect();
        if !totals.is_empty() {
            let _ = writeln!(out, "since the beginning: {}", totals.join(", "));
        }
        for (what, limit) in [("user", self.limits.user), ("group chat", self.limits.chat)] {
            if let Some(limit) = limit {
                let _ = writeln!(out, "limit: {limit} running at once for each {what}");
            }
        }
        if !stats.models.is_empty() {
            let _ = writeln!(out, "\n{}", models(stats));
        }
        let slots: u64 = stats.workers.iter().map(|worker| worker.slots).sum();
        let wait = set_duration(self.target_wait_ms);
        let workers = count(stats.workers.len() as u64, "worker", "workers");
        let _ = write!(
            out,
            "\n{workers} with {}; {} would do to start everything within {wait}",
            count(slots, "slot", "slots"),
            count(stats.desired_slots, "slot", "slots")
        );
        out
    }
}

impl Numbers {
    /// What keeps jobs from running or from coming in, each on a line of its own.
    fn warnings(&self) -> String {
        let stats = &self.stats;
        let mut out = String::new();
        if let Some(hold) = &stats.paused {
            let _ = writeln!(out, "PAUSED {}: no job is started until `atelier queue resume`.", self.since(hold));
        }
        if let Some(why) = &stats.closed {
            let since = self.closed_by.as_ref().map_or_else(|| format!("({why})"), |hold| self.since(hold));
            let _ = writeln!(out, "CLOSED {since}: new jobs are refused until `atelier queue reopen`.");
        }
        for model in &stats.models {
            if let Some(hold) = &model.paused {
                let (name, since) = (&model.model, self.since(hold));
                let _ = writeln!(out, "PAUSED model {name} {since}: `atelier queue resume --model {name}` ends it.");
            }
        }
        for PausedUser { owner, paused } in self.paused_users.iter().take(NAMED) {
            let since = self.since(paused);
            let _ = writeln!(out, "PAUSED user {owner} {since}: `atelier queue resume --user {owner}` ends it.");
        }
        if self.paused_users.len() > NAMED {
            let _ = writeln!(out, "PAUSED {} users more (--json names them all).", self.paused_users.len() - NAMED);
        }
        if stats.workers.is_empty() {
            let _ = writeln!(out, "NO WORKER runs: start one with `atelier worker`.");
        }
        out
    }

    /// `3.20 s ago by operator:jo@box (why)`.
    fn since(&self, hold: &Hold) -> String {
        let why = if hold.why.is_empty() { String::new() } else { format!(" ({})", hold.why) };
        format!("{} by {}{why}", ago(hold.at_ms, self.at_ms), hold.actor)
    }
}

fn models(stats: &Stats) -> Rows {
    let header = ["model", "waiting", "first for", "work", "users", "running", "one takes", "slots", "wanted", ""];
    let mut rows = table(header);
    for model in &stats.models {
        let limit = model.limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        let typical = match (model.typical_ms, model.spread_ms) {
            (Some(typical), Some(spread)) => format!("{} ± {}", seconds(typical), seconds(spread)),
            (Some(typical), None) => seconds(typical),
            (None, _) => "not measured".to_owned(),
        };
        let when_waiting = |text: String| if model.waiting > 0 { text } else { String::new() };
        rows.add([
            model.model.clone(),
            model.waiting.to_string(),
            model.oldest_waiting_ms.map_or_else(String::new, seconds),
            when_waiting(seconds(model.queued_ms)),
            when_waiting(model.users.to_string()),
            format!("{}{limit}", model.running),
            typical,
            model.slots.to_string(),
            model.desired_slots.to_string(),
            remarks(model, stats),
        ]);
    }
    rows
}

/// What keeps a model's jobs from running.
fn remarks(model: &ModelStats, stats: &Stats) -> String {
    let mut remarks = Vec::new();
    if model.paused.is_some() {
        remarks.push("PAUSED".to_owned());
    }
    if model.slots == 0 && !stats.workers.is_empty() && model.waiting > 0 {
        remarks.push("NOBODY serves it".to_owned());
    }
    if model.limit.is_some_and(|limit| model.running >= limit) {
        remarks.push("at its limit".to_owned());
    }
    if model.lane_closed_ms > 0 {
        remarks.push(format!("account {} closed for {}", model.lane, seconds(model.lane_closed_ms)));
    }
    if model.lane_every_ms > 0 {
        remarks.push(format!("one job per {}", seconds(model.lane_every_ms)));
    }
    if model.users == 0 && model.waiting > 0 {
        remarks.push("all who wait are paused or at a limit".to_owned());
    }
    remarks.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use atelier_queue::WorkerStats;

    use super::*;

    fn text(stats: Stats) -> String {
        let limits = LimitsNow::of(&stats);
        let (at_ms, paused_users) = (1_795_000_060_000, Vec::new());
        Numbers { at_ms, target_wait_ms: 30_000, closed_by: None, paused_users, limits, stats }.text()
    }

    #[test]
    fn an_empty_and_a_busy_queue_read_well() {
        let shown = text(Stats::default());
        assert!(
            shown.starts_with("NO WORKER runs: start one with `atelier worker`.\n\n0 waiting, 0 running"),
            "{shown}"
        );
        let busy = Stats {
            waiting: 3,
            oldest_waiting_ms: Some(1500),
            kept_bytes: 1 << 20,
            models: vec![ModelStats {
                model: "imagen".to_owned(),
                waiting: 3,
                queued_ms: 30_000,
                running: 1,
                typical_ms: Some(10_000),
                spread_ms: Some(500),
                limit: Some(1),
                lane_closed_ms: 4000,
                lane: "replicate".to_owned(),
                ..ModelStats::default()
            }],
            workers: vec![WorkerStats {
                worker: "w".to_owned(),
                slots: 2,
                models: Vec::new(),
                about: serde_json::json!({"pid": 7, "host": "box"}),
            }],
            totals: BTreeMap::from([("accepted".to_owned(), 4)]),
            ..Stats::default()
        };
        let shown = text(busy);
        for part in [
            "3 waiting (the first for 1.50 s)",
            "1 MiB of 256 MiB, kept for 7 d",
            "4 accepted",
            "1 of 1",
            "10.0 s ± 0.50 s",
            "NOBODY serves it, at its limit, account replicate closed for 4.00 s",
            "1 worker with 2 slots; 0 slots would do to start everything within 30 s",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn what_is_paused_or_closed_is_said_first() {
        let hold = |why: &str| {
            Some(Hold { at_ms: 1_795_000_000_000, actor: "operator:jo@box".to_owned(), why: why.to_owned() })
        };
        let stats = Stats {
            paused: hold("the provider is down"),
            closed: Some("drained".to_owned()),
            models: vec![ModelStats { model: "imagen".to_owned(), paused: hold(""), ..ModelStats::default() }],
            ..Stats::default()
        };
        let shown = text(stats);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "PAUSED 1 min 0 s ago by operator:jo@box (the provider is down): no job is started until `atelier queue \
                 resume`.",
                "CLOSED (drained): new jobs are refused until `atelier queue reopen`.",
                "PAUSED model imagen 1 min 0 s ago by operator:jo@box: `atelier queue resume --model imagen` ends it.",
            ]
        );
    }
}
