//! Ids of jobs that somebody asked to cancel, as they are published: what makes a cancellation fast.
//!
//! A message may be missed while the connection is made anew; the heartbeat brings the wish for certain.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::keys::key;
use crate::link::Queue;

/// Before another connection is tried.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Published {
    ids: Mutex<mpsc::Receiver<String>>,
    _task: AbortOnDropHandle<()>,
}

impl Published {
    /// Listens until `stop`.
    pub(crate) fn listen(queue: &Queue, stop: &CancellationToken) -> Self {
        let (sender, ids) = mpsc::channel(256);
        let listening = listen(queue.clone(), sender, stop.clone());
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

async fn listen(queue: Queue, ids: mpsc::Sender<String>, stop: CancellationToken) {
    loop {
        let cut = queue.link_given_up();
        let listening = async {
            let mut messages = queue.pubsub().await?;
            messages.subscribe(key("cancel")).await?;
            let mut stream = messages.on_message();
            while let Some(message) = stream.next().await {
                // a full channel only costs speed: the heartbeat brings it
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
