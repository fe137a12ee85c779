//! Accepting jobs: an update once, all of its jobs or none, within the caps.

use std::collections::BTreeMap;

use super::super::operation::Submit;
use super::super::wire::Reply;
use super::super::world;
use super::{Batch, Job, Reference, State, URGENT, text};

impl Reference {
    pub(super) fn submit(&mut self, submit: &Submit) -> Reply {
        if let Some(ids) = self.seen.get(&submit.update) {
            let mut answer = vec![text("seen")];
            let ids = ids.clone();
            self.meet("an update came again");
            answer.extend(ids.iter().map(|id| text(&world::job(*id))));
            return Reply::List(answer);
        }
        if let Some(why) = self.settings.closed.clone() {
            self.meet("a closed queue");
            return Reply::List(vec![text("closed"), text(&why)]);
        }
        let count = i64::try_from(submit.jobs.len()).unwrap_or(i64::MAX);
        let pending = self.pending(submit.owner);
        if pending + count > submit.pending {
            self.meet("a user with too many jobs");
            return Reply::List(vec![text("full"), text(&pending.to_string())]);
        }
        let waiting = self.count(State::Waiting, |_| true);
        if waiting + count > submit.waiting {
            self.meet("a full queue");
            return Reply::List(vec![text("busy"), text(&waiting.to_string())]);
        }
        let ids: Vec<u32> = submit.jobs.iter().map(|(id, _, _)| *id).collect();
        let batch = (count > 1).then(|| ids[0]);
        let predictions: Vec<f64> = self.models.iter().map(|model| model.typical).collect();
        let mut newcomers = std::collections::BTreeSet::new();
        for (id, model, cost) in &submit.jobs {
            self.number += 1;
            let measured = predictions[*model];
            let job = Job {
                state: State::Waiting,
                model: *model,
                owner: submit.owner,
                chat: submit.chat,
                weight: self.world.weights[submit.owner],
                cost: if measured > 0.0 { rounded(measured) } else { *cost },
                place: if submit.urgent { self.number - URGENT } else { self.number },
                batch,
                passed: false,
                due: None,
                expiry: 0,
                fence: None,
                settled: None,
                worker: None,
                claimed: 0,
                started: None,
                attempt: 0,
                lost: 0,
                tag: 0,
                cancel: false,
                ended: 0,
                failure: None,
                marks: BTreeMap::new(),
                trail: Vec::new(),
            };
            self.jobs.insert(*id, job);
            if self.place(*model, submit.owner) {
                // the next newcomer stands behind this one
                newcomers.insert(*model);
            }
        }
        if let Some(batch) = batch {
            let made = Batch { owner: submit.owner, of: count, left: count, joined: None };
            self.batches.insert(batch, made);
        }
        for model in newcomers {
            self.models[model].time += 1;
        }
        self.seen.insert(submit.update, ids);
        *self.totals.entry("accepted").or_default() += count;
        self.hand(&submit.jobs.iter().map(|(_, model, _)| *model).collect(), submit.jobs.len());
        Reply::List(vec![text("new")])
    }
}

/// A whole number of milliseconds, as numbers are written.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a run")]
pub(super) fn rounded(milliseconds: f64) -> i64 {
    milliseconds.round_ties_even() as i64
}
