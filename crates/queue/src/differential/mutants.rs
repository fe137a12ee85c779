//! Proof that the run finds what is wrong: scripts with one mistake each, of the kind that people make.

use super::server::{Server, Texts};
use super::shrink::shrink;
use super::{BOUNDS, LONG, grow, story};
use crate::scripts::Verb;

/// A mistake: the script (none = the prelude), what stands there, and what stands there instead.
struct Mutant {
    name: &'static str,
    verb: Option<Verb>,
    old: &'static str,
    new: &'static str,
}

const MUTANTS: [Mutant; 19] = [
    Mutant {
        name: "the fence is not raised",
        verb: Some(Verb::Step),
        old: "fence = math.max(fence + 1, at * 1024)",
        new: "fence = math.max(fence, at * 1024)",
    },
    Mutant {
        name: "a model's limit is off by one",
        verb: None,
        old: "model.running < model.limit and not model.gate",
        new: "model.running <= model.limit and not model.gate",
    },
    Mutant {
        name: "an owner's limit is off by one",
        verb: Some(Verb::Step),
        old: "owner.busy >= user_limit",
        new: "owner.busy > user_limit",
    },
    Mutant {
        name: "a claim is not charged",
        verb: Some(Verb::Step),
        old: "after + floor(job.cost * UNIT / job.weight)",
        new: "after",
    },
    Mutant {
        name: "weights are ignored",
        verb: Some(Verb::Step),
        old: "after + floor(job.cost * UNIT / job.weight)",
        new: "after + floor(job.cost * UNIT)",
    },
    Mutant {
        name: "the difference to the prediction is not charged",
        verb: Some(Verb::Step),
        old: "  charge(model, owner, (took - job.cost) * UNIT / job.weight, tonumber(job.tag))\n",
        new: "",
    },
    Mutant {
        name: "who was parked never comes back",
        verb: None,
        old: "owner.busy < setting('user_limit') and not owner.paused and owner.parked",
        new: "false",
    },
    Mutant {
        name: "a lease is not removed",
        verb: Some(Verb::Step),
        old: "  redis.call('ZREM', K .. 'leases', unpack(freed))\n",
        new: "",
    },
    Mutant {
        name: "a stale token ends a job",
        verb: Some(Verb::Step),
        old: "job.state ~= 'active' or job.fence ~= fence",
        new: "job.state ~= 'active'",
    },
    Mutant {
        name: "a stale token writes a checkpoint",
        verb: Some(Verb::Checkpoint),
        old: "state ~= 'active' or holder_of ~= fence",
        new: "state ~= 'active'",
    },
    Mutant {
        name: "a batch joins before its last job",
        verb: None,
        old: "if left and after == 0 then",
        new: "if left and after <= 1 then",
    },
    Mutant { name: "a chat's jobs are not let in", verb: None, old: "    unhold(at, chat, busy)\n", new: "" },
    Mutant {
        name: "silence spares no lease",
        verb: Some(Verb::Step),
        old: "expiry <= at and spare <= at",
        new: "expiry <= at",
    },
    Mutant {
        name: "a redelivered update is accepted",
        verb: Some(Verb::Submit),
        old: "if repeated then\n  local answer",
        new: "if false then\n  local answer",
    },
    Mutant {
        name: "a cancelled job stays in its line",
        verb: None,
        old: "redis.call('ZREM', line, id) == 0",
        new: "redis.call('ZSCORE', line, id) == false",
    },
    Mutant {
        name: "what is on its way is claimed twice over",
        verb: Some(Verb::Step),
        old: "want = math.max(0, want - away)",
        new: "want = math.max(0, want)",
    },
    Mutant {
        name: "an offer is not used up",
        verb: Some(Verb::Submit),
        old: "  redis.call('ZADD', K .. 'offers', TEXT[offer.slots - #jobs], offer.member)\n",
        new: "",
    },
    Mutant {
        name: "a job is handed to who does not serve it",
        verb: Some(Verb::Submit),
        old: "tonumber(offers[index + 1]), {}, models == ''",
        new: "tonumber(offers[index + 1]), {}, true",
    },
    Mutant {
        name: "a job that comes back is counted twice",
        verb: Some(Verb::Step),
        old: "        enqueue(model, job.owner, job.cost, { job.seq, id })\n",
        new: "        enqueue(model, job.owner, job.cost, { job.seq, id })\n        model.waiting = model.waiting + 1\n",
    },
];

/// How many worlds a mistake may hide in, and how many operations may be left of a run that shows it.
const HIDES: u64 = 40;
const SHORT: usize = 12;

#[test]
fn every_mistake_is_found_and_told_in_few_operations() {
    let mut texts = Texts::of_the_protocol();
    let mut server = Server::start(&texts, &BOUNDS);
    let mut hidden = Vec::new();
    for mutant in &MUTANTS {
        texts = Texts::of_the_protocol();
        texts.replace(mutant.verb, mutant.old, mutant.new);
        server.load(&texts, &BOUNDS);
        let found = (0..HIDES).find_map(|seed| {
            let grown = grow(&mut server, seed, LONG);
            let difference = grown.difference?;
            let shrunken = shrink(&mut server, &grown.world, &grown.operations, difference);
            Some((seed, shrunken, grown.world))
        });
        match found {
            None => hidden.push(format!("{}: not found", mutant.name)),
            Some((seed, shrunken, world)) if shrunken.operations.len() > SHORT => {
                hidden.push(format!("{}: {}", mutant.name, story(seed, &world, &shrunken)));
            }
            Some((seed, shrunken, _)) => {
                println!("{}: seed {seed}, {} operations", mutant.name, shrunken.operations.len());
            }
        }
    }
    assert!(hidden.is_empty(), "{}", hidden.join("\n\n"));
}
