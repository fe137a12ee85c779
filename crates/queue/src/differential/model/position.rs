//! Where a job stands, and what keeps it.

use super::super::wire::Reply;
use super::super::world;
use super::{Reference, State, below, text, view};

impl Reference {
    pub(super) fn position(&self, id: u32) -> Reply {
        let Some(job) = self.jobs.get(&id) else { return text("") };
        let ahead = |held: bool| {
            self.count(State::Waiting, |other| {
                (other.model, other.owner) == (job.model, job.owner)
                    && other.place < job.place
                    && other.passed == held
                    && (!held || other.chat == job.chat)
            })
        };
        // behind those in line, and when it waits for its chat, behind those that do as well
        let mine = match job.state {
            State::Waiting if job.passed => ahead(false) + ahead(true),
            State::Waiting => ahead(false),
            _ => 0,
        };
        let mut why = Vec::new();
        let mut because = |reason: &str, detail: String| why.extend([text(reason), Reply::Text(detail)]);
        if job.state == State::Waiting && job.passed {
            let busy = self.count(State::Active, |other| other.chat == job.chat);
            because("chat_limit", busy.to_string());
        }
        if matches!(job.state, State::Waiting | State::Delayed) {
            let line = &self.models[job.model];
            if let Some(paused) = &self.settings.paused {
                because("paused", view::pause(paused));
            }
            if let Some(paused) = &line.paused {
                because("model_paused", view::pause(paused));
            }
            if let Some(paused) = self.paused.get(&job.owner) {
                because("user_paused", view::pause(paused));
            }
            if !below(self.busy(job.owner), self.settings.user_limit) {
                because("user_limit", self.busy(job.owner).to_string());
            }
            if !below(self.running(job.model), line.limit) {
                because("model_limit", self.running(job.model).to_string());
            }
            let lane = self.lane(job.model);
            if let Some(rate) = self.rates.get(&lane) {
                let wait = self.lane_opens(lane).map_or(0, |ready| ready - self.now);
                because("rate", format!("{wait} {} {}", rate.every, super::FAILURE.1));
            }
        }
        let slots = |which: &dyn Fn(usize) -> bool| -> i64 {
            self.workers.iter().filter(|(worker, _)| which(**worker)).map(|(_, (_, slots))| slots).sum()
        };
        let (all, serving) = (slots(&|_| true), slots(&|worker| self.world.serves(worker, job.model)));
        if serving == 0 {
            because(if all > 0 { "unserved" } else { "no_worker" }, String::new());
        }
        let since = job.fence.map_or(0, |_| (self.now - job.claimed).max(0));
        let due = job.due.map_or(0, |due| (due - self.now).max(0));
        Reply::List(vec![
            text(job.state.name()),
            Reply::Text(world::model(job.model)),
            text(&since.to_string()),
            text(&due.to_string()),
            Reply::Int(mine),
            Reply::List(why),
            Reply::Int(all),
            Reply::Int(serving),
            Reply::Int(self.count(State::Active, |_| true)),
        ])
    }
}
