//! Recipes: requests that their owner has shared, by the id of the job they come from.
//!
//! Only what was shared can be looked up: an id alone, which somebody may guess, opens nothing.

use std::time::Duration;

use atelier_domain::{BotId, JobId, Request, UserId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// How long a recipe is kept after it was shared last.
const KEPT: Duration = Duration::from_secs(365 * 86_400);

impl Queue {
    /// Shares a job's request.
    pub async fn share_recipe(
        &self,
        id: &JobId,
        (bot, user): (BotId, UserId),
        request: &Request,
    ) -> Result<(), QueueError> {
        let text = serde_json::to_string(request).map_err(|error| QueueError::Unreadable(error.to_string()))?;
        let mine = key(&format!("recipes:{bot}:{user}"));
        let mut pipeline = redis::pipe();
        pipeline.cmd("SET").arg(key(&format!("recipe:{id}"))).arg(text).arg("EX").arg(KEPT.as_secs()).ignore();
        pipeline.cmd("SADD").arg(&mine).arg(id.as_str()).ignore();
        pipeline.cmd("EXPIRE").arg(&mine).arg(KEPT.as_secs()).ignore();
        Ok(pipeline.query_async(&mut self.link()).await?)
    }

    /// A shared request; `None` when there is none, or one that this build cannot read.
    pub async fn recipe(&self, id: &JobId) -> Result<Option<Request>, QueueError> {
        let text: Option<String> =
            redis::cmd("GET").arg(key(&format!("recipe:{id}"))).query_async(&mut self.link()).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}
