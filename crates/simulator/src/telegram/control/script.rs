//! Faults, pace, clock and starting anew.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, Path, Request, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal};
use crate::telegram::faults::Rule;
use crate::telegram::journal::Record;
use crate::telegram::server::Server;
use crate::telegram::world::Effect;

/// The rules and how often each met a request.
pub(super) async fn faults(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.read(|world| json!({ "ok": true, "faults": world.faults.list(), "held": world.faults.held() })))
}

/// Adds a rule.
pub(super) async fn add_fault(State(server): State<Arc<Server>>, request: Request) -> Answer {
    let Json(rule): Json<Rule> =
        Json::from_request(request, &()).await.map_err(|error| Refusal::bad(error.body_text()))?;
    let id = server.write(|world, _| world.faults.add(rule));
    Ok(Json(json!({ "ok": true, "id": id })))
}

/// Removes all rules; held requests go on.
pub(super) async fn remove_faults(State(server): State<Arc<Server>>) -> Json<Value> {
    let removed = server.write(|world, _| world.faults.remove(None));
    Json(json!({ "ok": true, "removed": removed }))
}

/// Removes one rule; the requests it held go on.
pub(super) async fn remove_fault(State(server): State<Arc<Server>>, Path(id): Path<u64>) -> Answer {
    match server.write(|world, _| world.faults.remove(Some(id))) {
        0 => Err(Refusal::missing("no such rule")),
        removed => Ok(Json(json!({ "ok": true, "removed": removed }))),
    }
}

/// Lets the requests held by a rule go on; later ones are not held.
pub(super) async fn release_fault(State(server): State<Arc<Server>>, Path(id): Path<u64>) -> Answer {
    if server.write(|world, _| world.faults.release(id)) {
        Ok(Json(json!({ "ok": true })))
    } else {
        Err(Refusal::missing("no such rule"))
    }
}

/// What can be broken beside this server, where its starter offers that.
pub(super) async fn tricks(State(server): State<Arc<Server>>) -> Json<Value> {
    let tricks = server.panel.as_ref().map_or(&[][..], crate::Panel::tricks);
    Json(json!({ "ok": true, "tricks": tricks }))
}

/// Has one of them done.
pub(super) async fn trick(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Answer {
    match &server.panel {
        Some(panel) if panel.press(&name) => Ok(Json(json!({ "ok": true }))),
        _ => Err(Refusal::missing("no such trick")),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Limits {
    enabled: bool,
}

/// Switches Telegram's pace on or off.
pub(super) async fn limits(State(server): State<Arc<Server>>, Json(limits): Json<Limits>) -> Json<Value> {
    server.write(|world, _| {
        world.limiter.enabled = limits.enabled;
        world.limiter.reset();
    });
    Json(json!({ "ok": true }))
}

#[derive(Debug, Deserialize)]
pub(super) struct Skip {
    skip_ms: u32,
}

/// Moves the simulator's clock forward: expiry and pace see it, real waits do not.
pub(super) async fn clock(State(server): State<Arc<Server>>, Json(skip): Json<Skip>) -> Json<Value> {
    server.clock.skip(skip.skip_ms);
    let now_ms = server.write(|_, now_ms| now_ms);
    Json(json!({ "ok": true, "now_ms": now_ms }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    All,
    Counts,
    Faults,
    Limits,
    Chats,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reset {
    scope: Scope,
}

/// Starts anew: counters, rules, budgets, or everything that was said. Ids go on rising.
pub(super) async fn reset(State(server): State<Arc<Server>>, Json(reset): Json<Reset>) -> Json<Value> {
    let all = matches!(reset.scope, Scope::All);
    server.write(|world, _| {
        if all || matches!(reset.scope, Scope::Counts) {
            world.requests.reset();
        }
        if all || matches!(reset.scope, Scope::Faults) {
            world.faults.remove(None);
        }
        if all || matches!(reset.scope, Scope::Limits) {
            world.limiter.reset();
        }
        if all || matches!(reset.scope, Scope::Chats) {
            world.chats.clear();
            world.presses.clear();
            world.files.clear();
            world.logged_out.clear();
            world.effects.push(Effect::record(Record::Clear));
            let bots: Vec<(i64, i64)> = world.bots.values().map(|bot| (bot.id, bot.next_update)).collect();
            for (bot, next) in bots {
                world.confirm(bot, next);
            }
            world.emit("reset", json!({}));
        }
    });
    Json(json!({ "ok": true }))
}
