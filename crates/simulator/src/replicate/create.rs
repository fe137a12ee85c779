//! Creating predictions: reading the body, checking it, planning the life, waiting if asked to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::faults::{Route, Subject};
use super::life;
use super::models::Model;
use super::outcome::Outcome;
use super::prediction::{Prediction, Seen, Status, new_id};
use super::problem::{InvalidField, Problem};
use super::routes::{Client, Pass, Shared, base, gate, shown};
use super::state::World;
use super::time::{self, Millis};
use super::{validate, webhook};

/// Seen live: larger bodies are accepted and the prediction is interrupted.
const LARGEST_BODY: usize = 20 * 1024 * 1024;
const PROPERTIES: &[&str] = &["input", "webhook", "webhook_events_filter", "stream"];

/// What a create asks for, once it is known to be in order.
struct Order {
    model: &'static Model,
    input: Map<String, Value>,
    hook: Option<webhook::Hook>,
    deadline: Option<Millis>,
    wait: Option<u64>,
}

pub(super) async fn by_model(
    State(world): Shared,
    ConnectInfo(line): Client,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let slug = format!("{owner}/{name}");
    let fields = serde_json::from_slice::<Map<String, Value>>(&body);
    let subject = Subject { prompt: prompt(&fields), model: slug.clone() };
    let pass = gate(&world, &line, Route::Create, &subject, &headers).await?;
    let model = Model::find(&slug).ok_or_else(|| Problem::missing(&format!("The model {slug}")));
    let order = model.and_then(|model| read(model, fields, PROPERTIES, &headers));
    Ok(handle(world, pass, order, headers, body.len()).await)
}

pub(super) async fn by_version(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let fields = serde_json::from_slice::<Map<String, Value>>(&body);
    let version = fields.as_ref().ok().and_then(|fields| fields.get("version")).and_then(Value::as_str);
    let model = version.and_then(Model::by_version);
    let subject = Subject { prompt: prompt(&fields), model: model.map_or(String::new(), |it| it.slug.to_owned()) };
    let pass = gate(&world, &line, Route::Create, &subject, &headers).await?;
    let known: Vec<&str> = PROPERTIES.iter().copied().chain(["version"]).collect();
    let order = match (model, version) {
        (Some(model), _) => read(model, fields, &known, &headers),
        (None, Some(_)) => Err(Problem::version()),
        (None, None) => Err(fields.map_or_else(|error| malformed(&error), |_| missing("version"))),
    };
    Ok(handle(world, pass, order, headers, body.len()).await)
}

/// Now, or when the request arrives at last: its client is gone by then.
async fn handle(
    world: Arc<World>,
    mut pass: Pass,
    order: Result<Order, Problem>,
    headers: HeaderMap,
    body_bytes: usize,
) -> Response {
    let Some(seconds) = pass.orders.late.take() else {
        return answer(&world, pass, order, &headers, body_bytes).await;
    };
    let lost = pass.cut();
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(seconds)) => {}
            () = world.shutdown.cancelled() => return,
        }
        answer(&world, pass, order, &headers, body_bytes).await;
    });
    lost
}

async fn answer(
    world: &Arc<World>,
    pass: Pass,
    order: Result<Order, Problem>,
    headers: &HeaderMap,
    body_bytes: usize,
) -> Response {
    let order = match order {
        Ok(order) => order,
        Err(problem) => {
            world.update(|state| {
                *state.counts.refused.entry(problem.status).or_default() += 1;
                state.events.plain("refused", time::now(), problem.status.to_string());
            });
            return pass.answer(problem);
        }
    };
    let wait = order.wait;
    let id = create(world, &pass, order, body_bytes).await;
    // `preference-applied` and 202 belong to waiting; a plain create answers 201 in `starting`
    let finished = match wait {
        Some(seconds) => finished_within(world, &id, Duration::from_secs(seconds)).await,
        None => true,
    };
    let Some((object, _)) = shown(world, &id, headers) else { return pass.answer(Problem::unavailable(500)) };
    let status = if finished { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let mut response = pass.answer((status, axum::Json(object)));
    if let Some(seconds) = wait {
        let applied = HeaderValue::try_from(format!("wait={seconds}")).unwrap_or(HeaderValue::from_static("wait"));
        response.headers_mut().insert("preference-applied", applied);
    }
    if let Ok(location) = HeaderValue::try_from(format!("{}/v1/predictions/{id}", base(headers))) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

async fn create(world: &Arc<World>, pass: &Pass, order: Order, body_bytes: usize) -> String {
    let now = time::now();
    let text = order.input.get("prompt").and_then(Value::as_str).unwrap_or_default();
    let directive = Outcome::directive(text).filter(|_| world.options.directives);
    let stretch = directive.as_ref().map_or(1.0, |(_, stretch)| *stretch);
    let scripted = pass.orders.outcome.clone().or_else(|| directive.map(|(outcome, _)| outcome));
    let outcome = match scripted {
        Some(outcome) => outcome,
        None if body_bytes > LARGEST_BODY => Outcome::Interrupted,
        None => Outcome::Succeeds,
    };
    let number = world.update(super::state::State::create_number);
    let seed = jumble(world.options.seed ^ jumble(number));
    let jitter = f64::from(u16::try_from(seed & 0xffff).unwrap_or(0)) / 65_535.0;
    let scale = world.options.time_scale.max(0.0);
    let queued = (0.15 + 0.5 * jitter) * scale;
    let run = pass.orders.run_seconds.unwrap_or(order.model.seconds * (0.82 + 0.42 * jitter) * stretch * scale);
    let starts_at = now + time::millis(queued);
    let prediction = Prediction {
        id: new_id(),
        model: order.model.slug.to_owned(),
        input: order.input,
        status: Status::Starting,
        created_at: now,
        started_at: None,
        completed_at: None,
        deadline: order.deadline.map(|after| now + after),
        starts_at,
        finishes_at: starts_at + time::millis(run),
        outcome,
        seed,
        error: None,
        largest_side: world.options.largest_side,
        charged: 0.0,
        hook: order.hook,
        seen: Seen::default(),
        was_held: false,
        released: false,
        wake: Arc::default(),
    };
    let id = prediction.id.clone();
    // on disk before anybody hears of it: a prediction that was answered is never forgotten
    let saved = world.store.save(&prediction);
    if saved.await.is_err() {
        tracing::error!(prediction = id, "a prediction was not written to disk");
    }
    world.update(|state| state.add(prediction));
    life::start(world, id.clone());
    id
}

async fn finished_within(world: &World, id: &str, patience: Duration) -> bool {
    let mut changes = world.changes();
    let finished = async {
        loop {
            let over = world.read(|state| state.predictions.get(id).is_none_or(|known| known.status.terminal()));
            if over || changes.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = finished => true,
        () = tokio::time::sleep(patience) => false,
        () = world.shutdown.cancelled() => false,
    }
}

fn read(
    model: &'static Model,
    fields: serde_json::Result<Map<String, Value>>,
    known: &[&str],
    headers: &HeaderMap,
) -> Result<Order, Problem> {
    let mut fields = fields.map_err(|error| malformed(&error))?;
    let stray: Vec<InvalidField> = fields
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| InvalidField {
            kind: "additional_property_not_allowed",
            field: "(root)".to_owned(),
            description: format!("Additional property {name} is not allowed"),
        })
        .collect();
    if !stray.is_empty() {
        return Err(Problem::invalid(&stray));
    }
    let input = match fields.remove("input") {
        Some(Value::Object(input)) => input,
        Some(_) => return Err(wrong("invalid_type", "input", "Invalid type. Expected: object")),
        None => return Err(missing("input")),
    };
    validate::check(model, &input).map_err(|wrong| Problem::invalid(&wrong))?;
    if let Some(webhook) = fields.get("webhook").filter(|webhook| !webhook.is_null())
        && !webhook.as_str().is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"))
    {
        return Err(wrong("format", "webhook", "Does not match format 'uri'"));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let wait = time::prefer_wait(text("prefer"))
        .map_err(|()| Problem::bad_request("Prefer: wait must be between 1 and 60 seconds"))?;
    let deadline = match text("cancel-after") {
        None => None,
        Some(value) => Some(time::cancel_after(value).ok_or_else(|| {
            Problem::bad_request("Cancel-After must be a duration of at least 5 seconds, such as 90s or 5m")
        })?),
    };
    let hook = webhook::Hook::of(&fields);
    Ok(Order { model, input, hook, deadline, wait })
}

fn prompt(fields: &serde_json::Result<Map<String, Value>>) -> String {
    let input = fields.as_ref().ok().and_then(|fields| fields.get("input"));
    input.and_then(|input| input["prompt"].as_str()).unwrap_or_default().to_owned()
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request(&format!("JSON parse error - {error}"))
}

fn missing(name: &str) -> Problem {
    wrong("required", "(root)", &format!("{name} is required"))
}

fn wrong(kind: &'static str, field: &str, description: &str) -> Problem {
    Problem::invalid(&[InvalidField { kind, field: field.to_owned(), description: description.to_owned() }])
}

/// Spreads close numbers far apart.
fn jumble(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
