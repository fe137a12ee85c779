//! The private chats that a bot can write to: who is told when an operator has news for everybody.

use atelier_domain::{BotId, ChatId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

impl Queue {
    /// Remembers a chat that can be written to.
    pub async fn meet(&self, bot: BotId, chat: ChatId) -> Result<(), QueueError> {
        let people = key(&format!("people:{bot}"));
        Ok(redis::cmd("SADD").arg(people).arg(chat.0).query_async(&mut self.link()).await?)
    }

    /// Forgets a chat that cannot be written to any more, or does not want to be.
    pub async fn part(&self, bot: BotId, chat: ChatId) -> Result<(), QueueError> {
        let people = key(&format!("people:{bot}"));
        Ok(redis::cmd("SREM").arg(people).arg(chat.0).query_async(&mut self.link()).await?)
    }

    /// The chats that can be written to, some at a time: from 0, with the cursor of the last answer, until that is 0 again.
    pub async fn people(&self, bot: BotId, cursor: u64) -> Result<(u64, Vec<ChatId>), QueueError> {
        let mut scan = redis::cmd("SSCAN");
        scan.arg(key(&format!("people:{bot}"))).arg(cursor).arg("COUNT").arg(200);
        let (next, chats): (u64, Vec<i64>) = scan.query_async(&mut self.link()).await?;
        Ok((next, chats.into_iter().map(ChatId).collect()))
    }
}
