//! The protocol's scripts against a model of them.
//!
//! [`model`] says in plain Rust what the protocol promises. Random operations ([`generate`]) run on the model and on the
//! scripts of a real server; every answer is compared, the server's keys are checked against each other after every
//! operation (`check.lua`), and every few operations the whole state is compared ([`runner`]). What fails is cut down to
//! a short list of operations ([`shrink`]). The clock is a key of the server, so that time is an operation too.
//!
//! Two variables widen the run: `ATELIER_DIFFERENTIAL_OPERATIONS` and `ATELIER_DIFFERENTIAL_SEED`. Deliberately absent:
//! wake-ups and what expires by itself in Redis, which depend on the server's own clock.

mod fairness;
mod generate;
mod model;
mod mutants;
mod operation;
mod regressions;
mod runner;
mod server;
mod shrink;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};

use rand::SeedableRng;
use rand::rngs::StdRng;

use self::generate::Generator;
use self::model::Reference;
use self::operation::Operation;
use self::runner::{Difference, Run, replay};
use self::server::{Server, Texts};
use self::shrink::{Shrunken, shrink};
use self::world::World;

/// Operations of one world.
const LONG: usize = 300;
/// The bounds of a step that worlds have.
const BOUNDS: [usize; 2] = [4, 64];

/// One world, grown from its seed and brought to its end.
struct Grown {
    world: World,
    /// What was done in it.
    operations: Vec<Operation>,
    /// Where the two sides parted, if they did.
    difference: Option<Difference>,
    /// How often the corners of the protocol were met.
    met: BTreeMap<&'static str, u64>,
}

fn grow(server: &mut Server, seed: u64, length: usize) -> Grown {
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::random(&mut random);
    let mut generator = Generator::new(random);
    let mut run = Run::start(server, world.clone());
    let mut operations = Vec::with_capacity(length);
    let mut difference = None;
    while difference.is_none() {
        let so_far = operations.len();
        let draw = |state: &Reference| {
            if so_far < length { Some(generator.next(state)) } else { generator.drain(state) }
        };
        match run.window(draw, &mut operations) {
            Ok(0) => break,
            Ok(_) => {}
            Err(found) => difference = Some(found),
        }
    }
    Grown { world, operations, difference, met: run.state.met }
}

/// The whole story of a difference, to be read by people.
fn story(seed: u64, world: &World, shrunken: &Shrunken) -> String {
    let list: Vec<String> = shrunken.operations.iter().map(|operation| format!("    {operation:?},")).collect();
    format!(
        "seed {seed}: the scripts and the model part after {} operations\n{world:?}\n[\n{}\n]\n{}",
        list.len(),
        list.join("\n"),
        shrunken.difference.what
    )
}

/// Fails with a readable list of operations when the two sides part.
fn agree(world: &World, operations: &[Operation]) {
    let mut server = Server::start(&Texts::of_the_protocol(), &BOUNDS);
    if let Some(difference) = replay(&mut server, world, operations) {
        panic!("{}", story(0, world, &shrink(&mut server, world, operations, difference)));
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration to read it from")]
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect(name))
}

/// Every corner of the protocol that a run has to come to, and how often at least: one that has lost its way tests nothing.
const CORNERS: [&str; 36] = [
    "a batch joined",
    "a chat was told",
    "a claim that never arrived",
    "a closed queue",
    "a delayed job was due",
    "a full queue",
    "a hand on its way",
    "a handle was taken",
    "a job held back was let in",
    "a job met its chat full",
    "a job was handed to a worker",
    "a job was lost too often",
    "a joined batch was opened again",
    "a lane refused",
    "a lane was free again",
    "a lease ran out",
    "a lease was spared",
    "a model waits for its lane",
    "a record too old or too large",
    "a running job was to stop",
    "an amnesty",
    "a slow lane took a job",
    "a step that passed over too many",
    "a sweep that found something",
    "a user with too many jobs",
    "a worker that listens no more",
    "a waiting owner was charged",
    "an absent owner was charged",
    "an end came too late",
    "an end was repeated",
    "an owner passed over came back",
    "an owner was passed over",
    "an update came again",
    "an urgent job",
    "time overtook an absent owner",
    "too many records",
];
const OFTEN: u64 = 5;

/// What one thread found.
#[derive(Default)]
struct Tally {
    met: BTreeMap<&'static str, u64>,
    stories: Vec<String>,
}

/// Grows worlds until enough was done, here or elsewhere.
fn half(next: &AtomicU64, left: &AtomicI64) -> Tally {
    let mut server = Server::start(&Texts::of_the_protocol(), &BOUNDS);
    let mut tally = Tally::default();
    while left.load(Relaxed) > 0 {
        let seed = next.fetch_add(1, Relaxed);
        let grown = grow(&mut server, seed, LONG);
        left.fetch_sub(i64::try_from(grown.operations.len()).unwrap(), Relaxed);
        for (corner, times) in grown.met {
            *tally.met.entry(corner).or_default() += times;
        }
        if let Some(difference) = grown.difference {
            left.store(0, Relaxed);
            let shrunken = shrink(&mut server, &grown.world, &grown.operations, difference);
            tally.stories.push(story(seed, &grown.world, &shrunken));
        }
    }
    tally
}

#[test]
fn the_scripts_do_what_the_model_says() {
    let operations = number("ATELIER_DIFFERENTIAL_OPERATIONS").unwrap_or(100_000);
    let next = AtomicU64::new(number("ATELIER_DIFFERENTIAL_SEED").unwrap_or(1));
    let left = AtomicI64::new(i64::try_from(operations).unwrap());
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(&next, &left));
        (half(&next, &left), other.join().unwrap())
    });
    let stories = [one.stories, other.stories].concat();
    assert!(stories.is_empty(), "{}", stories.join("\n\n"));
    let times = |corner| [&one.met, &other.met].iter().filter_map(|met| met.get(corner)).sum::<u64>();
    let seldom: Vec<_> = CORNERS.iter().filter(|corner| times(**corner) < OFTEN).collect();
    println!("{:?}", CORNERS.map(|corner| (corner, times(corner))));
    assert!(seldom.is_empty() || operations < 100_000, "hardly ever met: {seldom:?}");
}
