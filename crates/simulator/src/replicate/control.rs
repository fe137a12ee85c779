//! The control API under `/_sim/`; every route and field is documented in `CONTROL.md`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::Limits;
use super::faults::{Matcher, Rule};
use super::routes::Shared;
use super::state::{Hold, World};
use super::watch::{self, Wanted};

pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/_sim/health", get(async || Json(json!({ "ok": true }))))
        .route("/_sim/state", get(report))
        .route("/_sim/wait", get(wait))
        .route("/_sim/hold", post(hold))
        .route("/_sim/release", post(release))
        .route("/_sim/rules", get(rules).post(add_rules).delete(clear_rules))
        .route("/_sim/rules/{id}", delete(remove_rule))
        .route("/_sim/account", post(account))
        .route("/_sim/limits", post(limits))
        .route("/_sim/webhooks", post(webhooks))
        .route("/_sim/reset", post(reset))
        .route("/_sim/events", get(events))
}

/// A control request that makes no sense: 400 with what is wrong.
struct Mistake(serde_json::Error);

impl IntoResponse for Mistake {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0.to_string() }))).into_response()
    }
}

/// Reads a control body; an empty one is an empty object.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Mistake> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(Mistake)
}

async fn report(State(world): Shared, Query(wanted): Query<Wanted>) -> Json<Value> {
    Json(world.read(|state| watch::report(state, &wanted.matcher())))
}

async fn wait(State(world): Shared, Query(wanted): Query<Wanted>) -> Response {
    let met = watch::wait(&world, &wanted).await;
    let mut state = world.read(|state| watch::report(state, &wanted.matcher()));
    state["met"] = json!(met);
    let status = if met { StatusCode::OK } else { StatusCode::REQUEST_TIMEOUT };
    (status, Json(state)).into_response()
}

async fn hold(State(world): Shared, body: Bytes) -> Result<Json<Value>, Mistake> {
    let matcher: Matcher = read(&body)?;
    let id = world.update(|state| {
        let id = state.number();
        state.holds.push(Hold { id, matcher });
        id
    });
    Ok(Json(json!({ "hold": id })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    hold: Option<u64>,
    prediction: Option<String>,
    count: Option<usize>,
}

async fn release(State(world): Shared, body: Bytes) -> Result<Json<Value>, Mistake> {
    let asked: Release = read(&body)?;
    let released = world.update(|state| state.release(asked.hold, asked.prediction.as_deref(), asked.count));
    Ok(Json(json!({ "released": released })))
}

async fn rules(State(world): Shared) -> Json<Value> {
    Json(world.read(|state| json!({ "rules": state.rules })))
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Value>),
    One(Value),
}

async fn add_rules(State(world): Shared, body: Bytes) -> Result<Json<Value>, Mistake> {
    let given = match read::<OneOrMany>(&body)? {
        OneOrMany::Many(rules) => rules,
        OneOrMany::One(rule) => vec![rule],
    };
    let parsed: Result<Vec<Rule>, _> = given.into_iter().map(serde_json::from_value).collect();
    let parsed = parsed.map_err(Mistake)?;
    let ids: Vec<u64> = world.update(|state| {
        let mut ids = Vec::new();
        for mut rule in parsed {
            rule.id = state.number();
            ids.push(rule.id);
            state.rules.push(rule);
        }
        ids
    });
    Ok(Json(json!({ "rules": ids })))
}

async fn remove_rule(State(world): Shared, Path(id): Path<u64>) -> StatusCode {
    let removed = world.update(|state| {
        let before = state.rules.len();
        state.rules.retain(|rule| rule.id != id);
        state.rules.len() < before
    });
    if removed { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn clear_rules(State(world): Shared) -> StatusCode {
    world.update(|state| state.rules.clear());
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    /// Null is an account that never runs low.
    credit: Option<f64>,
}

async fn account(State(world): Shared, body: Bytes) -> Result<Json<Value>, Mistake> {
    let change: AccountChange = read(&body)?;
    world.update(|state| state.account.credit = change.credit);
    Ok(Json(json!({ "credit": change.credit })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Telling {
    copies: Option<u32>,
    delay: Option<f64>,
}

async fn webhooks(State(world): Shared, body: Bytes) -> Result<Json<Value>, Mistake> {
    let wish: Telling = read(&body)?;
    let (copies, delay) = world.update(|state| {
        state.webhook_copies = wish.copies.map_or(state.webhook_copies, |copies| copies.min(10));
        state.webhook_delay = wish.delay.map_or(state.webhook_delay, |seconds| seconds.clamp(0.0, 600.0));
        (state.webhook_copies, state.webhook_delay)
    });
    Ok(Json(json!({ "copies": copies, "delay": delay })))
}

async fn limits(State(world): Shared, body: Bytes) -> Result<Json<Limits>, Mistake> {
    let limits: Limits = read(&body)?;
    world.update(|state| state.account.limits = limits);
    Ok(Json(limits))
}

async fn reset(State(world): Shared) -> StatusCode {
    world.update(|state| state.reset(&world.options));
    world.store.clear();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct Since {
    after: Option<u64>,
}

/// All kept events after the number given (or `Last-Event-ID`), then new ones as they happen.
async fn events(
    State(world): Shared,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>>> {
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let mut last = since.after.or(resumed).unwrap_or(0);
    let stream = async_stream::stream! {
        let mut changes = world.changes();
        loop {
            for event in world.read(|state| state.events.after(last)) {
                last = event.number;
                let data = serde_json::to_string(&event).unwrap_or_default();
                yield Ok(SseEvent::default().id(last.to_string()).event(event.kind).data(data));
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = world.shutdown.cancelled() => return,
            }
        }
    };
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
