//! One clock for all processes of a run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970. The wall clock, since a monotonic one cannot be handed to another process by the standard
/// library; a step of it would show as one absurd latency.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// From one reading to another; nothing when they are the wrong way round.
pub(crate) fn between(from: u64, to: u64) -> Duration {
    Duration::from_nanos(to.saturating_sub(from))
}
