//! Scripted faults: which requests they meet and what happens to those.
//!
//! A request meets at most one rule per phase, the first that still has uses; rules count the requests they skip
//! and spend. The effect of a call happens between the two phases, so `after` means "done, but not told".

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Whether the fault comes before the call has its effect or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    #[default]
    Before,
    After,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Wait, then go on.
    Delay { ms: u64 },
    /// Answer with this; `body` replaces the usual JSON error word for word.
    Reply {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Cut the connection without a byte.
    Cut,
    /// Wait until the rule is released or removed, then go on.
    Hold,
}

/// A rule as a test writes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Method names in any case; `*` stands for any characters.
    #[serde(default = "any")]
    pub(crate) method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bot: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chat: Option<i64>,
    /// How many matching requests pass first.
    #[serde(default)]
    pub(crate) skip: u64,
    /// How many requests it then meets; null for all that follow.
    #[serde(default = "once")]
    pub(crate) times: Option<u64>,
    #[serde(default)]
    pub(crate) phase: Phase,
    pub(crate) action: Action,
}

fn any() -> String {
    "*".to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn once() -> Option<u64> {
    Some(1)
}

#[derive(Debug)]
struct Active {
    id: u64,
    rule: Rule,
    seen: u64,
    met: u64,
    released: watch::Sender<bool>,
    held: u64,
}

/// A rule that met a request.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) id: u64,
    pub(crate) action: Action,
    /// Turns true, or closes, when a held request may go on.
    pub(crate) released: watch::Receiver<bool>,
}

/// All rules, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    last_id: u64,
    active: Vec<Active>,
}

impl Faults {
    /// Adds a rule; returns its number.
    pub(crate) fn add(&mut self, rule: Rule) -> u64 {
        self.last_id += 1;
        let released = watch::Sender::new(false);
        self.active.push(Active { id: self.last_id, rule, seen: 0, met: 0, released, held: 0 });
        self.last_id
    }

    /// The rule that meets this request in this phase, if any.
    pub(crate) fn meet(&mut self, phase: Phase, bot: i64, method: &str, chat: Option<i64>) -> Option<Met> {
        for active in &mut self.active {
            let rule = &active.rule;
            let applies = rule.phase == phase
                && rule.bot.is_none_or(|wanted| wanted == bot)
                && (rule.chat.is_none() || rule.chat == chat)
                && rule.times.is_none_or(|times| active.met < times)
                && glob(&rule.method.to_ascii_lowercase(), method);
            if !applies {
                continue;
            }
            active.seen += 1;
            if active.seen <= rule.skip {
                continue;
            }
            active.met += 1;
            if rule.action == Action::Hold {
                active.held += 1;
            }
            let released = active.released.subscribe();
            return Some(Met { id: active.id, action: rule.action.clone(), released });
        }
        None
    }

    /// A held request went on or went away.
    pub(crate) fn unheld(&mut self, id: u64) {
        if let Some(active) = self.active.iter_mut().find(|active| active.id == id) {
            active.held = active.held.saturating_sub(1);
        }
    }

    /// Lets held requests of a rule go on, now and later; false when there is no such rule.
    pub(crate) fn release(&mut self, id: u64) -> bool {
        let found = self.active.iter().find(|active| active.id == id);
        found.map(|active| active.released.send_replace(true)).is_some()
    }

    /// Removes one rule, or all, and lets go what they held.
    pub(crate) fn remove(&mut self, id: Option<u64>) -> usize {
        let before = self.active.len();
        self.active.retain(|active| id.is_some_and(|id| id != active.id));
        before - self.active.len()
    }

    /// Requests held right now.
    pub(crate) fn held(&self) -> u64 {
        self.active.iter().map(|active| active.held).sum()
    }

    /// The rules with their counters.
    pub(crate) fn list(&self) -> Value {
        let show = |active: &Active| {
            json!({
                "id": active.id,
                "rule": active.rule,
                "seen": active.seen,
                "met": active.met,
                "held": active.held,
                "released": *active.released.borrow(),
            })
        };
        self.active.iter().map(show).collect()
    }
}

/// Matches `*` against any run of characters.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            rest.is_empty() || text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|tail| glob(rest, tail))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn globs() {
        assert!(glob("send*", "sendphoto") && glob("*", "") && glob("*media*", "editmessagemedia"));
        assert!(!glob("send*", "editmessagetext") && !glob("sendphoto", "sendphotos"));
    }

    #[test]
    fn a_rule_skips_then_spends_its_uses() {
        let mut faults = Faults::default();
        faults.add(rule(r#"{"method":"send*","chat":7,"skip":1,"times":2,"action":{"kind":"cut"}}"#));
        let mut meet = |chat| faults.meet(Phase::Before, 1, "sendmessage", Some(chat)).is_some();
        assert_eq!([meet(7), meet(8), meet(7), meet(7), meet(7)], [false, false, true, true, false]);
    }

    #[test]
    fn a_removed_rule_lets_go_what_it_held() {
        let mut faults = Faults::default();
        let id = faults.add(rule(r#"{"times":null,"action":{"kind":"hold"}}"#));
        let met = faults.meet(Phase::Before, 1, "getme", None).unwrap();
        assert_eq!(faults.held(), 1);
        assert_eq!(faults.remove(Some(id)), 1);
        assert!(met.released.has_changed().is_err());
    }
}
