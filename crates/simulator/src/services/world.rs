//! What the services know and have counted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use super::Options;
use super::rules::{Action, Rule};
use crate::replicate::cut::Line;

pub(super) struct World {
    pub(super) options: Options,
    pub(super) address: SocketAddr,
    /// What clients of `ComfyUI`'s web socket hear: whose it is, and the text.
    pub(super) told: broadcast::Sender<(String, String)>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) rules: Vec<Rule>,
    /// Requests by route, refused and cut ones included.
    pub(super) requests: BTreeMap<String, u64>,
    /// Generations that really happened, in order.
    pub(super) creations: Vec<Creation>,
    pub(super) charged_micros: u64,
    /// Whether generations wait for a release.
    pub(super) held: bool,
    /// Generations that wait for one now.
    pub(super) waiting: u64,
    pub(super) queue: Vec<super::comfy::Queued>,
    /// The most that waited and ran in that queue at a time.
    pub(super) most_queued: usize,
    /// The task that the one device of `sdapi` works on.
    pub(super) task: Option<String>,
    pub(super) interrupts: u64,
    pub(super) files: BTreeMap<String, Bytes>,
    pub(super) last: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Creation {
    pub(super) service: &'static str,
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) micros: u64,
}

/// How a request goes on after the rules were asked.
pub(super) enum Passage {
    Go { cut_after: bool, text: Option<String> },
    Stop(Response),
}

impl World {
    pub(super) fn new(options: Options, address: SocketAddr) -> Self {
        let (told, changed) = (broadcast::Sender::new(256), watch::Sender::new(0));
        Self { options, address, told, state: Mutex::default(), changed }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes who waits for a change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.send_modify(|number| *number += 1);
        result
    }

    /// Waits until the state is as wanted.
    pub(super) async fn until(&self, wanted: impl Fn(&State) -> bool) {
        let mut changes = self.changed.subscribe();
        loop {
            if wanted(&self.state()) {
                return;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Counts the request, keeps its body, and asks the rules.
    pub(super) fn arrive(&self, line: &Line, route: &str, prompt: &str, body: &Value) -> Passage {
        let action = self.change(|state| {
            *state.requests.entry(route.to_owned()).or_default() += 1;
            state.last.insert(route.to_owned(), body.clone());
            state.rules.iter_mut().find_map(|rule| rule.meets(route, prompt))
        });
        match action {
            None => Passage::Go { cut_after: false, text: None },
            Some(Action::Text(text)) => Passage::Go { cut_after: false, text: Some(text) },
            Some(Action::CutAfter) => Passage::Go { cut_after: true, text: None },
            Some(Action::CutBefore) => {
                line.cut();
                Passage::Stop(StatusCode::BAD_GATEWAY.into_response())
            }
            Some(Action::Answer { status, body, retry_after }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = (status, Json(body)).into_response();
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert(RETRY_AFTER, seconds.into());
                }
                Passage::Stop(response)
            }
        }
    }

    /// The time a generation takes, and the hold, if there is one.
    pub(super) async fn work(&self) {
        self.change(|state| state.waiting += 1);
        // given back when the caller goes away in the middle, too
        let _waiting = Waiting(self);
        self.until(|state| !state.held).await;
        if self.options.seconds > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(self.options.seconds)).await;
        }
    }

    pub(super) fn create(&self, service: &'static str, model: &str, prompt: &str, micros: u64) {
        let creation = Creation { service, model: model.to_owned(), prompt: prompt.to_owned(), micros };
        self.change(|state| {
            state.creations.push(creation);
            state.charged_micros += micros;
        });
    }

    /// All of it, for tests.
    pub(super) fn report(&self) -> Value {
        let state = self.state();
        json!({
            "requests": state.requests,
            "creations": state.creations,
            "charged_micros": state.charged_micros,
            "waiting": state.waiting,
            "interrupts": state.interrupts,
            "most_queued": state.most_queued,
            "queued": state.queue.iter().filter(|queued| !queued.is_over()).count(),
            "last": state.last,
        })
    }
}

struct Waiting<'a>(&'a World);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.waiting -= 1);
    }
}
