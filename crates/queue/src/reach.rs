//! Whether a worker was cut off from Redis lately: then leases are to be spared, since nobody else could renew any either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::QueueError;
use crate::link::Queue;

/// After an outage leases get this much longer before they are taken back.
const AMNESTY: Duration = Duration::from_secs(4);
/// Whoever waits longer for a connection was cut off, whether a call failed meanwhile or not.
const SOON: Duration = Duration::from_millis(500);

/// One worker's own evidence.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach(Arc<AtomicBool>);

impl Reach {
    /// Waits for a connection; then for how long leases are to be spared, in milliseconds.
    pub(crate) async fn amnesty(&self, queue: &Queue) -> Result<String, QueueError> {
        let asked = Instant::now();
        queue.ready().await?;
        if asked.elapsed() > SOON {
            self.lost();
        }
        Ok(if self.0.load(Ordering::Relaxed) { AMNESTY.as_millis().to_string() } else { "0".to_owned() })
    }

    /// Redis answered.
    pub(crate) fn found(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Redis did not answer.
    pub(crate) fn lost(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
