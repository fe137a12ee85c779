//! Accepting the jobs of one update: all or none, and once however often the update arrives.

use std::time::Duration;

use atelier_domain::{BotId, Job, JobId, UpdateId, Usd, UserId};

use crate::error::QueueError;
use crate::ledger::Budget;
use crate::link::Queue;
use crate::scripts::Verb;

/// How much is accepted.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most jobs of one user that have not ended.
    pub pending_per_user: u32,
    /// Most waiting jobs in all.
    pub waiting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pending_per_user: 50, waiting: 1_000_000 }
    }
}

/// How long a redelivered update is recognised. Telegram keeps undelivered updates for 24 hours.
const REMEMBERED: Duration = Duration::from_secs(48 * 3600);

/// The jobs of one update.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The bot that received the update.
    pub bot: BotId,
    /// The user who asked.
    pub user: UserId,
    /// The update, the key of the deduplication.
    pub update: UpdateId,
    /// The jobs with their predicted durations.
    pub jobs: &'a [(Job, Duration)],
    /// How much is accepted.
    pub limits: Limits,
    /// The user's share of the workers, from 1: one of weight 2 gets twice as much as one of weight 1 while both wait.
    pub weight: u32,
    /// Goes ahead of the user's other jobs, and of other users' by at most a minute of work.
    pub urgent: bool,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// Accepted now.
    Accepted,
    /// Accepted before, under these ids: the update came again.
    Before(Vec<JobId>),
    /// The user has too many pending jobs.
    UserFull {
        /// How many.
        pending: u32,
    },
    /// The queue accepts nothing for now: operators drain it.
    Closed {
        /// Why, for operators.
        why: String,
    },
    /// The jobs would cost more than a budget allows today.
    NoBudget {
        /// Which.
        budget: Budget,
        /// What is left of it.
        left: Usd,
    },
    /// The queue has too many waiting jobs.
    QueueFull {
        /// How many.
        waiting: u32,
    },
}

impl Queue {
    /// Accepts the jobs of one update in one atomic step. Safe to repeat after [`QueueError::Unreachable`].
    pub async fn submit(&self, submission: &Submission<'_>) -> Result<Submitted, QueueError> {
        self.submit_paid(submission, &[]).await
    }

    /// The same for jobs that cost money: what each is expected to cost, in their order, is put aside in the same step, or
    /// none is accepted.
    pub async fn submit_paid(&self, submission: &Submission<'_>, prices: &[Usd]) -> Result<Submitted, QueueError> {
        let numbers = [
            submission.bot.to_string(),
            submission.user.to_string(),
            submission.update.to_string(),
            submission.limits.pending_per_user.to_string(),
            REMEMBERED.as_secs().to_string(),
            submission.limits.waiting.to_string(),
            chat(submission),
            submission.weight.max(1).to_string(),
            if submission.urgent { "1".to_owned() } else { String::new() },
        ];
        let mut jobs = Vec::with_capacity(submission.jobs.len());
        for (job, predicted) in submission.jobs {
            let body = job.to_json().map_err(|error| QueueError::Unreadable(error.to_string()))?;
            jobs.push((job, predicted.as_millis().to_string(), body));
        }
        let mut arguments: Vec<&[u8]> = numbers.iter().map(String::as_bytes).collect();
        for (job, predicted, body) in &jobs {
            arguments.extend([
                job.id.as_str().as_bytes(),
                job.request.model.as_str().as_bytes(),
                predicted.as_bytes(),
                body.as_bytes(),
            ]);
        }
        let micros: Vec<String> = prices.iter().map(|price| price.micros().to_string()).collect();
        let micros = micros.join(",");
        if prices.iter().any(|price| *price > Usd::ZERO) {
            arguments.push(micros.as_bytes());
        }
        let answer: Vec<String> = self.call(Verb::Submit, &arguments).await?;
        let number = || answer.get(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        match answer.first().map(String::as_str) {
            Some("new") => Ok(Submitted::Accepted),
            Some("seen") => Ok(Submitted::Before(answer[1..].iter().filter_map(|id| id.parse().ok()).collect())),
            Some("full") => Ok(Submitted::UserFull { pending: number() }),
            Some("closed") => Ok(Submitted::Closed { why: answer.get(1).cloned().unwrap_or_default() }),
            Some("poor") => Ok(Submitted::NoBudget {
                budget: Budget::read(answer.get(1).map_or("", String::as_str)),
                left: Usd::from_micros(answer.get(2).and_then(|text| text.parse().ok()).unwrap_or(0)),
            }),
            Some("busy") => Ok(Submitted::QueueFull { waiting: number() }),
            _ => Err(QueueError::Unreadable(format!("submit answered {answer:?}"))),
        }
    }
}

/// The chat that its limit counts for; a private chat is its user's, and limited with the user.
fn chat(submission: &Submission<'_>) -> String {
    let chat = submission.jobs.first().map(|(job, _)| job.place.chat);
    chat.filter(|chat| chat.0 != submission.user.0)
        .map_or_else(String::new, |chat| format!("{}:{chat}", submission.bot))
}
