//! How many pictures a person has asked for in a group on a day, for groups whose administrators set a limit.

use atelier_domain::{BotId, ChatId, UpdateId, UserId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// How long a day is remembered, in seconds.
const KEPT_S: u64 = 2 * 86_400;

impl Queue {
    /// Counts pictures about to be asked for, on that day since 1970; how many it is with them. What does not come about is
    /// taken back by [`Queue::give_back`]: whoever dies in between leaves the person with less, not with more.
    pub async fn take_daily(
        &self,
        (bot, chat, user): (BotId, ChatId, UserId),
        day: u64,
        pictures: u32,
    ) -> Result<u32, QueueError> {
        self.count_daily((bot, chat, user), day, i64::from(pictures)).await
    }

    /// Whether an update's pictures are to be counted: not when it comes again.
    pub async fn count_once(&self, bot: BotId, update: UpdateId) -> Result<bool, QueueError> {
        self.mark(&counted(bot, update), "1", KEPT_S).await
    }

    /// Takes back what was counted for an update.
    pub async fn give_back(
        &self,
        whose: (BotId, ChatId, UserId),
        update: UpdateId,
        day: u64,
        pictures: u32,
    ) -> Result<(), QueueError> {
        // whoever takes the mark takes the pictures back, and nobody else
        if self.unmark(&counted(whose.0, update)).await? {
            self.count_daily(whose, day, -i64::from(pictures)).await?;
        }
        Ok(())
    }

    async fn count_daily(
        &self,
        (bot, chat, user): (BotId, ChatId, UserId),
        day: u64,
        by: i64,
    ) -> Result<u32, QueueError> {
        let counts = key(&format!("daily:{bot}:{chat}:{day}"));
        let mut pipeline = redis::pipe();
        pipeline.cmd("HINCRBY").arg(&counts).arg(user.to_string()).arg(by);
        pipeline.cmd("EXPIRE").arg(&counts).arg(KEPT_S).ignore();
        let (count,): (i64,) = pipeline.query_async(&mut self.link()).await?;
        Ok(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
    }
}

fn counted(bot: BotId, update: UpdateId) -> String {
    format!("counted:{bot}:{update}")
}
