//! When a waiting job is likely to start: an estimate from what is ahead of it, with an honest range.
//!
//! Pure arithmetic over one look at the queue ([`Ahead`]). The fleet's slots are shared by all models: when one of them is
//! free for the job is found by running the queue forward (`forward`). A model, a user or a chat may be limited below
//! that, and the provider's account may be slower still: the slowest of them decides.

mod forward;

use std::time::Duration;

use serde::Serialize;

use self::forward::Forward;

/// A moment that is not certain, counted from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Most likely, in milliseconds.
    pub likely_ms: u64,
    /// Seldom before.
    pub low_ms: u64,
    /// Seldom after.
    pub high_ms: u64,
}

/// Why a waiting job does not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Because {
    /// The whole queue is paused.
    Paused {
        /// By whom and why, as it was given.
        why: String,
    },
    /// Its model is paused.
    ModelPaused {
        /// By whom and why, as it was given.
        why: String,
    },
    /// Its user is paused.
    UserPaused {
        /// By whom and why, as it was given.
        why: String,
    },
    /// Its user has as many jobs in flight as allowed.
    UserLimit {
        /// In flight.
        running: u32,
    },
    /// Its chat has as many jobs in flight as allowed.
    ChatLimit {
        /// In flight.
        running: u32,
    },
    /// Its model has as many jobs in flight as allowed.
    ModelLimit {
        /// In flight.
        running: u32,
    },
    /// The provider's account has refused jobs and is served at its pace.
    Rate {
        /// Until it takes the next job, in milliseconds from now; 0 when it would now.
        wait_ms: u64,
        /// Afterwards one job per so many milliseconds.
        every_ms: u64,
        /// The provider's reason.
        why: String,
    },
    /// It was claimed, and the provider's account runs no more at once.
    Place {
        /// Jobs that run there.
        running: u32,
    },
    /// Workers live, but none serves its model.
    Unserved,
    /// No worker lives.
    NoWorker,
}

impl Because {
    pub(crate) fn read(reason: &str, detail: &str) -> Option<Self> {
        let why = || {
            // `at actor why`, as the steering script writes it
            let mut parts = detail.splitn(3, ' ').skip(1);
            let (actor, why) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            if why.is_empty() { format!("by {actor}") } else { format!("by {actor}: {why}") }
        };
        let running = detail.parse().unwrap_or(0);
        Some(match reason {
            "paused" => Self::Paused { why: why() },
            "model_paused" => Self::ModelPaused { why: why() },
            "user_paused" => Self::UserPaused { why: why() },
            "user_limit" => Self::UserLimit { running },
            "chat_limit" => Self::ChatLimit { running },
            "model_limit" => Self::ModelLimit { running },
            "rate" => {
                let mut parts = detail.splitn(3, ' ');
                let mut number = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
                let (wait_ms, every_ms) = (number(), number());
                Self::Rate { wait_ms, every_ms, why: parts.next().unwrap_or_default().to_owned() }
            }
            "place" => Self::Place { running },
            "unserved" => Self::Unserved,
            "no_worker" => Self::NoWorker,
            _ => return None,
        })
    }

    /// Whether nothing can be said of when it will run: somebody must do something first.
    pub fn is_blocking(&self) -> bool {
        matches!(
            self,
            Self::Paused { .. } | Self::ModelPaused { .. } | Self::UserPaused { .. } | Self::Unserved | Self::NoWorker
        )
    }
}

/// What one model has to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    /// Waiting jobs, and their predicted milliseconds in all.
    pub(crate) waiting: f64,
    pub(crate) work_ms: f64,
    /// Owners that wait.
    pub(crate) owners: f64,
    pub(crate) running: f64,
    /// Measured milliseconds of one job, and how far one lies from that.
    pub(crate) typical_ms: f64,
    pub(crate) spread_ms: f64,
    /// Most in flight; infinite when not limited.
    pub(crate) limit: f64,
    /// Messages that came of late, and their jobs, in one millisecond.
    pub(crate) messages_ms: f64,
    pub(crate) jobs_ms: f64,
    /// Where it stands among the models: the least has the next turn.
    pub(crate) turn_ms: f64,
    /// It is paused: none of its jobs starts.
    pub(crate) shut: bool,
}

/// One look at the queue from a waiting job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ahead {
    /// Jobs of its own model that will be claimed before it.
    pub(crate) jobs: f64,
    /// Slots that serve its model, and the jobs that run in the whole fleet.
    pub(crate) slots: f64,
    pub(crate) running: f64,
    /// Rounds among its model's owners until its turn, in each of which jobs of users who come later go ahead of it; 0 when
    /// none does: its own user has had no turn, and will have none before.
    pub(crate) rounds: f64,
    pub(crate) own: Load,
    pub(crate) others: Vec<Load>,
    /// Milliseconds until its provider's account takes another job, and between two afterwards.
    pub(crate) rate: Option<(f64, f64)>,
    /// Jobs that its user or chat, being at its limit, will start before it, and how many of them run at once.
    pub(crate) turn: Option<(f64, f64)>,
    /// Milliseconds until it is due at all.
    pub(crate) due_ms: f64,
}

impl Ahead {
    /// Until its start; `None` without a slot.
    pub(crate) fn start(&self) -> Option<Span> {
        let own = &self.own;
        if self.slots < 1.0 || own.limit < 1.0 {
            return None;
        }
        let fleet = Forward::new(self).run(forward::ends(self));
        // its own model's slots, when they are fewer
        let room = own.limit - own.running;
        let limited =
            if self.jobs < room { 0.0 } else { (self.jobs + 1.0 - room.max(0.0)) * own.typical_ms / own.limit };
        let (wait, every) = self.rate.unwrap_or_default();
        let rated = if self.rate.is_some() { wait + self.jobs * every } else { 0.0 };
        // its user's or its chat's slots: one is free whenever one of their jobs ends
        let turn = self.turn.map_or(0.0, |(jobs, limit)| (jobs + 1.0) * own.typical_ms / limit.max(1.0));
        let likely = fleet.max(limited).max(rated).max(turn).max(self.due_ms);
        // the more ends lie between now and then, the better their number predicts their sum
        let ends = (likely / own.typical_ms.max(1.0) * self.slots.min(own.limit)).max(1.0);
        // how many come in between is anybody's guess
        let least = if self.rounds > 0.0 { 0.5 } else { 0.15 };
        let off = (2.0 * own.spread_ms / own.typical_ms.max(1.0) / ends.sqrt()).clamp(least, 0.8);
        Some(Span {
            likely_ms: whole(likely),
            low_ms: whole(likely * (1.0 - off)),
            high_ms: whole(likely * (1.0 + off)),
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, never negative")]
fn whole(milliseconds: f64) -> u64 {
    milliseconds.max(0.0).round() as u64
}

impl Span {
    /// The same span so much later.
    pub(crate) fn later(self, by: Duration) -> Self {
        let by = crate::lease::millis(by);
        Self { likely_ms: self.likely_ms + by, low_ms: self.low_ms + by, high_ms: self.high_ms + by }
    }

    /// The most likely moment.
    pub fn likely(self) -> Duration {
        Duration::from_millis(self.likely_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(waiting: f64, owners: f64, running: f64) -> Load {
        let (typical_ms, limit) = (10_000.0, f64::INFINITY);
        Load {
            waiting,
            work_ms: waiting * typical_ms,
            owners,
            running,
            typical_ms,
            spread_ms: 1000.0,
            limit,
            ..Load::default()
        }
    }

    fn likely(ahead: &Ahead) -> u64 {
        ahead.start().unwrap().likely_ms
    }

    #[test]
    fn with_a_free_slot_a_job_starts_at_once() {
        let ahead = Ahead { slots: 4.0, running: 3.0, own: load(1.0, 1.0, 3.0), ..Ahead::default() };
        assert_eq!(likely(&ahead), 0);
        assert!(Ahead::default().start().is_none(), "no slot, no promise");
    }

    #[test]
    fn a_full_fleet_gives_up_a_slot_every_nth_of_a_job() {
        let ahead = Ahead { jobs: 7.0, slots: 4.0, running: 4.0, own: load(8.0, 8.0, 4.0), ..Ahead::default() };
        assert_eq!(likely(&ahead), 20_000);
    }

    #[test]
    fn newcomers_delay_whoever_they_go_ahead_of() {
        let mut ahead = Ahead { jobs: 39.0, slots: 4.0, running: 4.0, own: load(40.0, 4.0, 4.0), ..Ahead::default() };
        let alone = likely(&ahead);
        assert!((99_000..=101_000).contains(&alone), "{alone}");
        (ahead.own.messages_ms, ahead.own.jobs_ms) = (1e-4, 2e-4);
        assert!(likely(&ahead).abs_diff(alone) <= 1000, "who comes later stands behind");
        ahead.rounds = 10.0;
        let overtaken = likely(&ahead);
        assert!((115_000..=160_000).contains(&overtaken), "{overtaken}");
        (ahead.own.messages_ms, ahead.own.jobs_ms) = (1e-3, 2e-3);
        let rush = likely(&ahead);
        assert!(rush > overtaken && rush < 10_000_000, "a rush ends sometime: {rush}");
    }

    #[test]
    fn newcomers_of_another_model_take_turns() {
        let mut ahead = Ahead { jobs: 39.0, slots: 4.0, running: 4.0, own: load(40.0, 4.0, 4.0), ..Ahead::default() };
        let alone = likely(&ahead);
        ahead.others.push(Load { messages_ms: 1e-4, jobs_ms: 2e-4, ..load(0.0, 0.0, 0.0) });
        assert!(likely(&ahead) > alone + 10_000);
    }

    #[test]
    fn a_paused_model_takes_no_turn_and_a_limited_one_no_more_than_its_slots() {
        let mut ahead = Ahead { jobs: 399.0, slots: 4.0, running: 4.0, own: load(400.0, 4.0, 4.0), ..Ahead::default() };
        let alone = likely(&ahead);
        ahead.others.push(Load { shut: true, ..load(4000.0, 40.0, 0.0) });
        assert_eq!(likely(&ahead), alone);
        ahead.others[0] = Load { limit: 1.0, ..load(4000.0, 40.0, 0.0) };
        let limited = likely(&ahead);
        assert!(limited > alone * 5 / 4 && limited < alone * 3 / 2, "{limited} {alone}");
    }

    #[test]
    fn whoever_has_the_next_turn_goes_first() {
        let mut ahead = Ahead { jobs: 0.0, slots: 4.0, running: 4.0, own: load(1.0, 1.0, 0.0), ..Ahead::default() };
        ahead.others.push(load(1.0, 1.0, 4.0));
        assert_eq!(likely(&ahead), 2_500);
        ahead.others[0].typical_ms = 1000.0;
        assert_eq!(likely(&ahead), 250, "short jobs end soon");
        ahead.others[0].typical_ms = 10_000.0;
        ahead.own.turn_ms = 1.0;
        assert_eq!(likely(&ahead), 5_000);
    }

    #[test]
    fn however_much_waits_there_is_an_answer() {
        let mut ahead =
            Ahead { jobs: 999_999.0, slots: 8.0, running: 8.0, own: load(1e6, 1e5, 8.0), ..Ahead::default() };
        let wait = likely(&ahead) as f64;
        assert!((wait / 1.25e9 - 1.0).abs() < 0.01, "{wait}");
        ahead.others = (0..30).map(|_| Load { messages_ms: 1.0, jobs_ms: 5.0, ..load(1e6, 1e5, 0.0) }).collect();
        assert!(likely(&ahead) as f64 > 10.0 * wait);
    }

    #[test]
    fn a_job_that_stands_apart_from_its_line_is_told_something_as_well() {
        let mut ahead = Ahead { jobs: 5.0, slots: 4.0, running: 4.0, own: load(0.0, 0.0, 4.0), ..Ahead::default() };
        assert_eq!(likely(&ahead), 15_000);
        ahead.own = load(60.0, 0.0, 4.0);
        assert_eq!(likely(&ahead), 15_000);
    }

    #[test]
    fn a_limited_model_waits_for_its_own_slots_and_a_slow_account_for_its_turns() {
        let mut ahead = Ahead { jobs: 3.0, slots: 100.0, running: 2.0, own: load(4.0, 4.0, 2.0), ..Ahead::default() };
        ahead.own.limit = 2.0;
        assert_eq!(likely(&ahead), 20_000);
        ahead.rate = Some((4_000.0, 10_000.0));
        assert_eq!(likely(&ahead), 34_000);
    }

    #[test]
    fn a_user_at_its_limit_waits_for_its_own_jobs() {
        let mut ahead = Ahead { jobs: 1.0, slots: 100.0, running: 2.0, own: load(2.0, 0.0, 2.0), ..Ahead::default() };
        assert_eq!(likely(&ahead), 0);
        ahead.turn = Some((1.0, 2.0));
        assert_eq!(likely(&ahead), 10_000);
    }

    #[test]
    fn another_model_with_as_many_owners_takes_every_second_slot() {
        let mut ahead = Ahead { jobs: 7.0, slots: 4.0, running: 4.0, own: load(800.0, 8.0, 4.0), ..Ahead::default() };
        ahead.others.push(load(800.0, 8.0, 0.0));
        let wait = likely(&ahead);
        assert!((37_500..=40_500).contains(&wait), "{wait}");
    }

    #[test]
    fn the_range_is_honest_and_narrows_with_the_number_of_ends() {
        let near = Ahead { jobs: 0.0, slots: 1.0, running: 1.0, own: load(1.0, 1.0, 1.0), ..Ahead::default() };
        let far = Ahead { jobs: 99.0, own: load(100.0, 1.0, 1.0), ..near.clone() };
        let width = |span: Span| (span.high_ms - span.low_ms) as f64 / span.likely_ms as f64;
        assert!(width(near.start().unwrap()) > width(far.start().unwrap()));
    }
}
