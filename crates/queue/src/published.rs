//! What is published to workers: ids of jobs that somebody asked to cancel, names of predictions that have ended, jobs
//! that are handed over.
//!
//! It only makes things fast. A message may be missed while the connection is made: the heartbeat brings a wish to cancel
//! for certain, a prediction is asked about in any case, and the lease of a job that was handed over runs out. Whoever
//! listens is told when that is over, to ask at once.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// Before another connection is tried.
const PAUSE: Duration = Duration::from_millis(500);

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// From now on nothing is missed; what was said before a moment of the server's clock, in milliseconds, may have been.
    Listening { since: u64 },
    /// An id, a name, or the jobs that are handed over.
    Message(String),
}

pub(crate) struct Published {
    ids: Mutex<mpsc::Receiver<Heard>>,
    _task: AbortOnDropHandle<()>,
}

impl Published {
    /// Listens on a channel until `stop`.
    pub(crate) fn listen(queue: &Queue, channel: &str, stop: &CancellationToken) -> Self {
        let (sender, ids) = mpsc::channel(256);
        let listening = listen(queue.clone(), key(channel), sender, stop.clone());
        Self { ids: Mutex::new(ids), _task: AbortOnDropHandle::new(tokio::spawn(listening)) }
    }

    /// What is heard next.
    pub(crate) async fn next(&self) -> Heard {
        match self.ids.lock().await.recv().await {
            Some(heard) => heard,
            None => std::future::pending().await,
        }
    }
}

/// Names of predictions that have ended, as any worker heard of it.
pub struct Rung(Published);

impl Rung {
    /// The next name.
    pub async fn next(&self) -> String {
        loop {
            if let Heard::Message(name) = self.0.next().await {
                return name;
            }
        }
    }
}

impl Queue {
    /// Tells all workers that a prediction has ended.
    pub async fn ring(&self, prediction: &str) -> Result<(), QueueError> {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(key("rung")).arg(prediction);
        Ok(publish.query_async::<()>(&mut self.link()).await?)
    }

    /// Hears of predictions that have ended, until `stop`.
    pub fn rung(&self, stop: &CancellationToken) -> Rung {
        Rung(Published::listen(self, "rung", stop))
    }
}

async fn listen(queue: Queue, channel: String, ids: mpsc::Sender<Heard>, stop: CancellationToken) {
    loop {
        let cut = queue.link_given_up();
        let listening = async {
            let mut messages = queue.pubsub().await?;
            let since = queue.server_now().await?;
            messages.subscribe(&channel).await?;
            tell(&ids, Heard::Listening { since })?;
            let mut stream = messages.on_message();
            while let Some(message) = stream.next().await {
                tell(&ids, Heard::Message(message.get_payload()?))?;
            }
            Ok::<(), redis::RedisError>(())
        };
        tokio::select! {
            _ = listening => {}
            () = cut => {}
            () = stop.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// A listener that is too slow misses something, and learns of it by the next [`Heard::Listening`].
fn tell(ids: &mpsc::Sender<Heard>, heard: Heard) -> redis::RedisResult<()> {
    ids.try_send(heard).map_err(|_| (redis::ErrorKind::Client, "nobody takes what is heard").into())
}
