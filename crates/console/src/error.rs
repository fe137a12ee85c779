//! Why there is no answer, as decisions for the caller.

use atelier_domain::JobId;
use atelier_queue::QueueError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The queue did not answer, or refused.
    #[error("the queue cannot be used")]
    Queue(#[from] QueueError),
    /// The queue went away in the middle of an action on many jobs. The same action again goes on from there.
    #[error("the queue went away after {touched} of {of} jobs; the same command again does the rest")]
    Interrupted {
        /// Jobs that were dealt with.
        touched: usize,
        /// Jobs that were meant.
        of: usize,
        /// What happened.
        #[source]
        source: QueueError,
    },
    /// There is no such job, or its record is gone.
    #[error(
        "job {0} is not on record (records of ended jobs are dropped by age, number and size: `atelier queue limit`)"
    )]
    Unknown(JobId),
    /// There is no such batch, or no longer.
    #[error("{0} names no batch on record (the only job of a message makes none)")]
    UnknownBatch(JobId),
    /// An answer that is no JSON: a fault of this program.
    #[error("the answer cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}
