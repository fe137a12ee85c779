//! The small world of one run: who there is, and how things are named.
//!
//! Invariant: numbers sort as their names do, so that ties in the server's sorted sets are broken by number.

use rand::Rng;

/// How many there are of everything, and what does not change during a run.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) owners: usize,
    /// The share of each owner.
    pub(super) weights: Vec<i64>,
    pub(super) models: usize,
    /// The lane of each model.
    pub(super) lanes: Vec<usize>,
    pub(super) chats: usize,
    /// The models that each worker serves; none = all.
    pub(super) workers: Vec<Vec<usize>>,
    /// The worker that does not hear what is published.
    pub(super) deaf: Option<usize>,
    pub(super) lease: i64,
    /// For so long leases are spared after somebody was cut off.
    pub(super) amnesty: i64,
    /// Lost leases after which a job is dead.
    pub(super) lost: i64,
    /// For how many seconds an update is remembered.
    pub(super) remembered: i64,
    /// Most promotions, reaps and the like of one step.
    pub(super) bound: usize,
}

impl World {
    pub(super) fn random(random: &mut impl Rng) -> Self {
        let models = random.random_range(1..=3);
        // few at once in some worlds, so that the bounds of a step are met
        let bound = if random.random_bool(0.25) { 4 } else { 64 };
        let most = if random.random_bool(0.7) { 4 } else { 6 };
        let owners = if bound == 4 { 4 } else { random.random_range(2..=most) };
        let workers = random.random_range(2..=3);
        Self {
            owners,
            weights: (0..owners)
                .map(|_| if random.random_bool(0.6) { 1 } else { random.random_range(1..=4) })
                .collect(),
            models,
            lanes: (0..models).map(|model| if random.random_bool(0.4) { 0 } else { model }).collect(),
            chats: 2,
            workers: (0..workers)
                .map(|_| (0..models).filter(|_| random.random_bool(0.4)).collect::<Vec<_>>())
                .collect(),
            deaf: random.random_bool(0.2).then(|| random.random_range(0..workers)),
            lease: 6000,
            amnesty: 4000,
            lost: random.random_range(2..=3),
            remembered: 3600,
            bound,
        }
    }

    pub(super) fn serves(&self, worker: usize, model: usize) -> bool {
        self.workers[worker].is_empty() || self.workers[worker].contains(&model)
    }
}

/// An owner: `bot:user`.
pub(super) fn owner(number: usize) -> String {
    format!("7:{}", number + 1)
}

pub(super) fn model(number: usize) -> String {
    ["a", "b", "c"][number].to_owned()
}

pub(super) fn lane(number: usize) -> String {
    format!("lane{number}")
}

pub(super) fn chat(number: usize) -> String {
    format!("7:-{}", number + 1)
}

pub(super) fn worker(number: usize) -> String {
    format!("w{number}")
}

pub(super) fn job(number: u32) -> String {
    format!("j{number:05}")
}
