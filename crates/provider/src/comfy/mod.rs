//! `ComfyUI`: a graph of nodes in its queue, followed through its history.
//!
//! The graph is an operator's template; its placeholders are filled inside parsed JSON, so that no prompt can change the
//! graph. The id of a prompt is chosen by us and so known before the answer. A creation whose answer was lost is looked for
//! among what waits, runs and is done, by its graph.
//! Source: <https://docs.comfy.org/development/comfyui-server/comms_routes>.

mod graph;
mod progress;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use atelier_domain::{AccountId, Failure, FailureClass, ModelId};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

pub use graph::{BadGraph, Graph, Values};

use self::progress::Progress;
use crate::contract::check;
use crate::http::{CallError, Http};
use crate::replicate::input;
use crate::service::{BadService, Service, refusal, size};
use crate::{Handle, ImageRef, Order, OutputRef, Provider, StartError, Started, Status};

/// The largest queue or history: graphs are some ten kilobytes each.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// How many finished prompts are looked at for a lost one.
const LOOKED_AT: &str = "200";

/// A client of one server.
#[derive(Debug)]
pub struct Comfy {
    http: Arc<Http>,
    client: String,
    progress: Progress,
    graphs: HashMap<ModelId, Graph>,
}

impl Comfy {
    /// A client with these settings and the graph of each model. Nothing is sent yet.
    pub fn new(service: Service, graphs: HashMap<ModelId, Graph>) -> Result<Self, BadService> {
        let (http, client) = (Arc::new(Http::new(service, refusal::classify)?), id());
        let progress = Progress::new(Arc::clone(&http), client.clone());
        Ok(Self { http, client, progress, graphs })
    }

    async fn create(&self, graph: &Value) -> Result<Started, StartError> {
        let chosen = id();
        let body = json!({ "prompt": graph, "client_id": self.client, "prompt_id": chosen });
        let call = self.http.call(Method::POST, &["prompt"]).json(&body);
        // the server validates before it queues: a refusal is about the template, or about a word that it does not know
        let answer = self.http.json(call, ANSWER_BYTES).await?;
        // older servers choose an id of their own
        let id = answer["prompt_id"].as_str().unwrap_or(&chosen);
        let handle: Handle = id.parse().map_err(|_| {
            StartError::Unknown(Failure::new(FailureClass::Transient, "the queued prompt has no usable id"))
        })?;
        // the first per cents may come before anybody asks
        self.progress.of(&handle);
        Ok(Started::Running(handle))
    }

    async fn standing(&self, handle: &Handle) -> Result<Status, Failure> {
        // the queue first: what has left it by then is in the history
        let queue = self.queue().await?;
        if let Some(queued) = queue.place(handle) {
            let progress = self.progress.of(handle);
            return Ok(Status::Running { progress, queued });
        }
        self.progress.forget(handle);
        let history = self.get(&["history", handle.as_str()], &[]).await?;
        let entry = &history[handle.as_str()];
        if entry.is_null() {
            let gone = Failure::new(FailureClass::Transient, "the server has forgotten the prompt: it was restarted");
            return Ok(Status::Failed(gone));
        }
        Ok(self.ended(entry))
    }

    fn ended(&self, entry: &Value) -> Status {
        let status = &entry["status"];
        let outputs = self.outputs(&entry["outputs"]);
        if status["status_str"] == "error" || (outputs.is_empty() && status["completed"] == false) {
            return Status::Failed(self.failure(status));
        }
        if outputs.is_empty() {
            return Status::Failed(Failure::new(
                FailureClass::Fatal,
                "the graph has no output that is a picture or video",
            ));
        }
        Status::Finished { outputs, seconds: seconds(status), whole: None }
    }

    /// What a run that went wrong says of itself.
    fn failure(&self, status: &Value) -> Failure {
        let messages = status["messages"].as_array().into_iter().flatten();
        let error = messages.rev().find_map(|message| match message[0].as_str() {
            Some("execution_error") => Some(&message[1]),
            Some("execution_interrupted") => Some(&message[0]),
            _ => None,
        });
        let Some(error) = error else { return Failure::new(FailureClass::Transient, "the run failed without a word") };
        if error.is_string() {
            return Failure::new(FailureClass::Transient, "somebody interrupted the run");
        }
        let said = format!(
            "{} at {}: {}",
            text(error, "exception_type"),
            text(error, "node_type"),
            text(error, "exception_message")
        );
        let memory = ["out of memory", "OutOfMemory"].iter().any(|words| said.contains(words));
        let class = if memory { FailureClass::Transient } else { FailureClass::Fatal };
        Failure::new(class, self.http.detail(&said))
    }

    /// Where the files are: what was saved before what is only a preview.
    fn outputs(&self, outputs: &Value) -> Vec<OutputRef> {
        let nodes = outputs.as_object().into_iter().flat_map(|nodes| nodes.values());
        let lists = nodes.flat_map(|node| ["videos", "gifs", "images"].map(|name| &node[name]));
        let mut files: Vec<&Value> =
            lists.filter_map(Value::as_array).flatten().filter(|file| file["filename"].is_string()).collect();
        files.sort_by_key(|file| file["type"] == "temp");
        let reference = |file: &Value| {
            let mut url = self.http.url(&["view"]);
            url.query_pairs_mut()
                .append_pair("filename", text(file, "filename"))
                .append_pair("subfolder", text(file, "subfolder"))
                .append_pair("type", file["type"].as_str().unwrap_or("output"));
            OutputRef::new(url)
        };
        files.into_iter().map(reference).collect()
    }

    /// The prompts with this graph: waiting, running or done, oldest first.
    async fn find(&self, graph: &Value) -> Result<Vec<Handle>, Failure> {
        let queue = self.queue().await?;
        let history = self.get(&["history"], &[("max_items", LOOKED_AT)]).await?;
        let done = history.as_object().into_iter().flat_map(|entries| entries.values()).map(|entry| &entry["prompt"]);
        let mut found: Vec<(i64, Handle)> = done
            .chain(queue.pending.iter())
            .chain(queue.running.iter())
            .filter(|entry| entry[2] == *graph)
            .filter_map(|entry| Some((entry[0].as_i64().unwrap_or_default(), entry[1].as_str()?.parse().ok()?)))
            .collect();
        found.sort_by_key(|(number, _)| *number);
        Ok(found.into_iter().map(|(_, handle)| handle).collect())
    }

    async fn stop(&self, handle: &Handle) -> Result<(), Failure> {
        let queue = self.queue().await?;
        match queue.place(handle) {
            None => Ok(()),
            Some(true) => self.post(&["queue"], &json!({ "delete": [handle.as_str()] })).await,
            // older servers do not read the id and stop whatever runs, which was ours a moment ago
            Some(false) => self.post(&["interrupt"], &json!({ "prompt_id": handle.as_str() })).await,
        }
    }

    /// Puts a picture into the server's folder of inputs; its name there. The name says its content, so that the same
    /// picture makes the same graph.
    async fn put(&self, bytes: Bytes, name: String) -> Result<String, Failure> {
        let part = Part::stream(bytes).file_name(name);
        let form = Form::new().part("image", part).text("overwrite", "true");
        let call = self.http.call(Method::POST, &["upload", "image"]).multipart(form);
        let answer = self.http.json(call, ANSWER_BYTES).await.map_err(Failure::from)?;
        let name = answer["name"].as_str().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Failure::new(FailureClass::Transient, "the uploaded picture has no name"))?;
        Ok(match answer["subfolder"].as_str().filter(|folder| !folder.is_empty()) {
            Some(folder) => format!("{folder}/{name}"),
            None => name.to_owned(),
        })
    }

    async fn stats(&self) -> Result<String, Failure> {
        let stats = self.get(&["system_stats"], &[]).await?;
        let version = stats["system"]["comfyui_version"].as_str().unwrap_or("of an unknown version");
        let device = stats["devices"][0]["name"].as_str().unwrap_or("no device named");
        Ok(self.http.detail(&format!("ComfyUI {version}, {device}")))
    }

    async fn queue(&self) -> Result<Queue, Failure> {
        let mut queue = self.get(&["queue"], &[]).await?;
        let mut list = |name: &str| match queue[name].take() {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        };
        Ok(Queue { running: list("queue_running"), pending: list("queue_pending") })
    }

    async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        let call = self.http.call(Method::GET, path).query(query);
        self.http.json(call, ANSWER_BYTES).await.map_err(Failure::from)
    }

    async fn post(&self, path: &[&str], body: &Value) -> Result<(), Failure> {
        match self.http.send(self.http.call(Method::POST, path).json(body), ANSWER_BYTES).await {
            Ok(_) | Err(CallError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The server's queue; an entry is `[number, id, graph, …]`.
struct Queue {
    running: Vec<Value>,
    pending: Vec<Value>,
}

impl Queue {
    /// `Some(true)`: it waits; `Some(false)`: it runs; `None`: it is not in the queue.
    fn place(&self, handle: &Handle) -> Option<bool> {
        let is = |entry: &Value| entry[1].as_str() == Some(handle.as_str());
        if self.running.iter().any(is) {
            return Some(false);
        }
        self.pending.iter().any(is).then_some(true)
    }
}

/// Seconds between the messages of start and success, in milliseconds there.
fn seconds(status: &Value) -> Option<f64> {
    let at = |name: &str| {
        let messages = status["messages"].as_array()?;
        messages.iter().find(|message| message[0] == name)?[1]["timestamp"].as_f64()
    };
    Some((at("execution_success")? - at("execution_start")?) / 1000.0).filter(|seconds| *seconds >= 0.0)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// A random UUID of version 4.
fn id() -> String {
    let random = rand::random::<u128>();
    let bits = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

impl Provider for Comfy {
    fn account(&self) -> &AccountId {
        &self.http.service().account
    }

    fn upload(&self, image: Bytes, mime: &'static str) -> BoxFuture<'_, Result<ImageRef, Failure>> {
        let kind = mime.rsplit('/').next().unwrap_or("png");
        let name = format!("{}.{kind}", id());
        async move { self.put(image, name).await.map(ImageRef::new) }.boxed()
    }

    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>> {
        let graph = self.filled(order);
        async move { self.create(&graph.map_err(StartError::NotCreated)?).await }.boxed()
    }

    fn poll(&self, handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>> {
        let handle = handle.clone();
        async move { self.standing(&handle).await }.boxed()
    }

    fn cancel(&self, handle: &Handle) -> BoxFuture<'_, Result<(), Failure>> {
        let handle = handle.clone();
        async move { self.stop(&handle).await }.boxed()
    }

    fn find_lost(&self, order: &Order<'_>, _since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>> {
        let graph = self.filled(order);
        async move { self.find(&graph?).await }.boxed()
    }

    fn download(&self, output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>> {
        let output = output.clone();
        async move { self.http.download(&output).await }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, Failure>> {
        self.stats().boxed()
    }
}

impl Comfy {
    /// The model's graph with the wish in it.
    fn filled(&self, order: &Order<'_>) -> Result<Value, Failure> {
        check(order)?;
        let model = &order.model.id;
        let fatal = |detail: String| Failure::new(FailureClass::Fatal, detail);
        let graph = self.graphs.get(model).ok_or_else(|| fatal(format!("the account has no graph for {model}")))?;
        let mut values: Values = input::of(order).into_iter().collect();
        let (width, height) = size(order);
        values.entry("width".to_owned()).or_insert_with(|| width.into());
        values.entry("height".to_owned()).or_insert_with(|| height.into());
        values.entry("negative".to_owned()).or_insert_with(|| "".into());
        for (index, image) in order.images.iter().enumerate() {
            let name = if index == 0 { "image".to_owned() } else { format!("image{}", index + 1) };
            values.insert(name, image.as_str().into());
        }
        graph
            .fill(&values)
            .map_err(|missing| fatal(format!("the graph of {model} asks for %{missing}%, which nobody gives")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_four() {
        let (first, second) = (id(), id());
        assert_ne!(first, second);
        assert!(
            first.len() == 36 && first.as_bytes()[14] == b'4' && b"89ab".contains(&first.as_bytes()[19]),
            "{first}"
        );
        assert!(first.parse::<Handle>().is_ok());
    }
}
