//! What chats have chosen: one hash a chat, a field a choice, so that two taps at once change two choices.

use std::collections::BTreeMap;

use atelier_domain::{BotId, ChatId, Field, Prefs};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::scripts::Verb;

impl Queue {
    /// The choices of a chat.
    pub async fn prefs(&self, bot: BotId, chat: ChatId) -> Result<Prefs, QueueError> {
        let kept: BTreeMap<String, String> =
            redis::cmd("HGETALL").arg(key(&format!("prefs:{bot}:{chat}"))).query_async(&mut self.link()).await?;
        Ok(Prefs::read(&kept))
    }

    /// Takes along to the supergroup that a group became what was chosen there, and what was used up of its limits. What was
    /// chosen in the new one already stays.
    pub async fn move_chat(&self, bot: BotId, from: ChatId, to: ChatId) -> Result<(), QueueError> {
        let arguments = [bot.to_string(), from.to_string(), to.to_string()];
        let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
        self.call::<u32>(Verb::Move, &arguments).await.map(drop)
    }

    /// Makes a choice; `None` takes it back.
    pub async fn prefer(
        &self,
        (bot, chat): (BotId, ChatId),
        field: Field,
        value: Option<&str>,
    ) -> Result<(), QueueError> {
        let kept = key(&format!("prefs:{bot}:{chat}"));
        let command = match value {
            Some(value) => redis::cmd("HSET").arg(kept).arg(field.name()).arg(value).clone(),
            None => redis::cmd("HDEL").arg(kept).arg(field.name()).clone(),
        };
        Ok(command.query_async(&mut self.link()).await?)
    }
}
