//! A running simulator and short ways to talk to it.

use std::io::Cursor;
use std::net::SocketAddr;
use std::path::Path;

use atelier_simulator::telegram::{Options, serve};
use image::{ImageFormat, RgbImage};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The bot and the user that most tests use.
pub(crate) const TOKEN: &str = "4242:TEST-token_of_the_simulator";
pub(crate) const BOT: i64 = 4242;
pub(crate) const ANN: i64 = 1001;

pub(crate) struct Sim {
    pub(crate) addr: SocketAddr,
    pub(crate) http: reqwest::Client,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// A Bot API answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn result(self) -> Value {
        assert_eq!(self.body["ok"], true, "{:?}", self.body);
        self.body["result"].clone()
    }

    pub(crate) fn error(self) -> String {
        assert_eq!(self.body["ok"], false, "{:?}", self.body);
        assert_eq!(self.body["error_code"], self.status);
        self.body["description"].as_str().unwrap().to_owned()
    }
}

impl Sim {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn in_dir(dir: &Path) -> Self {
        Self::with(Options { data_dir: Some(dir.to_owned()), ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { serve(listener, options, stop).await.unwrap() });
        Self { addr, http: reqwest::Client::builder().no_proxy().build().unwrap(), shutdown, task }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Reply {
        let sent = self.http.post(self.url(&format!("/bot{TOKEN}/{method}"))).json(&params).send().await.unwrap();
        Reply { status: sent.status().as_u16(), body: sent.json().await.unwrap() }
    }

    pub(crate) async fn upload(&self, method: &str, form: Form) -> Reply {
        let sent = self.http.post(self.url(&format!("/bot{TOKEN}/{method}"))).multipart(form).send().await.unwrap();
        Reply { status: sent.status().as_u16(), body: sent.json().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        let sent = self.http.get(self.url(&format!("/_sim{path}"))).send().await.unwrap();
        Reply { status: sent.status().as_u16(), body: sent.json().await.unwrap() }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let sent = self.http.post(self.url(&format!("/_sim{path}"))).json(&body).send().await.unwrap();
        let status = sent.status();
        let body: Value = sent.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// Ann writes to the bot.
    pub(crate) async fn says(&self, text: &str) -> Value {
        self.post("/messages", json!({ "bot": BOT, "user": ANN, "text": text })).await
    }

    /// Waits for a condition; fails with the state when it does not come.
    pub(crate) async fn wait(&self, conditions: &str) -> Value {
        let reply = self.get(&format!("/wait?{conditions}")).await;
        assert_eq!(reply.status, 200, "{conditions}: {}", reply.body);
        reply.body
    }

    /// A bot message in Ann's chat.
    pub(crate) async fn text(&self, text: &str) -> i64 {
        let sent = self.call("sendMessage", json!({ "chat_id": ANN, "text": text })).await.result();
        sent["message_id"].as_i64().unwrap()
    }

    /// The state of a message in Ann's chat.
    pub(crate) async fn message(&self, id: i64) -> Value {
        let state = self.get(&format!("/chat?bot={BOT}&chat={ANN}")).await.body["state"].clone();
        let messages = state["messages"].as_array().unwrap().clone();
        messages.into_iter().find(|message| message["id"] == id).unwrap()
    }
}

/// A started simulator in which Ann has written once.
pub(crate) async fn with_ann() -> Sim {
    let sim = Sim::start().await;
    sim.says("/start").await;
    sim
}

/// A picture of one colour.
pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    RgbImage::from_pixel(width, height, image::Rgb([200, 80, 40]))
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

pub(crate) fn part(bytes: Vec<u8>, name: &str) -> Part {
    Part::bytes(bytes).file_name(name.to_owned())
}

pub(crate) fn to_ann() -> Form {
    Form::new().text("chat_id", ANN.to_string())
}
