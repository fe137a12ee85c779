//! What chats have chosen: one hash a chat, a field a choice, so that two taps at once change two choices.

use std::collections::BTreeMap;

use atelier_domain::{BotId, ChatId, Field, Prefs};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

impl Queue {
    /// The choices of a chat.
    pub async fn prefs(&self, bot: BotId, chat: ChatId) -> Result<Prefs, QueueError> {
        let kept: BTreeMap<String, String> =
            redis::cmd("HGETALL").arg(key(&format!("prefs:{bot}:{chat}"))).query_async(&mut self.link()).await?;
        Ok(Prefs::read(&kept))
    }

    /// Takes the choices of a group along to the supergroup that it became. What was chosen there already stays.
    pub async fn move_prefs(&self, bot: BotId, from: ChatId, to: ChatId) -> Result<(), QueueError> {
        let (old, new) = (key(&format!("prefs:{bot}:{from}")), key(&format!("prefs:{bot}:{to}")));
        let kept: BTreeMap<String, String> = redis::cmd("HGETALL").arg(&old).query_async(&mut self.link()).await?;
        let mut pipeline = redis::pipe();
        for (name, value) in kept {
            pipeline.cmd("HSETNX").arg(&new).arg(name).arg(value).ignore();
        }
        pipeline.cmd("DEL").arg(&old).ignore();
        Ok(pipeline.query_async(&mut self.link()).await?)
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
