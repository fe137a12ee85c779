//! Runs operations on the model and on the server, and compares.

use std::fmt::Write;

use super::model::{Reference, START, seen};
use super::operation::Operation;
use super::server::Server;
use super::wire::{self, Reply};
use super::world::World;

/// So many operations are sent together.
const WINDOW: usize = 25;
/// After so many of these, and at the end, the whole state is compared.
const WINDOWS: usize = 4;

/// Where the two part.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    /// The operation, by its place in the list.
    pub(super) at: usize,
    pub(super) what: String,
}

/// A run under way.
pub(super) struct Run<'a> {
    server: &'a mut Server,
    pub(super) state: Reference,
    done: usize,
}

impl<'a> Run<'a> {
    pub(super) fn start(server: &'a mut Server, world: World) -> Self {
        server.reset(START);
        server.listen((0..world.workers.len()).filter(|worker| world.deaf != Some(*worker)));
        Self { server, state: Reference::new(world), done: 0 }
    }

    /// Draws and does some operations; those done are appended to `list`, up to the first difference.
    pub(super) fn window(
        &mut self,
        mut draw: impl FnMut(&Reference) -> Option<Operation>,
        list: &mut Vec<Operation>,
    ) -> Result<usize, Difference> {
        let mut expected = Vec::with_capacity(WINDOW);
        let mut batch = self.server.batch(self.state.world.bound);
        while expected.len() < WINDOW
            && let Some(operation) = draw(&self.state)
        {
            batch.call(&wire::call(&operation, &self.state));
            if !matches!(operation, Operation::Advance(_)) {
                batch.check();
            }
            expected.push(self.state.apply(&operation));
            list.push(operation);
        }
        let (first, count) = (self.done, expected.len());
        self.done += count;
        let whole = count < WINDOW || self.done.is_multiple_of(WINDOW * WINDOWS);
        if whole {
            batch.look();
        }
        let mut answers = batch.send().into_iter();
        for (index, expected) in expected.into_iter().enumerate() {
            let (at, operation) = (first + index, &list[first + index]);
            let answer = wire::comparable(operation, answers.next().unwrap());
            if answer != expected {
                return Err(Difference {
                    at,
                    what: format!("the scripts answer {answer:?}\nthe model says     {expected:?}"),
                });
            }
            // time alone changes no key
            let faults = if matches!(operation, Operation::Advance(_)) { None } else { answers.next() };
            if let Some(faults) = faults.filter(|faults| *faults != Reply::List(Vec::new())) {
                return Err(Difference { at, what: format!("the keys do not agree: {faults:?}") });
            }
        }
        let differences = if whole { compare(answers.next(), &self.state) } else { String::new() };
        if differences.is_empty() {
            Ok(count)
        } else {
            Err(Difference { at: self.done.max(1) - 1, what: format!("the state differs:\n{differences}") })
        }
    }
}

/// Runs a list of operations; `None` when both sides agree.
pub(super) fn replay(server: &mut Server, world: &World, operations: &[Operation]) -> Option<Difference> {
    let mut run = Run::start(server, world.clone());
    let (mut rest, mut list) = (operations.iter().cloned(), Vec::with_capacity(operations.len()));
    loop {
        match run.window(|_| rest.next(), &mut list) {
            Err(difference) => return Some(difference),
            Ok(0) => return None,
            Ok(_) => {}
        }
    }
}

fn compare(answer: Option<Reply>, state: &Reference) -> String {
    let Some(Reply::List(parts)) = answer else { return format!("{answer:?}") };
    let word = |reply: &Reply| if let Reply::Text(text) = reply { text.clone() } else { format!("{reply:?}") };
    let view = seen(parts.chunks_exact(2).map(|pair| (word(&pair[0]), word(&pair[1]))));
    let expected = state.view();
    let mut differences = String::new();
    let names = view.keys().chain(expected.keys().filter(|name| !view.contains_key(*name)));
    for name in names {
        let (there, here) = (view.get(name), expected.get(name));
        if there != here {
            let _ = writeln!(differences, "  {name}: {} in redis, {} in the model", shown(there), shown(here));
        }
    }
    differences
}

fn shown(value: Option<&String>) -> &str {
    value.map_or("nothing", String::as_str)
}
