//! A Bot API server and a Replicate server on loopback, faithful down to limits and error bodies, with a web chat.
//!
//! Used by the demo and by the tests. Invariant: it knows only the public wire formats and none of the real rooms,
//! so a mistake in a client cannot hide behind a matching mistake here. Deliberately absent: any listener that is
//! not loopback.

pub mod replicate;
pub mod telegram;

use std::net::SocketAddr;
use std::path::PathBuf;

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
}
