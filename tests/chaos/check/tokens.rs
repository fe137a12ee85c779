//! Tokens: each belongs to a claim, they rise from claim to claim, and what a worker was told is kept is on the trail.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::holds::{Replay, granted_ms};
use crate::check::{Verdict, in_gap};
use crate::history::History;

/// Judges the workers' journals against the trails.
pub(crate) fn check(history: &History, replays: &BTreeMap<&str, Replay>, verdict: &mut Verdict) {
    let mut tokens: BTreeMap<u64, (&str, &str)> = BTreeMap::new();
    let mut claims: BTreeMap<&str, BTreeSet<(u64, &str)>> = BTreeMap::new();
    for word in &history.words {
        let Some(replay) = replays.get(word.job.as_str()).filter(|replay| !replay.trimmed) else { continue };
        let lost = in_gap(history, granted_ms(word.fence)) || in_gap(history, word.at_ms);
        let Some(hold) = replay.hold(word.fence, &word.worker) else {
            if lost {
                verdict.count("lost_with_redis", 1);
            } else {
                let found = format!("{} worked under {}, which no claim gave out", word.worker, word.fence);
                verdict.wrong("token", &word.job, found);
            }
            continue;
        };
        let owner = tokens.entry(word.fence).or_insert((&word.job, &word.worker));
        if *owner != (word.job.as_str(), word.worker.as_str()) {
            let found = format!("{} was given out to {owner:?} too", word.fence);
            verdict.wrong("token", &word.job, found);
        }
        match word.kind.as_str() {
            "claimed" => {
                claims.entry(&word.job).or_default().insert((word.fence, &word.worker));
            }
            "kept" if !hold.checkpoints.iter().any(|(name, at, _)| *name == word.what && *at <= word.at_ms) => {
                if lost {
                    verdict.count("lost_with_redis", 1);
                } else {
                    let found = format!("{} at {} was acknowledged to {}", word.what, word.at_ms, word.worker);
                    verdict.wrong("acknowledged", &word.job, found);
                }
            }
            "stale" => verdict.count("stale_refused", 1),
            "taken" => verdict.count("handles_refused", 1),
            _ => {}
        }
    }
    for (job, claims) in claims {
        // in the order of their tokens they must be in the order of the trail
        let mut holds = replays[job].holds.iter();
        for (fence, worker) in claims {
            if !holds.any(|hold| hold.from_ms == granted_ms(fence) && hold.worker == worker) {
                verdict.wrong("token", job, format!("{fence} of {worker} does not rise with the claims"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{broken, content, job, word};

    #[test]
    fn a_token_belongs_to_one_claim() {
        assert_eq!(broken(|history| history.words.push(word(30, "w1", "claimed", "j", 29, "-"))), ["token"]);
        assert_eq!(broken(|history| history.words.push(word(30, "w2", "claimed", "j", 21, "-"))), ["token"]);
    }

    #[test]
    fn one_token_is_not_given_out_twice() {
        let twice = broken(|history| {
            // the other job was claimed by the other worker in the same millisecond
            history.jobs[1].trail[0].at_ms = 10;
            history.effects.retain(|effect| effect.job != "k");
            history.words.push(word(13, "w1", "claimed", "k", 10, "-"));
        });
        assert!(twice.contains(&"token"), "{twice:?}");
    }

    #[test]
    fn tokens_rise_with_the_claims() {
        let falls = broken(|history| {
            // both claims in one millisecond, the second with the lower token
            let trail = "10 claimed w0|10 lost w0|10 claimed w1|10 cancelled w1";
            history.jobs[0] = job("j", trail, "cancelled");
            history.effects.retain(|effect| effect.job != "j");
            let totals = content(&[("accepted", "2"), ("done", "1"), ("cancelled", "1")]);
            history.rest.keys.insert("totals".to_owned(), totals);
            history.words = vec![word(10, "w0", "claimed", "j", 10, "-"), word(11, "w1", "claimed", "j", 10, "-")];
            history.words[0].fence += 1;
        });
        assert_eq!(falls, ["token"]);
    }

    #[test]
    fn what_was_acknowledged_is_there() {
        let lost = |history: &mut crate::history::History| history.words[1].what = "outputs".to_owned();
        assert_eq!(broken(lost), ["acknowledged"]);
        let excused = broken(|history| {
            lost(history);
            history.gaps.push((11, 12));
        });
        assert!(excused.is_empty(), "{excused:?}");
        let early = broken(|history| history.words.push(word(12, "w0", "kept", "j", 10, "handle")));
        assert_eq!(early, ["acknowledged"], "before it was on the trail");
    }

    #[test]
    fn a_refused_checkpoint_is_no_harm() {
        assert!(broken(|history| history.words.push(word(40, "w0", "stale", "j", 10, "outputs"))).is_empty());
    }
}
