//! Albums that come in: each of their pictures is a message of its own, without a number and without an end.
//!
//! They are kept until a short quiet period has passed. What is kept is removed only after it was acted upon, so a bot
//! that dies in between leaves it to the next; acting twice is harmless, since jobs are deduplicated by update.

use std::collections::BTreeMap;
use std::time::Duration;

use atelier_domain::{BotId, ChatId, InputImage, MessageId, ThreadId, UpdateId, UserId};
use serde::{Deserialize, Serialize};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// How long they are kept at most.
const KEPT: Duration = Duration::from_secs(3600);

/// One message of an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathered {
    /// Its update.
    pub update: UpdateId,
    /// The message.
    pub message: MessageId,
    /// Who sent it.
    pub user: UserId,
    /// The sender's language, as Telegram said it.
    pub language: Option<String>,
    /// The topic.
    pub thread: Option<ThreadId>,
    /// Its picture.
    pub image: InputImage,
    /// The words under it.
    pub text: String,
}

/// Which album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// The bot that received it.
    pub bot: BotId,
    /// The chat.
    pub chat: ChatId,
    /// Telegram's name for it.
    pub album: String,
}

impl Gathering {
    fn name(&self) -> String {
        format!("{}:{}:{}", self.bot, self.chat, self.album)
    }

    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.splitn(3, ':');
        let (bot, chat) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { bot, chat, album: parts.next()?.to_owned() })
    }
}

impl Queue {
    /// Keeps a message of an album; how many are kept now.
    pub async fn gather(&self, gathering: &Gathering, message: &Gathered) -> Result<usize, QueueError> {
        let text = serde_json::to_string(message).map_err(|error| QueueError::Unreadable(error.to_string()))?;
        let (name, kept) = (gathering.name(), key(&format!("gather:{}", gathering.name())));
        let mut pipeline = redis::pipe();
        pipeline.cmd("HSET").arg(&kept).arg(message.update.to_string()).arg(text).ignore();
        pipeline.cmd("EXPIRE").arg(&kept).arg(KEPT.as_secs()).ignore();
        pipeline.cmd("SADD").arg(key("gathers")).arg(name).ignore();
        pipeline.cmd("HLEN").arg(&kept);
        let (count,): (usize,) = pipeline.query_async(&mut self.link()).await?;
        Ok(count)
    }

    /// The messages of an album so far, in their order.
    pub async fn gathered(&self, gathering: &Gathering) -> Result<Vec<Gathered>, QueueError> {
        let kept: BTreeMap<String, String> = redis::cmd("HGETALL")
            .arg(key(&format!("gather:{}", gathering.name())))
            .query_async(&mut self.link())
            .await?;
        let mut messages: Vec<Gathered> = kept.values().filter_map(|text| serde_json::from_str(text).ok()).collect();
        messages.sort_by_key(|message| message.message);
        Ok(messages)
    }

    /// Forgets an album that was acted upon.
    pub async fn scatter(&self, gathering: &Gathering) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("DEL").arg(key(&format!("gather:{}", gathering.name()))).ignore();
        pipeline.cmd("SREM").arg(key("gathers")).arg(gathering.name()).ignore();
        Ok(pipeline.query_async(&mut self.link()).await?)
    }

    /// The albums that a bot has begun to gather and not acted upon.
    pub async fn gatherings(&self, bot: BotId) -> Result<Vec<Gathering>, QueueError> {
        let names: Vec<String> = redis::cmd("SMEMBERS").arg(key("gathers")).query_async(&mut self.link()).await?;
        Ok(names.iter().filter_map(|name| Gathering::parse(name)).filter(|gathering| gathering.bot == bot).collect())
    }
}
