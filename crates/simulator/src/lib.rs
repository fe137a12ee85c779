//! A Bot API server and a Replicate server on loopback, faithful down to limits and error bodies, with a web chat.
//!
//! Used by the demo and by the tests. Invariant: it knows only the public wire formats and none of the real rooms,
//! so a mistake in a client cannot hide behind a matching mistake here. Deliberately absent: any access control, so
//! an address that is not loopback is refused unless the configuration asks for it in so many words.

mod panel;
pub mod replicate;
pub mod services;
pub mod telegram;
mod web;

pub use panel::{Panel, Trick};

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the simulators listen on and where they keep what they must remember.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the Bot API server, its control API and the web chat; port 0 picks a free one.
    pub telegram_addr: SocketAddr,
    /// Address of the Replicate server and its control API; port 0 picks a free one.
    pub replicate_addr: SocketAddr,
    /// Directory in which chats, files and predictions survive a restart; `None` keeps all in memory.
    pub data_dir: Option<PathBuf>,
    /// Bot tokens that the Bot API server accepts; empty accepts every well-formed token.
    pub tokens: Vec<String>,
    /// Multiplies every simulated provider latency: 1.0 is realistic, 0.0 instant.
    pub time_scale: f64,
    /// Listen on addresses that other machines can reach; needed inside a container, refused otherwise.
    pub allow_remote: bool,
    /// Answer 429 as Telegram does when a bot posts too fast; the control API can switch it at run time.
    pub rate_limits: bool,
    /// Be a Bot API server of one's own: take files up to 2,000 MB, of which only the beginning is kept.
    pub local_bot_api: bool,
    /// Whether `!nsfw`, `!flagged`, `!fail` or `!slow` in a prompt decides how its prediction ends.
    pub directives: bool,
    /// Pictures are drawn no larger than this a side, in pixels; tests draw small to be quick.
    pub largest_side: u32,
    /// What visitors of the web chat may break besides, where whoever starts the simulators runs more than them.
    pub panel: Option<Panel>,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            telegram_addr: loopback,
            replicate_addr: loopback,
            data_dir: None,
            tokens: Vec::new(),
            time_scale: 1.0,
            allow_remote: false,
            rate_limits: true,
            local_bot_api: false,
            directives: false,
            largest_side: 4096,
            panel: None,
        }
    }
}

/// Why the simulators did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is reachable from other machines and nobody asked for that.
    #[error("{0} is not a loopback address; allow remote access explicitly to listen there")]
    NotLoopback(SocketAddr),
    /// The port is taken or may not be opened.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Why a running simulator ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The Bot API server failed.
    #[error("the bot api simulator failed")]
    Telegram(#[from] telegram::ServeError),
    /// The Replicate server failed.
    #[error("the replicate simulator failed")]
    Replicate(#[from] replicate::ServeError),
    /// A server task panicked.
    #[error("a simulator task panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Two running servers.
#[derive(Debug)]
pub struct Running {
    /// Where the Bot API server, the control API and the web chat listen.
    pub telegram_addr: SocketAddr,
    /// Where the Replicate server listens.
    pub replicate_addr: SocketAddr,
    telegram: JoinHandle<Result<(), RunError>>,
    replicate: JoinHandle<Result<(), RunError>>,
    shutdown: CancellationToken,
}

impl Running {
    /// Waits until both servers have ended; when one fails the other is stopped and the first failure returned.
    pub async fn finished(self) -> Result<(), RunError> {
        let Self { telegram, replicate, shutdown, .. } = self;
        let watch = |task: JoinHandle<Result<(), RunError>>| {
            let shutdown = shutdown.clone();
            async move {
                let outcome = task.await.map_err(RunError::Panicked).and_then(|outcome| outcome);
                // one server without the other is of no use: whatever ended this one ends both
                shutdown.cancel();
                outcome
            }
        };
        let (telegram, replicate) = tokio::join!(watch(telegram), watch(replicate));
        telegram.and(replicate)
    }
}

/// Opens both ports and serves until `shutdown` is cancelled.
///
/// Both addresses answer connections when this returns.
pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Running, StartError> {
    let telegram_listener = listen(config.telegram_addr, config.allow_remote).await?;
    let replicate_listener = listen(config.replicate_addr, config.allow_remote).await?;
    let telegram_addr = local_addr(&telegram_listener, config.telegram_addr)?;
    let replicate_addr = local_addr(&replicate_listener, config.replicate_addr)?;
    tracing::info!(%telegram_addr, %replicate_addr, data_dir = ?config.data_dir, "simulators listen");

    let options = telegram::Options {
        data_dir: config.data_dir.as_ref().map(|dir| dir.join("telegram")),
        tokens: config.tokens,
        rate_limits: config.rate_limits,
        local: config.local_bot_api,
        panel: config.panel,
    };
    let telegram_shutdown = shutdown.clone();
    let telegram = tokio::spawn(async move {
        telegram::serve(telegram_listener, options, telegram_shutdown).await.map_err(RunError::from)
    });
    let options = replicate::Options {
        data_dir: config.data_dir.map(|dir| dir.join("replicate")),
        time_scale: config.time_scale,
        directives: config.directives,
        largest_side: config.largest_side,
        ..replicate::Options::default()
    };
    let replicate_shutdown = shutdown.clone();
    let replicate = tokio::spawn(async move {
        replicate::serve(replicate_listener, options, replicate_shutdown).await.map_err(RunError::from)
    });
    Ok(Running { telegram_addr, replicate_addr, telegram, replicate, shutdown })
}

async fn listen(addr: SocketAddr, allow_remote: bool) -> Result<TcpListener, StartError> {
    if !addr.ip().is_loopback() && !allow_remote {
        return Err(StartError::NotLoopback(addr));
    }
    TcpListener::bind(addr).await.map_err(|source| StartError::Listen { addr, source })
}

fn local_addr(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { addr: asked, source })
}
