//! Keeps the leases of one worker process: one call extends them all and brings back what was lost or cancelled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use atelier_domain::JobId;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::error::QueueError;
use crate::lease::{Held, Lease};
use crate::link::Queue;
use crate::scripts::Verb;

/// The jobs held now. Dropped holds leave by themselves.
#[derive(Clone, Default)]
pub(crate) struct Keeper {
    held: Arc<Mutex<HashMap<JobId, Weak<Held>>>>,
}

/// Who keeps, and how.
pub(crate) struct Keeping {
    pub(crate) queue: Queue,
    pub(crate) worker: Arc<str>,
    pub(crate) lease: Duration,
    pub(crate) slots: usize,
    pub(crate) about: String,
}

impl Keeper {
    pub(crate) fn add(&self, lease: &Lease) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(lease.held().id.clone(), Arc::downgrade(lease.held()));
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

    /// Renews at a third of the lease's length (a half when nothing is held: only the sign of life is due) until `stop`,
    /// which comes after the last job ended.
    pub(crate) async fn run(self, keeping: Keeping, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(keeping.lease / 3);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            match self.renew(&keeping).await {
                Ok(()) if away => {
                    away = false;
                    info!(worker = %keeping.worker, "the queue is back");
                }
                Ok(()) if self.alive().is_empty() => ticks.reset_after(keeping.lease / 2),
                Ok(()) => {}
                Err(error) if !away => {
                    away = true;
                    warn!(worker = %keeping.worker, %error, "leases cannot be renewed; jobs go on until Redis is back");
                    ticks.reset_after(Duration::from_millis(300));
                }
                Err(_) => ticks.reset_after(Duration::from_millis(300)),
            }
        }
    }

    async fn renew(&self, keeping: &Keeping) -> Result<(), QueueError> {
        let alive = self.alive();
        let (lease, slots) = (keeping.lease.as_millis().to_string(), keeping.slots.to_string());
        let mut arguments: Vec<&[u8]> =
            vec![keeping.worker.as_bytes(), lease.as_bytes(), slots.as_bytes(), keeping.about.as_bytes()];
        for held in &alive {
            arguments.extend([held.id.as_str().as_bytes(), held.fence.as_bytes()]);
        }
        let until = Instant::now() + keeping.lease;
        let answers: Vec<String> = keeping.queue.call(Verb::Heartbeat, &arguments).await?;
        for (held, answer) in alive.iter().zip(&answers) {
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
