//! A private Redis server that is kept alive for as long as a process needs it.

use std::time::Duration;

use atelier_process::Exit;
use atelier_queue::{PrivateError, PrivateRedis, PrivateSettings, RedisUrl};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
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
    away: Away,
}

/// Until when the server is to be away, for those who want to see what happens then.
#[derive(Debug, Clone)]
pub(crate) struct Away(watch::Sender<Option<Instant>>);

impl Away {
    /// Kills the server; it comes back after this.
    pub(crate) fn go(&self, length: Duration) {
        self.0.send_replace(Some(Instant::now() + length));
    }

    /// Brings it back now.
    pub(crate) fn back(&self) {
        self.0.send_replace(None);
    }
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
        let away = Away(watch::Sender::new(None));
        let keeping = tokio::spawn(keep(server, settings, away.0.subscribe(), stop.clone()));
        Ok(Self { url, address, keeping, stop, away })
    }

    /// By which it can be sent away for a while.
    pub(crate) fn away(&self) -> Away {
        self.away.clone()
    }

    /// Stops it and waits until it is gone.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        self.keeping.await.or_exit(Exit::Software)
    }
}

async fn keep(
    mut server: PrivateRedis,
    settings: PrivateSettings,
    mut away: watch::Receiver<Option<Instant>>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return server.stop().await,
            () = server.ended() => {
                warn!("redis-server has ended; starting it again");
                drop(server);
            }
            () = wished(&mut away) => {
                server.kill().await;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = over(&mut away) => {}
                }
            }
        }
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

/// Returns when the server is to be away.
async fn wished(away: &mut watch::Receiver<Option<Instant>>) {
    if away.wait_for(|until| until.is_some_and(|until| until > Instant::now())).await.is_err() {
        // nobody is left who could wish
        std::future::pending::<()>().await;
    }
}

/// Returns when the server is to be there again.
async fn over(away: &mut watch::Receiver<Option<Instant>>) {
    loop {
        let until = *away.borrow_and_update();
        match until {
            Some(until) if until > Instant::now() => tokio::select! {
                () = sleep_until(until) => {}
                changed = away.changed() => if changed.is_err() { return },
            },
            _ => return,
        }
    }
}

fn with_causes(error: PrivateError) -> anyhow::Error {
    anyhow::Error::new(error)
}
