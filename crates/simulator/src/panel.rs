//! What visitors of the web chat may break beside the simulators: offered, and done, by whoever started them.
//!
//! The simulator knows names and words only; each press is handed on. Without a panel nothing is offered.

use serde::Serialize;
use tokio::sync::mpsc;

/// Something that can be broken, or mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trick {
    /// Its name, by which a press is handed on.
    pub name: &'static str,
    /// The words on its button.
    pub title: &'static str,
    /// What will happen.
    pub words: &'static str,
}

/// The tricks on offer, and where presses go.
#[derive(Debug, Clone)]
pub struct Panel {
    tricks: Vec<Trick>,
    presses: mpsc::UnboundedSender<&'static str>,
}

impl Panel {
    /// A panel of these; the names of those that were pressed come out of the receiver.
    pub fn new(tricks: Vec<Trick>) -> (Self, mpsc::UnboundedReceiver<&'static str>) {
        let (presses, pressed) = mpsc::unbounded_channel();
        (Self { tricks, presses }, pressed)
    }

    /// What is on offer.
    pub(crate) fn tricks(&self) -> &[Trick] {
        &self.tricks
    }

    /// Hands a press on; false when there is no such trick, or nobody listens any more.
    pub(crate) fn press(&self, name: &str) -> bool {
        let trick = self.tricks.iter().find(|trick| trick.name == name);
        trick.is_some_and(|trick| self.presses.send(trick.name).is_ok())
    }
}
