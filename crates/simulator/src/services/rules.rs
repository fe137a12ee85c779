//! Scripted faults: rules matched by route and prompt, used up in order.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What can be done to a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    /// An error answer instead of handling.
    Answer {
        status: u16,
        #[serde(default)]
        body: Value,
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection closes; nothing was handled.
    CutBefore,
    /// Handled, and the answer is lost.
    CutAfter,
    /// What a chat answers.
    Text(String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// The route: `images`, `chat`, `moderations`, `models`, `prompt`, `queue`, `history`, `view`, `txt2img`, ….
    pub(super) on: String,
    /// Part of the prompt.
    #[serde(default)]
    pub(super) prompt: Option<String>,
    /// Matching requests that pass before the rule applies.
    #[serde(default)]
    pub(super) skip: u64,
    /// Requests it applies to; null is for ever.
    #[serde(default)]
    pub(super) times: Option<u64>,
    #[serde(rename = "do")]
    pub(super) action: Action,
}

impl Rule {
    /// What to do with this request, if it is one of the rule's.
    pub(super) fn meets(&mut self, route: &str, prompt: &str) -> Option<Action> {
        let meant = self.on == route && self.prompt.as_ref().is_none_or(|part| prompt.contains(part));
        if !meant {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        match &mut self.times {
            Some(0) => return None,
            Some(times) => *times -= 1,
            None => {}
        }
        Some(self.action.clone())
    }
}
