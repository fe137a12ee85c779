//! What one process does at a time while others stand by, such as polling for a bot's updates.

use std::time::Duration;

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

impl Queue {
    /// Takes the lead, or keeps it, for so long. False when another holder has it.
    pub async fn lead(&self, name: &str, holder: &str, keep: Duration) -> Result<bool, QueueError> {
        let milliseconds = keep.as_millis().max(1).to_string();
        self.call(Verb::Lead, &[name.as_bytes(), holder.as_bytes(), milliseconds.as_bytes()]).await
    }

    /// Gives the lead back, if this holder has it.
    pub async fn follow(&self, name: &str, holder: &str) -> Result<(), QueueError> {
        self.call::<bool>(Verb::Lead, &[name.as_bytes(), holder.as_bytes(), b"0"]).await.map(drop)
    }
}
