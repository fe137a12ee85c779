//! Stories on their way to pictures. Each has its own key, so that two of one user, or of two chats, never mix.

use std::time::Duration;

use atelier_domain::story::Story;
use atelier_domain::{BotId, ChatId, JobId, MessageId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// How long a story is kept after it was changed last.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

impl Queue {
    /// Keeps a story; with a message, that which shows it.
    pub async fn keep_story(&self, story: &Story, message: Option<MessageId>) -> Result<(), QueueError> {
        let text = serde_json::to_string(story).map_err(|error| QueueError::Unreadable(error.to_string()))?;
        let mut pipeline = redis::pipe();
        let seconds = KEPT.as_secs();
        pipeline.cmd("SET").arg(key(&format!("story:{}", story.id))).arg(text).arg("EX").arg(seconds).ignore();
        if let Some(message) = message {
            let at = key(&format!("story:{}:{}:{message}", story.bot, story.chat));
            pipeline.cmd("SET").arg(at).arg(story.id.as_str()).arg("EX").arg(seconds).ignore();
        }
        let mine = key(&format!("stories:{}:{}", story.bot, story.user));
        pipeline.cmd("SADD").arg(&mine).arg(story.id.as_str()).ignore();
        pipeline.cmd("EXPIRE").arg(&mine).arg(seconds).ignore();
        Ok(pipeline.query_async(&mut self.link()).await?)
    }

    /// A story; `None` when it was too long ago.
    pub async fn story(&self, id: &JobId) -> Result<Option<Story>, QueueError> {
        let text: Option<String> =
            redis::cmd("GET").arg(key(&format!("story:{id}"))).query_async(&mut self.link()).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// The story that a message shows.
    pub async fn story_at(&self, bot: BotId, chat: ChatId, message: MessageId) -> Result<Option<Story>, QueueError> {
        let at = key(&format!("story:{bot}:{chat}:{message}"));
        let id: Option<String> = redis::cmd("GET").arg(at).query_async(&mut self.link()).await?;
        match id.and_then(|id| id.parse().ok()) {
            Some(id) => self.story(&id).await,
            None => Ok(None),
        }
    }
}
