//! What is published to all workers: ids of jobs that somebody asked to cancel, and names of predictions that have ended.
//!
//! It only makes things fast. A message may be missed while the connection is made: the heartbeat brings a wish to cancel
//! for certain, and a prediction is asked about in any case. Whoever listens is told when that is over, to ask at once.

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
    /// From now on nothing is missed; before, something may have been.
    Listening,
    /// An id.
    Id(String),
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
            if let Heard::Id(name) = self.0.next().await {
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
            messages.subscribe(&channel).await?;
            let _ = ids.try_send(Heard::Listening);
            let mut stream = messages.on_message();
            while let Some(message) = stream.next().await {
                // a full channel only costs speed
                let _ = ids.try_send(Heard::Id(message.get_payload()?));
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
