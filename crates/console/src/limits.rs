//! Limits and retention: what holds, and setting it.

use std::collections::{BTreeMap, BTreeSet};

use atelier_domain::ModelId;
use atelier_queue::{Setting, Stats};
use serde::Serialize;

use crate::Console;
use crate::actor::Actor;
use crate::error::ConsoleError;
use crate::view::{Answer, bytes, set_duration};

/// What holds where nobody set anything else, as the scripts have it.
const KEEP_MS: u64 = 7 * 86_400_000;
const KEEP_JOBS: u64 = 100_000;
const KEEP_BYTES: u64 = 256 << 20;

/// The limits that hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitsNow {
    /// Jobs in flight per model, for those that have a limit.
    pub models: BTreeMap<String, u64>,
    /// Jobs in flight per user.
    pub user: Option<u64>,
    /// Jobs in flight per group chat.
    pub chat: Option<u64>,
    /// How long records of ended jobs are kept, in milliseconds.
    pub keep_ms: u64,
    /// How many records of ended jobs are kept; of dead ones as many again.
    pub keep_jobs: u64,
    /// How many bytes of Redis' memory they may take.
    pub keep_bytes: u64,
}

/// One limit to set; `None` lifts it, or brings back what holds without setting anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitChange {
    /// Which.
    pub setting: Setting,
    /// To what: a number of jobs, of milliseconds, of bytes.
    pub value: Option<u64>,
}

/// The limits, after what was changed.
#[derive(Debug, Clone, Serialize)]
pub struct LimitsShown {
    /// What holds now.
    pub limits: LimitsNow,
    /// What held before; the same when nothing was changed.
    pub before: LimitsNow,
}

impl LimitsNow {
    pub(crate) fn of(stats: &Stats) -> Self {
        let set = |name: &str| stats.settings.get(name).and_then(|value| value.parse().ok());
        let limited = stats.models.iter().filter_map(|model| Some((model.model.clone(), model.limit?)));
        Self {
            models: limited.collect(),
            user: set("user_limit"),
            chat: set("chat_limit"),
            keep_ms: set("keep_ms").unwrap_or(KEEP_MS),
            keep_jobs: set("keep_jobs").unwrap_or(KEEP_JOBS),
            keep_bytes: set("keep_bytes").unwrap_or(KEEP_BYTES),
        }
    }

    /// One line per limit: what it is about, and what holds.
    fn lines(&self, models: &BTreeSet<&String>) -> Vec<(String, String)> {
        let running = |limit: Option<u64>| match limit {
            Some(limit) => format!("at most {limit} running at once"),
            None => "not limited".to_owned(),
        };
        let models = models.iter().map(|model| (format!("model {model}"), running(self.models.get(*model).copied())));
        let mut lines: Vec<(String, String)> = models.collect();
        lines.extend([
            ("each user".to_owned(), running(self.user)),
            ("each group chat".to_owned(), running(self.chat)),
            ("records kept".to_owned(), format!("for {}", set_duration(self.keep_ms))),
            (String::new(), format!("at most {}, and as many of dead jobs", self.keep_jobs)),
            (String::new(), format!("at most {}", bytes(self.keep_bytes))),
        ]);
        lines
    }
}

impl Console {
    /// The limits that hold.
    pub async fn limits(&self) -> Result<LimitsShown, ConsoleError> {
        let limits = LimitsNow::of(&self.queue.stats().await?);
        Ok(LimitsShown { before: limits.clone(), limits })
    }

    /// Sets limits, one after the other.
    pub async fn limit(&self, changes: &[LimitChange], by: &Actor) -> Result<LimitsShown, ConsoleError> {
        let before = LimitsNow::of(&self.queue.stats().await?);
        for change in changes {
            self.queue.limit(&change.setting, by.as_str(), change.value).await?;
        }
        Ok(LimitsShown { before, limits: LimitsNow::of(&self.queue.stats().await?) })
    }
}

impl LimitChange {
    /// At most so many jobs of a model in flight.
    pub fn model(model: ModelId, value: Option<u64>) -> Self {
        Self { setting: Setting::ModelLimit(model), value }
    }
}

impl Answer for LimitsShown {
    fn text(&self) -> String {
        // a model whose limit was lifted is told once more
        let models = self.limits.models.keys().chain(self.before.models.keys()).collect();
        let (now, before) = (self.limits.lines(&models), self.before.lines(&models));
        let width = now.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
        let line = |((what, holds), (_, held)): (&(String, String), &(String, String))| {
            let was = if holds == held { String::new() } else { format!("   (was: {held})") };
            format!("{what:<width$}   {holds}{was}")
        };
        now.iter().zip(&before).map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_without_a_setting_is_what_the_scripts_say() {
        let scripts = include_str!("../../queue/lua/prelude/lines.lua");
        for (name, value) in [("keep_ms", KEEP_MS), ("keep_jobs", KEEP_JOBS), ("keep_bytes", KEEP_BYTES)] {
            assert!(scripts.contains(&format!("{name} = tonumber(field[")), "{name}");
            assert!(scripts.contains(&format!("or {value})")), "{name} {value}");
        }
    }

    #[test]
    fn a_change_is_told_beside_what_was() {
        let before = LimitsNow::of(&Stats::default());
        let mut limits = before.clone();
        limits.user = Some(3);
        limits.models.insert("imagen".to_owned(), 4);
        let text = LimitsShown { before: before.clone(), limits: limits.clone() }.text();
        assert!(text.contains("each user         at most 3 running at once   (was: not limited)"), "{text}");
        assert!(text.contains("model imagen      at most 4 running at once   (was: not limited)"), "{text}");
        assert!(text.contains("\n                  at most 256 MiB"), "{text}");
        let text = LimitsShown { before: limits, limits: before }.text();
        assert!(text.contains("model imagen      not limited   (was: at most 4 running at once)"), "{text}");
    }
}
