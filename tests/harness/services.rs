//! The simulated services besides Replicate, and their control API.

use std::net::SocketAddr;

use atelier_simulator::services::{Options, start};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::PATIENCE;

/// OpenAI, `ComfyUI` and `sdapi` on one port; gone with the value.
pub struct Services {
    /// Where they listen.
    pub address: SocketAddr,
    http: reqwest::Client,
    _stop: DropGuard,
}

impl Services {
    /// Starts them; pictures are there at once unless a test holds them.
    pub async fn start(adapt: impl FnOnce(&mut Options)) -> Self {
        let (mut options, stop) = (Options::default(), CancellationToken::new());
        adapt(&mut options);
        let address = start(options, stop.clone()).await.expect("the services start");
        Self { address, http: reqwest::Client::new(), _stop: stop.drop_guard() }
    }

    /// What they have seen.
    pub async fn state(&self) -> Value {
        self.get("/_sim/state").await
    }

    /// Waits until the conditions hold (see the simulator's `CONTROL.md`).
    pub async fn wait(&self, conditions: &str) {
        self.get(&format!("/_sim/wait?{conditions}&timeout={}", PATIENCE.as_secs())).await;
    }

    /// Keeps generations waiting until the release.
    pub async fn hold(&self) {
        self.post("/_sim/hold", &json!({})).await;
    }

    /// Ends the hold.
    pub async fn release(&self) {
        self.post("/_sim/release", &json!({})).await;
    }

    /// Spoils the next request of a route: `cut_before` or `cut_after`.
    pub async fn rule(&self, route: &str, action: &str) {
        self.post("/_sim/rules", &json!({ "on": route, "times": 1, "do": action })).await;
    }

    /// Answers the next request of a route with an error.
    pub async fn answer(&self, route: &str, status: u16, body: &str) {
        let body: Value = serde_json::from_str(body).expect("JSON");
        let action = json!({ "answer": { "status": status, "body": body } });
        self.post("/_sim/rules", &json!({ "on": route, "times": 1, "do": action })).await;
    }

    /// What the next question of a chat is answered with.
    pub async fn says(&self, route: &str, text: &str) {
        self.post("/_sim/rules", &json!({ "on": route, "times": 1, "do": { "text": text } })).await;
    }

    async fn post(&self, path: &str, body: &Value) {
        let answer =
            self.http.post(format!("http://{}{path}", self.address)).json(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path} {body} answered {}", answer.status());
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("http://{}{path}", self.address)).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path} answered {status}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}
