//! A bot's queue of updates: what was produced and not yet confirmed.
//!
//! Invariants: ids rise and are never given twice; an update stays until a later offset confirms it, so a bot that
//! dies before confirming is told again; nothing older than 24 hours is delivered, and no button press that waited
//! 150 seconds.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long Telegram keeps an update.
const UPDATE_LIFE_MS: i64 = 24 * 3600 * 1000;
/// How long an undelivered button press lives.
const CALLBACK_LIFE_MS: i64 = 150 * 1000;
/// How many past updates can be delivered again.
const REMEMBERED: usize = 4096;

/// One queued update; `payload` lacks the id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Update {
    pub(crate) id: i64,
    pub(crate) at_ms: i64,
    /// The wire's field name, such as `message`.
    pub(crate) kind: String,
    pub(crate) payload: Value,
}

impl Update {
    /// The update as the wire shows it.
    pub(crate) fn wire(&self) -> Value {
        if self.kind == "raw" {
            return self.payload.clone();
        }
        json!({ "update_id": self.id, self.kind.as_str(): self.payload })
    }

    fn expired(&self, now_ms: i64) -> bool {
        let life = if self.kind == "callback_query" { CALLBACK_LIFE_MS } else { UPDATE_LIFE_MS };
        now_ms - self.at_ms > life
    }
}

/// The queue and the pollers at it.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pending: BTreeMap<i64, Update>,
    /// Confirmed updates that a test wants delivered once more, whatever the offset.
    again: VecDeque<Update>,
    past: VecDeque<Update>,
    /// Rises with every `getUpdates`; a waiting poll that sees it rise was displaced.
    pub(crate) generation: u64,
    /// `getUpdates` calls in flight.
    pub(crate) pollers: usize,
    /// End of the last `getUpdates`, Unix milliseconds.
    pub(crate) last_poll_ms: Option<i64>,
    /// Rises whenever the webhook is set or removed, so that an older delivery loop ends.
    pub(crate) webhook_generation: u64,
}

impl Queue {
    /// Adds an update.
    pub(crate) fn push(&mut self, update: Update) {
        if self.past.len() == REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back(update.clone());
        self.pending.insert(update.id, update);
    }

    /// Forgets everything below `offset`; returns how many there were.
    pub(crate) fn confirm(&mut self, offset: i64) -> usize {
        let rest = self.pending.split_off(&offset);
        std::mem::replace(&mut self.pending, rest).len()
    }

    /// The offset that a negative one means: only the last `count` updates stay.
    pub(crate) fn offset_of_last(&self, count: usize) -> Option<i64> {
        self.pending.keys().rev().nth(count.saturating_sub(1)).or_else(|| self.pending.keys().next()).copied()
    }

    /// The updates to deliver now, at most `limit`; repeats ordered by a test come first and once.
    pub(crate) fn batch(&mut self, limit: usize, now_ms: i64) -> Vec<Update> {
        self.pending.retain(|_, update| !update.expired(now_ms));
        let again = self.again.len().min(limit);
        let mut batch: Vec<Update> = self.again.drain(..again).collect();
        batch.extend(self.pending.values().take(limit - batch.len()).cloned());
        batch
    }

    /// Queues a past update for one more delivery; false when it is not remembered.
    pub(crate) fn repeat(&mut self, id: i64) -> bool {
        let found = self.past.iter().find(|update| update.id == id).cloned();
        found.map(|update| self.again.push_back(update)).is_some()
    }

    /// Ids waiting to be confirmed.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Update> {
        self.pending.values()
    }

    /// True when nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.again.is_empty()
    }
}
