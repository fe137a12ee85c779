//! The protocol's scripts against a model of them.
//!
//! [`model`] says in plain Rust what the protocol promises. Random operations ([`generate`]) run on the model and on the
//! scripts of a real server; every answer is compared, the server's keys are checked against each other after every
//! operation (`check.lua`), and every few operations the whole state is compared ([`runner`]). What fails is cut down to
//! a short list of operations ([`shrink`]). The clock is a key of the server, so that time is an operation too.
//!
//! Two variables widen the run: `ATELIER_DIFFERENTIAL_OPERATIONS` and `ATELIER_DIFFERENTIAL_SEED`. Deliberately absent:
//! wake-ups and what expires by itself in Redis, which depend on the server's own clock.

mod generate;
mod model;
mod operation;
mod regressions;
mod runner;
mod server;
mod shrink;
mod wire;
mod world;

use rand::SeedableRng;
use rand::rngs::StdRng;

use self::generate::Generator;
use self::operation::Operation;
use self::runner::{Difference, Run, replay};
use self::server::{Server, Texts};
use self::shrink::{Shrunken, shrink};
use self::world::World;

/// Operations of one world.
const LONG: usize = 300;
/// The bounds of a step that worlds have.
const BOUNDS: [usize; 2] = [4, 64];

/// One world, grown from its seed: what was done in it, and the first difference.
fn grow(server: &mut Server, seed: u64, length: usize) -> (World, Vec<Operation>, Option<Difference>) {
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::random(&mut random);
    let mut generator = Generator::new(random);
    let mut run = Run::start(server, world.clone());
    let mut list = Vec::with_capacity(length);
    while list.len() < length {
        if let Err(difference) = run.window(|state| Some(generator.next(state)), &mut list) {
            return (world, list, Some(difference));
        }
    }
    (world, list, None)
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

#[test]
fn the_scripts_do_what_the_model_says() {
    let operations = number("ATELIER_DIFFERENTIAL_OPERATIONS").unwrap_or(100_000);
    let first = number("ATELIER_DIFFERENTIAL_SEED").unwrap_or(1);
    let worlds = operations.div_ceil(LONG as u64);
    let failed = std::sync::atomic::AtomicBool::new(false);
    let stories: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| {
                let failed = &failed;
                scope.spawn(move || {
                    let mut server = Server::start(&Texts::of_the_protocol(), &BOUNDS);
                    for seed in (first..first + worlds).filter(|seed| seed % 2 == half) {
                        if failed.load(std::sync::atomic::Ordering::Relaxed) {
                            break;
                        }
                        let (world, list, difference) = grow(&mut server, seed, LONG);
                        if let Some(difference) = difference {
                            failed.store(true, std::sync::atomic::Ordering::Relaxed);
                            return Some(story(seed, &world, &shrink(&mut server, &world, &list, difference)));
                        }
                    }
                    None
                })
            })
            .collect();
        halves.into_iter().filter_map(|half| half.join().unwrap()).collect()
    });
    assert!(stories.is_empty(), "{}", stories.join("\n\n"));
}
