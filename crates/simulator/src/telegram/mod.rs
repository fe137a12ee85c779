//! The Bot API server: the wire under `/bot<token>/`, downloads under `/file/`, the control API under `/_sim/` and
//! the web chat at `/`, all on one port.
//!
//! Invariant: what a bot sees is what Telegram's own server would show it, error texts included; the control API
//! alone knows that this is a simulation. Deliberately absent: the network (files by URL fail as unreachable) and
//! any part of Telegram that picture bots have no use for.

mod clock;
mod control;
mod cut;
mod entities;
mod faults;
mod feed;
mod files;
mod journal;
mod keyboard;
mod limits;
mod methods;
mod model;
mod params;
mod render;
mod reply;
mod requests;
mod server;
mod updates;
mod webhook;
mod wire;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use journal::JournalError;

use cut::{Cut, CutListener};
pub(crate) use server::Server;

/// How long requests under way may finish once shutdown was asked for.
const GRACE: Duration = Duration::from_secs(2);

/// What the Bot API server needs to know.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Directory for chats and files; `None` keeps all in memory.
    pub data_dir: Option<PathBuf>,
    /// Tokens that are accepted; empty accepts every well-formed token.
    pub tokens: Vec<String>,
    /// Answer 429 to whoever posts too fast.
    pub rate_limits: bool,
    /// Be a server of one's own: take files up to 2,000 MB, of which only the beginning is kept.
    pub local: bool,
    /// What visitors may break besides.
    pub panel: Option<crate::Panel>,
}

/// Why the Bot API server did not start or ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The kept chats cannot be read or written.
    #[error("the kept chats cannot be used")]
    Journal(#[from] JournalError),
    /// A token in the configuration cannot be a bot token.
    #[error("a configured bot token is not of the form 123456:letters")]
    Token,
    /// The listener failed.
    #[error("the http server failed")]
    Http(#[from] std::io::Error),
}

/// Serves until `shutdown` is cancelled; then requests under way have two seconds to end, and the journal is closed.
pub async fn serve(listener: TcpListener, options: Options, shutdown: CancellationToken) -> Result<(), ServeError> {
    let largest = if options.local { params::Largest::LOCAL } else { params::Largest::USUAL };
    let server = Server::open(options, shutdown.clone()).await?;
    webhook::resume(&server);
    let router = Router::new()
        .merge(crate::web::routes())
        .nest("/_sim", control::routes())
        .fallback(wire::handle)
        .layer((Extension(largest), DefaultBodyLimit::max(largest.body())))
        .with_state(Arc::clone(&server));
    let service = router.into_make_service_with_connect_info::<Cut>();
    let graceful = shutdown.clone();
    let serving = axum::serve(CutListener(listener), service)
        .with_graceful_shutdown(async move { graceful.cancelled().await })
        .into_future();
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = serving => outcome.map_err(ServeError::from),
        () = deadline => Ok(()),
    };
    server.close().await;
    outcome
}
