//! How one attempt of a job behaves: how long its steps take and where it stumbles.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Where an attempt stumbles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stumble {
    /// It does not.
    None,
    /// The service fails before anything was created.
    BeforeCreate,
    /// The prediction is created, and the answer lost.
    AnswerLost,
    /// The prediction fails: the next attempt needs another.
    Prediction,
    /// The result cannot be fetched for now.
    AfterOutputs,
    /// The job can never succeed.
    Fatal,
    /// The handler panics.
    Panic,
}

/// How one attempt behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conduct {
    /// Before the creation, the prediction's own, before `Sending`, before the edit, before `Delivered`.
    pub(crate) waits: [Duration; 5],
    /// Where it stumbles.
    pub(crate) stumble: Stumble,
    /// The wait before the next attempt, if one comes.
    pub(crate) again: Duration,
}

impl Conduct {
    /// That of an attempt of a job.
    pub(crate) fn of(seed: u64, number: u32, attempt: u32) -> Self {
        let mut dice = StdRng::seed_from_u64(seed ^ u64::from(number) << 8 ^ u64::from(attempt));
        let mut waits = [4, 40, 8, 6, 4].map(|most| Duration::from_millis(dice.random_range(0..=most)));
        if dice.random_bool(0.03) {
            // slow: some of them live through several faults
            waits[1] = Duration::from_millis(dice.random_range(500..3000));
        }
        let stumble = match dice.random_range(0..1000) {
            0..15 => Stumble::BeforeCreate,
            15..30 => Stumble::AnswerLost,
            30..45 => Stumble::Prediction,
            45..60 => Stumble::AfterOutputs,
            60..75 => Stumble::Fatal,
            75..78 => Stumble::Panic,
            _ => Stumble::None,
        };
        Self { waits, stumble, again: Duration::from_millis(dice.random_range(20..800)) }
    }
}

/// For how long the provider refuses a job's first creation as one too many; `None` for most.
pub(crate) fn refusal(seed: u64, number: u32) -> Option<Duration> {
    let mut dice = StdRng::seed_from_u64(!seed ^ u64::from(number));
    dice.random_bool(0.004).then(|| Duration::from_millis(dice.random_range(50..250)))
}
