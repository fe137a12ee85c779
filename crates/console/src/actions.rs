//! The operators' log: who did what to the queue, and when.

use atelier_queue::Event;
use serde::Serialize;

use crate::Console;
use crate::error::ConsoleError;
use crate::view::{Answer, ago, bytes, moment, set_duration, table};

/// What operators did, oldest first.
#[derive(Debug, Clone, Serialize)]
pub struct Actions {
    /// The moment, in Unix milliseconds.
    pub at_ms: u64,
    /// The entries.
    pub actions: Vec<Event>,
}

impl Console {
    /// The last things operators did; at most a thousand are kept.
    pub async fn actions(&self, most: usize) -> Result<Actions, ConsoleError> {
        let mut actions = self.queue.actions().await?;
        let actions = actions.split_off(actions.len().saturating_sub(most));
        Ok(Actions { at_ms: self.queue.clock_ms().await?, actions })
    }
}

impl Answer for Actions {
    fn text(&self) -> String {
        if self.actions.is_empty() {
            return "nobody has done anything yet".to_owned();
        }
        let mut rows = table(["when", "", "who", "what"]);
        for event in &self.actions {
            rows.add([moment(event.at_ms), ago(event.at_ms, self.at_ms), event.actor.clone(), sentence(event)]);
        }
        rows.to_string()
    }
}

/// An entry in words; one that is not known here is told as it stands.
fn sentence(event: &Event) -> String {
    // what, which, value, as the steering script writes it
    let mut parts = event.detail.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_default();
    let (what, which, value) = (next(), next(), next());
    let object = if which.is_empty() { format!("the {what}") } else { format!("{what} {which}") };
    let because = if value.is_empty() { String::new() } else { format!(": {value}") };
    match event.kind.as_str() {
        "pause" => format!("paused {object}{because}"),
        "resume" => format!("resumed {object}"),
        "close" => format!("closed the queue to new jobs{because}"),
        "reopen" => "reopened the queue".to_owned(),
        "limit" => limit(what, which, value.parse().ok()),
        "budget" => budget(what, which, value),
        kind => format!("{kind} {}", event.detail),
    }
}

fn limit(what: &str, which: &str, value: Option<u64>) -> String {
    let running = |value: Option<u64>| value.map_or_else(|| "no limit".to_owned(), |n| format!("{n} running at once"));
    let kept = |value: Option<u64>, shown: fn(u64) -> String| value.map_or_else(|| "what is usual".to_owned(), shown);
    match what {
        "model" => format!("set the limit of model {which} to {}", running(value)),
        "user_limit" => format!("set the limit of each user to {}", running(value)),
        "chat_limit" => format!("set the limit of each group chat to {}", running(value)),
        "keep_ms" => format!("set the age of records to {}", kept(value, set_duration)),
        "keep_jobs" => format!("set the number of records to {}", kept(value, |number| number.to_string())),
        "keep_bytes" => format!("set the size of records to {}", kept(value, bytes)),
        other => format!("set {other} {which}"),
    }
}

fn budget(what: &str, which: &str, amount: &str) -> String {
    let whose = match what {
        "user" => "each user".to_owned(),
        "chat" => "each group chat".to_owned(),
        "own" => format!("user {which}"),
        _ => "everybody together".to_owned(),
    };
    if amount == "none" {
        format!("took the budget of {whose} away")
    } else {
        format!("set the budget of {whose} to {amount} a day")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_as_sentences() {
        let said = |kind: &str, detail: &str| {
            sentence(&Event { at_ms: 0, kind: kind.to_owned(), actor: String::new(), detail: detail.to_owned() })
        };
        assert_eq!(said("pause", "queue  the provider is down"), "paused the queue: the provider is down");
        assert_eq!(said("pause", "model imagen "), "paused model imagen");
        assert_eq!(said("resume", "user 77:9 "), "resumed user 77:9");
        assert_eq!(said("close", "queue  drained"), "closed the queue to new jobs: drained");
        assert_eq!(said("limit", "model imagen 4"), "set the limit of model imagen to 4 running at once");
        assert_eq!(said("limit", "user_limit  "), "set the limit of each user to no limit");
        assert_eq!(said("limit", "keep_bytes  268435456"), "set the size of records to 256 MiB");
        assert_eq!(said("limit", "keep_ms  "), "set the age of records to what is usual");
        assert_eq!(said("budget", "own 77:9 $0.50"), "set the budget of user 77:9 to $0.50 a day");
        assert_eq!(said("budget", "all  none"), "took the budget of everybody together away");
        assert_eq!(said("dance", "all night"), "dance all night");
    }
}
