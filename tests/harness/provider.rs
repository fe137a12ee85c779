//! The Replicate simulator's control API.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::PATIENCE;

/// The Replicate simulator.
#[derive(Clone)]
pub struct Replicate {
    http: reqwest::Client,
    base: String,
}

impl Replicate {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { http: reqwest::Client::new(), base: format!("http://{address}") }
    }

    /// The base URL that workers are given.
    pub fn url(&self) -> String {
        format!("{}/v1", self.base)
    }

    /// Keeps matching predictions running until they are released.
    pub async fn hold(&self, matcher: Value) -> u64 {
        self.post("/_sim/hold", &matcher).await["hold"].as_u64().expect("a hold")
    }

    /// Releases all holds.
    pub async fn release(&self) {
        self.post("/_sim/release", &json!({})).await;
    }

    /// Releases one hold.
    pub async fn release_one(&self, hold: u64) {
        self.post("/_sim/release", &json!({ "hold": hold })).await;
    }

    /// Adds a rule (see the simulator's `CONTROL.md`).
    pub async fn rule(&self, rule: Value) {
        self.post("/_sim/rules", &rule).await;
    }

    /// Has webhooks sent so many times, so many seconds late.
    pub async fn webhooks(&self, telling: Value) {
        self.post("/_sim/webhooks", &telling).await;
    }

    /// Sets the account's limits and the dollars that are left of its credit.
    pub async fn limits(&self, limits: Value, credit: f64) {
        self.post("/_sim/limits", &limits).await;
        self.post("/_sim/account", &json!({ "credit": credit })).await;
    }

    /// Waits until the conditions hold; the state then.
    pub async fn wait(&self, conditions: &str) -> Value {
        self.get(&format!("/_sim/wait?{conditions}&timeout={}", PATIENCE.as_secs())).await
    }

    /// What it has seen.
    pub async fn state(&self) -> Value {
        self.get("/_sim/state").await
    }

    /// How many predictions were created in all.
    pub async fn creates(&self) -> u64 {
        self.state().await["creates"].as_u64().expect("a count")
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.http.post(format!("{}{path}", self.base)).json(body).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path} {body} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path} answered {status}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}
