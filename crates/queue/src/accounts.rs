//! What all workers share of an account at a service: its places, where it has a cap, and its breaker.

use std::time::Duration;

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

impl Queue {
    /// Takes one of an account's places for a while, or keeps it; false when all are taken. Whoever falls silent loses it.
    pub async fn take_place(
        &self,
        account: &str,
        holder: &str,
        places: usize,
        hold: Duration,
    ) -> Result<bool, QueueError> {
        self.place(account, holder, places, hold).await
    }

    /// Gives a place up, so that another can take it at once.
    pub async fn leave_place(&self, account: &str, holder: &str) -> Result<(), QueueError> {
        self.place(account, holder, 0, Duration::ZERO).await.map(drop)
    }

    async fn place(&self, account: &str, holder: &str, places: usize, hold: Duration) -> Result<bool, QueueError> {
        let (places, hold) = (places.to_string(), hold.as_millis().to_string());
        self.call(Verb::Place, &[account, holder, &places, &hold].map(str::as_bytes)).await
    }

    /// How long nothing is to be created at an account, and how often it stumbled in a row. After a rest one who asks is
    /// answered with zero, and tries for all.
    pub async fn ask_breaker(&self, account: &str) -> Result<(Duration, u32), QueueError> {
        let (wait_ms, stumbles): (u64, u32) = self.call(Verb::Breaker, &[account.as_bytes(), b"ask"]).await?;
        Ok((Duration::from_millis(wait_ms), stumbles))
    }

    /// Tells the breaker what came of a creation.
    pub async fn tell_breaker(&self, account: &str, stumbled: bool) -> Result<(), QueueError> {
        let verb: &[u8] = if stumbled { b"stumbled" } else { b"worked" };
        self.call::<redis::Value>(Verb::Breaker, &[account.as_bytes(), verb]).await.map(drop)
    }
}
