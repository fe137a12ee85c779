//! Every accepted job ends exactly once, and every batch is joined when the last of its jobs has ended.

use std::collections::BTreeMap;

use crate::check::holds::Replay;
use crate::check::{Verdict, in_gap};
use crate::history::{BatchHistory, Deed, History};

/// Judges the ends.
pub(crate) fn check(history: &History, replays: &BTreeMap<&str, Replay>, verdict: &mut Verdict) {
    for job in &history.jobs {
        let replay = &replays[job.id.as_str()];
        if job.accepted_ms.is_none() {
            if in_gap(history, job.answered_ms) {
                verdict.count("lost_with_redis", 1);
            } else {
                verdict.wrong("lost job", &job.id, "it was accepted, and there is no record of it");
            }
            continue;
        }
        if !replay.trimmed && replay.ends != replay.retries + 1 {
            let found = format!("it ended {} times and was tried again {} times", replay.ends, replay.retries);
            verdict.wrong("ends once", &job.id, found);
        }
        verdict.count("recoveries", replay.losses);
        verdict.count("retried_after_end", replay.retries);
    }
    let mut told: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for tell in history.effects.iter().filter(|effect| effect.deed == Deed::Tell) {
        if let Some(batch) = tell.job.strip_prefix("batch:") {
            told.entry(batch).or_default().push(tell.at_ms);
        }
    }
    for batch in &history.batches {
        let told = told.get(batch.id.as_str()).map_or(&[][..], Vec::as_slice);
        judge_batch(batch, told, history, replays, verdict);
    }
}

fn judge_batch(
    batch: &BatchHistory,
    told: &[u64],
    history: &History,
    replays: &BTreeMap<&str, Replay>,
    verdict: &mut Verdict,
) {
    let jobs: Vec<&Replay> = batch.jobs.iter().filter_map(|id| replays.get(id.as_str())).collect();
    let Some(left) = batch.left else {
        if !in_gap(history, history.jobs.iter().find(|job| job.id == batch.id).map_or(0, |job| job.answered_ms)) {
            verdict.wrong("batch", &batch.id, "there is no record of it");
        }
        return;
    };
    if jobs.iter().any(|replay| replay.trimmed) {
        return;
    }
    // ends and new beginnings of all its jobs in order; at the same moment an end may come before or after
    let mut turns: Vec<(u64, bool)> = jobs.iter().flat_map(|replay| replay.turns.iter().copied()).collect();
    turns.sort_unstable();
    let (mut open, mut joins) = (jobs.len(), Vec::new());
    for (at, ended) in turns {
        open = if ended { open.saturating_sub(1) } else { open + 1 };
        if open == 0 {
            joins.push(at);
        }
    }
    if open != 0 || left != 0 || batch.joined_ms != joins.last().copied() {
        let found = format!("{left} left and joined at {:?}, but its last job ended at {joins:?}", batch.joined_ms);
        verdict.wrong("batch", &batch.id, found);
    }
    let (Some(first), Some(last)) = (joins.first(), joins.last()) else { return };
    if told.iter().any(|at| at < first && !in_gap(history, *at)) {
        verdict.wrong("batch", &batch.id, format!("it was told as joined at {told:?}, before {first}"));
    }
    if !told.iter().any(|at| at >= last) {
        verdict.wrong("batch", &batch.id, format!("nobody was told of its end at {last}: {told:?}"));
    }
    verdict.count("batches_joined", joins.len());
    verdict.count("batches_told_again", told.len().saturating_sub(joins.len()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::sample::{broken, effect};

    fn batch(left: u32, joined_ms: Option<u64>) -> BatchHistory {
        let jobs = vec!["j".to_owned(), "k".to_owned()];
        BatchHistory { id: "j".to_owned(), jobs, left: Some(left), joined_ms }
    }

    fn rules(batch: BatchHistory, told: &[u64]) -> Vec<&'static str> {
        broken(|history| {
            history.batches.push(batch);
            history.effects.extend(told.iter().map(|at| effect(*at, Deed::Tell, "batch:j", 0, "w1")));
        })
    }

    #[test]
    fn a_job_without_a_record_is_lost_unless_redis_lost_it() {
        let forget = |history: &mut History| {
            history.jobs[1].accepted_ms = None;
            history.jobs[1].trail.clear();
            history.jobs[1].state.clear();
            history.effects.retain(|effect| effect.job != "k");
            for key in ["jobs:k", "holds:k", "trail:k"] {
                history.rest.keys.remove(key);
            }
        };
        assert_eq!(broken(forget), ["lost job", "totals"]);
        let in_gap = broken(|history| {
            forget(history);
            history.gaps.push((0, 5));
        });
        assert!(!in_gap.contains(&"lost job"), "{in_gap:?}");
    }

    #[test]
    fn a_batch_is_joined_at_its_last_end() {
        assert!(rules(batch(0, Some(26)), &[27]).is_empty());
        assert!(rules(batch(0, Some(26)), &[27, 58]).is_empty(), "told again after half a minute");
        assert_eq!(rules(batch(1, None), &[27]), ["batch"], "never joined");
        assert_eq!(rules(batch(0, Some(19)), &[27]), ["batch"], "joined before its last job ended");
        assert_eq!(rules(batch(0, Some(26)), &[]), ["batch"], "nobody was told");
        assert_eq!(rules(batch(0, Some(26)), &[20, 27]), ["batch"], "told too early");
    }
}
