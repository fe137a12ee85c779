//! Steering single jobs: cancel, retry, slot, position.

use std::collections::HashMap;
use std::time::Duration;

use atelier_domain::{BotId, Catalogue, JobId, JobState, MessageId, Usd, UserId};
use serde::Serialize;

use crate::error::QueueError;
use crate::eta::{Ahead, Because, Load, Span};
use crate::ledger::Budget;
use crate::link::Queue;
use crate::scripts::Verb;

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancelling {
    /// It was waiting and is cancelled.
    Cancelled,
    /// It runs; its worker was told to stop it.
    Asked,
    /// It had ended already.
    Ended,
    /// There is no such job.
    Unknown,
    /// It belongs to somebody else.
    Foreign,
}

/// What became of a wish to run a job again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retrying {
    /// It waits in line again.
    Waiting,
    /// It is neither dead nor cancelled nor waiting for its next attempt.
    Not,
    /// There is no such job.
    Unknown,
    /// It belongs to somebody else.
    Foreign,
    /// It would cost more than a budget allows today.
    NoBudget {
        /// The budget in the way.
        budget: Budget,
        /// What is left of it.
        left: Usd,
    },
    /// The queue takes no new jobs.
    Closed,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its state.
    pub state: JobState,
    /// Jobs of its model that will be claimed before it.
    pub ahead: u32,
    /// How many of those are its own user's.
    pub own_ahead: u32,
    /// Slots of the living workers that serve its model; 0 when none does.
    pub slots: u32,
    /// Jobs running now.
    pub running: u32,
    /// Until it starts; `None` when nothing can be said, or it has started.
    pub start: Option<Span>,
    /// Until its picture; `None` when nothing can be said, or it has ended.
    pub finish: Option<Span>,
    /// What keeps a waiting job from running, besides the jobs ahead.
    pub because: Vec<Because>,
}

type Raw = (String, String, u64, u64, u32, u32, Vec<String>, u32, u32, u32, Vec<String>, u32);

impl Queue {
    /// Cancels a job. `owner` restricts it to the jobs of one user; `None` is the operator, and then a worker tells the
    /// chat of a job that was waiting.
    pub async fn cancel(
        &self,
        id: &JobId,
        actor: &str,
        owner: Option<(BotId, UserId)>,
    ) -> Result<Cancelling, QueueError> {
        let tell: &[u8] = if owner.is_none() { b"1" } else { b"" };
        let owner = owned(owner);
        let arguments: [&[u8]; 4] = [id.as_str().as_bytes(), actor.as_bytes(), owner.as_bytes(), tell];
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

    /// Runs a dead or cancelled job again, or one that waits for its next attempt now. `owner` as in [`Queue::cancel`].
    /// The cap on a user's pending jobs does not hold here: it is there for floods of new ones.
    pub async fn retry(&self, id: &JobId, actor: &str, owner: Option<(BotId, UserId)>) -> Result<Retrying, QueueError> {
        self.run_again(id, actor, owner, None).await
    }

    /// The same as its owner may: within the budgets, where what it is expected to cost is put aside in the same step, and
    /// not while the queue is closed.
    pub async fn retry_paid(
        &self,
        id: &JobId,
        actor: &str,
        owner: Option<(BotId, UserId)>,
        price: Usd,
    ) -> Result<Retrying, QueueError> {
        self.run_again(id, actor, owner, Some(price)).await
    }

    async fn run_again(
        &self,
        id: &JobId,
        actor: &str,
        owner: Option<(BotId, UserId)>,
        price: Option<Usd>,
    ) -> Result<Retrying, QueueError> {
        let price = price.map_or_else(String::new, |price| price.micros().to_string());
        let owner = owned(owner);
        let arguments: [&[u8]; 4] = [id.as_str().as_bytes(), actor.as_bytes(), owner.as_bytes(), price.as_bytes()];
        let answer: String = self.call(Verb::Retry, &arguments).await?;
        match answer.as_str() {
            "waiting" => Ok(Retrying::Waiting),
            "not" => Ok(Retrying::Not),
            "unknown" => Ok(Retrying::Unknown),
            "foreign" => Ok(Retrying::Foreign),
            "closed" => Ok(Retrying::Closed),
            other => match other.strip_prefix("poor ").and_then(|poor| poor.split_once(' ')) {
                Some((budget, left)) => Ok(Retrying::NoBudget {
                    budget: Budget::read(budget),
                    left: Usd::from_micros(left.parse().unwrap_or(0)),
                }),
                None => Err(QueueError::Unreadable(format!("retry answered {answer}"))),
            },
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
        let answer: redis::Value = self.call(Verb::Position, &[id.as_str().as_bytes()]).await?;
        let redis::Value::Array(_) = &answer else { return Ok(None) };
        let raw: Raw = redis::from_redis_value(answer).map_err(|error| QueueError::Unreadable(error.to_string()))?;
        Standing::read(&raw, catalogue).map(Some)
    }
}

/// The owner as the scripts write it; empty for the operator.
pub(crate) fn owned(owner: Option<(BotId, UserId)>) -> String {
    owner.map_or_else(String::new, |(bot, user)| format!("{bot}:{user}"))
}

impl Standing {
    fn read(raw: &Raw, catalogue: &Catalogue) -> Result<Self, QueueError> {
        let (state, model, since, due, own_ahead, others_ahead, why, slots, serving, running, around, rounds) = raw;
        let state: JobState = state.parse().map_err(|_| QueueError::Unreadable(format!("state {state}")))?;
        let because: Vec<Because> = why.chunks_exact(2).filter_map(|pair| Because::read(&pair[0], &pair[1])).collect();
        let mut loads = loads(around, catalogue);
        let own = loads.remove(model.as_str()).unwrap_or_default();
        let ahead = own_ahead + others_ahead;
        let rate = because.iter().find_map(|because| match because {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of hours at most")]
            Because::Rate { wait_ms, every_ms, .. } => Some((*wait_ms as f64, *every_ms as f64)),
            _ => None,
        });
        let turn = because.iter().find_map(|because| match because {
            // at the limit, so as many as run may run
            Because::UserLimit { running } | Because::ChatLimit { running } => {
                Some((f64::from(*own_ahead), f64::from(*running)))
            }
            _ => None,
        });
        let typical = Duration::from_secs_f64(own.typical_ms / 1000.0);
        let waiting = matches!(state, JobState::Waiting | JobState::Delayed);
        let start = if waiting && !because.iter().any(Because::is_blocking) {
            // of the slots that serve its model, the busy ones are guessed from the fleet's
            let busy = f64::from(*running) * f64::from(*serving) / f64::from((*slots).max(1));
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of hours at most")]
            let due_ms = *due as f64;
            let view = Ahead {
                jobs: f64::from(ahead),
                slots: f64::from(*serving),
                running: busy,
                rounds: f64::from(*rounds) / 1000.0,
                own,
                others: loads.into_values().collect(),
                rate,
                turn,
                due_ms,
            };
            view.start()
        } else {
            None
        };
        let finish = match state {
            JobState::Active => {
                let left = typical.saturating_sub(Duration::from_millis(*since)).max(Duration::from_secs(1));
                Some(Span { likely_ms: 0, low_ms: 0, high_ms: 0 }.later(left))
            }
            _ => start.map(|start| start.later(typical)),
        };
        Ok(Self { state, ahead, own_ahead: *own_ahead, slots: *serving, running: *running, start, finish, because })
    }
}

/// What each model has to do; the catalogue knows what was not measured yet.
fn loads<'a>(around: &'a [String], catalogue: &Catalogue) -> HashMap<&'a str, Load> {
    let mut loads = HashMap::new();
    for part in around.chunks_exact(12) {
        let number = |index: usize| part[index].parse::<f64>().unwrap_or(0.0);
        let mut load = Load {
            waiting: number(1),
            work_ms: number(2),
            owners: number(3),
            running: number(4),
            typical_ms: number(5),
            spread_ms: number(6),
            limit: if number(7) < 0.0 { f64::INFINITY } else { number(7) },
            messages_ms: number(8) / 3_600_000.0,
            jobs_ms: number(9) / 3_600_000.0,
            turn_ms: number(10),
            shut: number(11) > 0.0,
        };
        if load.typical_ms < 1.0 {
            let model = part[0].parse().ok().and_then(|id| catalogue.get(&id));
            load.typical_ms = model.map_or(10_000.0, |model| model.typical().as_secs_f64() * 1000.0);
            load.spread_ms = load.typical_ms / 4.0;
        }
        loads.insert(part[0].as_str(), load);
    }
    loads
}
