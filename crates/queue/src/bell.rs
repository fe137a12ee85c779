//! The bell: a blocking pop on the wake lists, on a connection of its own, while its worker has a free slot.
//!
//! A pop that is under way is never dropped, since it may just have taken an entry: it runs on a task of its own and
//! rings through a notification.

use std::sync::Arc;
use std::time::{Duration, Instant};

use atelier_domain::ModelId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::keys::key;
use crate::link::{Blocking, Queue};
use crate::reach::Reach;

/// How long one pop waits.
const PATIENCE: Duration = Duration::from_secs(15);
/// Before another connection is tried.
const PAUSE: Duration = Duration::from_millis(300);

pub(crate) struct Bell {
    armed: Arc<Notify>,
    rung: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Bell {
    /// Listens for jobs of these models (none = all), whenever it is armed; and says when its connection breaks.
    pub(crate) fn start(queue: &Queue, models: &[ModelId], stop: &CancellationToken, reach: Reach) -> Self {
        let (armed, rung) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut lists: Vec<String> = models.iter().map(|model| key(&format!("wake:{model}"))).collect();
        if lists.is_empty() {
            lists.push(key("wake"));
        }
        lists.push(key("news"));
        let listening = listen(queue.clone(), lists, (armed.clone(), rung.clone()), stop.clone(), reach);
        Self { armed, rung, _task: AbortOnDropHandle::new(tokio::spawn(listening)) }
    }

    /// Listens until the next entry or for a while.
    pub(crate) fn arm(&self) {
        self.armed.notify_one();
    }

    /// Resolves when an entry was taken.
    pub(crate) async fn rung(&self) {
        self.rung.notified().await;
    }
}

async fn listen(
    queue: Queue,
    lists: Vec<String>,
    (armed, rung): (Arc<Notify>, Arc<Notify>),
    stop: CancellationToken,
    reach: Reach,
) {
    let mut link: Option<Blocking> = None;
    let mut since = Instant::now();
    loop {
        tokio::select! {
            () = armed.notified() => {}
            () = stop.cancelled() => return,
        }
        if link.is_none() {
            link = queue.blocking_link().await.ok();
            since = Instant::now();
            // whatever was pushed while there was no connection
            rung.notify_one();
        }
        let Some(connection) = link.as_mut() else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let mut pop = redis::cmd("BLPOP");
        pop.arg(&lists).arg(PATIENCE.as_secs_f64());
        // the server's timer may lag; a connection that says nothing at all is dead
        let patience = PATIENCE + Duration::from_secs(1);
        match tokio::time::timeout(patience, pop.query_async::<redis::Value>(connection)).await {
            Ok(Ok(redis::Value::Nil)) => armed.notify_one(),
            Ok(Ok(_)) => rung.notify_one(),
            Ok(Err(_)) | Err(_) => {
                link = None;
                reach.lost();
                armed.notify_one();
                // a server that refuses the pop refuses the next one, too
                if since.elapsed() < PAUSE {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}
