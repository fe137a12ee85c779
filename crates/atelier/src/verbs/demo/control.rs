//! A small client of the simulator's control API (`crates/simulator/CONTROL.md`), on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Where the control API is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    address: SocketAddr,
}

impl Control {
    pub(super) fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Makes the bot known, with the name that the chat shows.
    pub(super) async fn introduce_bot(&self, id: i64) -> anyhow::Result<()> {
        let bot = json!({"id": id, "name": "Atelier", "username": "atelier_demo_bot"});
        self.post("/_sim/bots", &bot).await.map(drop)
    }

    /// Sends a user's message; answers with its id and the id of the update that tells the bot.
    pub(super) async fn send(&self, bot: i64, user: &Value, text: &str) -> anyhow::Result<(i32, u64)> {
        let body = json!({"bot": bot, "user": user, "text": text});
        let answer = self.post("/_sim/messages", &body).await?;
        let message = answer["message_id"].as_i64().and_then(|id| i32::try_from(id).ok());
        let update = answer["updates"][bot.to_string()].as_u64();
        message.zip(update).with_context(|| format!("the simulator answered {answer}"))
    }

    /// Waits until conditions hold (`CONTROL.md`, "Waiting"); `false` when the time is over.
    pub(super) async fn wait(&self, conditions: &str, limit: Duration) -> anyhow::Result<bool> {
        let path = format!("/_sim/wait?{conditions}&timeout_ms={}", limit.as_millis());
        let (status, body) = self.call(Method::GET, &path, None).await?;
        match status {
            StatusCode::OK => Ok(true),
            StatusCode::REQUEST_TIMEOUT => Ok(false),
            _ => bail!("the simulator answered {status}: {}", String::from_utf8_lossy(&body)),
        }
    }

    /// The messages of a chat as the user sees them.
    pub(super) async fn messages(&self, bot: i64, chat: i64) -> anyhow::Result<Vec<Value>> {
        let (_, body) = self.call(Method::GET, &format!("/_sim/chat?chat={chat}&bot={bot}"), None).await?;
        let mut answer: Value = serde_json::from_slice(&body)?;
        match answer["state"]["messages"].take() {
            Value::Array(messages) => Ok(messages),
            _ => bail!("the simulator answered {answer}"),
        }
    }

    /// The bytes of a file in a chat.
    pub(super) async fn file(&self, id: &str) -> anyhow::Result<Bytes> {
        match self.call(Method::GET, &format!("/_sim/files/{id}"), None).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => bail!("the simulator answered {status} for file {id}"),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await?;
        if !status.is_success() {
            bail!("the simulator answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    /// One request on a connection of its own: on loopback that costs nothing worth saving.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = TcpStream::connect(self.address).await.context("the simulator is not there")?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // ends with the exchange; whatever goes wrong in it is the exchange's error, too
        let driving = tokio::spawn(connection);
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::new(body))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        drop(driving);
        Ok((status, body))
    }
}
