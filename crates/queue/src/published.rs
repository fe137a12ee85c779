//! What is published to all workers: ids of jobs that somebody asked to cancel, and names of predictions that have ended.
//!
//! It only makes things fast. A message may be missed while the connection is made anew: the heartbeat brings a wish to
//! cancel for certain, and a prediction is asked about in any case.

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

pub(crate) struct Published {
    ids: Mutex<mpsc::Receiver<String>>,
    _task: AbortOnDropHandle<()>,
}

impl Published {
    /// Listens on a channel until `stop`.
    pub(crate) fn listen(queue: &Queue, channel: &str, stop: &CancellationToken) -> Self {
        let (sender, ids) = mpsc::channel(256);
        let listening = listen(queue.clone(), key(channel), sender, stop.clone());
        Self { ids: Mutex::new(ids), _task: AbortOnDropHandle::new(tokio::spawn(listening)) }
    }

    /// The next id.
    pub(crate) async fn next(&self) -> String {
        match self.ids.lock().await.recv().await {
            Some(id) => id,
            None => std::future::pending().await,
        }
    }
}

/// Names of predictions that have ended, as any worker heard of it.
pub struct Rung(Published);

impl Rung {
    /// The next name.
    pub async fn next(&self) -> String {
        self.0.next().await
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

async fn listen(queue: Queue, channel: String, ids: mpsc::Sender<String>, stop: CancellationToken) {
    loop {
        let cut = queue.link_given_up();
        let listening = async {
            let mut messages = queue.pubsub().await?;
            messages.subscribe(&channel).await?;
            let mut stream = messages.on_message();
            while let Some(message) = stream.next().await {
                // a full channel only costs speed
                let _ = ids.try_send(message.get_payload()?);
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
