//! Nothing is shown without a fenced word before it, and what was delivered is not shown again.
//!
//! An edit by a holder that is one no more is possible (it was stopped between its word and the edit) and harmless:
//! it is counted. So is one that a successor repeats because nobody knew whether the first one happened.

use std::collections::BTreeMap;

use crate::check::holds::Replay;
use crate::check::{Verdict, in_gap};
use crate::history::{Deed, History};

/// Judges the edits.
pub(crate) fn check(history: &History, replays: &BTreeMap<&str, Replay>, verdict: &mut Verdict) {
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for edit in history.effects.iter().filter(|effect| effect.deed == Deed::Edit) {
        verdict.count("edits", 1);
        let Some(replay) = replays.get(edit.job.as_str()).filter(|replay| !replay.trimmed) else { continue };
        *shown.entry(&edit.job).or_default() += 1;
        let excused = in_gap(history, edit.fence >> 10) || in_gap(history, edit.at_ms);
        let Some(hold) = replay.hold(edit.fence, &edit.worker) else {
            if !excused {
                let found = format!("{} showed it under {}", edit.worker, edit.fence);
                verdict.wrong("edit without a claim", &edit.job, found);
            }
            continue;
        };
        let said = hold.checkpoints.iter().any(|(name, at, _)| name == "sending" && *at <= edit.at_ms);
        if !said && !excused {
            let found = format!("{} showed it at {} and had no leave", edit.worker, edit.at_ms);
            verdict.wrong("edit without leave", &edit.job, found);
        }
        if hold.after_delivery && !excused {
            let found = format!("{} showed it at {} although it was delivered", edit.worker, edit.at_ms);
            verdict.wrong("shown again", &edit.job, found);
        }
        if hold.until_ms.is_some_and(|until| edit.at_ms > until) {
            verdict.count("late_edits", 1);
        }
    }
    for job in &history.jobs {
        let replay = &replays[job.id.as_str()];
        let times = shown.get(job.id.as_str()).copied().unwrap_or(0);
        verdict.count("repeated_edits", times.saturating_sub(1));
        if job.state == "done" && times == 0 && !replay.trimmed {
            verdict.wrong("done and not shown", &job.id, "it is done, and its result was never shown");
        }
    }
    let told = history.effects.iter().filter(|effect| effect.deed == Deed::Tell);
    verdict.count("told", told.count());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::check::sample::{broken, effect, event, good};

    #[test]
    fn an_edit_needs_a_claim_and_leave() {
        let strange = broken(|history| history.effects.push(effect(24, Deed::Edit, "j", 20, "w2")));
        assert_eq!(strange, ["edit without a claim"]);
        let early = broken(|history| history.effects.push(effect(16, Deed::Edit, "j", 10, "w0")));
        assert_eq!(early, ["edit without leave"]);
    }

    #[test]
    fn what_was_delivered_is_not_shown_again() {
        let again = broken(|history| {
            history.jobs[0].trail[8] = event("26 lost w1");
            for line in ["27 claimed w0", "28 sending w0", "30 delivered w0", "31 done w0"] {
                history.jobs[0].trail.push(event(line));
            }
            history.effects.push(effect(29, Deed::Edit, "j", 27, "w0"));
        });
        assert_eq!(again, ["shown again"]);
    }

    #[test]
    fn what_is_done_was_shown() {
        assert_eq!(
            broken(|history| history.effects.retain(|effect| effect.deed != Deed::Edit || effect.job != "k")),
            ["done and not shown"]
        );
    }

    #[test]
    fn late_and_repeated_edits_are_counted() {
        let mut history = good();
        history.jobs[0].trail.insert(3, event("14 sending w0"));
        history.effects.push(effect(40, Deed::Edit, "j", 10, "w0"));
        let verdict = check(&history);
        assert_eq!(verdict.violations, []);
        assert_eq!((verdict.counts["late_edits"], verdict.counts["repeated_edits"]), (1, 1));
    }
}
