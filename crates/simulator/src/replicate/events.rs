//! What happened, in order, for `GET /_sim/events` and for waiting.

use std::collections::VecDeque;

use serde::Serialize;

use super::prediction::Prediction;
use super::time::{Millis, rfc3339};

/// Older events than these are forgotten.
const KEPT: usize = 2000;

#[derive(Debug, Clone, Serialize)]
pub(super) struct Event {
    pub(super) number: u64,
    pub(super) at: String,
    /// `created`, `started`, `finished`, `canceled`, `downloaded`, `refused`, `cut`, `released`.
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prediction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Events {
    kept: VecDeque<Event>,
    last: u64,
}

impl Events {
    pub(super) fn of(&mut self, kind: &'static str, now: Millis, prediction: &Prediction) {
        self.push(Event {
            number: 0,
            at: rfc3339(now),
            kind,
            prediction: Some(prediction.id.clone()),
            model: Some(prediction.model.clone()),
            prompt: Some(prediction.prompt().to_owned()),
            status: Some(prediction.status.name().to_owned()),
        });
    }

    pub(super) fn plain(&mut self, kind: &'static str, now: Millis, status: impl Into<Option<String>>) {
        self.push(Event {
            number: 0,
            at: rfc3339(now),
            kind,
            prediction: None,
            model: None,
            prompt: None,
            status: status.into(),
        });
    }

    fn push(&mut self, mut event: Event) {
        self.last += 1;
        event.number = self.last;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(event);
    }

    pub(super) fn after(&self, number: u64) -> Vec<Event> {
        self.kept.iter().filter(|event| event.number > number).cloned().collect()
    }
}
