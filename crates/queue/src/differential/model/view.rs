//! The whole state as the server's keys would hold it, for comparison.

use std::collections::BTreeMap;

use super::super::world;
use super::{BOOST, Reference, State, rates};

/// Names and values; what is zero is left out.
pub(in super::super) type View = BTreeMap<String, String>;

/// What of the server's keys the model says nothing about.
const UNSAID: [&str; 12] =
    ["body:", "user:", "seen:", "wake", "news", "actions", "workers", "capacity", "parked", "held", "roomy", "models "];
const UNSAID_FIELDS: [&str; 11] =
    [" arrivals", " bytes", " size", " starter", "_at", " ids", " at", " why", "gauge kept", "gauge room", "clock"];

/// The part of the server's keys that the model has an opinion on.
pub(in super::super) fn seen(pairs: impl Iterator<Item = (String, String)>) -> View {
    pairs
        .filter(|(name, value)| {
            (value != "0" || counts_at_zero(name))
                && !UNSAID.iter().any(|start| name.starts_with(start))
                && !UNSAID_FIELDS.iter().any(|end| name.ends_with(end))
        })
        .collect()
}

/// Whoever stands there at 0 is there all the same.
fn counts_at_zero(name: &str) -> bool {
    name.starts_with("ring:") || name.starts_with("lanes ")
}

impl Reference {
    /// What is expected of the server's keys.
    pub(in super::super) fn view(&self) -> View {
        let mut view = View::new();
        let mut tell = |name: String, value: String| {
            if value != "0" || counts_at_zero(&name) {
                view.insert(name, value);
            }
        };
        for (id, job) in &self.jobs {
            let name = world::job(*id);
            let field = |field: &str| format!("job:{name} {field}");
            tell(field("state"), job.state.name().to_owned());
            tell(field("model"), world::model(job.model));
            tell(field("owner"), world::owner(job.owner));
            tell(field("cost"), job.cost.to_string());
            tell(field("seq"), job.place.to_string());
            tell(field("attempt"), job.attempt.to_string());
            tell(field("lost"), job.lost.to_string());
            let mut some = |name: &str, value: Option<String>| {
                if let Some(value) = value {
                    tell(field(name), value);
                }
            };
            some("chat", job.chat.map(world::chat));
            some("weight", Some(job.weight.to_string()).filter(|weight| weight != "1"));
            some("batch", job.batch.map(world::job));
            some("fence", job.fence.map(|fence| fence.to_string()));
            some("settled", job.settled.map(|fence| fence.to_string()));
            some("worker", job.worker.map(world::worker));
            some("started", job.started.map(|at| at.to_string()));
            some("claimed", job.fence.map(|_| job.claimed.to_string()));
            some("tag", job.fence.map(|_| job.tag.to_string()));
            some("cancel", job.cancel.then(|| super::ACTOR.to_owned()));
            some("due", job.due.map(|due| due.to_string()));
            some("ended", job.state.ended().then(|| job.ended.to_string()));
            some("class", job.failure.as_ref().map(|(class, _)| (*class).to_owned()));
            some("detail", job.failure.as_ref().map(|(_, detail)| detail.clone()));
            for (mark, value) in &job.marks {
                some(mark, Some(value.clone()));
            }
            if !job.trail.is_empty() {
                tell(format!("trail:{name}"), job.trail.join("; "));
            }
            match job.state {
                State::Waiting => tell(format!("waits {name}"), job.place.to_string()),
                State::Delayed => tell(format!("delayed {name}"), job.due.unwrap_or_default().to_string()),
                State::Active => tell(format!("leases {name}"), job.expiry.to_string()),
                State::Dead => tell(format!("dead {name}"), job.ended.to_string()),
                State::Done | State::Cancelled => tell(format!("ended {name}"), job.ended.to_string()),
            }
        }
        self.tell_models(&mut tell);
        for owner in 0..self.world.owners {
            let paused = self.paused.get(&owner);
            let packed = format!("{} {} {}", self.pending(owner), self.busy(owner), i64::from(paused.is_some()));
            if packed != "0 0 0" {
                tell(format!("owners {}", world::owner(owner)), packed);
            }
            if let Some(why) = paused {
                tell(format!("pauses {}", world::owner(owner)), pause(why));
            }
        }
        for chat in 0..self.world.chats {
            let busy = self.count(State::Active, |job| job.chat == Some(chat));
            tell(format!("chats {}", world::chat(chat)), busy.to_string());
        }
        self.tell_rest(&mut tell);
        view
    }

    fn tell_models(&self, tell: &mut impl FnMut(String, String)) {
        for (number, line) in self.models.iter().enumerate() {
            let name = world::model(number);
            let work: i64 =
                self.in_state(State::Waiting).filter(|(_, job)| job.model == number).map(|(_, job)| job.cost).sum();
            for (field, value) in [
                ("v", line.time),
                ("tag", line.tag),
                ("running", self.running(number)),
                ("waiting", self.count(State::Waiting, |job| job.model == number)),
                ("work", work),
                ("typical", super::accept::rounded(line.typical)),
                ("spread", super::accept::rounded(line.spread)),
                ("gate", line.gate.unwrap_or_default()),
            ] {
                tell(format!("model:{name} {field}"), value.to_string());
            }
            let mut some = |field: &str, value: Option<String>| {
                if let Some(value) = value {
                    tell(format!("model:{name} {field}"), value);
                }
            };
            some("limit", line.limit.map(|limit| limit.to_string()));
            some("paused", line.paused.as_deref().map(pause));
            some("lane", line.lane.map(world::lane));
            for (owner, tag) in &line.ring {
                let urgent = self.head(number, *owner).is_some_and(|(place, _)| place < 0);
                let score = if urgent { tag - BOOST } else { *tag };
                tell(format!("ring:{name} {}", world::owner(*owner)), score.to_string());
            }
            for (owner, tag) in line.aside.iter().filter(|(_, tag)| **tag > line.time) {
                tell(format!("tags:{name} {}", world::owner(*owner)), tag.to_string());
            }
            if let Some(turn) = line.turn {
                tell(format!("lanes {name}"), turn.to_string());
            }
            if let Some(gate) = line.gate {
                tell(format!("gates {name}"), gate.to_string());
            }
        }
    }

    fn tell_rest(&self, tell: &mut impl FnMut(String, String)) {
        for (lane, rate) in &self.rates {
            let name = rates::name(*lane);
            for (field, value) in
                [("every", rate.every), ("refused", rate.refused), ("whole", rate.whole), ("until", rate.closed)]
            {
                tell(format!("rate:{name} {field}"), value.to_string());
            }
        }
        for (id, batch) in &self.batches {
            let field = |field: &str| format!("batch:{} {field}", world::job(*id));
            tell(field("owner"), world::owner(batch.owner));
            tell(field("of"), batch.of.to_string());
            tell(format!("batches {}", world::job(*id)), batch.left.to_string());
            tell(field("joined"), batch.joined.unwrap_or_default().to_string());
        }
        for (notice, at) in &self.notices {
            tell(format!("notices {}", notice.name()), at.to_string());
        }
        for (worker, (until, _)) in &self.workers {
            tell(format!("alive {}", world::worker(*worker)), until.to_string());
        }
        for (worker, left) in &self.offers {
            let models: Vec<String> = self.world.workers[*worker].iter().map(|model| world::model(*model)).collect();
            let name = format!("offers {}\u{1f}{}\u{1f}{}", world::worker(*worker), self.world.lease, models.join(","));
            tell(name, left.to_string());
        }
        for (total, value) in &self.totals {
            tell(format!("totals {total}"), value.to_string());
        }
        for (handle, job) in &self.handles {
            tell(format!("handle:{}", super::super::wire::hash_of(handle)), world::job(*job));
        }
        let settings = &self.settings;
        for (name, value) in [
            ("user_limit", settings.user_limit),
            ("chat_limit", settings.chat_limit),
            ("keep_ms", settings.keep_ms),
            ("keep_jobs", settings.keep_jobs),
            ("keep_bytes", settings.keep_bytes),
        ] {
            tell(format!("settings {name}"), value.unwrap_or_default().to_string());
        }
        tell("settings paused".to_owned(), settings.paused.as_deref().map_or("0".to_owned(), pause));
        tell("settings closed".to_owned(), settings.closed.clone().unwrap_or("0".to_owned()));
        tell("gauge fence".to_owned(), self.fence.to_string());
        tell("gauge waiting".to_owned(), self.count(State::Waiting, |_| true).to_string());
        tell("gauge turn".to_owned(), self.turn.to_string());
        tell("gauge spare".to_owned(), self.spare.to_string());
    }
}

/// When, by whom, why.
pub(super) fn pause(why: &str) -> String {
    let (at, why) = why.split_once(' ').unwrap_or((why, ""));
    format!("{at} {} {why}", super::ACTOR)
}
