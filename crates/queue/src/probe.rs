//! Whether the server answers and takes writes, and what time it is there.
//!
//! A server that is full, read-only or cut off from its disk answers every question and loses nothing by it, so only a
//! write tells.

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

impl Queue {
    /// Writes a key that is gone after a second. An error says why nothing can be accepted or finished now.
    pub async fn probe(&self) -> Result<(), QueueError> {
        let mut write = redis::cmd("SET");
        write.arg(key("probe")).arg(1).arg("PX").arg(1000);
        Ok(write.query_async(&mut self.link()).await?)
    }

    /// The server's time in Unix milliseconds: what all times on record are taken from.
    pub async fn clock_ms(&self) -> Result<u64, QueueError> {
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut self.link()).await?;
        Ok(seconds * 1000 + micros / 1000)
    }
}
