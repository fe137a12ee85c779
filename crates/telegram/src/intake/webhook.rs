//! Updates posted by Telegram, for any number of bots on one port.
//!
//! Invariant: **200 only after the handler accepted the update**, or when it is of no use to anybody; while the handler
//! holds updates back the answer is 503 with `Retry-After`, and Telegram keeps them. Every replica of a bot answers
//! alike: which of them gets an update does not matter, since the queue knows it by its id.
//!
//! A post is Telegram's when its header carries the bot's secret, which is derived from the token: replicas agree on it
//! without being told, and nobody else can know it. The webhook is not removed at the end, since the other replicas live
//! on it (<https://core.telegram.org/bots/api#setwebhook>).

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use atelier_domain::{BotId, Incoming};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::BoxFuture;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use teloxide::payloads::SetWebhook;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};
use url::Url;

use super::backoff::Backoff;
use super::observer::{Event, Observer};
use super::{Handler, Hold, IntakeEnd, kinds, one, read};
use crate::calls::Telegram;
use crate::error::{DeliveryError, Scope};
use crate::wire::Call;

/// Larger than any update: a message's text is at most 4,096 characters.
const LARGEST: usize = 1 << 20;
/// When held updates are to be tried again.
const LATER: &str = "2";
/// Posts at once: the most that Telegram makes.
const CONNECTIONS: u8 = 100;
const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// An open port, and the bots that receive on it. Clones share it.
#[derive(Clone)]
pub struct Webhooks(Arc<Shared>);

struct Shared {
    public: Url,
    address: SocketAddr,
    routes: RwLock<HashMap<BotId, Arc<Route>>>,
    serving: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

/// What one bot's posts are checked against and handed to.
struct Route {
    bot: BotId,
    username: String,
    secret: SecretString,
    handler: Handler,
    observer: Observer,
}

impl Webhooks {
    /// Opens the port, until `shutdown`. `public` is the address at which Telegram reaches it; a bot's own is one segment
    /// below. Whatever stands before the last segment of a post's path is a proxy's business.
    pub async fn open(public: Url, listen: SocketAddr, shutdown: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let shared = Shared { public, address, routes: RwLock::default(), serving: Mutex::default() };
        let this = Self(Arc::new(shared));
        let router = Router::new().fallback(receive).layer(DefaultBodyLimit::max(LARGEST)).with_state(this.clone());
        let serving = tokio::spawn(
            axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).into_future(),
        );
        *this.0.serving.lock().unwrap_or_else(PoisonError::into_inner) = Some(serving);
        info!(%address, "listening for updates");
        Ok(this)
    }

    /// The port that was opened.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Waits until the last post is answered, after the shutdown.
    pub async fn closed(&self) {
        let serving = self.0.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Ok(Err(error))) = futures::future::OptionFuture::from(serving).await {
            error!(%error, "the port for updates failed");
        }
    }

    /// Registers a bot here and with Telegram, and receives for it until `shutdown`. Floods and network faults are waited
    /// out; only a refused token ends it. The bot must have been identified.
    pub fn pump(
        &self,
        telegram: Telegram,
        handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), Hold>> + Send + Sync + 'static,
        observer: Observer,
        shutdown: CancellationToken,
    ) -> BoxFuture<'static, Result<(), IntakeEnd>> {
        let (this, handler): (_, Handler) = (self.clone(), Arc::new(handler));
        async move { this.receive_until(telegram, handler, observer, shutdown).await }.boxed()
    }

    async fn receive_until(
        self,
        telegram: Telegram,
        handler: Handler,
        observer: Observer,
        shutdown: CancellationToken,
    ) -> Result<(), IntakeEnd> {
        let bot = telegram.bot();
        let username = telegram.identity().map(|identity| identity.username.clone()).unwrap_or_default();
        let route = Arc::new(Route { bot, username, secret: secret_of(telegram.wire.token()), handler, observer });
        // before Telegram knows: the first post may come at once
        self.0.routes.write().unwrap_or_else(PoisonError::into_inner).insert(bot, route);
        let mut backoff = Backoff::new(rand::random);
        loop {
            let set = shutdown.run_until_cancelled(telegram.set_webhook(&self.0.public)).await;
            let Some(set) = set else { break };
            let wait = match set {
                Ok(()) => {
                    info!(bot = bot.0, host = self.0.public.host_str(), "updates come by webhook");
                    shutdown.cancelled().await;
                    break;
                }
                Err(DeliveryError::Unauthorised) => return Err(IntakeEnd::Unauthorised),
                Err(error) => {
                    warn!(bot = bot.0, %error, "the webhook could not be set; trying again");
                    let wished = match error {
                        DeliveryError::NotPosted { retry_after, .. } => retry_after.unwrap_or_default(),
                        _ => Duration::ZERO,
                    };
                    backoff.failed().max(wished)
                }
            };
            if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
        }
        self.0.routes.write().unwrap_or_else(PoisonError::into_inner).remove(&bot);
        Ok(())
    }

    fn route(&self, path: &str) -> Option<Arc<Route>> {
        let bot = path.rsplit('/').next()?.parse().ok()?;
        self.0.routes.read().unwrap_or_else(PoisonError::into_inner).get(&BotId(bot)).cloned()
    }
}

impl Telegram {
    /// Has updates posted to a segment below this address that names the bot. Waiting updates are kept.
    pub(crate) fn set_webhook(&self, public: &Url) -> BoxFuture<'static, Result<(), DeliveryError>> {
        let mut url = public.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(&self.bot().to_string());
        }
        let mut payload = SetWebhook::new(url);
        payload.secret_token = Some(secret_of(self.wire.token()).expose_secret().to_owned());
        payload.max_connections = Some(CONNECTIONS);
        payload.allowed_updates = Some(kinds());
        self.done(Call::json(&payload, Scope::Unknown))
    }
}

/// What Telegram proves itself with. Derived from the token, which nobody can find from it; hexadecimal digits, as the
/// header allows.
fn secret_of(token: &SecretString) -> SecretString {
    let mac = Hmac::<Sha256>::new_from_slice(token.expose_secret().as_bytes());
    // a key of any length is taken; without a digest no post would ever match
    let digest = mac.map(|mac| mac.chain_update(b"atelier webhook").finalize().into_bytes()).unwrap_or_default();
    format!("{digest:x}").into()
}

async fn receive(State(hooks): State<Webhooks>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if method == Method::GET && uri.path() == "/healthz" {
        return StatusCode::OK.into_response();
    }
    let Some(route) = hooks.route(uri.path()).filter(|_| method == Method::POST) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let given = headers.get(SECRET_HEADER).map_or(&b""[..], |value| value.as_bytes());
    if !bool::from(given.ct_eq(route.secret.expose_secret().as_bytes())) {
        debug!(bot = route.bot.0, "a post without the bot's secret is refused");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let update = std::str::from_utf8(&body).ok().and_then(|text| Some((read::id(text)?, text)));
    let Some((id, update)) = update else {
        error!("an update without a readable id is skipped");
        route.observer.count(Event::Unreadable);
        return StatusCode::OK.into_response();
    };
    match one::hand_over(&route.handler, id, update, route.bot, &route.username).await {
        Ok(event) => {
            route.observer.count(event);
            StatusCode::OK.into_response()
        }
        Err(hold) => {
            route.observer.count(Event::Held);
            debug!(update = id.0, %hold, "an update is to be posted again");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, LATER)]).into_response()
        }
    }
}
