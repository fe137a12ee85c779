//! Scripted faults: rules matched by route, model and prompt, used up in order.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcome::Outcome;
use super::problem::Problem;

/// The routes a rule can name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Route {
    #[default]
    Create,
    Get,
    Cancel,
    List,
    Download,
    Files,
    Account,
    Models,
}

/// Which predictions are meant; an empty matcher means all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Matcher {
    /// Glob over `owner/name`; `*` stands for any run of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    /// Part of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<String>,
}

/// The prediction or create a request is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub(super) model: String,
    pub(super) prompt: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Given by the server.
    #[serde(default, skip_deserializing)]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) on: Route,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<String>,
    /// Matching requests that pass before the rule applies.
    #[serde(default)]
    pub(super) skip: u64,
    /// Requests it applies to; null is for ever.
    #[serde(default)]
    pub(super) times: Option<u64>,
    #[serde(rename = "do")]
    pub(super) action: Action,
    /// Matching requests seen so far.
    #[serde(default, skip_deserializing)]
    pub(super) seen: u64,
    /// Requests it was applied to.
    #[serde(default, skip_deserializing)]
    pub(super) applied: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    /// Seconds before anything else happens.
    Delay(f64),
    /// An error answer instead of handling.
    Answer(Answer),
    /// The connection closes; nothing was handled.
    CutBefore,
    /// Handled, and the answer is lost.
    CutAfter,
    /// The connection closes; a creation is handled all the same, this many seconds later.
    Late(f64),
    /// The body of a download stops in the middle.
    CutMiddle,
    /// The body of a download takes this many seconds.
    Trickle(f64),
    /// How the prediction created here will end.
    Outcome(Outcome),
    /// Seconds of simulated generation for the prediction created here (not scaled).
    RunSeconds(f64),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Named(Named),
    Custom {
        status: u16,
        #[serde(default)]
        body: Option<Value>,
        /// Both the body's `retry_after` (429 without a body) and the header.
        #[serde(default)]
        retry_after: Option<u64>,
    },
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Named {
    Unauthenticated,
    InsufficientCredit,
    LowCredit,
    Throttled,
    Unavailable,
}

impl Answer {
    pub(super) fn problem(&self) -> Problem {
        match self {
            Self::Named(Named::Unauthenticated) => Problem::bad_token(),
            Self::Named(Named::InsufficientCredit) => Problem::insufficient_credit(),
            Self::Named(Named::LowCredit) => Problem::low_credit(8),
            Self::Named(Named::Throttled) => Problem::throttled(30),
            Self::Named(Named::Unavailable) => Problem::unavailable(503),
            Self::Custom { status, body, retry_after } => {
                let mut problem = match (body, status) {
                    (Some(body), _) => Problem::new(*status, body.clone()),
                    (None, 429) => Problem::throttled(retry_after.unwrap_or(30)),
                    (None, status) => Problem::unavailable(*status),
                };
                problem.retry_after = *retry_after;
                problem
            }
        }
    }
}

impl Matcher {
    pub(super) fn matches(&self, model: &str, prompt: &str) -> bool {
        self.model.as_deref().is_none_or(|pattern| glob(pattern, model))
            && self.prompt.as_deref().is_none_or(|part| prompt.contains(part))
    }
}

impl Rule {
    /// Whether the rule applies to this request; counts it.
    fn fires(&mut self, route: Route, subject: &Subject) -> bool {
        let matcher = Matcher { model: self.model.clone(), prompt: self.prompt.clone() };
        if self.on != route || !matcher.matches(&subject.model, &subject.prompt) {
            return false;
        }
        self.seen += 1;
        let fires = self.seen > self.skip && self.times.is_none_or(|times| self.applied < times);
        self.applied += u64::from(fires);
        fires
    }
}

/// Everything the rules want of one request.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    pub(super) delay: f64,
    pub(super) answer: Option<Answer>,
    pub(super) cut_before: bool,
    pub(super) cut_after: bool,
    pub(super) late: Option<f64>,
    pub(super) cut_middle: bool,
    pub(super) trickle: Option<f64>,
    pub(super) outcome: Option<Outcome>,
    pub(super) run_seconds: Option<f64>,
}

/// Collects the rules that apply; of rules that exclude each other, the first wins and the others are not used up.
pub(super) fn orders(rules: &mut [Rule], route: Route, subject: &Subject) -> Orders {
    let mut orders = Orders::default();
    for rule in rules {
        if orders.answer.is_some() || orders.cut_before {
            break;
        }
        let taken = match &rule.action {
            Action::Outcome(_) => orders.outcome.is_some(),
            Action::RunSeconds(_) => orders.run_seconds.is_some(),
            Action::Late(_) => orders.late.is_some(),
            Action::CutMiddle | Action::Trickle(_) => orders.cut_middle || orders.trickle.is_some(),
            Action::Delay(_) | Action::Answer(_) | Action::CutBefore | Action::CutAfter => false,
        };
        if taken || !rule.fires(route, subject) {
            continue;
        }
        match &rule.action {
            Action::Delay(seconds) => orders.delay += seconds.clamp(0.0, 600.0),
            Action::Answer(answer) => orders.answer = Some(answer.clone()),
            Action::CutBefore => orders.cut_before = true,
            Action::CutAfter => orders.cut_after = true,
            Action::CutMiddle => orders.cut_middle = true,
            Action::Late(seconds) => orders.late = Some(seconds.clamp(0.0, 600.0)),
            Action::Trickle(seconds) => orders.trickle = Some(seconds.clamp(0.0, 600.0)),
            Action::Outcome(outcome) => orders.outcome = Some(outcome.clone()),
            Action::RunSeconds(seconds) => orders.run_seconds = Some(seconds.clamp(0.0, 36_000.0)),
        }
    }
    orders
}

/// `*` matches any run of characters.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("*", "a/b", true),
            ("a/*", "a/b", true),
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("*schnell", "x/flux-schnell", true),
            ("*flux*pro", "x/flux-1.1-pro", true),
            ("b*", "a/b", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn rules_skip_and_run_out() {
        let mut rules: Vec<Rule> =
            serde_json::from_str(r#"[{"prompt":"fox","skip":1,"times":2,"do":"cut_after"}]"#).unwrap();
        let fox = Subject { model: "a/b".to_owned(), prompt: "a fox".to_owned() };
        let cuts: Vec<bool> = (0..5).map(|_| orders(&mut rules, Route::Create, &fox).cut_after).collect();
        assert_eq!(cuts, [false, true, true, false, false]);
        assert!(!orders(&mut rules, Route::Get, &fox).cut_after);
    }

    #[test]
    fn answers_come_by_name_or_in_full() {
        let read = |text: &str| serde_json::from_str::<Rule>(text).unwrap();
        let named = read(r#"{"do":{"answer":"low_credit"}}"#);
        let custom = read(r#"{"do":{"answer":{"status":502}}}"#);
        let Action::Answer(named) = named.action else { panic!() };
        let Action::Answer(custom) = custom.action else { panic!() };
        assert_eq!((named.problem().status, custom.problem().status), (429, 502));
    }
}
