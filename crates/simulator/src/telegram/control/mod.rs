//! The control API under `/_sim`: what people do in chats, what tests ask and script. `CONTROL.md` is its page.
//!
//! Answers are JSON; a refusal is `{"ok":false,"error":"…"}` with status 400, 403, 404, 408 (a wait that ran out)
//! or 409.
//!
//! | call | does |
//! |---|---|
//! | `GET/POST users`, `GET/POST bots`, `GET chats`, `POST groups`, `POST members` | who is there |
//! | `POST messages`, `POST press`, `POST delete`, `POST block`, `POST migrate` | what a person does |
//! | `GET/POST updates`, `POST updates/{id}/again` | a bot's queue |
//! | `GET chat`, `GET files/{id}`, `GET wait`, `GET requests`, `GET counts`, `GET events` | look and wait |
//! | `GET/POST/DELETE faults`, `POST faults/{id}/release`, `GET tricks`, `POST tricks/{name}`, `POST limits`, `POST clock`, `POST reset` | script |

mod chats;
mod look;
mod people;
mod script;
mod talk;
mod wait;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::server::Server;
use super::world::World;

/// The routes, to be nested under `/_sim`.
pub(crate) fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/users", get(people::users).post(people::put_user))
        .route("/bots", get(people::bots).post(people::put_bot))
        .route("/block", post(people::block))
        .route("/members", post(people::members))
        .route("/groups", post(chats::create_group))
        .route("/chats", get(chats::list))
        .route("/chat", get(chats::state))
        .route("/migrate", post(chats::migrate))
        .route("/messages", post(talk::message))
        .route("/press", post(talk::press))
        .route("/delete", post(talk::delete))
        .route("/updates", get(talk::updates).post(talk::inject))
        .route("/updates/{id}/again", post(talk::again))
        .route("/files/{id}", get(look::file))
        .route("/requests", get(look::requests))
        .route("/counts", get(look::counts))
        .route("/events", get(look::events))
        .route("/wait", get(wait::wait))
        .route("/faults", get(script::faults).post(script::add_fault).delete(script::remove_faults))
        .route("/faults/{id}", axum::routing::delete(script::remove_fault))
        .route("/faults/{id}/release", post(script::release_fault))
        .route("/tricks", get(script::tricks))
        .route("/tricks/{name}", post(script::trick))
        .route("/limits", post(script::limits))
        .route("/clock", post(script::clock))
        .route("/reset", post(script::reset))
        .layer(middleware::from_fn(same_origin))
}

/// Refuses what another web site's page sends through the reader's browser; programs send no `Origin`.
async fn same_origin(request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        return Refusal::new(StatusCode::FORBIDDEN, "this is for pages of this server only").into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    text(header::ORIGIN).is_some_and(|origin| {
        let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        Some(authority) != text(header::HOST)
    })
}

/// A refusal of the control API.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, Value);

impl Refusal {
    fn new(status: StatusCode, error: impl std::fmt::Display) -> Self {
        Self(status, json!({ "ok": false, "error": error.to_string() }))
    }

    fn bad(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    fn missing(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

type Answer = Result<Json<Value>, Refusal>;

/// The bot that a call means: the one named, else the only one.
fn pick_bot(world: &World, named: Option<i64>) -> Result<i64, Refusal> {
    if let Some(bot) = named {
        return Ok(bot);
    }
    let mut bots = world.bots.keys();
    match (bots.next(), bots.next()) {
        (Some(bot), None) => Ok(*bot),
        (None, _) => Err(Refusal::new(StatusCode::CONFLICT, "no bot is known yet: wait for one, or name it in `bot`")),
        _ => Err(Refusal::bad("several bots are known: name one in `bot`")),
    }
}
