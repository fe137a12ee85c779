//! The server over real HTTP, as a client sees it.

mod control;
mod faults;
mod outcomes;
mod restart;
mod wire;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::*;

const IDEOGRAM: &str = "ideogram-ai/ideogram-v3-turbo";
const SEEDREAM: &str = "bytedance/seedream-3";
const IMAGEN: &str = "google/imagen-4-ultra";

struct Sim {
    base: String,
    client: Client,
    shutdown: CancellationToken,
    server: JoinHandle<Result<(), ServeError>>,
}

/// Instant generations and small pictures.
fn quick() -> Options {
    Options { time_scale: 0.0, largest_side: 96, ..Options::default() }
}

impl Sim {
    async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(listener, options, shutdown.clone()));
        Self { base, client: Client::new(), shutdown, server }
    }

    async fn quick() -> Self {
        Self::start(quick()).await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        drop(self.client);
        self.server.await.unwrap().unwrap();
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.request(method, url).bearer_auth("r8_simulated")
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        self.call(Method::POST, path).json(&body).send().await.unwrap()
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    fn create(&self, model: &str, input: &Value) -> RequestBuilder {
        self.call(Method::POST, &format!("/v1/models/{model}/predictions")).json(&json!({ "input": input }))
    }

    async fn created(&self, model: &str, prompt: &str) -> Value {
        let answer = self.create(model, &json!({ "prompt": prompt })).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    /// Creates and keeps the request open until the end.
    async fn finished(&self, model: &str, input: Value) -> Value {
        let answer = self.create(model, &input).header("prefer", "wait=30").send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    async fn wait(&self, conditions: &str) -> Value {
        let answer = self.call(Method::GET, &format!("/_sim/wait?{conditions}&timeout=20")).send().await.unwrap();
        let status = answer.status();
        let state: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{conditions} was not reached: {state:#}");
        state
    }

    async fn download(&self, url: &Value) -> (String, Vec<u8>) {
        let answer = self.client.get(url.as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (content_type, answer.bytes().await.unwrap().to_vec())
    }
}
