//! Who waits for a bot's budget: in this process they stand in line, and only the first of them asks Redis.
//!
//! Without a line two hundred waiting messages ask thirty times a second each, and whose question comes at the right
//! moment goes first: some wait ten times as long as the others. Each urgency has a line of its own, so that results
//! need not wait for answers; between processes the budget's layers decide.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atelier_domain::BotId;

use crate::link::Queue;
use crate::pace::{Lane, Leave, Spend, Urgency};

/// After Redis did not answer one of them, the others of the line do not ask for so long.
const UNASKED: Duration = Duration::from_secs(1);
/// How long the first one asks again before it goes without an answer: a lost connection is replaced sooner.
const PATIENCE: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(50);
/// Between two that go without an answer: fewer than a bot may send in a second.
const APART: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Turns {
    lines: Mutex<HashMap<(BotId, Lane, Urgency), Arc<Line>>>,
}

#[derive(Default)]
struct Line {
    length: AtomicUsize,
    /// Held by the first of the line; until when Redis is not asked, having failed to answer.
    first: tokio::sync::Mutex<Option<Instant>>,
}

/// Counts as standing in line until dropped.
struct Standing<'a>(&'a Line);

impl Turns {
    fn line(&self, (bot, lane): (BotId, Lane), urgency: Urgency) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.entry((bot, lane, urgency)).or_default().clone()
    }
}

impl Line {
    fn join(&self) -> Standing<'_> {
        self.length.fetch_add(1, Ordering::Relaxed);
        Standing(self)
    }

    fn is_empty(&self) -> bool {
        self.length.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.0.length.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Queue {
    /// Returns when something may be sent to the chat, or when Redis cannot say.
    pub(crate) async fn turn(&self, spend: Spend, urgency: Urgency) {
        let line = self.turns().line(spend.purse(), urgency);
        loop {
            // nobody overtakes those who wait already
            let asked = if line.is_empty() { self.leave(spend, urgency).await.ok() } else { None };
            let wait = match asked {
                Some(Leave::Go) => return,
                Some(Leave::Chats(wait)) => wait,
                Some(Leave::Bots(_)) | None => match self.stand(&line, spend, urgency).await {
                    Some(wait) => wait,
                    None => return,
                },
            };
            // the chat's own wait is no reason to hold up the others
            tokio::time::sleep(wait).await;
        }
    }

    /// Stands in line until the bot's budget allows it; then the wait that the chat itself still has.
    async fn stand(&self, line: &Line, spend: Spend, urgency: Urgency) -> Option<Duration> {
        let _standing = line.join();
        let mut unasked = line.first.lock().await;
        let mut failing: Option<Instant> = None;
        loop {
            if unasked.is_some_and(|until| Instant::now() < until) {
                tokio::time::sleep(APART).await;
                return None;
            }
            match self.leave(spend, urgency).await {
                Ok(leave) => {
                    (*unasked, failing) = (None, None);
                    match leave {
                        Leave::Go => return None,
                        Leave::Chats(wait) => return Some(wait),
                        Leave::Bots(wait) => tokio::time::sleep(wait).await,
                    }
                }
                // it did not answer a moment ago either
                Err(_) if unasked.is_some() || failing.is_some_and(|since| since.elapsed() > PATIENCE) => {
                    *unasked = Some(Instant::now() + UNASKED);
                }
                Err(_) => {
                    failing.get_or_insert_with(Instant::now);
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
