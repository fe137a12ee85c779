//! What text jobs wrote, kept for whoever asks: the bot shows it, and makes pictures of it.
//!
//! The first writer wins, so two holders of one job, of whom one is stale, agree on what was written.

use atelier_domain::JobId;
use atelier_domain::text::Written;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// How long a text is kept, in seconds: people come back to a story.
const KEPT_S: u64 = 30 * 24 * 3600;

impl Queue {
    /// Keeps what a job wrote, unless something is kept already; what is kept from now on.
    pub async fn keep_written(&self, id: &JobId, written: &Written) -> Result<Written, QueueError> {
        let text = serde_json::to_string(written).map_err(|error| QueueError::Unreadable(error.to_string()))?;
        let key = key(&format!("written:{id}"));
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(&key).arg(text).arg("NX").arg("EX").arg(KEPT_S).ignore();
        // `SET … NX GET` is of Redis 7
        pipe.cmd("GET").arg(&key);
        let (kept,): (Option<String>,) = pipe.query_async(&mut self.link()).await?;
        kept.map_or_else(|| Ok(written.clone()), |kept| read(&kept))
    }

    /// What a text job wrote; `None` while it has not, or when that was too long ago.
    pub async fn written(&self, id: &JobId) -> Result<Option<Written>, QueueError> {
        let text: Option<String> =
            redis::cmd("GET").arg(key(&format!("written:{id}"))).query_async(&mut self.link()).await?;
        text.as_deref().map(read).transpose()
    }
}

fn read(text: &str) -> Result<Written, QueueError> {
    serde_json::from_str(text).map_err(|error| QueueError::Unreadable(format!("a written text: {error}")))
}
