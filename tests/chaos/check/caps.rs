//! No limit is broken at any time, and nothing is claimed while it is paused or its provider's account is closed.
//!
//! Counted from claims and ends of holds as the trails have them. At the same millisecond ends come first, what an
//! operator puts back in line (no limit applies to that) comes last, and of two limits in force the milder one counts: the
//! order within a millisecond is not on record, and a server that was stopped does a second's work in one.

use std::collections::BTreeMap;

use atelier_queue::Event;

use crate::check::Verdict;
use crate::check::holds::Replay;
use crate::history::{History, JobHistory};

/// What was in force when: values with the time from which they hold, oldest first.
#[derive(Default)]
struct Rules {
    /// Per `model <name>`, `user_limit`, `chat_limit`; `None` = unlimited.
    limits: BTreeMap<String, Vec<(u64, Option<u64>)>>,
    /// Per `queue`, `model <name>`, `user <owner>`: from when to when.
    pauses: BTreeMap<String, Vec<(u64, u64)>>,
    /// Per lane: from when to when.
    closed: BTreeMap<String, Vec<(u64, u64)>>,
}

/// What changes how many jobs a user has pending, in the order assumed within a millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Ended,
    Accepted,
    Retried,
}

/// Judges the claims.
pub(crate) fn check(history: &History, replays: &BTreeMap<&str, Replay>, verdict: &mut Verdict) {
    let mut rules = Rules::default();
    history.actions.iter().for_each(|action| rules.learn(action));
    for job in &history.jobs {
        job.trail.iter().filter(|event| event.kind == "throttled").for_each(|event| {
            if let Some(wait) =
                event.detail.split("(again in ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok())
            {
                rules.closed.entry(history.lane(&job.model)).or_default().push((event.at_ms, event.at_ms + wait));
            }
        });
    }
    // (time, is a claim, job)
    let mut turns: Vec<(u64, bool, &JobHistory)> = Vec::new();
    let mut lines: Vec<(u64, Turn, &JobHistory)> = Vec::new();
    for job in &history.jobs {
        let replay = &replays[job.id.as_str()];
        for hold in &replay.holds {
            turns.push((hold.from_ms, true, job));
            turns.extend(hold.until_ms.map(|until| (until, false, job)));
        }
        lines.extend(job.accepted_ms.map(|at| (at, Turn::Accepted, job)));
        let turn = |ended: bool| if ended { Turn::Ended } else { Turn::Retried };
        lines.extend(replay.turns.iter().map(|(at, ended)| (*at, turn(*ended), job)));
    }
    turns.sort_by_key(|(at, claim, _)| (*at, *claim));
    // signed: a hold that begins and ends within a millisecond ends first, as it seems from here
    let mut running: BTreeMap<String, i64> = BTreeMap::new();
    for (at, claim, job) in turns {
        for (what, limit) in places(job) {
            let now = running.entry(what.clone()).or_default();
            *now += if claim { 1 } else { -1 };
            verdict.count("holds_within_a_millisecond", usize::from(*now < 0));
            if claim && rules.limit(&limit, at).is_some_and(|most| *now > most.cast_signed()) {
                verdict.wrong("cap", &job.id, format!("its claim at {at} makes {now} of {what}"));
            }
        }
        if claim {
            judge_claim(history, &rules, job, at, verdict);
        }
    }
    lines.sort_by_key(|(at, turn, _)| (*at, *turn));
    let mut pending: BTreeMap<&str, i64> = BTreeMap::new();
    for (at, turn, job) in lines {
        let now = pending.entry(&job.owner).or_default();
        *now += if turn == Turn::Ended { -1 } else { 1 };
        if turn == Turn::Accepted && *now > i64::from(history.pending_limit) {
            verdict.wrong("pending", &job.id, format!("accepted at {at}, it makes {now} of {}", job.owner));
        }
    }
}

/// What a running job counts for, and which limit holds there.
fn places(job: &JobHistory) -> impl Iterator<Item = (String, String)> {
    let model = format!("model {}", job.model);
    let chat = job.chat.as_ref().map(|chat| (format!("chat {chat}"), "chat_limit".to_owned()));
    [(model.clone(), model), (format!("user {}", job.owner), "user_limit".to_owned())].into_iter().chain(chat)
}

fn judge_claim(history: &History, rules: &Rules, job: &JobHistory, at: u64, verdict: &mut Verdict) {
    let paused = ["queue".to_owned(), format!("model {}", job.model), format!("user {}", job.owner)];
    for what in paused.iter().filter(|what| within(rules.pauses.get(*what), at)) {
        verdict.wrong("pause", &job.id, format!("it was claimed at {at} while {what} was paused"));
    }
    let lane = history.lane(&job.model);
    if within(rules.closed.get(&lane), at) {
        verdict.wrong("lane", &job.id, format!("it was claimed at {at} while {lane} was closed"));
    }
}

/// Strictly between: at its first and last millisecond either may have come first.
fn within(times: Option<&Vec<(u64, u64)>>, at: u64) -> bool {
    times.is_some_and(|times| times.iter().any(|(from, to)| *from < at && at < *to))
}

impl Rules {
    /// Learns from what operators did: `what which value`, with single spaces.
    fn learn(&mut self, action: &Event) {
        let mut words = action.detail.splitn(3, ' ');
        let mut next = || words.next().unwrap_or_default();
        let (what, which, value) = (next(), next(), next());
        let name = if which.is_empty() { what.to_owned() } else { format!("{what} {which}") };
        match action.kind.as_str() {
            "limit" => self.limits.entry(name).or_default().push((action.at_ms, value.parse().ok())),
            "pause" => self.pauses.entry(name).or_default().push((action.at_ms, u64::MAX)),
            "resume" => {
                // pauses of the same thing that overlap end together
                for (_, to) in self.pauses.entry(name).or_default() {
                    *to = (*to).min(action.at_ms);
                }
            }
            _ => {}
        }
    }

    /// The mildest limit in force at that time; `None` = unlimited.
    fn limit(&self, name: &str, at: u64) -> Option<u64> {
        let set = self.limits.get(name)?;
        let before = set.iter().rev().find(|(from, _)| *from < at).and_then(|(_, value)| *value);
        let same = set.iter().filter(|(from, _)| *from == at).map(|(_, value)| *value);
        std::iter::once(before).chain(same).try_fold(0, |most, value| value.map(|value| most.max(value)))
    }
}

impl History {
    /// The provider's account behind a model.
    fn lane(&self, model: &str) -> String {
        self.lanes.get(model).cloned().unwrap_or_else(|| model.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{broken, event, job};
    use crate::history::JobHistory;

    fn with(actions: &[&str]) -> Vec<&'static str> {
        broken(|history| {
            history.jobs[0].chat = Some("1:-1".to_owned());
            history.jobs[1].chat = Some("1:-1".to_owned());
            history.actions = actions.iter().map(|line| event(line)).collect();
        })
    }

    #[test]
    fn two_at_once_are_two() {
        // j runs from 10 to 20 and from 21 to 26, k from 12 to 19
        for limit in ["model sketch", "user_limit ", "chat_limit "] {
            assert!(with(&[&format!("1 limit op {limit} 2")]).is_empty(), "{limit}");
            assert_eq!(with(&[&format!("1 limit op {limit} 1")]), ["cap"], "{limit}");
            assert!(with(&[&format!("1 limit op {limit} 1"), &format!("11 limit op {limit} ")]).is_empty(), "{limit}");
            assert!(with(&[&format!("1 limit op {limit} 5"), &format!("15 limit op {limit} 1")]).is_empty(), "{limit}");
        }
        assert!(with(&["1 limit op model imagen 1"]).is_empty());
    }

    #[test]
    fn a_hold_shorter_than_a_millisecond_leaves_nothing_behind() {
        let rules = broken(|history| {
            history.jobs.push(job("m", "5 claimed w0 attempt 1|5 handed_over w0 it stops", "waiting"));
            history.actions = vec![event("1 limit op model sketch 2")];
        });
        assert!(!rules.contains(&"cap"), "{rules:?}");
    }

    #[test]
    fn at_the_same_moment_the_milder_limit_counts() {
        assert!(with(&["1 limit op model sketch 2", "12 limit op model sketch 1"]).is_empty());
        assert_eq!(with(&["1 limit op model sketch 2", "11 limit op model sketch 1"]), ["cap"]);
    }

    #[test]
    fn nothing_is_claimed_while_it_is_paused() {
        for what in ["queue ", "model sketch", "user 1:1"] {
            assert_eq!(with(&[&format!("11 pause op {what} why"), &format!("13 resume op {what} ")]), ["pause"]);
            assert!(with(&[&format!("11 pause op {what} why"), &format!("12 resume op {what} ")]).is_empty());
            assert_eq!(with(&[&format!("15 pause op {what} why")]), ["pause"], "never resumed");
        }
        assert!(with(&["11 pause op model imagen why"]).is_empty());
    }

    #[test]
    fn a_closed_account_gives_no_job() {
        let closed = |wait: u64| {
            broken(|history| {
                history.jobs[0].trail[3] = event(&format!("11 throttled w0 rate_limited: x (again in {wait} ms)"));
                history.jobs[0].trail.retain(|event| !["intent", "handle"].contains(&event.kind.as_str()));
                history.effects.retain(|effect| effect.job != "j" || effect.at_ms > 20);
                history.words.clear();
            })
        };
        assert_eq!(closed(20), ["lane"]);
        assert!(closed(1).is_empty());
    }

    #[test]
    fn a_user_has_only_so_many() {
        assert_eq!(broken(|history| history.pending_limit = 1), ["pending"]);
        assert!(broken(|history| history.pending_limit = 2).is_empty());
    }

    #[test]
    fn a_job_put_back_in_line_comes_after_the_jobs_of_its_millisecond() {
        let dead_and_retried_at = |again: u64| {
            broken(|history| {
                history.pending_limit = 2;
                history.jobs[0] =
                    job("j", &format!("10 cancelled user:1|{again} retried op it was cancelled"), "waiting");
                history.jobs.push(JobHistory { accepted_ms: Some(15), ..job("l", "", "waiting") });
                history.jobs.push(JobHistory { accepted_ms: Some(11), ..job("m", "11 cancelled user:1", "cancelled") });
            })
        };
        assert!(dead_and_retried_at(14).contains(&"pending"));
        assert!(!dead_and_retried_at(15).contains(&"pending"));
    }
}
