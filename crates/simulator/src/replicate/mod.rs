//! The Replicate server: predictions, files, models and account as api.replicate.com speaks them, over pictures drawn
//! by `sketch`, plus a control API under `/_sim/` for tests and the demo (documented in `CONTROL.md`).
//!
//! What a test usually needs: `POST /_sim/hold` keeps predictions in `processing` until `POST /_sim/release`;
//! `GET /_sim/wait?held=3` answers when three are held; `POST /_sim/rules` scripts faults (delays, error answers, cut
//! connections, outcomes of a prediction) matched by route, model glob and prompt; `GET /_sim/state` counts what
//! was seen; `GET /_sim/events` streams it.
//!
//! Invariant: the wire format follows the public API, never what our own client expects; everything a prediction
//! will do is decided when it is created, so a restart over the same data directory continues it.
//! Deliberately absent: training, streaming, more than one account.
//! An input that a model does not know is refused with 422, where the real service ignores it: it is a client's mistake.

mod account;
mod control;
mod create;
pub(crate) mod cut;
mod events;
mod faults;
mod files;
mod film;
mod gallery;
mod life;
mod list;
mod models;
mod odd;
mod outcome;
mod prediction;
mod problem;
mod routes;
mod state;
mod store;
mod time;
mod validate;
mod watch;
mod webhook;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How the server behaves; [`Options::default`] is the realistic one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where predictions survive a restart; `None` keeps them in memory.
    pub data_dir: Option<PathBuf>,
    /// Multiplies every simulated latency: 1.0 is realistic, 0.0 instant. Deadlines and limits stay in real time.
    pub time_scale: f64,
    /// Decides the jitter of latencies; the same seed and order of creates give the same latencies.
    pub seed: u64,
    /// Tokens that are accepted; empty accepts every token that is not empty.
    pub tokens: Vec<String>,
    /// Whether `!nsfw`, `!flagged`, `!fail`, `!slow` in a prompt script its outcome (for the demo).
    pub directives: bool,
    /// Whether the request limits of the real service apply.
    pub limits: bool,
    /// Dollars of credit left; `None` is an account that never runs low.
    pub credit: Option<f64>,
    /// Pictures are drawn no larger than this a side (pixels), keeping their ratio; tests draw small to be quick.
    pub largest_side: u32,
    /// How long inputs, outputs and files live; an hour in the real service.
    pub lifetime: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data_dir: None,
            time_scale: 1.0,
            seed: 0,
            tokens: Vec::new(),
            directives: false,
            limits: true,
            credit: None,
            largest_side: 4096,
            lifetime: Duration::from_secs(3600),
        }
    }
}

/// Why the server could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data directory cannot be read or written: fix the path or its rights.
    #[error("the data directory of the Replicate simulator is not usable: {path}")]
    DataDir {
        /// The directory or file in question.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The listener failed.
    #[error("the Replicate simulator stopped listening")]
    Listen(#[source] std::io::Error),
}

/// Serves until `shutdown`; answers under way get two seconds to finish, predictions under way are continued by the
/// next server over the same data directory.
pub async fn serve(listener: TcpListener, options: Options, shutdown: CancellationToken) -> Result<(), ServeError> {
    let world = state::World::open(options, shutdown.clone()).await?;
    life::resume(&world);
    let router = routes::router(world.clone());
    let service = router.into_make_service_with_connect_info::<cut::Line>();
    let stopping = shutdown.clone();
    let server =
        axum::serve(cut::Cuttable(listener), service).with_graceful_shutdown(async move { stopping.cancelled().await });
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    let served = tokio::select! {
        served = std::future::IntoFuture::into_future(server) => served.map_err(ServeError::Listen),
        () = patience => Ok(()),
    };
    shutdown.cancel();
    world.store.close().await;
    served
}
