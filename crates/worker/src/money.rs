//! What a job was charged for, into the ledger, as soon as it is known.
//!
//! A charge is a fact, and said once for each creation however often it is found out. That the ledger cannot be written
//! keeps no picture from its chat: it is tried again, and then it is the log that says so.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Job, Model, Request};
use atelier_provider::{Handle, Provider, Status};
use tracing::{error, warn};

use crate::Shop;
use crate::line::Walk;

const TRIES: u32 = 5;

/// Whatever is needed to pay for a creation, or to stop it, also when its job went on elsewhere.
pub(crate) struct Bill {
    pub(crate) shop: Arc<Shop>,
    pub(crate) job: Arc<Job>,
    pub(crate) model: Model,
    pub(crate) request: Request,
    pub(crate) provider: Arc<dyn Provider>,
}

impl Bill {
    pub(crate) fn of(walk: &Walk) -> Self {
        Self {
            shop: walk.shop.clone(),
            job: walk.claimed.job.clone(),
            model: walk.model.clone(),
            request: walk.request.clone(),
            provider: walk.provider.clone(),
        }
    }

    /// The provider took money for a creation of this job: what the model's price says.
    async fn charged(&self, creation: &str) {
        let (job, amount) = (&self.job, self.model.estimate(&self.request));
        let mut wait = Duration::from_millis(100);
        for attempt in 1..=TRIES {
            match self.shop.queue.charge(job, &self.model.id, creation, amount).await {
                Ok(_) => return,
                Err(problem) if attempt == TRIES || !problem.is_unreachable() => {
                    error!(job.id = %job.id, micros = amount.micros(), error = %problem, "a charge is missing in the ledger");
                    return;
                }
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 3;
        }
    }

    /// Stops a prediction. What runs is charged for when it is stopped, what waits is not.
    pub(crate) async fn stop(&self, handle: &Handle) {
        let status = self.provider.poll(handle).await;
        if matches!(status, Ok(Status::Running { queued: false, .. } | Status::Finished { .. } | Status::Wasted(_))) {
            self.charged(handle.as_str()).await;
        }
        if let Err(failure) = self.provider.cancel(handle).await {
            let class = failure.class.name();
            warn!(job.id = %self.job.id, class, detail = failure.detail, "the prediction was not stopped");
        }
    }
}

/// The provider took money for a creation of this job: what the model's price says.
pub(crate) async fn charged(walk: &Walk, creation: &str) {
    Bill::of(walk).charged(creation).await;
}

/// Stops the job's prediction. What runs is charged for when it is stopped, what waits is not.
pub(crate) async fn stop(walk: &Walk, handle: &Handle) {
    Bill::of(walk).stop(handle).await;
}
