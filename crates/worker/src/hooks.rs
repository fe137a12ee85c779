//! Replicate's webhooks: a prediction that has ended is asked about at once.
//!
//! A post only wakes whoever follows that prediction; the next question goes to the provider as ever, and is asked without
//! any post, a little later. So a post that is doubled, lost, late or forged changes nothing but a moment. Which worker a
//! post comes to does not matter either: what it names is published to all.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use atelier_provider::replicate::{Hooks, Post};
use atelier_queue::Queue;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, info, warn};

/// A prediction with its logs is far smaller.
const LARGEST: usize = 4 << 20;
/// So many predictions that nobody follows yet are remembered: the post may overtake the answer to the creation.
const MOST_EARLY: usize = 256;

/// An open port for posts.
#[derive(Debug)]
pub struct Doorbell {
    hooks: Hooks,
    listener: TcpListener,
}

impl Doorbell {
    /// Opens the port; posts are answered once the worker runs.
    pub async fn open(hooks: Hooks, listen: SocketAddr) -> io::Result<Self> {
        Ok(Self { hooks, listener: TcpListener::bind(listen).await? })
    }

    /// Hears posts, and what other workers heard, until `stop`.
    pub(crate) fn listen(
        self,
        queue: Queue,
        rings: Arc<Rings>,
        stop: &CancellationToken,
    ) -> [AbortOnDropHandle<()>; 2] {
        let heard = queue.rung(stop);
        let (everybody, stop) = (rings.clone(), stop.clone());
        let others = tokio::spawn(async move {
            loop {
                everybody.ring(&heard.next().await);
            }
        });
        let serving = tokio::spawn(async move {
            if let Ok(address) = self.listener.local_addr() {
                info!(%address, "listening for Replicate's webhooks");
            }
            let door = Arc::new(Door { hooks: self.hooks, queue, rings, away: AtomicBool::new(false) });
            let router = Router::new().fallback(receive).layer(DefaultBodyLimit::max(LARGEST)).with_state(door);
            let served = axum::serve(self.listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                warn!(%error, "the port for webhooks failed; predictions are asked about as without them");
            }
        });
        [AbortOnDropHandle::new(others), AbortOnDropHandle::new(serving)]
    }
}

struct Door {
    hooks: Hooks,
    queue: Queue,
    rings: Arc<Rings>,
    /// The last post could not be passed on.
    away: AtomicBool,
}

async fn receive(
    State(door): State<Arc<Door>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if method == Method::GET && uri.path() == "/healthz" {
        return StatusCode::OK;
    }
    if method != Method::POST {
        return StatusCode::NOT_FOUND;
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let post = Post {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature"),
        body: &body,
    };
    match door.hooks.read(&post, SystemTime::now()) {
        Ok(handle) => {
            door.rings.ring(handle.as_str());
            match door.queue.ring(handle.as_str()).await {
                Ok(()) => {
                    door.away.store(false, Ordering::Relaxed);
                    StatusCode::OK
                }
                // it is posted again, and perhaps to the one that waits for it; else the end is found by asking
                Err(error) => {
                    if !door.away.swap(true, Ordering::Relaxed) {
                        warn!(%handle, %error, "webhooks cannot be passed on; other workers find ends by asking");
                    }
                    StatusCode::SERVICE_UNAVAILABLE
                }
            }
        }
        Err(refused) => {
            debug!(%refused, "a post is refused");
            StatusCode::UNAUTHORIZED
        }
    }
}

/// Who waits for which prediction in this process.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    by_handle: HashMap<String, Arc<Notify>>,
    early: VecDeque<String>,
}

impl Rings {
    /// Wakes whoever waits for this prediction, now or soon.
    pub(crate) fn ring(&self, handle: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = waiting.by_handle.get(handle) {
            // twice before it wakes is once
            notify.notify_one();
        } else if !waiting.early.iter().any(|early| early == handle) {
            waiting.early.truncate(MOST_EARLY - 1);
            waiting.early.push_front(handle.to_owned());
        }
    }

    /// Waits for this prediction's ring from now on.
    pub(crate) fn wait_for(self: &Arc<Self>, handle: &str) -> Ring {
        let notify = Arc::new(Notify::new());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = waiting.early.iter().position(|early| early == handle) {
            waiting.early.remove(at);
            notify.notify_one();
        }
        waiting.by_handle.insert(handle.to_owned(), notify.clone());
        Ring { rings: self.clone(), handle: handle.to_owned(), notify }
    }
}

/// A place where one prediction's ring is heard.
#[derive(Debug)]
pub(crate) struct Ring {
    rings: Arc<Rings>,
    handle: String,
    notify: Arc<Notify>,
}

impl Ring {
    /// Resolves when the provider said that the prediction has ended.
    pub(crate) async fn rung(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let mut waiting = self.rings.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.by_handle.get(&self.handle).is_some_and(|notify| Arc::ptr_eq(notify, &self.notify)) {
            waiting.by_handle.remove(&self.handle);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_ring_is_heard_once_by_whom_it_concerns_early_or_not() {
        let rings = Arc::new(Rings::default());
        rings.ring("early");
        rings.ring("early");
        let (early, other) = (rings.wait_for("early"), rings.wait_for("other"));
        assert!(early.rung().now_or_never().is_some() && early.rung().now_or_never().is_none());
        assert!(other.rung().now_or_never().is_none());
        rings.ring("other");
        rings.ring("other");
        assert!(other.rung().now_or_never().is_some() && other.rung().now_or_never().is_none());
    }

    #[test]
    fn whoever_left_is_forgotten_and_strangers_fill_no_memory() {
        let rings = Arc::new(Rings::default());
        let (old, new) = (rings.wait_for("a"), rings.wait_for("a"));
        drop(old);
        rings.ring("a");
        assert!(new.rung().now_or_never().is_some(), "the later one still listens");
        drop(new);
        for number in 0..10_000 {
            rings.ring(&number.to_string());
        }
        let waiting = rings.waiting.lock().unwrap();
        assert!(waiting.by_handle.is_empty() && waiting.early.len() == MOST_EARLY);
        assert_eq!(waiting.early.front().map(String::as_str), Some("9999"));
    }
}
