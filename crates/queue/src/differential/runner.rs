//! Runs operations on the model and on the server, and compares.

use std::fmt::Write;

use super::model::{Reference, START, seen};
use super::operation::Operation;
use super::server::Server;
use super::wire::{self, Reply};
use super::world::World;

/// After so many operations the whole state is compared; they are sent together.
const WINDOW: usize = 25;

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
            batch.check();
            expected.push(self.state.apply(&operation));
            list.push(operation);
        }
        batch.look();
        let answers = batch.send();
        let first = self.done;
        self.done += expected.len();
        let count = expected.len();
        for (index, (pair, expected)) in answers.chunks_exact(2).zip(expected).enumerate() {
            let (at, operation) = (first + index, &list[first + index]);
            let answer = wire::comparable(operation, pair[0].clone());
            if answer != expected {
                return Err(Difference { at, what: format!("the scripts answer {answer:?}\nthe model says     {expected:?}") });
            }
            if pair[1] != Reply::List(Vec::new()) {
                return Err(Difference { at, what: format!("the keys do not agree: {:?}", pair[1]) });
            }
        }
        let differences = compare(answers.last(), &self.state);
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

fn compare(answer: Option<&Reply>, state: &Reference) -> String {
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
