//! The control API: faults, the barrier, and what was counted.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rules::Rule;
use super::world::World;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/_sim/state", get(state))
        .route("/_sim/wait", get(wait))
        .route("/_sim/rules", post(add).delete(clear))
        .route("/_sim/hold", post(hold))
        .route("/_sim/release", post(release))
}

async fn state(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.report())
}

async fn add(State(world): State<Arc<World>>, Json(rule): Json<Rule>) -> Json<Value> {
    world.change(|state| state.rules.push(rule));
    Json(json!({ "ok": true }))
}

async fn clear(State(world): State<Arc<World>>) -> Json<Value> {
    world.change(|state| state.rules.clear());
    Json(json!({ "ok": true }))
}

async fn hold(State(world): State<Arc<World>>) -> Json<Value> {
    world.change(|state| state.held = true);
    Json(json!({ "ok": true }))
}

async fn release(State(world): State<Arc<World>>) -> Json<Value> {
    world.change(|state| state.held = false);
    Json(json!({ "ok": true }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conditions {
    creations: Option<usize>,
    waiting: Option<u64>,
    interrupts: Option<u64>,
    most_queued: Option<usize>,
    timeout: Option<f64>,
}

/// Answers when everything named has been reached; 408 when the time is over first.
async fn wait(State(world): State<Arc<World>>, Query(wanted): Query<Conditions>) -> (StatusCode, Json<Value>) {
    let met = world.until(|state| {
        wanted.creations.is_none_or(|least| state.creations.len() >= least)
            && wanted.waiting.is_none_or(|least| state.waiting >= least)
            && wanted.most_queued.is_none_or(|least| state.most_queued >= least)
            && wanted.interrupts.is_none_or(|least| state.interrupts >= least)
    });
    let patience = Duration::from_secs_f64(wanted.timeout.unwrap_or(30.0).clamp(0.0, 300.0));
    let met = tokio::time::timeout(patience, met).await.is_ok();
    (if met { StatusCode::OK } else { StatusCode::REQUEST_TIMEOUT }, Json(world.report()))
}
