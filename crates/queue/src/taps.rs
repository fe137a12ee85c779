//! Buttons pressed twice: what follows at once is the same wish.

use std::time::Duration;

use atelier_domain::{BotId, UpdateId, UserId};

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

/// Two presses of one button by one user within this time are one.
const TWICE: Duration = Duration::from_secs(4);

impl Queue {
    /// Whether this press of a button counts: the first of some that follow each other at once does, however often its
    /// update is delivered.
    pub async fn tap(&self, bot: BotId, user: UserId, data: &str, update: UpdateId) -> Result<bool, QueueError> {
        let (bot, user, update) = (bot.to_string(), user.to_string(), update.to_string());
        let most = TWICE.as_millis().to_string();
        let arguments = [bot.as_str(), &user, data, &update, &most].map(str::as_bytes);
        self.call(Verb::Tap, &arguments).await
    }
}
