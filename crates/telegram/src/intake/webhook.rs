//! Updates that Telegram delivers itself, over one port for all bots of a process.
//!
//! Invariant: **200 is answered only after the handler returned `Ok`**, or for an update that is of no use to anybody;
//! 503 with `Retry-After` asks Telegram to come again, and it does for 24 hours. Several processes may serve one bot behind
//! a balancer: an update delivered twice is recognised by its number. Nothing is unset when a process stops: the next one
//! may have started already.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use atelier_domain::BotId;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use url::Url;

use super::observer::{Event, Observer};
use super::{Handler, Hold, IntakeEnd, read};
use crate::calls::Telegram;
use crate::error::DeliveryError;

/// An update is a few kilobytes; the largest text has 4096 characters.
const BODY: usize = 1024 * 1024;
/// The header that proves that it is Telegram who calls (Bot API, `setWebhook`).
const SECRET: &str = "x-telegram-bot-api-secret-token";
/// Connections that Telegram may open at once for a bot; its own default.
const CONNECTIONS: u32 = 40;
/// Seconds after which Telegram is asked to come again while updates are held.
const COME_AGAIN: &str = "2";

/// A port that receives updates. Cheap to clone.
#[derive(Clone)]
pub struct WebhookPort(Arc<Port>);

struct Port {
    public: Url,
    bots: RwLock<HashMap<BotId, Hook>>,
}

#[derive(Clone)]
struct Hook {
    username: String,
    secret: SecretString,
    handler: Handler,
    observer: Observer,
}

/// The port cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadPort {
    /// It cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Telegram could not call this address.
    #[error("a webhook's address is http or https, without query or fragment")]
    Address,
}

impl WebhookPort {
    /// Listens on `address`, to which what is called at `public` must lead, until `stop`.
    pub async fn open(address: SocketAddr, public: Url, stop: CancellationToken) -> Result<Self, BadPort> {
        let usable = matches!(public.scheme(), "http" | "https")
            && public.host().is_some()
            && public.query().is_none()
            && public.fragment().is_none();
        if !usable {
            return Err(BadPort::Address);
        }
        let listener = TcpListener::bind(address).await.map_err(|source| BadPort::Listen { address, source })?;
        let port = Arc::new(Port { public, bots: RwLock::default() });
        let router = Router::new()
            .route("/telegram/{bot}", post(receive))
            .layer(DefaultBodyLimit::max(BODY))
            .with_state(port.clone());
        tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                error!(%error, "the port for updates failed");
            }
        });
        info!(%address, "listening for updates");
        Ok(Self(port))
    }
}

/// Receives a bot's updates over the port and hands them to `handler`, several at once, until `shutdown`.
pub fn listen(
    telegram: Telegram,
    port: WebhookPort,
    handler: impl Fn(atelier_domain::Incoming) -> BoxFuture<'static, Result<(), Hold>> + Send + Sync + 'static,
    observer: Observer,
    shutdown: CancellationToken,
) -> BoxFuture<'static, Result<(), IntakeEnd>> {
    let handler: Handler = Arc::new(handler);
    async move {
        let (bot, secret) = (telegram.bot(), telegram.webhook_secret());
        let username = telegram.identity().map_or_else(String::new, |identity| identity.username.clone());
        let hook = Hook { username, secret: secret.clone(), handler, observer };
        port.0.bots.write().unwrap_or_else(PoisonError::into_inner).insert(bot, hook);
        let ended = tokio::select! {
            ended = register(&telegram, &port.0.public, &secret) => ended,
            () = shutdown.cancelled() => Ok(()),
        };
        if ended.is_ok() {
            shutdown.cancelled().await;
        }
        port.0.bots.write().unwrap_or_else(PoisonError::into_inner).remove(&bot);
        ended
    }
    .boxed()
}

/// Tells Telegram where to deliver, as often as it takes.
async fn register(telegram: &Telegram, public: &Url, secret: &SecretString) -> Result<(), IntakeEnd> {
    let address = format!("{}/telegram/{}", public.as_str().trim_end_matches('/'), telegram.bot());
    let parameters = json!({
        "url": address,
        "secret_token": secret.expose_secret(),
        "max_connections": CONNECTIONS,
        "allowed_updates": ["message", "callback_query", "my_chat_member"],
    });
    let mut wait = Duration::from_millis(200);
    loop {
        match telegram.raw("setWebhook", &parameters).await {
            Ok(_) => {
                info!(bot = telegram.bot().0, host = public.host_str(), "telegram delivers updates");
                return Ok(());
            }
            Err(DeliveryError::Unauthorised) => return Err(IntakeEnd::Unauthorised),
            Err(error) => warn!(%error, wait_ms = wait.as_millis(), "the webhook could not be set; trying again"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

async fn receive(State(port): State<Arc<Port>>, Path(bot): Path<i64>, headers: HeaderMap, body: Bytes) -> Response {
    let hook = port.bots.read().unwrap_or_else(PoisonError::into_inner).get(&BotId(bot)).cloned();
    // a bot of another process, or one that is just starting or stopping: come again
    let Some(hook) = hook else { return come_again() };
    let said = headers.get(SECRET).map(header::HeaderValue::as_bytes).unwrap_or_default();
    if !same(said, hook.secret.expose_secret().as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let text = String::from_utf8_lossy(&body);
    let incoming = match read::incoming(&text, BotId(bot), &hook.username) {
        Ok(Some(incoming)) => incoming,
        Ok(None) => {
            hook.observer.count(Event::Ignored);
            return StatusCode::OK.into_response();
        }
        Err(error) => {
            let update = read::id(&text).map(|id| id.0);
            error!(update, %error, "an update cannot be read; it is stepped over");
            hook.observer.count(Event::Unreadable);
            return StatusCode::OK.into_response();
        }
    };
    let update = incoming.update;
    // on a task of its own: what was begun is finished although Telegram may hang up
    let handled = tokio::spawn(AssertUnwindSafe((hook.handler)(incoming)).catch_unwind()).await;
    match handled {
        Ok(Ok(Ok(()))) => {
            hook.observer.count(Event::Handled);
            StatusCode::OK.into_response()
        }
        Ok(Ok(Err(hold))) => {
            warn!(update = update.0, reason = hold.reason, "an update is held back; telegram is asked to come again");
            hook.observer.count(Event::Held);
            come_again()
        }
        Ok(Err(_)) | Err(_) => {
            error!(update = update.0, "the handler of an update panicked; the update is stepped over");
            hook.observer.count(Event::Panicked);
            StatusCode::OK.into_response()
        }
    }
}

fn come_again() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, COME_AGAIN)]).into_response()
}

/// Compares in a time that does not tell where the two differ.
fn same(said: &[u8], secret: &[u8]) -> bool {
    said.len() == secret.len() && said.iter().zip(secret).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_the_secret_itself_is_the_secret() {
        assert!(same(b"secret", b"secret"));
        for said in [&b""[..], b"secre", b"secreT", b"secrets"] {
            assert!(!same(said, b"secret"));
        }
    }
}
