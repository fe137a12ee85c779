//! The simulator's time: the system clock plus what a test has skipped.
//!
//! Expiry of callbacks, updates and rate limits reads this clock, so a test can pass 150 seconds in no time.
//! Real waiting (long polls, delays) is not affected.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds and seconds since the Unix epoch, shifted forward by what was skipped.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    skipped_ms: AtomicI64,
}

impl Clock {
    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(self.skipped_ms.load(Ordering::Relaxed))
    }

    /// Moves the clock forward; it never goes back.
    pub(crate) fn skip(&self, ms: u32) {
        self.skipped_ms.fetch_add(i64::from(ms), Ordering::Relaxed);
    }
}
