//! `ComfyUI`'s routes: a queue that one device works off. Source: <https://docs.comfy.org/development/comfyui-server/comms_routes>.

mod socket;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::picture;
use super::world::{Passage, World};
use crate::replicate::cut::Line;

/// A prompt of the queue.
#[derive(Debug, Clone)]
pub(super) struct Queued {
    number: u64,
    id: String,
    graph: Value,
    extra: Value,
    stage: Stage,
    interrupted: bool,
    /// In milliseconds.
    started: u128,
    ended: u128,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Pending,
    Running,
    Done(String),
    Failed(&'static str),
}

impl Queued {
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done(_) | Stage::Failed(_))
    }

    fn entry(&self) -> Value {
        json!([self.number, self.id, self.graph, self.extra, outputs(&self.graph)])
    }

    fn history(&self) -> Value {
        let message =
            |name: &str, at: u128| json!([name, { "prompt_id": self.id, "timestamp": u64::try_from(at).unwrap_or(0) }]);
        let mut messages = vec![message("execution_start", self.started)];
        let (mut files, mut status) = (json!({}), "success");
        match &self.stage {
            Stage::Done(file) => {
                messages.push(message("execution_success", self.ended));
                let images = json!({ "images": [{ "filename": file, "subfolder": "", "type": "output" }] });
                if let Some(node) = outputs(&self.graph).first() {
                    files[node.as_str()] = images;
                }
            }
            Stage::Failed("interrupted") => {
                status = "error";
                messages.push(message("execution_interrupted", self.ended));
            }
            _ => {
                status = "error";
                let error = json!({
                    "prompt_id": self.id, "node_id": "3", "node_type": "KSampler", "exception_type": "RuntimeError",
                    "exception_message": "a simulated failure", "traceback": [],
                });
                messages.push(json!(["execution_error", error]));
            }
        }
        json!({
            "prompt": self.entry(),
            "outputs": files,
            "status": { "status_str": status, "completed": status == "success", "messages": messages },
        })
    }

    fn input(&self, name: &str) -> Option<&Value> {
        self.graph.as_object()?.values().map(|node| &node["inputs"][name]).find(|value| !value.is_null())
    }

    /// Who queued it, and hears of it.
    fn client(&self) -> &str {
        self.extra["client_id"].as_str().unwrap_or_default()
    }

    /// What its client hears of it while it runs.
    pub(super) fn step(&self) -> Option<(&str, Value)> {
        let step = json!({ "value": 5, "max": 20, "prompt_id": self.id, "node": "3" });
        (self.stage == Stage::Running).then(|| (self.client(), json!({ "type": "progress", "data": step })))
    }

    fn prompt(&self) -> String {
        self.input("text").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/prompt", post(prompt))
        .route("/queue", get(queue).post(delete))
        .route("/history", get(history))
        .route("/history/{id}", get(one))
        .route("/interrupt", post(interrupt))
        .route("/upload/image", post(upload))
        .route("/view", get(view))
        .route("/ws", get(socket::open))
        .route("/system_stats", get(stats))
}

/// Nodes that keep what they are given.
fn outputs(graph: &Value) -> Vec<String> {
    let nodes = graph.as_object().into_iter().flatten();
    let keeps = |node: &Value| {
        node["class_type"].as_str().is_some_and(|class| class.starts_with("Save") || class.starts_with("Preview"))
    };
    nodes.filter(|(_, node)| keeps(node)).map(|(name, _)| name.clone()).collect()
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Works off the queue, one prompt after the other.
pub(super) fn run(world: Arc<World>, shutdown: CancellationToken) {
    tokio::spawn(async move {
        tokio::select! {
            () = device(&world) => {}
            () = shutdown.cancelled() => {}
        }
    });
}

async fn device(world: &Arc<World>) {
    loop {
        world.until(|state| state.queue.iter().any(|queued| queued.stage == Stage::Pending)).await;
        let next = world.change(|state| {
            let next = state.queue.iter_mut().find(|queued| queued.stage == Stage::Pending)?;
            (next.stage, next.started) = (Stage::Running, now_ms());
            Some(next.clone())
        });
        let Some(job) = next else { continue };
        let interrupted =
            |state: &super::world::State| state.queue.iter().any(|queued| queued.id == job.id && queued.interrupted);
        socket::tell(world, job.client(), &json!({ "type": "execution_start", "data": { "prompt_id": job.id } }));
        let step = json!({ "value": 5, "max": 20, "prompt_id": job.id, "node": "3" });
        socket::tell(world, job.client(), &json!({ "type": "progress", "data": step }));
        tokio::select! {
            () = world.work() => {}
            () = world.until(interrupted) => {}
        }
        let prompt = job.prompt();
        let stage = if interrupted(&world.state()) {
            Stage::Failed("interrupted")
        } else if prompt.contains("!fail") {
            Stage::Failed("error")
        } else {
            world.create("comfyui", "graph", &prompt, 0);
            let number = |name: &str| job.input(name).and_then(Value::as_u64);
            let side = |name: &str| number(name).and_then(|side| u32::try_from(side).ok()).unwrap_or(512);
            let size = (side("width"), side("height"));
            let drawn =
                picture::draw("ComfyUI", &prompt, number("seed").unwrap_or(0), size, world.options.largest_side).await;
            match drawn {
                Some(bytes) => {
                    let name = format!("ComfyUI_{:05}_.png", job.number);
                    world.change(|state| state.files.insert(name.clone(), bytes));
                    Stage::Done(name)
                }
                None => Stage::Failed("error"),
            }
        };
        world.change(|state| {
            if let Some(queued) = state.queue.iter_mut().find(|queued| queued.id == job.id) {
                (queued.stage, queued.ended) = (stage, now_ms());
            }
        });
    }
}

fn rejected(kind: &str, message: &str) -> Response {
    let error = json!({ "type": kind, "message": message, "details": message, "extra_info": {} });
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "node_errors": {} }))).into_response()
}

async fn prompt(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Json(body): Json<Value>,
) -> Response {
    let graph = body["prompt"].clone();
    let said = graph.as_object().into_iter().flat_map(Map::values).find_map(|node| node["inputs"]["text"].as_str());
    let cut_after = match world.arrive(&line, "prompt", said.unwrap_or_default(), &body) {
        Passage::Go { cut_after, .. } => cut_after,
        Passage::Stop(response) => return response,
    };
    let Some(nodes) = graph.as_object() else { return rejected("no_prompt", "No prompt provided") };
    if let Some((name, _)) = nodes.iter().find(|(_, node)| !node["class_type"].is_string()) {
        return rejected(
            "invalid_prompt",
            &format!("Cannot execute because node {name} does not have a class_type property."),
        );
    }
    if outputs(&graph).is_empty() {
        return rejected("prompt_no_outputs", "Prompt has no outputs");
    }
    let (number, id) = world.change(|state| {
        let number = state.queue.len() as u64;
        let id = body["prompt_id"].as_str().map_or_else(|| format!("server-{number}"), str::to_owned);
        state.queue.push(Queued {
            number,
            id: id.clone(),
            graph,
            extra: json!({ "client_id": body["client_id"] }),
            stage: Stage::Pending,
            interrupted: false,
            started: 0,
            ended: 0,
        });
        let queued = state.queue.iter().filter(|queued| !queued.is_over()).count();
        state.most_queued = state.most_queued.max(queued);
        (number, id)
    });
    if cut_after {
        line.cut();
    }
    Json(json!({ "prompt_id": id, "number": number, "node_errors": {} })).into_response()
}

async fn queue(State(world): State<Arc<World>>, ConnectInfo(line): ConnectInfo<Line>) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "queue", "", &Value::Null) {
        return response;
    }
    let state = world.state();
    let list = |stage: &Stage| {
        state.queue.iter().filter(|queued| queued.stage == *stage).map(Queued::entry).collect::<Vec<_>>()
    };
    Json(json!({ "queue_running": list(&Stage::Running), "queue_pending": list(&Stage::Pending) })).into_response()
}

async fn delete(State(world): State<Arc<World>>, Json(body): Json<Value>) -> Json<Value> {
    let gone = body["delete"].as_array().cloned().unwrap_or_default();
    world.change(|state| {
        state.queue.retain(|queued| queued.stage != Stage::Pending || !gone.iter().any(|id| id == queued.id.as_str()));
    });
    Json(json!({}))
}

async fn history(State(world): State<Arc<World>>, ConnectInfo(line): ConnectInfo<Line>) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "history", "", &Value::Null) {
        return response;
    }
    let state = world.state();
    let over = state.queue.iter().filter(|queued| queued.is_over());
    Json(over.map(|queued| (queued.id.clone(), queued.history())).collect::<Map<_, _>>()).into_response()
}

async fn one(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "history", "", &Value::Null) {
        return response;
    }
    let state = world.state();
    let over = state.queue.iter().filter(|queued| queued.is_over() && queued.id == id);
    Json(over.map(|queued| (queued.id.clone(), queued.history())).collect::<Map<_, _>>()).into_response()
}

async fn interrupt(State(world): State<Arc<World>>, body: Bytes) -> Json<Value> {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    world.change(|state| {
        state.interrupts += 1;
        let meant = |queued: &Queued| body["prompt_id"].as_str().is_none_or(|id| id == queued.id);
        let running = state.queue.iter_mut().filter(|queued| queued.stage == Stage::Running);
        running.filter(|queued| meant(queued)).for_each(|queued| queued.interrupted = true);
    });
    Json(json!({}))
}

async fn upload(State(world): State<Arc<World>>, mut form: Multipart) -> Response {
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() == Some("image") {
            let name = field.file_name().unwrap_or("image.png").to_owned();
            let Ok(bytes) = field.bytes().await else { break };
            world.change(|state| state.files.insert(format!("input/{name}"), bytes));
            return Json(json!({ "name": name, "subfolder": "", "type": "input" })).into_response();
        }
    }
    StatusCode::BAD_REQUEST.into_response()
}

#[derive(Deserialize)]
struct File {
    filename: String,
}

async fn view(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(file): Query<File>,
) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "view", &file.filename, &Value::Null) {
        return response;
    }
    let bytes = world.state().files.get(&file.filename).cloned();
    match bytes {
        Some(bytes) => ([(CONTENT_TYPE, "image/png")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn stats(State(world): State<Arc<World>>, ConnectInfo(line): ConnectInfo<Line>) -> Response {
    if let Passage::Stop(response) = world.arrive(&line, "system_stats", "", &Value::Null) {
        return response;
    }
    let system = json!({ "os": "posix", "comfyui_version": "0.3.75", "python_version": "3.12" });
    Json(json!({ "system": system, "devices": [{ "name": "cpu", "type": "cpu" }] })).into_response()
}
