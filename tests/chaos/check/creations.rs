//! Nothing is paid for twice: between two moments at which a job begins anew, it creates at most one prediction, and
//! one more for each of its own that another job with the same wish took.

use std::collections::BTreeMap;

use crate::check::holds::Replay;
use crate::check::{Verdict, in_gap};
use crate::history::{Deed, Effect, History};

/// Judges the creations.
pub(crate) fn check(history: &History, replays: &BTreeMap<&str, Replay>, verdict: &mut Verdict) {
    let makers: BTreeMap<&str, &str> = made(history).map(|made| (made.handle.as_str(), made.job.as_str())).collect();
    // predictions that another job than their maker owns
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (job, replay) in replays {
        for (name, at, handle) in replay.holds.iter().flat_map(|hold| &hold.checkpoints) {
            match makers.get(handle.as_str()) {
                _ if name != "handle" => {}
                Some(maker) if maker == job => {}
                Some(maker) => *taken.entry(maker).or_default() += 1,
                None => verdict.wrong("handle", job, format!("it owns {handle} since {at}, which nobody made")),
            }
        }
    }
    let mut counts: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for made in made(history) {
        verdict.count("creations", 1);
        let Some(replay) = replays.get(made.job.as_str()).filter(|replay| !replay.trimmed) else { continue };
        match replay.hold(made.fence, &made.worker) {
            None if in_gap(history, made.fence >> 10) => verdict.count("lost_with_redis", 1),
            None => {
                let found = format!("{} created {} under {}", made.worker, made.handle, made.fence);
                verdict.wrong("creation without a claim", &made.job, found);
            }
            // the worker had leave, was stopped, and went on too late: nothing can call back what is on its way
            Some(hold) if hold.until_ms.is_some_and(|until| made.at_ms >= until) => verdict.count("late_creations", 1),
            Some(hold) if !hold.checkpoints.iter().any(|(name, at, _)| name == "intent" && *at <= made.at_ms) => {
                if in_gap(history, made.at_ms) {
                    verdict.count("lost_with_redis", 1);
                    continue;
                }
                let found = format!("{} created {} and had not said so before", made.worker, made.handle);
                verdict.wrong("creation without intent", &made.job, found);
            }
            Some(hold) => *counts.entry((&made.job, hold.renewals)).or_default() += 1,
        }
    }
    for ((job, renewals), count) in counts {
        let allowed = 1 + taken.get(job).copied().unwrap_or(0);
        let excused = || made(history).any(|made| made.job == job && in_gap(history, made.at_ms));
        if count > allowed && !excused() {
            verdict.wrong("paid twice", job, format!("{count} creations after {renewals} new beginnings"));
        }
    }
}

fn made(history: &History) -> impl Iterator<Item = &Effect> {
    history.effects.iter().filter(|effect| effect.deed == Deed::Create)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::check::sample::{broken, effect, event, good};

    #[test]
    fn a_second_creation_is_found() {
        // the new holder creates although the old one's prediction was on record
        let twice = broken(|history| {
            history.jobs[0].trail.insert(5, event("21 intent w1"));
            history.effects.push(effect(22, Deed::Create, "j", 21, "w1"));
        });
        assert_eq!(twice, ["paid twice"]);
        assert_eq!(broken(|history| history.effects.push(effect(13, Deed::Create, "j", 10, "w0"))), ["paid twice"]);
    }

    #[test]
    fn a_new_beginning_allows_another() {
        let after_failure = broken(|history| {
            history.jobs[0].trail[3] = event("14 afresh w0");
            history.jobs[0].trail.insert(4, event("14 retry w0 transient"));
            history.jobs[0].trail.insert(6, event("21 intent w1"));
            history.effects.push(effect(22, Deed::Create, "j", 21, "w1"));
        });
        assert!(after_failure.is_empty(), "{after_failure:?}");
    }

    #[test]
    fn a_stopped_workers_creation_is_counted() {
        let mut history = good();
        history.effects.push(effect(21, Deed::Create, "j", 10, "w0"));
        let verdict = check(&history);
        assert_eq!(verdict.violations, []);
        assert_eq!(verdict.counts["late_creations"], 1);
    }

    #[test]
    fn what_nobody_allowed_is_found() {
        let strange = broken(|history| history.effects.push(effect(22, Deed::Create, "j", 20, "w2")));
        assert_eq!(strange, ["creation without a claim"]);
        let silent = broken(|history| {
            history.words.clear();
            history.jobs[0].trail.retain(|event| event.kind != "intent");
        });
        assert_eq!(silent, ["creation without intent"]);
    }

    #[test]
    fn a_twin_that_takes_a_prediction_leaves_room_for_another() {
        let taken = |history: &mut History| {
            // k owns what j made; j made another
            history.jobs[1].trail[2] = event("15 handle w1 p12-j");
            history.effects.retain(|effect| effect.deed != Deed::Create || effect.job != "k");
            history.jobs[0].trail[2] = event("15 handle w0 p13-j");
            history.effects.push(effect(13, Deed::Create, "j", 10, "w0"));
        };
        assert!(broken(taken).is_empty());
        let unmade = broken(|history| history.jobs[1].trail[2] = event("15 handle w1 p99-x"));
        assert_eq!(unmade, ["handle"]);
    }
}
