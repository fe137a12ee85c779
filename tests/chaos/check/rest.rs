//! Nothing is left behind: when every job has ended, Redis holds the records, what outlives jobs by design, and no more.
//!
//! The list of keys is that of the queue's own documentation; one that is not on it is a violation.

use std::collections::BTreeSet;

use crate::check::Verdict;
use crate::history::{Content, History};

/// Keys that may be there, and stay.
const LASTING: [&str; 7] = ["models", "model:", "gauge", "settings", "actions", "totals", "libraries"];
/// Keys that may be there, and go by themselves.
const PASSING: [&str; 8] = ["user:", "seen:", "handle:", "batch:", "rate:", "pace:", "park:", "probe"];
/// Lists of wake-ups, which are capped.
const BELLS: [&str; 3] = ["wake", "wake:", "news"];
const BELL: usize = 512;
/// Fields that count what is under way.
const COUNTERS: [&str; 3] = ["running", "waiting", "work"];

/// Judges what is left.
pub(crate) fn check(history: &History, verdict: &mut Verdict) {
    let accepted: BTreeSet<&str> =
        history.jobs.iter().filter(|job| job.accepted_ms.is_some()).map(|job| job.id.as_str()).collect();
    for (name, content) in &history.rest.keys {
        let (family, rest) = family(name);
        match family {
            "jobs:" | "holds:" | "job:" | "trail:" => {
                if !accepted.contains(rest) {
                    verdict.wrong("left behind", name, "it belongs to no job that was accepted");
                }
            }
            "ended" | "dead" => {}
            _ => judge(name, content, history, verdict),
        }
    }
    for id in &accepted {
        for family in ["jobs:", "holds:", "trail:"] {
            if !history.rest.keys.contains_key(&format!("{family}{id}")) {
                verdict.wrong("lost job", id, format!("its {family} is gone"));
            }
        }
    }
    for (name, content) in &history.rest.forgotten {
        let (family, _) = family(name);
        if matches!(family, "jobs:" | "holds:" | "job:" | "trail:" | "ended" | "dead") {
            verdict.wrong("left behind", name, "its job was forgotten");
        } else if !history.rest.keys.contains_key(name) {
            verdict.wrong("left behind", name, format!("{:?} appeared while jobs were forgotten", content.pairs));
        }
    }
    let kept = history.rest.forgotten.get("gauge").and_then(|gauge| gauge.get("kept")).unwrap_or("0");
    if kept != "0" {
        verdict.wrong("counter", "gauge", format!("{kept} bytes are counted as kept, and nothing is"));
    }
    totals(history, verdict);
}

fn judge(name: &str, content: &Content, history: &History, verdict: &mut Verdict) {
    let (family, rest) = family(name);
    let some = || content.pairs.iter().take(5).collect::<Vec<_>>();
    match family {
        "gauge" | "model:" => {
            for field in COUNTERS {
                let value = content.get(field).unwrap_or("0");
                if value != "0" {
                    verdict.wrong("counter", name, format!("{field} is {value}"));
                }
            }
        }
        "tags:" => {
            let model = history.rest.keys.get(&format!("model:{rest}"));
            let time: f64 = model.and_then(|model| model.get("v")?.parse().ok()).unwrap_or(0.0);
            for (owner, tag) in &content.pairs {
                if tag.parse::<f64>().is_ok_and(|tag| tag <= time) {
                    verdict.wrong("left behind", name, format!("the tag {tag} of {owner} lies behind {time}"));
                }
            }
        }
        family if LASTING.contains(&family) => {}
        family if PASSING.contains(&family) => {
            if !content.expires {
                verdict.wrong("left behind", name, format!("{:?} would stay for ever", some()));
            }
        }
        family if BELLS.contains(&family) => {
            if content.pairs.len() > BELL {
                verdict.wrong("left behind", name, format!("{} wake-ups", content.pairs.len()));
            }
        }
        _ => verdict.wrong("left behind", name, format!("{:?}", some())),
    }
}

/// A key's family: its name up to the first colon, and the rest.
fn family(name: &str) -> (&str, &str) {
    name.find(':').map_or((name, ""), |colon| name.split_at(colon + 1))
}

/// What the queue counted is what happened.
fn totals(history: &History, verdict: &mut Verdict) {
    if !history.gaps.is_empty() || history.rest.keys.is_empty() {
        return;
    }
    let total = |name: &str| {
        let total = history.rest.keys.get("totals").and_then(|totals| totals.get(name)?.parse::<usize>().ok());
        total.unwrap_or(0)
    };
    let trails = |kind: &str| history.jobs.iter().flat_map(|job| &job.trail).filter(|event| event.kind == kind).count();
    let again = history
        .jobs
        .iter()
        .flat_map(|job| &job.trail)
        .filter(|event| event.kind == "retried" && event.detail != "it was delayed");
    let accepted = history.jobs.iter().filter(|job| job.accepted_ms.is_some()).count();
    let expected = [
        ("accepted", accepted),
        ("done", trails("done")),
        ("dead", trails("dead")),
        ("cancelled", trails("cancelled")),
        ("retried", again.count()),
    ];
    for (name, number) in expected {
        if total(name) != number {
            verdict.wrong("totals", name, format!("{} are counted, {number} happened", total(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::sample::{broken, content};

    fn with(name: &str, found: Content) -> Vec<&'static str> {
        broken(|history| {
            history.rest.keys.insert(name.to_owned(), found);
        })
    }

    #[test]
    fn what_may_stay_is_documented() {
        let documented = include_str!("../../../crates/queue/src/keys.rs");
        for family in LASTING.iter().chain(&PASSING).chain(&BELLS) {
            assert!(documented.contains(&format!("`{family}")), "{family}");
        }
    }

    #[test]
    fn every_place_of_a_job_must_be_empty() {
        let places = [
            "line:sketch:1:1",
            "ring:sketch",
            "parked",
            "parked:1:1",
            "held:1:-1",
            "lanes",
            "gates",
            "owners",
            "pauses",
            "chats",
            "delayed",
            "leases",
            "notices",
            "alive",
            "workers",
            "capacity",
            "surprise",
            "jobs:x",
            "holds:x",
            "job:x",
            "trail:x",
        ];
        for name in places {
            assert_eq!(with(name, content(&[("x", "1")])), ["left behind"], "{name}");
        }
    }

    #[test]
    fn counters_are_zero() {
        for field in ["running", "waiting", "work"] {
            assert_eq!(with("model:sketch", content(&[("v", "1"), (field, "1")])), ["counter"], "{field}");
        }
        assert_eq!(with("gauge", content(&[("waiting", "-1")])), ["counter"]);
        assert_eq!(with("totals", content(&[("accepted", "3"), ("done", "2")])), ["totals"]);
    }

    #[test]
    fn tags_lie_ahead() {
        assert_eq!(with("tags:sketch", content(&[("1:1", "100")])), ["left behind"]);
    }

    #[test]
    fn what_goes_by_itself_says_when() {
        let mut passing = content(&[("x", "")]);
        assert_eq!(with("user:1:1", passing.clone()), ["left behind"]);
        passing.expires = true;
        assert!(with("user:1:1", passing).is_empty());
    }

    #[test]
    fn bells_are_capped() {
        let entries = |count| Content { pairs: vec![("1".to_owned(), String::new()); count], expires: false };
        assert!(with("wake:sketch", entries(BELL)).is_empty());
        assert_eq!(with("wake:sketch", entries(BELL + 1)), ["left behind"]);
    }

    #[test]
    fn records_are_there_until_they_are_forgotten() {
        let missing = broken(|history| {
            history.rest.keys.remove("trail:j");
        });
        assert_eq!(missing, ["lost job"]);
        let kept = broken(|history| {
            history.rest.forgotten.insert("holds:j".to_owned(), Content::default());
        });
        assert_eq!(kept, ["left behind"]);
        let bytes = broken(|history| {
            history.rest.forgotten.insert("gauge".to_owned(), content(&[("kept", "12")]));
        });
        assert_eq!(bytes, ["counter"]);
    }
}
