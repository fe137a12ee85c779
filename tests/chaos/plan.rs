//! The plan of a run: who submits what, who cancels, who tries again, and what breaks when. All of it follows from the
//! seed; only the moments follow from the machine.
//!
//! Steps are taken in order, paced by how many jobs have ended, so that faults meet work at every depth of the queue.

mod conduct;
mod fault;

use atelier_domain::JobId;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub(crate) use conduct::{Conduct, Stumble, refusal};
pub(crate) use fault::{Fault, Party};

/// The models, and what they share: the second and third are of one provider's account.
pub(crate) const MODELS: [&str; 5] = ["sketch", "imagen", "ideogram", "seedream", "recraft"];
/// The account of those two.
pub(crate) const LANE: (&str, [&str; 2]) = ("account", ["imagen", "ideogram"]);
/// The limits at the beginning.
pub(crate) const MODEL_LIMITS: [(&str, u64); 2] = [("imagen", 10), ("seedream", 4)];
pub(crate) const USER_LIMIT: u64 = 6;
pub(crate) const CHAT_LIMIT: u64 = 5;
/// Most jobs of one user that have not ended.
pub(crate) const PENDING: u32 = 150;
/// The limit of a model at the beginning, and again after every change.
pub(crate) fn model_limit(model: &str) -> Option<u64> {
    MODEL_LIMITS.iter().find(|(name, _)| *name == model).map(|(_, limit)| *limit)
}

/// Workers at once. All serve every model but the last, which serves two.
pub(crate) const WORKERS: usize = 4;
pub(crate) const NARROW: [&str; 2] = ["sketch", "imagen"];

const USERS: u32 = 40;
const GROUPS: u32 = 6;
/// Where the numbers of jobs begin in time: ids are made of numbers, not of the clock.
const ORIGIN_MS: u64 = 1_795_000_000_000;

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// In order.
    pub(crate) steps: Vec<Step>,
    /// Jobs in all.
    pub(crate) jobs: u32,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// A message with its jobs.
    Submit(Order),
    /// Somebody wants a job stopped: its user, or the operator.
    Cancel { job: u32, operator: bool },
    /// Somebody wants a job tried again.
    Retry { job: u32 },
    /// Something breaks.
    Break(Fault),
}

/// A message with its jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The update, from 1.
    pub(crate) update: u32,
    /// Which user, from 0.
    pub(crate) user: u32,
    /// The group chat; `None` for the user's own.
    pub(crate) group: Option<u32>,
    /// Ahead of the user's other jobs.
    pub(crate) urgent: bool,
    /// The number of the first job, from 1.
    pub(crate) first: u32,
    /// The model of each job.
    pub(crate) models: Vec<&'static str>,
    /// Whether all ask for the very same picture.
    pub(crate) twins: bool,
}

/// The id of the job with that number.
pub(crate) fn job_id(number: u32) -> JobId {
    JobId::new(ORIGIN_MS + u64::from(number), number)
}

/// The bot that a user talks to.
pub(crate) fn bot_of(user: u32) -> i64 {
    i64::from(user % 2) + 1
}

/// A user's id.
pub(crate) fn user_id(user: u32) -> i64 {
    1000 + i64::from(user)
}

/// A user's share.
pub(crate) fn weight_of(user: u32) -> u32 {
    1 + user % 3
}

impl Order {
    /// The chat's id: of a group it is negative.
    pub(crate) fn chat(&self) -> i64 {
        self.group.map_or_else(|| user_id(self.user), |group| -1 - i64::from(group))
    }

    /// What the picture of a job shows: the provider's only way to tell predictions apart.
    pub(crate) fn input(&self, number: u32) -> String {
        if self.twins { format!("twins of {}", self.first) } else { format!("picture {number}") }
    }
}

impl Plan {
    /// Draws the plan of a run.
    pub(crate) fn draw(seed: u64, jobs: u32, faults: u32) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut steps: Vec<(f64, Step)> = Vec::new();
        let (mut number, mut update) = (1, 0);
        while number <= jobs {
            update += 1;
            let order = draw_order(&mut dice, update, number, jobs - number + 1);
            let at = f64::from(number);
            number += u32::try_from(order.models.len()).expect("a few");
            for job in order.first..number {
                let cancelled = dice.random_bool(0.04);
                if cancelled {
                    let operator = dice.random_bool(0.3);
                    steps.push((at + dice.random_range(0.5..400.0), Step::Cancel { job, operator }));
                }
                // of those that will have ended badly some are tried again, and a few that need it not
                let doomed = cancelled || Conduct::of(seed, job, 1).stumble == Stumble::Fatal;
                if dice.random_bool(if doomed { 0.5 } else { 0.01 }) {
                    steps.push((at + dice.random_range(5.0..1500.0), Step::Retry { job }));
                }
            }
            steps.push((at, Step::Submit(order)));
        }
        for _ in 0..faults {
            let at = f64::from(jobs) * dice.random_range(0.02..0.98);
            steps.push((at, Step::Break(Fault::draw(&mut dice))));
        }
        steps.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self { steps: steps.into_iter().map(|(_, step)| step).collect(), jobs }
    }
}

fn draw_order(dice: &mut StdRng, update: u32, first: u32, most: u32) -> Order {
    // the lower the number, the more a user asks for
    let user = f64::from(USERS) * dice.random_range(0.0_f64..1.0).powi(2);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of users")]
    let user = user as u32;
    let count = if dice.random_bool(0.7) { 1 } else { dice.random_range(2..=6) }.min(most);
    let mixed = dice.random_bool(0.2);
    let model = MODELS[dice.random_range(0..MODELS.len())];
    let models = (0..count).map(|_| if mixed { MODELS[dice.random_range(0..MODELS.len())] } else { model }).collect();
    Order {
        update,
        user,
        group: dice.random_bool(0.5).then(|| dice.random_range(0..GROUPS)),
        urgent: dice.random_bool(0.1),
        first,
        models,
        twins: count > 1 && dice.random_bool(0.3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_follows_from_its_seed() {
        assert_eq!(Plan::draw(3, 500, 20), Plan::draw(3, 500, 20));
        assert_ne!(Plan::draw(3, 500, 20), Plan::draw(4, 500, 20));
    }

    #[test]
    fn a_plan_has_every_job_once_and_all_its_faults() {
        let plan = Plan::draw(1, 1000, 50);
        let mut numbers = Vec::new();
        let mut faults = 0;
        for step in &plan.steps {
            match step {
                Step::Submit(order) => numbers.extend((order.first..).take(order.models.len())),
                Step::Break(_) => faults += 1,
                _ => {}
            }
        }
        assert_eq!((numbers, faults), ((1..=1000).collect::<Vec<u32>>(), 50));
    }
}
