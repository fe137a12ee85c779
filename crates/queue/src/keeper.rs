//! Keeps the leases of one worker process: one call extends them all and brings back what was lost or cancelled.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use atelier_domain::{JobId, ModelId};
use redis::{ErrorKind, RedisError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::error::QueueError;
use crate::exchange::Exchange;
use crate::lease::{Held, Lease};
use crate::link::Queue;
use crate::published::{Heard, Published};
use crate::scripts::Verb;

/// The jobs held now. Dropped holds leave by themselves.
#[derive(Clone, Default)]
pub(crate) struct Keeper {
    held: Arc<Mutex<HashMap<JobId, Weak<Held>>>>,
    /// The first job was added, and nobody was told yet.
    first: Arc<AtomicBool>,
    added: Arc<Notify>,
}

/// Who keeps, and how.
pub(crate) struct Keeping {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) slots: usize,
    pub(crate) about: String,
    pub(crate) lanes: Vec<(ModelId, String)>,
}

/// How often a worker without a job says that it lives, and for how long that counts.
const IDLE: (Duration, Duration) = (Duration::from_secs(6), Duration::from_secs(15));
/// Before a call that failed is repeated.
const PAUSE: Duration = Duration::from_millis(300);
/// How often records are dropped that became too old while no job ended, and how many at a time.
const SWEEP: (Duration, u32) = (Duration::from_secs(60), 4096);

/// Drops records whose time is over, now and then; beside the heartbeat, which must not wait for it.
pub(crate) async fn sweep(queue: Queue) {
    loop {
        if let Err(error) = queue.sweep(SWEEP.1).await {
            debug!(%error, "old records stay for another while");
        }
        tokio::time::sleep(SWEEP.0).await;
    }
}

impl Keeper {
    pub(crate) fn add(&self, lease: &Lease) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(lease.held().id.clone(), Arc::downgrade(lease.held()));
        if held.len() == 1 {
            self.first.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the first job since a while was added, once.
    pub(crate) fn was_idle(&self) -> bool {
        self.first.load(Ordering::Relaxed) && self.first.swap(false, Ordering::Relaxed)
    }

    /// Sees to it that the first job is renewed in time.
    pub(crate) fn wake(&self) {
        self.added.notify_one();
    }

    /// The jobs held now.
    pub(crate) fn held(&self) -> Vec<JobId> {
        self.alive().iter().map(|held| held.id.clone()).collect()
    }

    fn alive(&self) -> Vec<Arc<Held>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut alive = Vec::with_capacity(held.len());
        held.retain(|_, weak| match weak.upgrade() {
            Some(hold) => {
                alive.push(hold);
                true
            }
            None => false,
        });
        alive
    }

    /// Renews at a third of the lease's length, and at once when a cancellation is published for a job held here (seldom
    /// when nothing is held: only the sign of life is due); until `stop`, which comes after the last job ended.
    pub(crate) async fn run(self, keeping: Keeping, stop: CancellationToken) {
        let published = Published::listen(&keeping.exchange.queue, "cancel", &stop);
        let (mut away, mut wait) = (false, Duration::ZERO);
        loop {
            let next = tokio::time::sleep(wait);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    () = &mut next => break,
                    heard = published.next() => if self.concerns(&heard) { break },
                    () = self.added.notified(), if wait > keeping.exchange.lease / 3 => {
                        // the first job since a while: its lease is renewed in time
                        wait = keeping.exchange.lease / 3;
                        next.as_mut().reset(tokio::time::Instant::now() + wait);
                    }
                    () = stop.cancelled() => return,
                }
            }
            // another call may find first that the wire is silent: until this one does, no wish to cancel would be heard
            let cut = keeping.exchange.queue.link_given_up();
            let renewed = tokio::select! {
                biased;
                renewed = self.renew(&keeping) => renewed,
                () = cut => Err(RedisError::from((ErrorKind::Io, "another call gave the connection up")).into()),
            };
            wait = match renewed {
                Ok(()) => {
                    if std::mem::take(&mut away) {
                        info!(worker = %keeping.exchange.worker, "the queue is back");
                    }
                    if self.alive().is_empty() { IDLE.0 } else { keeping.exchange.lease / 3 }
                }
                Err(error) => {
                    keeping.exchange.reach.lost();
                    if !std::mem::replace(&mut away, true) {
                        warn!(worker = %keeping.exchange.worker, %error, "leases cannot be renewed; jobs go on until Redis is back");
                    }
                    PAUSE
                }
            };
        }
    }

    /// Whether a job held here may be one to be stopped.
    fn concerns(&self, heard: &Heard) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match heard {
            Heard::Listening { .. } => !held.is_empty(),
            Heard::Message(id) => held.keys().any(|held| held.as_str() == id),
        }
    }

    async fn renew(&self, keeping: &Keeping) -> Result<(), QueueError> {
        let amnesty = keeping.exchange.reach.amnesty(&keeping.exchange.queue).await?;
        let alive = self.alive();
        let numbers = [
            keeping.exchange.lease.as_millis().to_string(),
            keeping.slots.to_string(),
            IDLE.1.max(keeping.exchange.lease).as_millis().to_string(),
            amnesty,
            keeping.exchange.models.len().to_string(),
            keeping.lanes.len().to_string(),
        ];
        let [lease, slots, living, amnesty, models, lanes] = numbers.each_ref().map(String::as_bytes);
        let mut arguments: Vec<&[u8]> =
            vec![keeping.exchange.worker.as_bytes(), lease, slots, keeping.about.as_bytes(), living, amnesty, models];
        arguments.extend(keeping.exchange.models.iter().map(|model| model.as_str().as_bytes()));
        arguments.push(lanes);
        arguments.extend(keeping.lanes.iter().flat_map(|(model, lane)| [model.as_str().as_bytes(), lane.as_bytes()]));
        for held in &alive {
            arguments.extend([held.id.as_str().as_bytes(), held.fence.as_bytes()]);
        }
        let until = Instant::now() + keeping.exchange.lease;
        let answers: Vec<String> = keeping.exchange.queue.call(Verb::Heartbeat, &arguments).await?;
        keeping.exchange.reach.found();
        let expiry = answers.first().and_then(|wait| wait.parse().ok()).map(Duration::from_millis);
        if let Some(expiry) = expiry {
            keeping.exchange.look_in(expiry);
        }
        for (held, answer) in alive.iter().zip(answers.iter().skip(1)) {
            match answer.as_str() {
                "lost" => held.lost.cancel(),
                "cancel" => {
                    held.renewed(until);
                    held.cancel.cancel();
                }
                _ => held.renewed(until),
            }
        }
        Ok(())
    }
}
