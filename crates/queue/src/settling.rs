//! Ends of holds, told to Redis together: what ends while one call is under way goes with the next.
//!
//! The first to end is told at once, so nobody waits for company. A call that fails fails for all of its holds; each
//! repeats on its own account, which the fence makes harmless.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

/// Most holds of one call: bounds the script's time.
const TOGETHER: usize = 32;

/// The arguments of one hold's end, as the script takes them.
pub(crate) type End = [String; 7];

#[derive(Default)]
pub(crate) struct Settling {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<(End, oneshot::Sender<String>)>,
    under_way: bool,
}

impl Queue {
    /// Ends a hold: `settled` or `stale`. `None`: Redis did not answer, or refused.
    pub(crate) async fn settle(&self, end: End) -> Option<String> {
        let (sender, answer) = oneshot::channel();
        let first = self.settling().with(|state| {
            state.waiting.push((end, sender));
            !std::mem::replace(&mut state.under_way, true)
        });
        if first {
            // a task of its own: the job whose end comes first may be dropped in the middle
            tokio::spawn(settle_all(self.clone()));
        }
        answer.await.ok()
    }
}

impl Settling {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next ends to tell; none ends the telling.
    fn next(&self) -> Vec<(End, oneshot::Sender<String>)> {
        self.with(|state| {
            let some = state.waiting.len().min(TOGETHER);
            state.under_way = some > 0;
            state.waiting.drain(..some).collect()
        })
    }
}

async fn settle_all(queue: Queue) {
    loop {
        let ends = queue.settling().next();
        if ends.is_empty() {
            return;
        }
        let arguments: Vec<&[u8]> = ends.iter().flat_map(|(end, _)| end.iter().map(String::as_bytes)).collect();
        let answers: Result<Vec<String>, QueueError> = queue.call(Verb::Settle, &arguments).await;
        match answers {
            Ok(answers) => {
                for ((_, sender), answer) in ends.into_iter().zip(answers) {
                    // nobody waits any more: the job was dropped meanwhile
                    let _ = sender.send(answer);
                }
            }
            Err(error) if error.is_unreachable() => {}
            Err(error) => tracing::warn!(%error, jobs = ends.len(), "redis refused to end jobs; they repeat it"),
        }
    }
}
