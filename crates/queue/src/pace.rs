//! One budget for everything sent to Telegram, shared by all processes of a bot.
//!
//! Per bot about 30 units a second, per chat one a second after a short burst, per group 20 a minute; an album costs as
//! many units as it has items, and edits have a budget of the same size beside that of sends. A flood wait (429) holds for what
//! it was the answer to: sends, edits, or another kind of call, in that chat; heard from several chats at once, for the bot's
//! calls of that kind. Results and answers wait for their turn, progress is dropped instead.
//! Source of the numbers: Bots FAQ, "My bot is hitting limits"; that edits are counted apart and how much they may be is
//! what bots measured.
//! In a group progress is shown only as long as the minute has room for the results that are still to come: a unit of it
//! is gone for a minute.

use std::time::{Duration, Instant};

use atelier_domain::{BotId, ChatId};
use tracing::warn;

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

/// What is to be sent, in the order in which budget is kept for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// A picture, or the word that there will be none: may use the whole burst.
    Result,
    /// An answer to a command, a slot.
    Answer,
    /// News from the operator to everybody: waits for its turn, and leaves the larger part of the burst to the others.
    News,
    /// A progress edit: leaves the larger part of the burst to the others, and is dropped rather than queued.
    Progress,
}

/// What is to be done in which chat, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spend {
    bot: BotId,
    chat: ChatId,
    units: u32,
    lane: Lane,
    coming: u32,
}

/// Calls that have a budget of their own, and whose flood waits are their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Send,
    Edit,
    /// Without a budget: only flood waits hold it up.
    Other(&'static str),
}

impl Lane {
    const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Edit => "edit",
            Self::Other(name) => name,
        }
    }

    /// What its budget's keys end in.
    fn suffix(self) -> String {
        match self {
            Self::Send => String::new(),
            Self::Edit => ":e".to_owned(),
            Self::Other(name) => format!(":{name}"),
        }
    }
}

impl Spend {
    /// One message to be sent.
    pub const fn send(bot: BotId, chat: ChatId) -> Self {
        Self { bot, chat, units: 1, lane: Lane::Send, coming: 0 }
    }

    /// One message to be edited.
    pub const fn edit(bot: BotId, chat: ChatId) -> Self {
        Self { bot, chat, units: 1, lane: Lane::Edit, coming: 0 }
    }

    /// A call of a kind that costs no budget, such as a deletion or a chat action: only flood waits hold it up.
    pub const fn free(bot: BotId, chat: ChatId, kind: &'static str) -> Self {
        Self { bot, chat, units: 0, lane: Lane::Other(kind), coming: 0 }
    }

    /// The same for an album of so many items.
    #[must_use]
    pub const fn items(self, units: u32) -> Self {
        Self { units, ..self }
    }

    /// The same where so many results are known to be coming: progress leaves a group's minute to them.
    #[must_use]
    pub const fn before(self, coming: u32) -> Self {
        Self { coming, ..self }
    }

    /// Whose budget is asked: a line of its own for each.
    pub(crate) const fn purse(&self) -> (BotId, Lane) {
        (self.bot, self.lane)
    }
}

/// Most units of a group's minute, and how long that minute is: a little longer than Telegram's, since two requests may
/// be under way for different times.
const GROUP_MINUTE: (u32, u32) = (20, 60_800);

/// Between two tries to say that a bot was asked to wait.
const AGAIN: Duration = Duration::from_millis(100);

/// Leave to send, or how long to wait before asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Send now.
    Go,
    /// Not before this has passed.
    Wait(Duration),
}

/// Leave to send, and whose budget is used up if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    Go,
    Chats(Duration),
    Bots(Duration),
}

impl Queue {
    /// Asks leave to do this.
    pub async fn pace(&self, spend: Spend, urgency: Urgency) -> Result<Pace, QueueError> {
        Ok(match self.leave(spend, urgency).await? {
            Leave::Go => Pace::Go,
            Leave::Chats(wait) | Leave::Bots(wait) => Pace::Wait(wait),
        })
    }

    pub(crate) async fn leave(&self, spend: Spend, urgency: Urgency) -> Result<Leave, QueueError> {
        let Spend { bot, chat, units, lane, coming } = spend;
        // the bursts are kept in layers: two hundred jobs that show progress use up only the lowest
        let (burst, bot_burst, minute) = match urgency {
            Urgency::Result => (5, 28, GROUP_MINUTE.0),
            Urgency::Answer => (4, 24, GROUP_MINUTE.0 - 4),
            Urgency::News => (2, 8, GROUP_MINUTE.0 / 2),
            // whatever of a group's minute it uses is missing for the results of prompts that nobody has typed yet
            Urgency::Progress => (1, 8, GROUP_MINUTE.0 / 5),
        };
        // a negative id is a group
        let minute = if chat.0 < 0 && units > 0 { minute.max(units) } else { 0 };
        let may_wait = lane == Lane::Edit && chat.0 < 0 && urgency == Urgency::Progress;
        let numbers = [
            bot.to_string(),
            chat.to_string(),
            units.to_string(),
            burst.max(units).to_string(),
            // a little slower than one a second, for the same reason as above
            "1020".to_owned(),
            bot_burst.max(units).to_string(),
            "34".to_owned(),
            lane.suffix(),
            minute.to_string(),
            GROUP_MINUTE.1.to_string(),
            if may_wait { GROUP_MINUTE.0.to_string() } else { String::new() },
            coming.to_string(),
            lane.name().to_owned(),
        ];
        let arguments: Vec<&[u8]> = numbers.iter().map(String::as_bytes).collect();
        let answer: i64 = self.call(Verb::Grant, &arguments).await?;
        let wait = Duration::from_millis(answer.unsigned_abs());
        Ok(match answer {
            0 => Leave::Go,
            1.. => Leave::Chats(wait),
            _ => Leave::Bots(wait),
        })
    }

    /// Sends something under the shared budget: waits for leave, calls, and when `flood` finds a flood wait in the error
    /// remembers it for all processes and tries again. Progress is dropped instead of waiting: `Ok(None)`. While Redis is away the
    /// budget cannot be asked; results and answers go out without it, progress does not.
    pub async fn paced<T, E, F>(
        &self,
        spend: Spend,
        urgency: Urgency,
        flood: impl Fn(&E) -> Option<Duration> + Send,
        call: impl Fn() -> F + Send,
    ) -> Result<Option<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send,
    {
        let Spend { bot, chat, lane, .. } = spend;
        loop {
            if urgency != Urgency::Progress {
                self.turn(spend, urgency).await;
            } else if !matches!(self.leave(spend, urgency).await, Ok(Leave::Go)) {
                return Ok(None);
            }
            match call().await {
                Ok(done) => return Ok(Some(done)),
                Err(error) => {
                    let Some(wait) = flood(&error) else { return Err(error) };
                    warn!(
                        bot = bot.0,
                        chat = chat.0,
                        calls = lane.name(),
                        wait_s = wait.as_secs_f64(),
                        "telegram asks to wait"
                    );
                    self.spread((bot, Some(chat)), wait, lane.name(), urgency).await;
                    if urgency == Urgency::Progress {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Nothing is done in the chat (in any chat of the bot, when `None`) before this is over.
    pub async fn park(&self, bot: BotId, chat: Option<ChatId>, wait: Duration) -> Result<(), QueueError> {
        self.remember((bot, chat), wait, "").await
    }

    /// Remembers a wait for all processes, as soon as Redis answers; what must arrive sits it out meanwhile.
    async fn spread(&self, whose: (BotId, Option<ChatId>), wait: Duration, kind: &'static str, urgency: Urgency) {
        if self.remember(whose, wait, kind).await.is_ok() {
            return;
        }
        let (queue, until) = (self.clone(), Instant::now() + wait);
        let saying = tokio::spawn(async move {
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                if queue.remember(whose, left, kind).await.is_ok() {
                    return;
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
        // as long as it cannot be said, the wait holds for this call
        if urgency != Urgency::Progress {
            let _ = saying.await;
        }
    }

    async fn remember(
        &self,
        (bot, chat): (BotId, Option<ChatId>),
        wait: Duration,
        kind: &str,
    ) -> Result<(), QueueError> {
        let chat = chat.map_or_else(String::new, |chat| chat.to_string());
        let milliseconds = wait.as_millis().clamp(1, 86_400_000).to_string();
        let bot = bot.to_string();
        let arguments = [bot.as_str(), &chat, &milliseconds, kind].map(str::as_bytes);
        self.call::<u32>(Verb::Park, &arguments).await.map(drop)
    }
}
