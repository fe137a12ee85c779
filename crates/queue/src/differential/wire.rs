//! Operations as the scripts take them, and answers in one form for both sides.

use super::model::{ACTOR, FAILURE, Reference, lane_name};
use super::operation::{Expired, Hold, Operation, Setting, Steer, Target, Verdict};
use super::world;
use crate::keys;
use crate::scripts::Verb;

/// An answer of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Nil,
    Int(i64),
    Text(String),
    Error(String),
    List(Vec<Reply>),
}

/// What is sent for an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Script(Verb, Vec<String>),
    Plain(Vec<String>),
}

/// What a checkpoint may be called; the values that a job's claimer gets back.
pub(super) const MARKS: [&str; 5] = ["delivered", "handle", "intent", "outputs", "sending"];

/// The call for an operation, in the state before it.
pub(super) fn call(operation: &Operation, state: &Reference) -> Call {
    let world = &state.world;
    let own = |owner: &Option<usize>| owner.map_or_else(String::new, world::owner);
    let spared = |amnesty: bool| if amnesty { world.amnesty } else { 0 }.to_string();
    let fence = |hold: Hold| state.fence_of(hold).map_or_else(|| "0".to_owned(), |fence| fence.to_string());
    match operation {
        Operation::Advance(by) => plain(["INCRBY", &keys::key("clock"), &by.to_string()]),
        Operation::Submit(submit) => {
            let mut arguments = strings([
                "7",
                &(submit.owner + 1).to_string(),
                &submit.update.to_string(),
                &submit.pending.to_string(),
                &world.remembered.to_string(),
                &submit.waiting.to_string(),
                &submit.chat.map_or_else(String::new, world::chat),
                &world.weights[submit.owner].to_string(),
                if submit.urgent { "1" } else { "" },
            ]);
            for (id, model, cost) in &submit.jobs {
                let body = format!("body of {id}");
                arguments.extend([world::job(*id), world::model(*model), cost.to_string(), body]);
            }
            Call::Script(Verb::Submit, arguments)
        }
        Operation::Step { worker, want, amnesty, notices, said, missed, ends } => {
            let served = &world.workers[*worker];
            let missed = missed.as_ref().map_or_else(String::new, |(before, holds)| {
                holds.iter().fold(format!(" {before}"), |all, job| all + "," + &world::job(*job))
            });
            let mut arguments = strings([
                &world::worker(*worker),
                &world.lease.to_string(),
                &want.to_string(),
                &spared(*amnesty),
                &world.lost.to_string(),
                &notices.to_string(),
                &said.map_or_else(String::new, |said| said.to_string() + &missed),
                &ends.len().to_string(),
                &served.len().to_string(),
            ]);
            arguments.extend(served.iter().map(|model| world::model(*model)));
            for end in ends {
                let (verdict, wait) = match end.verdict {
                    Verdict::Done => ("done", 0),
                    Verdict::Cancelled => ("cancelled", 0),
                    Verdict::Dead => ("dead", 0),
                    Verdict::Retry(wait) => ("retry", wait),
                    Verdict::Postpone(wait) => ("postpone", wait),
                    Verdict::Throttle(wait) => ("throttle", wait),
                    Verdict::Release => ("release", 0),
                };
                let job = world::job(end.hold.job);
                let words = [&job, &fence(end.hold), verdict, &wait.to_string(), FAILURE.0, FAILURE.1];
                arguments.extend(words.map(str::to_owned));
            }
            Call::Script(Verb::Step, arguments)
        }
        Operation::Heartbeat { worker, slots, amnesty, holds } => {
            let served = &world.workers[*worker];
            let mut arguments = strings([
                &world::worker(*worker),
                &world.lease.to_string(),
                &slots.to_string(),
                "{}",
                "15000",
                &spared(*amnesty),
                &served.len().to_string(),
            ]);
            arguments.extend(served.iter().map(|model| world::model(*model)));
            arguments.push(world.lanes.len().to_string());
            for (model, lane) in world.lanes.iter().enumerate() {
                arguments.extend([world::model(model), world::lane(*lane)]);
            }
            arguments.extend(holds.iter().flat_map(|hold| [world::job(hold.job), fence(*hold)]));
            Call::Script(Verb::Heartbeat, arguments)
        }
        Operation::Position { job } => Call::Script(Verb::Position, vec![world::job(*job)]),
        Operation::Retire { worker } => Call::Script(Verb::Retire, vec![world::worker(*worker)]),
        Operation::Checkpoint { hold, worker, name, value } => {
            let words = [&world::job(hold.job), &fence(*hold), &world::worker(*worker), *name, *value];
            Call::Script(Verb::Checkpoint, strings(words))
        }
        Operation::Cancel { job, owner, tell } => {
            let tell = if *tell { "1" } else { "" };
            Call::Script(Verb::Cancel, strings([&world::job(*job), ACTOR, &own(owner), tell]))
        }
        Operation::Retry { job, owner } => Call::Script(Verb::Retry, strings([&world::job(*job), ACTOR, &own(owner)])),
        Operation::Forget { jobs } => {
            let mut arguments = strings([ACTOR]);
            arguments.extend(jobs.iter().map(|id| world::job(*id)));
            Call::Script(Verb::Forget, arguments)
        }
        Operation::Told(notice) => Call::Script(Verb::Told, vec![notice.name()]),
        Operation::Sweep => Call::Script(Verb::Sweep, Vec::new()),
        Operation::Steer(steer) => Call::Script(Verb::Steer, steering(steer)),
        Operation::Expire(expired) => {
            let name = match expired {
                Expired::Batch(id) => format!("batch:{}", world::job(*id)),
                Expired::Rate(lane) => format!("rate:{}", lane_name(*lane)),
                // the name is made by the script, from the same bytes
                Expired::Handle(handle) => format!("handle:{}", hash_of(handle)),
            };
            plain(["DEL", &keys::key(&name)])
        }
    }
}

/// The two handles that providers give out in a run, with the hashes that name their keys.
pub(super) const HANDLES: [(&str, &str); 2] =
    [("p1", "b78f576611ec06f96af3ca654c22172a5d746c40"), ("p2", "c5fd961c9f737a955a308050062e7a2c34ee67c3")];

pub(super) fn hash_of(handle: &str) -> &'static str {
    HANDLES.iter().find(|(name, _)| *name == handle).map_or("", |(_, hash)| hash)
}

fn steering(steer: &Steer) -> Vec<String> {
    let target = |target: &Target| match target {
        Target::Queue => ("queue", String::new()),
        Target::Model(model) => ("model", world::model(*model)),
        Target::User(owner) => ("user", world::owner(*owner)),
    };
    let (verb, (what, which), value) = match steer {
        Steer::Pause(what, why) => ("pause", target(what), (*why).to_owned()),
        Steer::Resume(what) => ("resume", target(what), String::new()),
        Steer::Close(why) => ("close", target(&Target::Queue), (*why).to_owned()),
        Steer::Reopen => ("reopen", target(&Target::Queue), String::new()),
        Steer::Limit(setting, value) => {
            let what = match setting {
                Setting::Model(model) => ("model", world::model(*model)),
                Setting::User => ("user_limit", String::new()),
                Setting::Chat => ("chat_limit", String::new()),
                Setting::KeepMs => ("keep_ms", String::new()),
                Setting::KeepJobs => ("keep_jobs", String::new()),
                Setting::KeepBytes => ("keep_bytes", String::new()),
            };
            ("limit", what, value.map_or_else(String::new, |value| value.to_string()))
        }
    };
    strings([verb, ACTOR, what, &which, &value])
}

/// An answer of the server as the model gives it: of a claimed job's record only the checkpoints,
/// of a position nothing that is estimated.
pub(super) fn comparable(operation: &Operation, reply: Reply) -> Reply {
    match (operation, reply) {
        (Operation::Step { .. }, Reply::List(parts)) => Reply::List(
            parts.into_iter().enumerate().map(|(at, part)| if at < 5 { part } else { claim(part) }).collect(),
        ),
        // what others have ahead is an estimate, and what is around is compared as the state
        (Operation::Position { .. }, Reply::List(mut parts)) => {
            parts.truncate(10);
            parts.remove(5);
            Reply::List(parts)
        }
        (_, reply) => reply,
    }
}

fn claim(mut claim: Reply) -> Reply {
    if let Reply::List(parts) = &mut claim
        && let Some(Reply::List(fields)) = parts.last_mut()
    {
        let mut marks: Vec<(Reply, Reply)> =
            fields.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        marks.retain(|(name, _)| matches!(name, Reply::Text(name) if MARKS.contains(&name.as_str())));
        marks.sort_by_key(|(name, _)| format!("{name:?}"));
        *fields = marks.into_iter().flat_map(|(name, value)| [name, value]).collect();
        // of what was asked, the body: the rest is compared as the state
        if let Some(Reply::Text(asked)) = parts.get_mut(4)
            && let Some((_, body)) = asked.split_once('\u{1e}')
        {
            *asked = body.to_owned();
        }
    }
    claim
}

fn strings<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn plain<const N: usize>(words: [&str; N]) -> Call {
    Call::Plain(strings(words))
}
