//! Steering single jobs: cancel, slot, position.

use std::time::Duration;

use atelier_domain::{BotId, Catalogue, JobId, JobState, MessageId, UserId};

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelling {
    /// It was waiting and is cancelled.
    Cancelled,
    /// It runs; its worker will stop it within a heartbeat.
    Asked,
    /// It had ended already.
    Ended,
    /// There is no such job.
    Unknown,
    /// It belongs to somebody else.
    Foreign,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: JobState,
    /// Jobs that will be claimed before it.
    pub ahead: u32,
    /// Slots of all living workers; 0 when no worker runs.
    pub slots: u32,
    /// Jobs running now.
    pub running: u32,
    /// Until its picture, counted from now; `None` when nothing can be said: no worker runs, or it has ended.
    pub eta: Option<Duration>,
}

impl Queue {
    /// Cancels a job. `owner` restricts it to the jobs of one user; `None` is the operator.
    pub async fn cancel(
        &self,
        id: &JobId,
        actor: &str,
        owner: Option<(BotId, UserId)>,
    ) -> Result<Cancelling, QueueError> {
        let owner = owner.map_or_else(String::new, |(bot, user)| format!("{bot}:{user}"));
        let arguments: [&[u8]; 3] = [id.as_str().as_bytes(), actor.as_bytes(), owner.as_bytes()];
        let answer: String = self.call(Verb::Cancel, &arguments).await?;
        match answer.as_str() {
            "cancelled" => Ok(Cancelling::Cancelled),
            "asked" => Ok(Cancelling::Asked),
            "ended" => Ok(Cancelling::Ended),
            "unknown" => Ok(Cancelling::Unknown),
            "foreign" => Ok(Cancelling::Foreign),
            _ => Err(QueueError::Unreadable(format!("cancel answered {answer}"))),
        }
    }

    /// Records the message that a job is edited into. The first writer wins: the message returned is the one
    /// recorded, and whoever gets another than its own deletes its own. `None` when the job is not known.
    pub async fn record_slot(
        &self,
        id: &JobId,
        message: MessageId,
        replaces: Option<MessageId>,
    ) -> Result<Option<MessageId>, QueueError> {
        let (message, gone) = (message.to_string(), replaces.map_or_else(String::new, |old| old.to_string()));
        let arguments: [&[u8]; 3] = [id.as_str().as_bytes(), message.as_bytes(), gone.as_bytes()];
        let answer: String = self.call(Verb::Slot, &arguments).await?;
        Ok(answer.parse().ok())
    }

    /// Where a job stands and when it is likely to be done. `None` when it is not known.
    pub async fn standing(&self, id: &JobId, catalogue: &Catalogue) -> Result<Option<Standing>, QueueError> {
        let typical: Vec<(&str, String)> = catalogue
            .models()
            .iter()
            .map(|model| (model.id.as_str(), model.typical().as_millis().to_string()))
            .collect();
        let mut arguments: Vec<&[u8]> = vec![id.as_str().as_bytes()];
        for (model, milliseconds) in &typical {
            arguments.extend([model.as_bytes(), milliseconds.as_bytes()]);
        }
        let answer: redis::Value = self.call(Verb::Position, &arguments).await?;
        let redis::Value::Array(_) = &answer else { return Ok(None) };
        let (state, ahead, slots, running, work, own, since): (String, u32, u32, u32, u64, u64, u64) =
            redis::from_redis_value(answer).map_err(|error| QueueError::Unreadable(error.to_string()))?;
        let state: JobState = state.parse().map_err(|_| QueueError::Unreadable(format!("state {state}")))?;
        let milliseconds = match state {
            JobState::Waiting | JobState::Delayed if slots == 0 => None,
            // with a slot free it starts at once
            JobState::Waiting | JobState::Delayed if ahead + running < slots => Some(own),
            JobState::Waiting | JobState::Delayed => Some(own + work / u64::from(slots)),
            JobState::Active => Some(own.saturating_sub(since).max(1000)),
            JobState::Done | JobState::Dead | JobState::Cancelled => None,
        };
        Ok(Some(Standing { state, ahead, slots, running, eta: milliseconds.map(Duration::from_millis) }))
    }
}
