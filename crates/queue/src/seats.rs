//! Seats that one process at a time holds, such as that of a bot's poller: whoever falls silent loses it.

use std::time::Duration;

use crate::error::QueueError;
use crate::link::Queue;
use crate::scripts::Verb;

impl Queue {
    /// Takes a seat for a while, or keeps it; false when somebody else has it. `holder` is unique to a start of a process.
    pub async fn take_seat(&self, seat: &str, holder: &str, hold: Duration) -> Result<bool, QueueError> {
        self.seat(seat, holder, hold).await
    }

    /// Gives a seat up, so that another can take it at once.
    pub async fn leave_seat(&self, seat: &str, holder: &str) -> Result<(), QueueError> {
        self.seat(seat, holder, Duration::ZERO).await.map(drop)
    }

    async fn seat(&self, seat: &str, holder: &str, hold: Duration) -> Result<bool, QueueError> {
        let hold = hold.as_millis().to_string();
        self.call(Verb::Seat, &[seat, holder, &hold].map(str::as_bytes)).await
    }
}
