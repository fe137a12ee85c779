//! Histories for the checker's own tests: a good one to break, and trails in short.

use atelier_queue::Event;

use super::check;
use crate::history::{Content, Deed, Effect, History, JobHistory, Word};

/// A job with a trail written as `time kind actor detail|…`.
pub(crate) fn job(id: &str, trail: &str, state: &str) -> JobHistory {
    JobHistory {
        id: id.to_owned(),
        owner: "1:1".to_owned(),
        model: "sketch".to_owned(),
        chat: None,
        answered_ms: 1,
        accepted_ms: Some(0),
        state: state.to_owned(),
        trail: trail.split('|').filter(|line| !line.is_empty()).map(event).collect(),
    }
}

/// An event written as `time kind actor detail`.
pub(crate) fn event(line: &str) -> Event {
    let mut parts = line.splitn(4, ' ');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    Event { at_ms: next().parse().expect("a time"), kind: next(), actor: next(), detail: next() }
}

/// A token given out at that time.
pub(crate) fn fence(at_ms: u64) -> u64 {
    at_ms << 10
}

/// Something done outside of Redis.
pub(crate) fn effect(at_ms: u64, deed: Deed, job: &str, granted_ms: u64, worker: &str) -> Effect {
    let (job, worker, handle) = (job.to_owned(), worker.to_owned(), format!("p{at_ms}-{job}"));
    Effect { at_ms, deed, job, fence: fence(granted_ms), worker, handle }
}

/// A line of a worker's journal.
pub(crate) fn word(at_ms: u64, worker: &str, kind: &str, job: &str, granted_ms: u64, what: &str) -> Word {
    let (worker, kind, job, what) = (worker.to_owned(), kind.to_owned(), job.to_owned(), what.to_owned());
    Word { at_ms, worker, kind, job, fence: fence(granted_ms), what }
}

/// A key's content.
pub(crate) fn content(pairs: &[(&str, &str)]) -> Content {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Content { pairs, expires: false }
}

/// Two jobs: one taken over from a lost worker, one without trouble.
pub(crate) fn good() -> History {
    let trail = "10 claimed w0|11 intent w0|13 handle w0 p12-j|20 lost w0|21 claimed w1|22 outputs w1|23 sending w1\
                 |25 delivered w1|26 done w1";
    let other = "12 claimed w1|13 intent w1|15 handle w1 p14-k|16 outputs w1|17 sending w1|19 delivered w1|19 done w1";
    let mut history = History {
        jobs: vec![job("j", trail, "done"), job("k", other, "done")],
        pending_limit: 10,
        words: vec![word(10, "w0", "claimed", "j", 10, "-"), word(11, "w0", "kept", "j", 10, "intent")],
        effects: vec![
            effect(12, Deed::Create, "j", 10, "w0"),
            effect(14, Deed::Create, "k", 12, "w1"),
            effect(18, Deed::Edit, "k", 12, "w1"),
            effect(24, Deed::Edit, "j", 21, "w1"),
        ],
        ..History::default()
    };
    let model = [("v", "100"), ("tag", "5"), ("running", "0"), ("waiting", "0"), ("work", "0")];
    let lasting = [
        ("models", content(&[("sketch", "")])),
        ("model:sketch", content(&model)),
        ("tags:sketch", content(&[("1:1", "101")])),
        ("gauge", content(&[("waiting", "0"), ("kept", "0")])),
        ("totals", content(&[("accepted", "2"), ("done", "2")])),
    ];
    history.rest.forgotten = lasting.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
    history.rest.keys.clone_from(&history.rest.forgotten);
    for id in ["j", "k"] {
        for family in ["jobs:", "holds:", "trail:"] {
            history.rest.keys.insert(format!("{family}{id}"), Content::default());
        }
    }
    let ended = content(&[("j", "26"), ("k", "19")]);
    history.rest.keys.insert("ended".to_owned(), ended);
    history
}

/// The rules that a good history breaks after it was changed like that.
pub(crate) fn broken(change: impl FnOnce(&mut History)) -> Vec<&'static str> {
    let mut history = good();
    change(&mut history);
    let mut rules: Vec<_> = check(&history).violations.iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn the_good_history_is_good() {
    assert_eq!(check(&good()).violations, []);
}
