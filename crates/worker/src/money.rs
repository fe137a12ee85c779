//! What a job was charged for, into the ledger, as soon as it is known.
//!
//! A charge is a fact, and said once for each creation however often it is found out. That the ledger cannot be written
//! keeps no picture from its chat: it is tried again, and then it is the log that says so.

use std::time::Duration;

use tracing::error;

use crate::line::Walk;

const TRIES: u32 = 5;

/// The provider took money for a creation of this job: what the model's price says.
pub(crate) async fn charged(walk: &Walk, creation: &str) {
    let (job, amount) = (walk.job(), walk.model.estimate(&walk.request));
    let mut wait = Duration::from_millis(100);
    for attempt in 1..=TRIES {
        match walk.shop.queue.charge(job, &walk.model.id, creation, amount).await {
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
