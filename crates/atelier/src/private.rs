//! A private Redis server that is kept alive for as long as a process needs it.

use std::time::Duration;

use atelier_process::Exit;
use atelier_queue::{PrivateError, PrivateRedis, PrivateSettings, RedisUrl};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::failure::{Failure, OrExit};

/// Before a server that ended is started again.
const PAUSE: Duration = Duration::from_millis(500);

/// A server that comes back on the same port when it ends by itself.
pub(crate) struct KeptRedis {
    pub(crate) url: RedisUrl,
    pub(crate) address: String,
    keeping: JoinHandle<()>,
    stop: CancellationToken,
}

impl KeptRedis {
    /// Starts it.
    pub(crate) async fn start(settings: PrivateSettings) -> Result<Self, Failure> {
        let server = PrivateRedis::start(settings.clone()).await.map_err(|error| {
            let exit = match error {
                PrivateError::Directory { .. } => Exit::CannotCreate,
                _ => Exit::Unavailable,
            };
            Failure::new(exit, format!("{:#}", with_causes(error)))
        })?;
        let (url, address, stop) = (server.url().clone(), server.address(), CancellationToken::new());
        let settings = PrivateSettings { port: Some(server.port()), ..settings };
        let keeping = tokio::spawn(keep(server, settings, stop.clone()));
        Ok(Self { url, address, keeping, stop })
    }

    /// Stops it and waits until it is gone.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        self.keeping.await.or_exit(Exit::Software)
    }
}

async fn keep(mut server: PrivateRedis, settings: PrivateSettings, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return server.stop().await,
            () = server.ended() => warn!("redis-server has ended; starting it again"),
        }
        drop(server);
        server = loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
            match PrivateRedis::start(settings.clone()).await {
                Ok(server) => break server,
                Err(error) => error!(error = %format!("{:#}", with_causes(error)), "redis-server does not start"),
            }
        };
    }
}

fn with_causes(error: PrivateError) -> anyhow::Error {
    anyhow::Error::new(error)
}
