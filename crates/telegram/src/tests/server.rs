//! A Bot API server for the tests of this crate: it answers from a script and reports every request.
//!
//! It knows nothing of Telegram's rules; those are in the simulator. When a method's script is at its end the server lets
//! the request hang, as a long poll does.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;

use crate::{Settings, Telegram};

/// The secret half of the token: must never be seen outside the request's path.
pub(crate) const SECRET: &str = "AAF7-g0gYncWnm5IyfZlpPRqRRv6kNAGlao";

/// The server, the bot that talks to it, and the requests it saw.
pub(crate) struct TestServer {
    pub(crate) telegram: Telegram,
    pub(crate) seen: mpsc::UnboundedReceiver<Seen>,
    script: Arc<Script>,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

struct Script {
    replies: Mutex<HashMap<String, VecDeque<(StatusCode, String)>>>,
    seen: mpsc::UnboundedSender<Seen>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        let (sender, seen) = mpsc::unbounded_channel();
        let script = Arc::new(Script { replies: Mutex::default(), seen: sender });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/prefix", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { telegram: bot(url), seen, script }
    }

    /// The next reply to `method` (as it stands in the path).
    pub(crate) fn reply(&self, method: &str, status: u16, body: impl Into<String>) {
        let status = StatusCode::from_u16(status).unwrap();
        let mut replies = self.script.replies.lock().unwrap();
        replies.entry(method.to_owned()).or_default().push_back((status, body.into()));
    }

    pub(crate) fn reply_ok(&self, method: &str, result: &Value) {
        self.reply(method, 200, json!({"ok": true, "result": result}).to_string());
    }

    pub(crate) fn reply_error(&self, method: &str, code: u16, description: &str) {
        self.reply(method, code, json!({"ok": false, "error_code": code, "description": description}).to_string());
    }

    pub(crate) async fn next(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }

    /// The next request to `method`.
    pub(crate) async fn next_of(&mut self, method: &str) -> Seen {
        loop {
            let seen = self.next().await;
            if seen.method == method {
                return seen;
            }
        }
    }
}

/// A bot for a server at `url`.
pub(crate) fn bot(url: Url) -> Telegram {
    let token = SecretString::from(format!("4242:{SECRET}"));
    Telegram::new(Settings { api_url: Some(url), ..Settings::new(token) }).unwrap()
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.content_type, "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The parts of a multipart body: name, file name, content.
    pub(crate) fn parts(&self) -> Vec<(String, Option<String>, String)> {
        let boundary = self.content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let quoted = |head: &str, key: &str| {
            let (_, rest) = head.split_once(&format!("; {key}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let part = |part: &str| {
            let (head, content) = part.split_once("\r\n\r\n")?;
            let content = content.strip_suffix("\r\n")?;
            Some((quoted(head, "name")?, quoted(head, "filename"), content.to_owned()))
        };
        body.split(&format!("--{boundary}")).filter_map(part).collect()
    }

    /// The content of the part `name`.
    pub(crate) fn part(&self, name: &str) -> String {
        let parts = self.parts();
        let found = parts.iter().find(|part| part.0 == name);
        found.unwrap_or_else(|| panic!("no part {name} in {parts:?}")).2.clone()
    }
}

async fn serve(State(script): State<Arc<Script>>, request: Request<Body>) -> Response<String> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let method = path.rsplit('/').next().unwrap_or_default().to_owned();
    let header = head.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let reply = script.replies.lock().unwrap().get_mut(&method).and_then(VecDeque::pop_front);
    let content_type = header.unwrap_or_default();
    script.seen.send(Seen { method, path, content_type, body }).ok();
    let Some((status, body)) = reply else { return std::future::pending().await };
    Response::builder().status(status).body(body).unwrap()
}
