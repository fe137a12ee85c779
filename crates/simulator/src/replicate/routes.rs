//! The public routes, and the gate every request passes: counting, scripted faults, authorisation, limits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Value, json};

use super::account::Refusal;
use super::cut::Line;
use super::faults::{Orders, Route, Subject};
use super::models::{self, Model};
use super::prediction::Status;
use super::problem::Problem;
use super::state::World;
use super::{control, create, files, list, time, webhook};

/// Larger bodies than this are refused at once, whatever the route.
const LARGEST_BODY: usize = 101 * 1024 * 1024;

pub(super) type Shared = State<Arc<World>>;
pub(super) type Client = ConnectInfo<Line>;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/models/{owner}/{name}/predictions", post(create::by_model))
        .route("/v1/deployments/{owner}/{name}/predictions", post(create::by_model))
        .route("/v1/predictions", post(create::by_version).get(list::predictions))
        .route("/v1/predictions/{id}", get(prediction))
        .route("/v1/predictions/{id}/cancel", post(cancel))
        .route("/v1/models/{owner}/{name}", get(model))
        .route("/v1/models/{owner}/{name}/versions", get(versions))
        .route("/v1/models/{owner}/{name}/versions/{version}", get(version))
        .route("/v1/account", get(account))
        .route("/v1/webhooks/default/secret", get(secret))
        .route("/v1/files", post(files::upload).get(files::list))
        .route("/v1/files/{id}", get(files::show).delete(files::remove))
        .route("/v1/files/{id}/download", get(files::download))
        .route("/delivery/{id}/{file}", get(delivery))
        .merge(control::router())
        .fallback(async || Problem::missing("The requested resource"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(world)
}

/// What the gate let through.
pub(super) struct Pass {
    pub(super) orders: Orders,
    line: Line,
    remaining: Option<u32>,
    world: Arc<World>,
}

impl Pass {
    /// Closes the connection without an answer.
    pub(super) fn cut(&self) -> Response {
        cut(&self.world, &self.line)
    }

    /// Adds what every answer carries, or loses the answer if a rule says so.
    pub(super) fn answer(self, answer: impl IntoResponse) -> Response {
        if self.orders.cut_after {
            return cut(&self.world, &self.line);
        }
        let mut answer = answer.into_response();
        if let Some(remaining) = self.remaining {
            answer.headers_mut().insert("ratelimit-remaining", HeaderValue::from(remaining));
            answer.headers_mut().insert("ratelimit-reset", HeaderValue::from_static("1"));
        }
        answer
    }
}

/// Lets a request through or answers it. The subject decides which rules apply.
pub(super) async fn gate(
    world: &Arc<World>,
    line: &Line,
    route: Route,
    subject: &Subject,
    headers: &HeaderMap,
) -> Result<Pass, Response> {
    let orders = world.update(|state| state.request(route, subject));
    if orders.delay > 0.0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(orders.delay)) => {}
            () = world.shutdown.cancelled() => {}
        }
    }
    if orders.cut_before {
        return Err(cut(world, line));
    }
    let refuse = |problem: Problem| {
        world.update(|state| {
            if route == Route::Create {
                *state.counts.refused.entry(problem.status).or_default() += 1;
            }
            state.events.plain("refused", time::now(), problem.status.to_string());
        });
        problem.into_response()
    };
    if let Some(answer) = &orders.answer {
        return Err(refuse(answer.problem()));
    }
    let mut remaining = None;
    if route != Route::Download {
        authorise(&world.options.tokens, headers).map_err(refuse)?;
        let admitted = world.update(|state| state.account.admit(route == Route::Create, Instant::now()));
        remaining = Some(admitted.map_err(|refusal| {
            refuse(match refusal {
                Refusal::Throttled(seconds) => Problem::throttled(seconds),
                Refusal::LowCredit(seconds) => Problem::low_credit(seconds),
                Refusal::NoCredit => Problem::insufficient_credit(),
            })
        })?);
    }
    Ok(Pass { orders, line: line.clone(), remaining, world: world.clone() })
}

/// Closes the connection without an answer; the response returned here is never written.
fn cut(world: &World, line: &Line) -> Response {
    line.cut();
    world.update(|state| {
        state.counts.cuts += 1;
        state.events.plain("cut", time::now(), None);
    });
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn authorise(accepted: &[String], headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Err(Problem::no_token()) };
    let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ").or(text.strip_prefix("Token ")));
    match token.map(str::trim) {
        Some(token) if !token.is_empty() && (accepted.is_empty() || accepted.iter().any(|known| known == token)) => {
            Ok(())
        }
        _ => Err(Problem::bad_token()),
    }
}

/// Scheme and host as the client sees this server.
pub(super) fn base(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

pub(super) fn subject(world: &World, id: &str) -> Subject {
    world.read(|state| {
        state.predictions.get(id).map_or_else(Subject::default, |known| Subject {
            model: known.model.clone(),
            prompt: known.prompt().to_owned(),
        })
    })
}

/// The prediction as the wire shows it now.
pub(super) fn shown(world: &World, id: &str, headers: &HeaderMap) -> Option<(Value, Status)> {
    let (base, lifetime, now) = (base(headers), world.lifetime(), time::now());
    world.read(|state| state.predictions.get(id).map(|known| (known.wire(&base, now, lifetime), known.status)))
}

fn no_prediction() -> Problem {
    Problem::missing("The specified prediction")
}

async fn prediction(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Get, &subject(&world, &id), &headers).await?;
    world.update(|state| {
        if let Some(known) = state.predictions.get_mut(&id) {
            known.seen.polls += 1;
        }
    });
    Ok(match shown(&world, &id, &headers) {
        Some((object, _)) => pass.answer(Json(object)),
        None => pass.answer(no_prediction()),
    })
}

async fn cancel(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Cancel, &subject(&world, &id), &headers).await?;
    let found = world.update(|state| {
        if let Some(known) = state.predictions.get_mut(&id) {
            known.seen.cancels += 1;
        }
        state.cancel(&id, time::now())
    });
    Ok(match shown(&world, &id, &headers).filter(|_| found) {
        Some((object, _)) => pass.answer(Json(object)),
        None => pass.answer(no_prediction()),
    })
}

/// One output file; no authorisation, like the real delivery host.
async fn delivery(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Download, &subject(&world, &id), &headers).await?;
    let (now, lifetime) = (time::now(), world.lifetime());
    let found = world.update(|state| {
        let known = state.predictions.get_mut(&id).filter(|known| !known.deleted(now, lifetime))?;
        known.seen.downloads += 1;
        let known = known.clone();
        state.events.of("downloaded", now, &known);
        let index = known.files().iter().position(|name| *name == file)?;
        Some((known, index))
    });
    let Some((known, index)) = found else { return Ok(pass.answer((StatusCode::NOT_FOUND, "404 Not Found"))) };
    match world.gallery.file(&known, index).await {
        Ok(file) => {
            let length = file.bytes.len() as u64 + file.padding;
            let body = body(&pass, file.bytes, file.padding);
            let mut answer = pass.answer(([(header::CONTENT_TYPE, file.content_type)], body));
            if file.padding > 0 {
                answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            }
            Ok(answer)
        }
        Err(error) => {
            tracing::error!(prediction = known.id, %error, "a simulated output cannot be drawn");
            Ok(pass.answer(Problem::unavailable(500)))
        }
    }
}

/// The bytes at once, in a trickle, or cut off in the middle.
fn body(pass: &Pass, bytes: Bytes, padding: u64) -> Body {
    if padding > 0 {
        const PIECE: u64 = 64 * 1024;
        let nothing = Bytes::from(vec![0; usize::try_from(PIECE).unwrap_or(0)]);
        let pieces = (0..padding.div_ceil(PIECE)).map(move |piece| {
            let length = usize::try_from((padding - piece * PIECE).min(PIECE)).unwrap_or(0);
            Ok::<_, std::convert::Infallible>(nothing.slice(..length))
        });
        return Body::from_stream(futures::stream::iter(std::iter::once(Ok(bytes)).chain(pieces)));
    }
    if pass.orders.cut_middle {
        let half = bytes.slice(..bytes.len() / 2);
        // the pause lets headers and half leave before the connection breaks
        let broken = async {
            tokio::task::yield_now().await;
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        };
        return Body::from_stream(futures::stream::once(async { Ok(half) }).chain(futures::stream::once(broken)));
    }
    let Some(seconds) = pass.orders.trickle else { return Body::from(bytes) };
    let chunk = (bytes.len() / 20).max(1);
    let pause = Duration::from_secs_f64(seconds / 20.0);
    let starts: Vec<usize> = (0..bytes.len()).step_by(chunk).collect();
    Body::from_stream(futures::stream::iter(starts).then(move |start| {
        let part = bytes.slice(start..(start + chunk).min(bytes.len()));
        async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::convert::Infallible>(part)
        }
    }))
}

async fn model(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Models, &Subject::default(), &headers).await?;
    let slug = format!("{owner}/{name}");
    Ok(match Model::find(&slug) {
        Some(model) => pass.answer(Json(models::document(model, MODEL_DATE))),
        None => pass.answer(Problem::missing(&format!("The model {slug}"))),
    })
}

/// Every model is as old as the tables here.
const MODEL_DATE: &str = "2026-11-01T00:00:00.000Z";

async fn versions(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Models, &Subject::default(), &headers).await?;
    let slug = format!("{owner}/{name}");
    Ok(match Model::find(&slug) {
        Some(model) => {
            let results = [models::version(model, MODEL_DATE)];
            pass.answer(Json(json!({ "next": null, "previous": null, "results": results })))
        }
        None => pass.answer(Problem::missing(&format!("The model {slug}"))),
    })
}

async fn version(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path((owner, name, version)): Path<(String, String, String)>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Models, &Subject::default(), &headers).await?;
    let found = Model::find(&format!("{owner}/{name}")).filter(|model| model.version() == version);
    Ok(match found {
        Some(model) => pass.answer(Json(models::version(model, MODEL_DATE))),
        None => pass.answer(Problem::missing("The specified version")),
    })
}

async fn secret(State(world): Shared, ConnectInfo(line): Client, headers: HeaderMap) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Account, &Subject::default(), &headers).await?;
    Ok(pass.answer(Json(json!({ "key": webhook::SECRET }))))
}

async fn account(State(world): Shared, ConnectInfo(line): Client, headers: HeaderMap) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Account, &Subject::default(), &headers).await?;
    let account = json!({ "type": "user", "username": "atelier", "name": "Atelier", "github_url": null });
    Ok(pass.answer(Json(account)))
}
