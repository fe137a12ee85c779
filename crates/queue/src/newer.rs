//! Jobs of a version that this worker cannot read: while workers are being replaced, old and new ones run side by side.
//!
//! Such a job is put back for a newer worker. After [`PATIENCE`] none is coming, and it is given up. That counts from the
//! first look of any worker that could not read it, and not from when it was accepted: a long line is no reason to give up
//! what a newer worker would take.

use std::time::{Duration, SystemTime};

use atelier_domain::{Failure, FailureClass, JobId};
use tracing::{error, warn};

use crate::lease::{Lease, millis, milliseconds};
use crate::link::Queue;
use crate::run::Outcome;

/// Before it is looked at again.
const AGAIN: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(3600);

/// Puts a claimed job back for a newer worker, or gives it up.
pub(crate) fn put_back(queue: Queue, lease: Lease, version: u32) {
    tokio::spawn(async move {
        let id = &lease.held().id;
        let failure = Failure::new(FailureClass::Unreadable, format!("it needs a worker that reads version {version}"));
        let outcome = if is_given_up(&queue, id).await {
            error!(job.id = %id, version, "a job is of a newer version, and no newer worker came");
            Outcome::Dead(failure)
        } else {
            warn!(job.id = %id, version, "a job is of a newer version: a newer worker must take it");
            Outcome::Postponed(AGAIN, failure)
        };
        lease.settle_later(outcome);
    });
}

async fn is_given_up(queue: &Queue, id: &JobId) -> bool {
    let (name, now) = (format!("newer:{id}"), milliseconds(SystemTime::now()));
    match queue.mark(&name, &now.to_string(), 2 * PATIENCE.as_secs()).await {
        Ok(false) => {}
        Ok(true) | Err(_) => return false,
    }
    let first = queue.marked(&name).await.ok().flatten().and_then(|first| first.parse::<u64>().ok());
    first.is_some_and(|first| now.saturating_sub(first) > millis(PATIENCE))
}
