//! Per cents of running prompts, as the server tells them over its web socket.
//!
//! It is for the eye alone: what has ended, and how, is read from the history. There is one connection to a server while
//! somebody asks for progress, upgraded from a call of the HTTP client, so that address, secret and TLS are the same; a
//! broken one is made again. Messages of unknown kinds, and pictures on the way, are passed over.
//! Source: <https://docs.comfy.org/development/comfyui-server/comms_messages>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::{Failure, FailureClass};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::header::HeaderValue;
use serde_json::Value;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::Handle;
use crate::http::Http;

/// A prompt that nobody asked about for so long is none of ours any more.
const ASKED: Duration = Duration::from_secs(60);
/// Before a broken connection is made again.
const AGAIN: Duration = Duration::from_secs(3);
/// A picture on the way may be some megabytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What is known of the prompts that are asked about. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Arc<Http>,
    /// Events go to the client that queued the prompt.
    client: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    prompts: HashMap<String, Prompt>,
    listening: bool,
}

#[derive(Debug)]
struct Prompt {
    percent: Option<u8>,
    asked: Instant,
}

impl Progress {
    pub(super) fn new(http: Arc<Http>, client: String) -> Self {
        Self(Arc::new(Inner { http, client, known: Mutex::default() }))
    }

    /// What was last heard of a prompt; from now on it is listened for.
    pub(super) fn of(&self, handle: &Handle) -> Option<u8> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let prompt = known
            .prompts
            .entry(handle.as_str().to_owned())
            .or_insert_with(|| Prompt { percent: None, asked: Instant::now() });
        prompt.asked = Instant::now();
        let percent = prompt.percent;
        if !std::mem::replace(&mut known.listening, true) {
            tokio::spawn(listen(self.0.clone()));
        }
        percent
    }

    /// A prompt is over.
    pub(super) fn forget(&self, handle: &Handle) {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).prompts.remove(handle.as_str());
    }
}

impl Inner {
    /// Whether anybody asks; if not, nobody listens from now on.
    fn is_wanted(&self) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.prompts.retain(|_, prompt| prompt.asked.elapsed() < ASKED);
        known.listening = !known.prompts.is_empty();
        known.listening
    }

    fn hear(&self, message: &str) {
        let Some((id, percent)) = read(message) else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prompt) = known.prompts.get_mut(&id) {
            prompt.percent = Some(percent);
        }
    }
}

/// Listens while somebody asks.
async fn listen(inner: Arc<Inner>) {
    while inner.is_wanted() {
        // that it cannot be had, or broke, is seen nowhere but in the missing per cents
        let _ = connected(&inner).await;
        tokio::time::sleep(AGAIN).await;
    }
}

/// One connection, until it breaks or nobody asks.
async fn connected(inner: &Inner) -> Result<(), Failure> {
    let key = STANDARD.encode(rand::random::<[u8; 16]>());
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", key.as_str()),
    ];
    let (upgraded, headers) = inner.http.upgrade(&["ws"], &[("clientId", &inner.client)], &upgrade).await?;
    let accepted = headers.get("sec-websocket-accept").map(HeaderValue::as_bytes);
    if accepted != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(Failure::new(FailureClass::Fatal, "the server does not speak the web socket's protocol"));
    }
    let limits = WebSocketConfig::default().max_message_size(Some(MOST_BYTES)).max_frame_size(Some(MOST_BYTES));
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(limits)).await;
    let mut look = tokio::time::interval(ASKED / 6);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => inner.hear(&text),
                // answers to pings are written by the library; they go out with the next read
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
            },
            _ = look.tick() => if !inner.is_wanted() {
                let _ = socket.close(None).await;
                return Ok(());
            },
        }
        let _ = socket.flush().await;
    }
}

/// The prompt and the per cent that a message tells.
fn read(message: &str) -> Option<(String, u8)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let data = &message["data"];
    let step = match message["type"].as_str()? {
        "progress" => data,
        // newer servers tell the states of all nodes; that of the one that takes its time is of interest
        "progress_state" => data["nodes"]
            .as_object()?
            .values()
            .filter(|node| node["state"] == "running")
            .max_by(|one, other| steps(one).total_cmp(&steps(other)))?,
        _ => return None,
    };
    let (value, most) = (step["value"].as_f64()?, steps(step));
    // of nothing to do there is no progress
    let percent =
        (0..=100_u8).rev().find(|percent| most > 0.0 && f64::from(*percent) * most <= value.max(0.0) * 100.0)?;
    Some((data["prompt_id"].as_str()?.to_owned(), percent))
}

/// How many steps a node takes.
fn steps(node: &Value) -> f64 {
    node["max"].as_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_old_and_new_servers_are_per_cents() {
        let of = |text: &str| read(text).map(|(id, percent)| format!("{id} {percent}"));
        let old = r#"{"type":"progress","data":{"value":5,"max":20,"prompt_id":"a","node":"3"}}"#;
        assert_eq!(of(old).as_deref(), Some("a 25"));
        let new = r#"{"type":"progress_state","data":{"prompt_id":"b","nodes":{
            "1":{"value":1,"max":1,"state":"running"},"3":{"value":15,"max":20,"state":"running"},
            "9":{"value":99,"max":99,"state":"finished"}}}}"#;
        assert_eq!(of(new).as_deref(), Some("b 75"));
        for nothing in [
            "",
            "{}",
            "[]",
            r#"{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}"#,
            r#"{"type":"progress","data":{"value":5,"max":0,"prompt_id":"a"}}"#,
            r#"{"type":"progress","data":{"value":5,"max":20}}"#,
            r#"{"type":"progress_state","data":{"prompt_id":"b","nodes":{}}}"#,
            r#"{"type":"a_kind_of_next_year","data":7}"#,
        ] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
        let odd = r#"{"type":"progress","data":{"value":-3e99,"max":1e-3,"prompt_id":"a"}}"#;
        assert_eq!(of(odd).as_deref(), Some("a 0"));
    }
}
