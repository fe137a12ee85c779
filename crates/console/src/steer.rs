//! Pause and resume, drain and reopen.

use std::time::Duration;

use atelier_queue::{Hold, Stats, Steering};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::Console;
use crate::actor::Actor;
use crate::error::ConsoleError;
use crate::view::{Answer, count, seconds};

/// A pause that began or ended.
#[derive(Debug, Clone, Serialize)]
pub struct Steered {
    /// The queue, a model, or a user.
    pub what: Steering,
    /// Whether it is paused now.
    pub paused: bool,
    /// Whether that is new.
    pub changed: bool,
    /// The pause that was there before.
    pub before: Option<Hold>,
    /// Jobs of it in workers' hands, which go on; not counted for a user.
    pub running: Option<u64>,
}

/// The queue opened again.
#[derive(Debug, Clone, Serialize)]
pub struct Reopened {
    /// Whether it was closed.
    pub changed: bool,
}

/// A queue that takes no new jobs, and what is left in it.
#[derive(Debug, Clone, Serialize)]
pub struct Drained {
    /// Whether no job is left.
    pub empty: bool,
    /// How long was waited, in milliseconds.
    pub waited_ms: u64,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs to be tried again.
    pub delayed: u64,
    /// Jobs in workers' hands.
    pub running: u64,
    /// What keeps the rest from being done.
    pub obstacles: Vec<String>,
}

/// Between two looks at a queue that is being drained.
const LOOK: Duration = Duration::from_millis(500);

impl Console {
    /// Lets no job of it be claimed until resumed; running ones go on.
    pub async fn pause(&self, what: Steering, by: &Actor, why: &str) -> Result<Steered, ConsoleError> {
        let before = self.hold_of(&what).await?;
        self.queue.pause(&what, by.as_str(), why).await?;
        let stats = self.queue.stats().await?;
        let running = match &what {
            Steering::Queue => Some(stats.active),
            Steering::Model(id) => stats.models.iter().find(|model| model.model == id.as_str()).map(|m| m.running),
            Steering::User(..) => None,
        };
        Ok(Steered { what, paused: true, changed: before.is_none(), before, running })
    }

    /// Ends a pause.
    pub async fn resume(&self, what: Steering, by: &Actor) -> Result<Steered, ConsoleError> {
        let before = self.hold_of(&what).await?;
        let changed = self.queue.resume(&what, by.as_str()).await?;
        Ok(Steered { what, paused: false, changed, before, running: None })
    }

    async fn hold_of(&self, what: &Steering) -> Result<Option<Hold>, ConsoleError> {
        Ok(match what {
            Steering::Queue => self.queue.stats().await?.paused,
            Steering::Model(id) => {
                let stats = self.queue.stats().await?;
                stats.models.into_iter().find(|model| model.model == id.as_str()).and_then(|model| model.paused)
            }
            Steering::User(bot, user) => {
                let owner = format!("{bot}:{user}");
                let paused = self.queue.paused_users().await?;
                paused.into_iter().find(|paused| paused.owner == owner).map(|paused| paused.paused)
            }
        })
    }

    /// Refuses new jobs, and waits until those accepted are done, at most for `wait` (`None` = for as long as it takes).
    /// `progress` is told what is left whenever that changes. Whoever stops waiting leaves the queue closed.
    pub async fn drain(
        &self,
        by: &Actor,
        why: &str,
        wait: Option<Duration>,
        mut progress: impl FnMut(&Drained),
    ) -> Result<Drained, ConsoleError> {
        self.queue.close(by.as_str(), why).await?;
        let began = Instant::now();
        let mut told = None;
        loop {
            let look = Instant::now();
            let paused = !self.queue.paused_users().await?.is_empty();
            let left = Drained::of(&self.queue.stats().await?, paused, began.elapsed());
            if left.empty || wait.is_some_and(|wait| began.elapsed() >= wait) {
                return Ok(left);
            }
            let state = Some((left.waiting, left.delayed, left.running, left.obstacles.clone()));
            if told != state {
                progress(&left);
                told = state;
            }
            let next = look + LOOK;
            sleep_until(wait.map_or(next, |wait| next.min(began + wait))).await;
        }
    }

    /// Accepts jobs again.
    pub async fn reopen(&self, by: &Actor) -> Result<Reopened, ConsoleError> {
        Ok(Reopened { changed: self.queue.reopen(by.as_str()).await? })
    }
}

impl Drained {
    fn of(stats: &Stats, users_paused: bool, waited: Duration) -> Self {
        let (waiting, delayed, running) = (stats.waiting, stats.delayed, stats.active);
        let mut obstacles = Vec::new();
        if stats.paused.is_some() {
            obstacles.push("the queue is paused".to_owned());
        }
        for model in stats.models.iter().filter(|model| model.waiting > 0) {
            let name = &model.model;
            if model.paused.is_some() {
                obstacles.push(format!("model {name} is paused"));
            } else if model.slots == 0 && !stats.workers.is_empty() {
                obstacles.push(format!("nobody serves {name}"));
            } else if model.users == 0 && users_paused {
                obstacles.push(format!("all who wait for {name} are paused or at a limit"));
            }
        }
        if stats.workers.is_empty() {
            obstacles.push("no worker runs".to_owned());
        }
        let empty = waiting + delayed + running == 0;
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        Self { empty, waited_ms, waiting, delayed, running, obstacles: if empty { Vec::new() } else { obstacles } }
    }

    /// What is left, on one line.
    pub fn left(&self) -> String {
        let later = if self.delayed > 0 { format!(", {} to be tried again", self.delayed) } else { String::new() };
        let obstacles = match self.obstacles.as_slice() {
            [] => String::new(),
            some => format!("; it will not get empty while {}", some.join(" and ")),
        };
        format!("{} waiting, {} running{later}{obstacles}", self.waiting, self.running)
    }
}

impl Answer for Drained {
    fn text(&self) -> String {
        let closed = "new jobs are refused until `atelier queue reopen`";
        if self.empty {
            format!("the queue is empty; {closed}")
        } else {
            format!("not empty after {}: {}; {closed}", seconds(self.waited_ms), self.left())
        }
    }

    fn is_yes(&self) -> bool {
        self.empty
    }
}

impl Answer for Reopened {
    fn text(&self) -> String {
        if self.changed { "the queue accepts jobs again" } else { "the queue was not closed" }.to_owned()
    }
}

impl Answer for Steered {
    fn text(&self) -> String {
        let Self { what, before, .. } = self;
        if !self.paused {
            return if self.changed { format!("{what} is resumed") } else { format!("{what} was not paused") };
        }
        let was = before.as_ref().map_or_else(String::new, |hold| format!(" (it was already, by {})", hold.actor));
        let running = match self.running {
            None | Some(0) => String::new(),
            Some(number) => format!("; {} on", count(number, "running job goes", "running jobs go")),
        };
        let flag = match what {
            Steering::Queue => String::new(),
            Steering::Model(model) => format!(" --model {model}"),
            Steering::User(bot, user) => format!(" --user {bot}:{user}"),
        };
        format!("{what} is paused{was}{running}; `atelier queue resume{flag}` ends it")
    }
}

#[cfg(test)]
mod tests {
    use atelier_queue::ModelStats;

    use super::*;

    #[test]
    fn a_drain_names_what_stands_in_its_way() {
        let model = ModelStats { model: "imagen".to_owned(), waiting: 2, ..ModelStats::default() };
        let stats = Stats { waiting: 2, delayed: 1, models: vec![model], ..Stats::default() };
        let left = Drained::of(&stats, true, Duration::from_secs(3));
        assert_eq!(
            left.left(),
            "2 waiting, 0 running, 1 to be tried again; it will not get empty while all who wait for imagen are paused \
             or at a limit and no worker runs"
        );
        assert!(!left.is_yes() && left.text().starts_with("not empty after 3.00 s: 2 waiting"));
        assert!(Drained::of(&Stats::default(), true, Duration::ZERO).is_yes());
    }
}
