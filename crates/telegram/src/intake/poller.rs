//! The loop of the intake: poll, hand over in order, move the offset.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::value::RawValue;
use teloxide::payloads::GetUpdates;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::backoff::Backoff;
use super::observer::{Event, Observer};
use super::{Handler, IntakeEnd, kinds, one, read};
use crate::calls::{Identity, Telegram};
use crate::error::{DeliveryError, Rival, Scope};
use crate::wire::Call;

/// Updates per poll: Telegram's limit.
const BATCH: u8 = 100;
/// What the last call of a process may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// By how much the client outwaits a long poll before it takes the connection for dead.
const GRACE: Duration = Duration::from_secs(10);

/// Where updates come from: a Bot API server, or a script in tests.
pub(super) trait Source: Send + Sync {
    /// Who we are.
    fn identify(&self) -> BoxFuture<'static, Result<Identity, DeliveryError>>;
    /// Passes everything before `offset`, waits up to `wait` for updates, gives up to `limit` of them.
    fn poll(
        &self,
        offset: Option<i32>,
        wait: Duration,
        limit: u8,
    ) -> BoxFuture<'static, Result<Vec<Box<RawValue>>, DeliveryError>>;
    /// Removes the webhook.
    fn delete_webhook(&self) -> BoxFuture<'static, Result<(), DeliveryError>>;
    /// How long a poll waits.
    fn patience(&self) -> Duration;
    /// Whether a webhook in the way is to be removed.
    fn removes_webhook(&self) -> bool;
}

impl Source for Telegram {
    fn identify(&self) -> BoxFuture<'static, Result<Identity, DeliveryError>> {
        match self.identity() {
            Some(identity) => futures::future::ready(Ok(identity.clone())).boxed(),
            None => Self::identify(self),
        }
    }

    fn poll(
        &self,
        offset: Option<i32>,
        wait: Duration,
        limit: u8,
    ) -> BoxFuture<'static, Result<Vec<Box<RawValue>>, DeliveryError>> {
        let mut payload = GetUpdates::new();
        payload.offset = offset;
        payload.limit = Some(limit);
        payload.timeout = u32::try_from(wait.as_secs()).ok();
        payload.allowed_updates = Some(kinds());
        self.ask(Call::json(&payload, Scope::Unknown).map(|call| call.within(wait + GRACE)))
    }

    fn delete_webhook(&self) -> BoxFuture<'static, Result<(), DeliveryError>> {
        Self::delete_webhook(self)
    }

    fn patience(&self) -> Duration {
        self.poll_timeout()
    }

    fn removes_webhook(&self) -> bool {
        Self::removes_webhook(self)
    }
}

/// The intake of one bot.
pub(super) struct Poller<S> {
    source: S,
    handler: Handler,
    observer: Observer,
    shutdown: CancellationToken,
    /// The next update to ask for; `None` until one was passed.
    offset: Option<i32>,
    polls: Backoff,
    holds: Backoff,
    /// What is wrong now: said once when it begins and once when it ends.
    trouble: Option<&'static str>,
}

/// How a batch ended.
enum Batch {
    /// All of it was passed.
    Passed,
    /// An update is to be polled again.
    Held,
    /// There were updates, yet none could be passed.
    Stuck,
}

impl<S: Source> Poller<S> {
    pub(super) fn new(source: S, handler: Handler, observer: Observer, shutdown: CancellationToken) -> Self {
        let (polls, holds) = (Backoff::new(rand::random), Backoff::new(rand::random));
        Self { source, handler, observer, shutdown, offset: None, polls, holds, trouble: None }
    }

    pub(super) async fn run(mut self) -> Result<(), IntakeEnd> {
        let Some(identity) = self.identify().await? else { return Ok(()) };
        info!(bot = identity.id.0, username = identity.username, "polling for updates");
        while !self.shutdown.is_cancelled() {
            let polled = self.source.poll(self.offset, self.source.patience(), BATCH);
            let Some(polled) = self.unless_stopped(polled).await else { break };
            let wait = match polled {
                Ok(updates) => {
                    self.observer.count(Event::Polled);
                    self.polls.succeeded();
                    match self.hand_over(&updates, &identity).await {
                        Batch::Passed => {
                            self.recovered();
                            continue;
                        }
                        Batch::Held => self.holds.failed(),
                        Batch::Stuck => self.polls.failed(),
                    }
                }
                Err(error) => self.refused(&error).await?,
            };
            self.unless_stopped(sleep(wait)).await;
        }
        self.confirm().await;
        Ok(())
    }

    /// Waits for `work`; `None` if the shutdown comes first.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.shutdown.run_until_cancelled(work).await
    }

    /// `None` if the shutdown comes first.
    async fn identify(&mut self) -> Result<Option<Identity>, IntakeEnd> {
        loop {
            let Some(answer) = self.unless_stopped(self.source.identify()).await else { return Ok(None) };
            let wait = match answer {
                Ok(identity) => return Ok(Some(identity)),
                Err(error) => self.refused(&error).await?,
            };
            if self.unless_stopped(sleep(wait)).await.is_none() {
                return Ok(None);
            }
        }
    }

    /// Hands a batch over, in order.
    async fn hand_over(&mut self, updates: &[Box<RawValue>], identity: &Identity) -> Batch {
        let before = self.offset;
        for update in updates {
            if self.shutdown.is_cancelled() {
                return Batch::Passed;
            }
            let Some(id) = read::id(update.get()) else {
                error!("an update without a readable id is skipped");
                self.observer.count(Event::Unreadable);
                continue;
            };
            match one::hand_over(&self.handler, id, update.get(), identity.id, &identity.username).await {
                Ok(event) => self.observer.count(event),
                Err(hold) => {
                    self.observer.count(Event::Held);
                    self.complain(
                        "held",
                        || warn!(update = id.0, %hold, "the offset stays until updates are accepted"),
                    );
                    return Batch::Held;
                }
            }
            self.holds.succeeded();
            // Not the maximum: after a quiet week Telegram may number from a lower id.
            self.offset = i32::try_from(id.0).ok().and_then(|id| id.checked_add(1)).or(self.offset);
        }
        if updates.is_empty() || self.offset != before { Batch::Passed } else { Batch::Stuck }
    }

    /// A call of the intake itself failed: says so once, and gives the wait before the next try.
    async fn refused(&mut self, error: &DeliveryError) -> Result<Duration, IntakeEnd> {
        let rival = match error {
            DeliveryError::Unauthorised => return Err(IntakeEnd::Unauthorised),
            DeliveryError::Conflict(rival) => Some(*rival),
            _ => None,
        };
        self.observer.count(if rival.is_some() { Event::Conflict } else { Event::PollFailed });
        match rival {
            Some(Rival::Webhook) if self.source.removes_webhook() => {
                warn!("a webhook is set for this bot; removing it, as configured");
                if let Some(Err(error)) = self.unless_stopped(self.source.delete_webhook()).await {
                    warn!(%error, "the webhook could not be removed");
                }
            }
            Some(Rival::Webhook) => self.complain("webhook", || {
                warn!("a webhook is set for this bot, so Telegram refuses polling; remove it with deleteWebhook");
            }),
            Some(Rival::Poller) => self.complain("poller", || {
                warn!(
                    "another process polls with this bot's token; stop it, or give this one a token of its own \
                     (retrying meanwhile)"
                );
            }),
            None => self.complain("poll", || warn!(%error, "polling fails; retrying")),
        }
        let wished = match error {
            DeliveryError::NotPosted { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        Ok(self.polls.failed().max(wished))
    }

    /// Says what is wrong when it begins, not every time.
    fn complain(&mut self, trouble: &'static str, say: impl FnOnce()) {
        if self.trouble == Some(trouble) {
            debug!(trouble, "still");
        } else {
            self.trouble = Some(trouble);
            say();
        }
    }

    fn recovered(&mut self) {
        if let Some(trouble) = self.trouble.take() {
            info!(trouble, "updates flow again");
        }
    }

    /// Tells Telegram what was passed; else the next process would be given the last batch again.
    async fn confirm(&self) {
        let Some(offset) = self.offset else { return };
        match timeout(FAREWELL, self.source.poll(Some(offset), Duration::ZERO, 1)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(%error, offset, "the last offset could not be confirmed; updates may repeat"),
            Err(_) => warn!(offset, "the last offset could not be confirmed in time; updates may repeat"),
        }
    }
}

#[cfg(test)]
mod tests;
