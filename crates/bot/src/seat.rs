//! Which process polls for a bot: Telegram allows one, so of several processes one holds the seat and the others stand by.
//!
//! The holder says every second that it is alive; a standby takes over at most five seconds after it fell silent.
//! While Redis cannot be reached the holder goes on: somebody must tell users that nothing can be accepted now.

use std::time::Duration;

use atelier_domain::Incoming;
use atelier_queue::Queue;
use atelier_telegram::Telegram;
use atelier_telegram::intake::{self as pump, Hold, IntakeEnd, Observer};
use futures::future::BoxFuture;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How long a seat lasts without a word from its holder.
const HOLD: Duration = Duration::from_secs(4);
/// How often its holder says so.
const RENEW: Duration = Duration::from_secs(1);
/// How often the others look.
const LOOK: Duration = Duration::from_millis(500);

/// A bot's seat, and who wants it.
pub(crate) struct Seat {
    queue: Queue,
    name: String,
    holder: String,
}

impl Seat {
    pub(crate) fn of_poller(queue: &Queue, telegram: &Telegram, holder: String) -> Self {
        Self { queue: queue.clone(), name: format!("poller:{}", telegram.bot()), holder }
    }

    /// Polls whenever the seat is ours, until `shutdown`.
    pub(crate) async fn poll(
        self,
        telegram: &Telegram,
        handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), Hold>> + Clone + Send + Sync + 'static,
        observer: &Observer,
        shutdown: &CancellationToken,
    ) -> Result<(), IntakeEnd> {
        while self.taken(shutdown).await {
            let lost = shutdown.child_token();
            let polling = pump::pump(telegram.clone(), handler.clone(), observer.clone(), lost.clone());
            tokio::pin!(polling);
            let mut renewals = interval(RENEW);
            renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let ended = loop {
                tokio::select! {
                    ended = &mut polling => break ended,
                    _ = renewals.tick() => {
                        if matches!(self.queue.take_seat(&self.name, &self.holder, HOLD).await, Ok(false)) {
                            warn!(bot = telegram.bot().0, "another process took over polling; this one stands by");
                            lost.cancel();
                        }
                    }
                }
            };
            if ended.is_err() || shutdown.is_cancelled() {
                // best effort: it ends by itself
                let _ = tokio::time::timeout(RENEW, self.queue.leave_seat(&self.name, &self.holder)).await;
                return ended;
            }
        }
        Ok(())
    }

    /// Waits for the seat; false when the shutdown comes first.
    async fn taken(&self, shutdown: &CancellationToken) -> bool {
        let mut waits = false;
        while !shutdown.is_cancelled() {
            match self.queue.take_seat(&self.name, &self.holder, HOLD).await {
                Ok(true) => return true,
                Ok(false) if !waits => {
                    waits = true;
                    info!(seat = self.name, "another process polls for this bot; standing by");
                }
                Err(error) if !waits => {
                    waits = true;
                    warn!(%error, "redis cannot say who polls; waiting for it");
                }
                Ok(false) | Err(_) => {}
            }
            if shutdown.run_until_cancelled(sleep(LOOK)).await.is_none() {
                break;
            }
        }
        false
    }
}
