//! Telegram's pace: about one message a second in a chat with a short burst, 20 a minute in a group, 30 a second
//! overall; edits have a budget of their own; large uploads of the same size are spaced. Whoever exceeds it is told when to come back.
//!
//! Invariant: a `retry_after` told to a client is remembered, whether this limiter or a scripted fault told it, so
//! that a call which comes too early is counted as such. An early call does not lengthen the penalty: that keeps
//! tests exact, where the real server may punish.

use std::collections::{HashMap, VecDeque};

/// Messages at once in an idle chat.
const CHAT_BURST: f64 = 5.0;
/// Messages a second in one chat.
const CHAT_RATE: f64 = 1.0;
/// Messages a second over all chats of a bot.
const OVERALL_RATE: f64 = 30.0;
/// Messages a minute in a group.
const GROUP_MINUTE: usize = 20;
const MINUTE_MS: i64 = 60_000;
/// Uploads larger than this, in bytes, are spaced when their sizes are the same: the server takes them for one file.
const SPACED_BYTES: usize = 100_000;
/// Milliseconds between them: a ten-thousandth of the bytes, within these bounds.
const SPACING_MS: (i64, i64) = (200, 900);
/// So much later than wished for, and an upload is refused.
const LATEST_MS: i64 = 5000;
/// What the refusal asks to wait.
const SPACED_RETRY: u64 = 60;

/// Calls that share a budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Send,
    Edit,
    /// Without a budget; parked only by scripted faults.
    Other(String),
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ms: i64,
}

impl Bucket {
    fn full(size: f64, at_ms: i64) -> Self {
        Self { tokens: size, at_ms }
    }

    fn refill(&mut self, rate: f64, size: f64, now_ms: i64) {
        let elapsed = (now_ms - self.at_ms).max(0) as f64 / 1000.0;
        self.tokens = (self.tokens + elapsed * rate).min(size);
        self.at_ms = now_ms;
    }

    /// Milliseconds until it holds `cost`; an album larger than the bucket passes when the bucket is full.
    fn wait_ms(&self, cost: f64, rate: f64, size: f64) -> f64 {
        (cost.min(size) - self.tokens).max(0.0) / rate * 1000.0
    }
}

/// Budgets and parked chats.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    /// Off lets everything pass; counting of early calls goes on.
    pub(crate) enabled: bool,
    chats: HashMap<(i64, i64, Lane), Bucket>,
    overall: HashMap<(i64, Lane), Bucket>,
    minutes: HashMap<(i64, i64, Lane), VecDeque<i64>>,
    parked: HashMap<(i64, Option<i64>, Lane), i64>,
    /// When the next upload of that size has its turn.
    uploads: HashMap<(i64, usize), i64>,
}

impl Limiter {
    /// True when `retry_after` of an earlier answer has not passed.
    pub(crate) fn is_early(&self, bot: i64, chat: Option<i64>, lane: &Lane, now_ms: i64) -> bool {
        self.parked.get(&(bot, chat, lane.clone())).is_some_and(|until| now_ms < *until)
    }

    /// Remembers that the client was told to wait.
    pub(crate) fn park(&mut self, bot: i64, chat: Option<i64>, lane: Lane, seconds: u64, now_ms: i64) {
        let until = now_ms.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000));
        let parked = self.parked.entry((bot, chat, lane)).or_insert(until);
        *parked = until.max(*parked);
    }

    /// Takes `cost` messages from the budgets of a chat, or says in how many seconds to come back.
    pub(crate) fn admit(&mut self, bot: i64, chat: i64, lane: &Lane, cost: usize, now_ms: i64) -> Result<(), u64> {
        if !self.enabled || matches!(lane, Lane::Other(_)) {
            return Ok(());
        }
        let units = cost as f64;
        let in_chat = self.chats.entry((bot, chat, lane.clone())).or_insert_with(|| Bucket::full(CHAT_BURST, now_ms));
        in_chat.refill(CHAT_RATE, CHAT_BURST, now_ms);
        let overall = self.overall.entry((bot, lane.clone())).or_insert_with(|| Bucket::full(OVERALL_RATE, now_ms));
        overall.refill(OVERALL_RATE, OVERALL_RATE, now_ms);
        let minute = self.minutes.entry((bot, chat, lane.clone())).or_default();
        while minute.front().is_some_and(|at| now_ms - at >= MINUTE_MS) {
            minute.pop_front();
        }
        let group_wait = if chat < 0 && minute.len() + cost > GROUP_MINUTE {
            // when enough of the oldest have left the minute
            let leaving = (minute.len() + cost - GROUP_MINUTE).min(minute.len());
            leaving.checked_sub(1).and_then(|last| minute.get(last)).map_or(0, |at| MINUTE_MS - (now_ms - at))
        } else {
            0
        };
        let wait_ms = in_chat
            .wait_ms(units, CHAT_RATE, CHAT_BURST)
            .max(overall.wait_ms(units, OVERALL_RATE, OVERALL_RATE))
            .max(group_wait as f64);
        if wait_ms > 0.0 {
            let seconds = seconds_up(wait_ms);
            self.park(bot, Some(chat), lane.clone(), seconds, now_ms);
            return Err(seconds);
        }
        in_chat.tokens -= units;
        overall.tokens -= units;
        if chat < 0 {
            minute.extend(std::iter::repeat_n(now_ms, cost));
        }
        Ok(())
    }

    /// The turn of an upload of so many bytes: in how many milliseconds, or after how many seconds to come back.
    pub(crate) fn upload(&mut self, bot: i64, bytes: usize, now_ms: i64) -> Result<u64, u64> {
        if !self.enabled || bytes <= SPACED_BYTES {
            return Ok(0);
        }
        let apart = i64::try_from(bytes / 10_000).unwrap_or(i64::MAX).clamp(SPACING_MS.0, SPACING_MS.1);
        let next = self.uploads.entry((bot, bytes)).or_insert(now_ms);
        let turn = (*next).max(now_ms);
        if turn - now_ms > LATEST_MS {
            return Err(SPACED_RETRY);
        }
        *next = turn + apart;
        Ok((turn - now_ms).unsigned_abs())
    }

    /// Fills all budgets and forgets all penalties.
    pub(crate) fn reset(&mut self) {
        *self = Self { enabled: self.enabled, ..Self::default() };
    }
}

fn seconds_up(ms: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and at most a minute")]
    let seconds = (ms / 1000.0).ceil() as u64;
    seconds.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter { enabled: true, ..Limiter::default() }
    }

    #[test]
    fn a_chat_bursts_to_five_then_earns_one_a_second() {
        let mut limiter = limiter();
        for _ in 0..5 {
            assert_eq!(limiter.admit(1, 7, &Lane::Send, 1, 0), Ok(()));
        }
        assert_eq!(limiter.admit(1, 7, &Lane::Send, 1, 0), Err(1));
        assert!(limiter.is_early(1, Some(7), &Lane::Send, 999));
        assert!(!limiter.is_early(1, Some(7), &Lane::Send, 1000));
        assert_eq!(limiter.admit(1, 7, &Lane::Edit, 1, 0), Ok(()), "edits have their own budget");
        assert_eq!(limiter.admit(1, 8, &Lane::Send, 1, 0), Ok(()), "chats do not share");
        assert_eq!(limiter.admit(1, 7, &Lane::Send, 1, 1000), Ok(()));
    }

    #[test]
    fn large_uploads_of_one_size_are_spaced_and_refused_when_late() {
        let mut limiter = limiter();
        let turns: Vec<_> = (0..8).map(|_| limiter.upload(1, 8_000_000, 0)).collect();
        assert_eq!(turns[..3], [Ok(0), Ok(800), Ok(1600)]);
        assert_eq!((turns[6], turns[7]), (Ok(4800), Err(60)));
        assert_eq!(limiter.upload(1, 8_000_001, 0), Ok(0), "another size is another file");
        assert_eq!(limiter.upload(2, 8_000_000, 0), Ok(0), "bots do not share");
        assert_eq!(limiter.upload(1, 8_000_000, 5_600), Ok(0), "time passes");
        assert_eq!([0, 0, 0].map(|now| limiter.upload(1, 90_000, now)), [Ok(0); 3], "small ones are not spaced");
    }

    #[test]
    fn an_album_costs_its_items_and_passes_a_full_bucket() {
        let mut limiter = limiter();
        assert_eq!(limiter.admit(1, 7, &Lane::Send, 10, 0), Ok(()));
        assert_eq!(limiter.admit(1, 7, &Lane::Send, 1, 0), Err(6));
    }

    #[test]
    fn a_group_has_twenty_a_minute_and_a_bot_thirty_a_second() {
        let mut limiter = limiter();
        for step in 0..20 {
            assert_eq!(limiter.admit(1, -7, &Lane::Send, 1, step * 1000), Ok(()));
        }
        assert_eq!(limiter.admit(1, -7, &Lane::Send, 1, 20_000), Err(40));
        assert_eq!(limiter.admit(1, -7, &Lane::Send, 1, 60_000), Ok(()));
        for chat in 1..=30 {
            assert_eq!(limiter.admit(2, chat, &Lane::Send, 1, 0), Ok(()));
        }
        assert_eq!(limiter.admit(2, 31, &Lane::Send, 1, 0), Err(1));
    }
}
