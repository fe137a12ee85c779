//! Rate lanes: a provider's account is not limited until it refuses a job, then slow, and faster with every success.

use super::super::world;
use super::Rate;
use super::Reference;

impl Reference {
    /// The lane of a model; before any worker said so, a lane of its own.
    pub(in super::super) fn lane(&self, model: usize) -> usize {
        self.models[model].lane.unwrap_or(world_lane(model))
    }

    /// A lane refused a job and will for so long.
    pub(super) fn throttle(&mut self, lane: usize, wait: i64) {
        let now = self.now;
        self.meet("a lane refused");
        let rate = self.rates.entry(lane).or_insert(Rate { every: 0, refused: 0, whole: 0, closed: 0, touched: true });
        if now >= rate.closed {
            // of several that are refused together, the first says it all
            rate.every = wait.max(share(rate.every, 1.5).min(rate.every + wait)).min(60_000);
            rate.refused = rate.every;
        }
        rate.closed = rate.closed.max(now + wait);
        rate.whole = rate.whole.max(rate.closed);
        rate.touched = true;
    }

    /// A job of the lane succeeded.
    pub(super) fn relax(&mut self, lane: usize) {
        if let Some(rate) = self.rates.get_mut(&lane) {
            let faster = if rate.every as f64 > rate.refused as f64 * 1.1 {
                0.7
            } else if rate.every > 2000 {
                0.98
            } else {
                0.8
            };
            rate.every = share(rate.every, faster);
            rate.touched = true;
        }
    }

    /// When the lane allows another job, if not now.
    pub(super) fn lane_opens(&self, lane: usize) -> Option<i64> {
        self.rates.get(&lane).map(|rate| rate.closed.max(rate.whole)).filter(|ready| *ready > self.now)
    }

    /// A job of the lane was claimed.
    pub(super) fn spend(&mut self, lane: usize) {
        let now = self.now;
        if let Some(rate) = self.rates.get_mut(&lane) {
            *self.met.entry("a slow lane took a job").or_default() += 1;
            rate.whole = now + rate.every;
            rate.touched = true;
        }
    }

    /// A lane that is fast again is not limited any more.
    pub(super) fn forget_rates(&mut self) {
        let (now, before) = (self.now, self.rates.len());
        self.rates.retain(|_, rate| !(std::mem::take(&mut rate.touched) && rate.every < 50 && rate.closed <= now));
        if self.rates.len() < before {
            self.meet("a lane was free again");
        }
    }
}

/// Lanes that models have of their own are numbered behind those of the world.
pub(super) fn world_lane(model: usize) -> usize {
    100 + model
}

/// The name of a lane, in Redis.
pub(in super::super) fn name(lane: usize) -> String {
    if lane < 100 { world::lane(lane) } else { world::model(lane - 100) }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a run")]
fn share(every: i64, part: f64) -> i64 {
    (every as f64 * part).floor() as i64
}
