//! OpenAI's routes. Source: <https://platform.openai.com/docs/api-reference>.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Multipart, Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::picture;
use super::world::{Passage, World};
use crate::replicate::cut::Line;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/images/generations", post(images))
        .route("/v1/images/edits", post(edits))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/moderations", post(moderations))
        .route("/v1/models", get(models))
        .route("/files/{name}", get(file))
}

/// What OpenAI's own picture models take.
const OWN: [&str; 10] = [
    "model",
    "prompt",
    "n",
    "size",
    "quality",
    "output_format",
    "output_compression",
    "background",
    "moderation",
    "user",
];
/// What others take besides: `LocalAI`, sd-server.
const OTHERS: [&str; 6] = ["response_format", "negative_prompt", "seed", "step", "mode", "style"];
const SIZES: [&str; 4] = ["1024x1024", "1536x1024", "1024x1536", "auto"];

fn error(status: u16, message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "error": { "message": message, "type": kind, "param": param, "code": code } });
    (status, Json(body)).into_response()
}

fn invalid(message: &str, param: &str, code: &str) -> Response {
    error(400, message, "invalid_request_error", Some(param), Some(code))
}

fn refused(world: &World, headers: &HeaderMap) -> Option<Response> {
    let tokens = &world.options.tokens;
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if tokens.is_empty() || given.is_some_and(|given| tokens.iter().any(|token| token == given)) {
        return None;
    }
    let message =
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.";
    Some(error(401, message, "invalid_request_error", None, Some("invalid_api_key")))
}

/// The first thing wrong with a request for a picture.
fn wrong(body: &Value) -> Option<Response> {
    let own = body["model"].as_str().is_some_and(|model| model.starts_with("gpt-image"));
    let unknown = body.as_object()?.keys().find(|name| {
        let name = name.as_str();
        !OWN.contains(&name) && (own || !OTHERS.contains(&name))
    });
    if let Some(name) = unknown {
        return Some(invalid(&format!("Unknown parameter: '{name}'."), name, "unknown_parameter"));
    }
    let Some(prompt) = body["prompt"].as_str() else {
        return Some(invalid("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter"));
    };
    if prompt.chars().count() > 32_000 {
        return Some(invalid("Invalid 'prompt': string too long.", "prompt", "string_above_max_length"));
    }
    if own && body.get("size").is_some_and(|size| !size.as_str().is_some_and(|size| SIZES.contains(&size))) {
        let message = format!(
            "Invalid value: {}. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'.",
            body["size"]
        );
        return Some(invalid(&message, "size", "invalid_value"));
    }
    prompt.contains("!nsfw").then(|| {
        let message = "Your request was rejected by the safety system. If you believe this is an error, contact us.";
        error(400, message, "image_generation_user_error", None, Some("moderation_blocked"))
    })
}

async fn images(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    picture_of(world, line, headers, "images", body).await
}

/// A form: fields as in a creation, and files named `image` (one) or `image[]` (several).
async fn edits(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Response {
    let (mut body, mut files) = (Map::new(), Vec::new());
    while let Ok(Some(field)) = form.next_field().await {
        let (name, kind) = (field.name().unwrap_or_default().to_owned(), field.content_type().map(str::to_owned));
        let is_file = field.file_name().is_some();
        let Ok(bytes) = field.bytes().await else {
            return error(400, "The form cannot be read.", "invalid_request_error", None, None);
        };
        if is_file {
            files.push((name, kind.unwrap_or_default(), bytes));
        } else {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            // what is a number in JSON is a text in a form
            let number = (name == "n" || name == "seed").then(|| text.parse::<u64>().ok()).flatten();
            body.insert(name, number.map_or(Value::from(text), Value::from));
        }
    }
    let named = if files.len() == 1 { "image" } else { "image[]" };
    let picture = |kind: &str| ["image/png", "image/jpeg", "image/webp"].contains(&kind);
    if files.is_empty() {
        return invalid("Missing required parameter: 'image'.", "image", "missing_required_parameter");
    }
    if files.iter().any(|(name, kind, bytes)| name != named || !picture(kind) || bytes.is_empty()) {
        return invalid("Invalid file 'image': unsupported mimetype or name.", "image", "unsupported_file_mimetype");
    }
    let sizes: Vec<usize> = files.iter().map(|(_, _, bytes)| bytes.len()).collect();
    world.change(|state| state.last.insert("files".to_owned(), json!(sizes)));
    picture_of(world, line, headers, "edits", Value::Object(body)).await
}

async fn picture_of(world: Arc<World>, line: Line, headers: HeaderMap, route: &'static str, body: Value) -> Response {
    let prompt = body["prompt"].as_str().unwrap_or_default().to_owned();
    let cut_after = match world.arrive(&line, route, &prompt, &body) {
        Passage::Go { cut_after, .. } => cut_after,
        Passage::Stop(response) => return response,
    };
    if let Some(response) = refused(&world, &headers).or_else(|| wrong(&body)) {
        return response;
    }
    // the service makes and charges the picture even when its client hangs up
    let made = tokio::spawn(async move {
        world.work().await;
        let model = body["model"].as_str().unwrap_or("default").to_owned();
        world.create("openai", &model, &prompt, world.options.picture_micros);
        let size = body["size"].as_str().and_then(|size| size.split_once('x'));
        let size = size.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let seed = body["seed"].as_u64().unwrap_or(0);
        let bytes =
            picture::draw(&model, &prompt, seed, size.unwrap_or((1024, 1024)), world.options.largest_side).await?;
        let picture = if body["response_format"] == "url" {
            let name = world.change(|state| {
                let name = format!("{}.png", state.files.len());
                state.files.insert(name.clone(), bytes);
                name
            });
            json!({ "url": format!("http://{}/files/{name}", world.address) })
        } else {
            json!({ "b64_json": STANDARD.encode(&bytes) })
        };
        Some(json!({ "created": 1_795_000_000, "data": [picture] }))
    });
    match made.await {
        Ok(Some(answer)) => {
            if cut_after {
                line.cut();
            }
            Json(answer).into_response()
        }
        _ => error(500, "The server had an error while processing your request.", "server_error", None, None),
    }
}

async fn file(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let bytes: Option<Bytes> = world.state().files.get(&name).cloned();
    match bytes {
        Some(bytes) => ([(CONTENT_TYPE, "image/png")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn chat(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let last = messages.last().and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned();
    let (cut_after, text) = match world.arrive(&line, "chat", &last, &body) {
        Passage::Go { cut_after, text } => (cut_after, text),
        Passage::Stop(response) => return response,
    };
    if let Some(response) = refused(&world, &headers) {
        return response;
    }
    if messages.is_empty() {
        return invalid("Missing required parameter: 'messages'.", "messages", "missing_required_parameter");
    }
    world.work().await;
    let model = body["model"].as_str().unwrap_or("default").to_owned();
    world.create("chat", &model, &last, 0);
    let said = text.unwrap_or_else(|| {
        if body["response_format"]["type"] == "json_object" {
            let scenes: Vec<&str> =
                last.split_inclusive(['.', '\n']).map(str::trim).filter(|scene| !scene.is_empty()).collect();
            json!({ "look": "", "scenes": scenes }).to_string()
        } else {
            format!("{last} (simulated)")
        }
    });
    if cut_after {
        line.cut();
    }
    Json(json!({
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "model": model,
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": said } }],
        "usage": { "prompt_tokens": last.len() / 4, "completion_tokens": said.len() / 4, "total_tokens": (last.len() + said.len()) / 4 },
    }))
    .into_response()
}

async fn moderations(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Json(body): Json<Value>,
) -> Response {
    let input = body["input"].as_str().unwrap_or_default().to_owned();
    if let Passage::Stop(response) = world.arrive(&line, "moderations", &input, &body) {
        return response;
    }
    let flagged = input.contains("!flagged");
    let categories = json!({ "sexual": false, "violence": flagged, "self-harm": false });
    Json(json!({ "id": "modr-simulated", "model": body["model"], "results": [{ "flagged": flagged, "categories": categories }] }))
        .into_response()
}

async fn models(State(world): State<Arc<World>>, ConnectInfo(line): ConnectInfo<Line>, headers: HeaderMap) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "models", "", &Value::Null) {
        return response;
    }
    if let Some(response) = refused(&world, &headers) {
        return response;
    }
    Json(json!({ "object": "list", "data": [{ "id": "gpt-image-1", "object": "model" }] })).into_response()
}
