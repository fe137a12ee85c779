//! When results could have been posted if nothing else had been: the budget of edits, for results alone.
//!
//! The numbers are those of our limiter (`crates/queue/src/pace.rs`, `lua/grant.lua`) for results: a little below Telegram's.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// A result that may be posted from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) bot: i64,
    pub(crate) chat: i64,
    /// In Unix milliseconds.
    pub(crate) at_ms: i64,
}

/// Milliseconds a unit, and how many at once.
const BOT: (i64, i64) = (34, 28);
const CHAT: (i64, i64) = (1020, 5);
/// A chat in use is whole so much later than its units say.
const UNDER_WAY_MS: i64 = 300;
const GROUP_MINUTE: usize = 20;
const MINUTE_MS: i64 = 60_800;

#[derive(Default)]
struct Budget {
    /// When the budget is whole again.
    bots: HashMap<i64, i64>,
    chats: HashMap<(i64, i64), i64>,
    minutes: HashMap<(i64, i64), VecDeque<i64>>,
}

impl Budget {
    /// When it may go: now, or not before.
    fn earliest(&self, ready: &Ready, now: i64) -> i64 {
        let key = (ready.bot, ready.chat);
        let gate = |whole: Option<&i64>, (unit, burst): (i64, i64), under_way: i64| {
            whole.map_or(now, |whole| (whole + under_way - (burst - 1) * unit).max(now))
        };
        let bot = gate(self.bots.get(&ready.bot), BOT, 0);
        let chat = gate(self.chats.get(&key), CHAT, UNDER_WAY_MS);
        let full = self.minutes.get(&key).filter(|minute| ready.chat < 0 && minute.len() >= GROUP_MINUTE);
        let minute = full.map_or(now, |minute| minute[minute.len() - GROUP_MINUTE] + MINUTE_MS);
        bot.max(chat).max(minute)
    }

    fn spend(&mut self, ready: &Ready, now: i64) {
        let key = (ready.bot, ready.chat);
        let bot = self.bots.entry(ready.bot).or_insert(now);
        *bot = (*bot).max(now) + BOT.0;
        let chat = self.chats.entry(key).or_insert(now);
        *chat = (*chat).max(now) + CHAT.0;
        self.minutes.entry(key).or_default().push_back(now);
    }
}

/// When each could have been posted, in the same order.
pub(crate) fn alone(results: &[Ready]) -> Vec<i64> {
    let mut budget = Budget::default();
    let mut times = vec![0; results.len()];
    let mut waiting: BinaryHeap<Reverse<(i64, i64, usize)>> =
        results.iter().enumerate().map(|(index, ready)| Reverse((ready.at_ms, ready.at_ms, index))).collect();
    while let Some(Reverse((now, ready_ms, index))) = waiting.pop() {
        let ready = &results[index];
        let earliest = budget.earliest(ready, now);
        if earliest > now {
            waiting.push(Reverse((earliest, ready_ms, index)));
        } else {
            budget.spend(ready, now);
            times[index] = now;
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_alone_wait_for_chat_bot_and_minute_only() {
        let at = |chat, at_ms| Ready { bot: 1, chat, at_ms };
        let six: Vec<Ready> = (0..7).map(|_| at(7, 0)).collect();
        assert_eq!(alone(&six), [0, 0, 0, 0, 300, 1320, 2340]);
        let many: Vec<Ready> = (0..29).map(|chat| at(chat, 0)).collect();
        assert_eq!(alone(&many)[28], 34);
        let group: Vec<Ready> = (0..21).map(|index| at(-7, index * 1100)).collect();
        assert_eq!(alone(&group)[19..], [20_900, 60_800]);
    }
}
