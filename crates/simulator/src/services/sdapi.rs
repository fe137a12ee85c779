//! The routes of AUTOMATIC1111's web interface. Source: <https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API>.

use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::picture;
use super::world::{Passage, World};
use crate::replicate::cut::Line;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/sdapi/v1/txt2img", post(generate))
        .route("/sdapi/v1/img2img", post(generate))
        .route("/sdapi/v1/progress", get(progress))
        .route("/sdapi/v1/interrupt", post(interrupt))
        .route("/sdapi/v1/sd-models", get(checkpoints))
}

/// Fields that must be whole numbers, as the server's validation has it.
const WHOLE: [&str; 6] = ["width", "height", "steps", "seed", "n_iter", "batch_size"];

async fn generate(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Json(body): Json<Value>,
) -> Response {
    let prompt = body["prompt"].as_str().unwrap_or_default().to_owned();
    let cut_after = match world.arrive(&line, "txt2img", &prompt, &body) {
        Passage::Go { cut_after, .. } => cut_after,
        Passage::Stop(response) => return response,
    };
    if let Some(name) = WHOLE.into_iter().find(|name| body.get(*name).is_some_and(|value| !value.is_i64())) {
        let detail =
            json!([{ "loc": ["body", name], "msg": "value is not a valid integer", "type": "type_error.integer" }]);
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": detail }))).into_response();
    }
    let task = body["force_task_id"].as_str().unwrap_or("task(unnamed)").to_owned();
    let world = world.clone();
    // it goes on when its client hangs up, until somebody interrupts it
    let made = tokio::spawn(async move {
        // one device
        let before = loop {
            world.until(|state| state.task.is_none()).await;
            let taken = world.change(|state| {
                let free = state.task.is_none();
                state.task.get_or_insert_with(|| task.clone());
                free.then_some(state.interrupts)
            });
            if let Some(before) = taken {
                break before;
            }
        };
        tokio::select! {
            () = world.work() => {}
            () = world.until(|state| state.interrupts > before) => {}
        }
        let model = body["override_settings"]["sd_model_checkpoint"].as_str().unwrap_or("default").to_owned();
        world.create("sdapi", &model, &prompt, 0);
        world.change(|state| state.task = None);
        let side = |name: &str| body[name].as_u64().and_then(|side| u32::try_from(side).ok()).unwrap_or(512);
        let (seed, size) = (body["seed"].as_u64().unwrap_or(0), (side("width"), side("height")));
        let bytes = picture::draw(&model, &prompt, seed, size, world.options.largest_side).await?;
        let info = json!({ "prompt": prompt, "seed": seed }).to_string();
        Some(json!({ "images": [STANDARD.encode(&bytes)], "parameters": body, "info": info }))
    });
    if let Ok(Some(answer)) = made.await {
        if cut_after {
            line.cut();
        }
        return Json(answer).into_response();
    }
    let body = json!({ "error": "RuntimeError", "detail": "", "body": "", "errors": "cannot draw" });
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}

async fn progress(State(world): State<Arc<World>>) -> Json<Value> {
    let task = world.state().task.clone();
    let progress = if task.is_some() { 0.5 } else { 0.0 };
    Json(json!({ "progress": progress, "eta_relative": 1.0, "state": {}, "current_image": null, "current_task": task }))
}

async fn interrupt(State(world): State<Arc<World>>) -> Json<Value> {
    world.change(|state| state.interrupts += 1);
    Json(json!({}))
}

async fn checkpoints(State(world): State<Arc<World>>, ConnectInfo(line): ConnectInfo<Line>) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "sd-models", "", &Value::Null) {
        return response;
    }
    Json(json!([{ "title": "dream.safetensors [abc]", "model_name": "dream" }])).into_response()
}
