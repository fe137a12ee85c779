//! Everything the server knows, behind one lock, with a version that moves on every change.
//!
//! Invariant: the lock is held for short steps only, never across an await; whoever changes something a waiter could
//! wait for goes through [`World::update`].

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::events::Events;
use super::faults::{Matcher, Orders, Route, Rule, Subject, orders};
use super::files::Shelf;
use super::gallery::Gallery;
use super::prediction::{Next, Prediction, Status};
use super::store::Store;
use super::time::{self, Millis};
use super::{Options, ServeError};

/// Finished predictions beyond this many are forgotten, oldest first.
const MOST_PREDICTIONS: usize = 20_000;

#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) store: Store,
    pub(super) gallery: Gallery,
    pub(super) shutdown: CancellationToken,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) predictions: HashMap<String, Prediction>,
    /// Ids in the order of creation.
    pub(super) order: Vec<String>,
    pub(super) holds: Vec<Hold>,
    pub(super) rules: Vec<Rule>,
    pub(super) counts: Counts,
    pub(super) events: Events,
    pub(super) account: Account,
    pub(super) shelf: Shelf,
    /// How often each webhook is sent; 0 loses them all.
    pub(super) webhook_copies: u32,
    /// Seconds by which each is late.
    pub(super) webhook_delay: f64,
    last_number: u64,
    creates_made: u64,
}

/// A barrier: matching predictions stay in `processing`.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Hold {
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) matcher: Matcher,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) requests: BTreeMap<Route, u64>,
    /// Predictions made, by model and prompt; retention does not lower it.
    pub(super) creates: BTreeMap<(String, String), u64>,
    /// Error answers to creates, by status.
    pub(super) refused: BTreeMap<u16, u64>,
    pub(super) cuts: u64,
    pub(super) highest_running: usize,
}

impl World {
    pub(super) async fn open(options: Options, shutdown: CancellationToken) -> Result<Arc<Self>, ServeError> {
        let (store, known) = Store::open(options.data_dir.as_deref()).await?;
        let known_before = known.len() as u64;
        let state = State {
            order: known.iter().map(|prediction| prediction.id.clone()).collect(),
            predictions: known.into_iter().map(|prediction| (prediction.id.clone(), prediction)).collect(),
            holds: Vec::new(),
            rules: Vec::new(),
            counts: Counts::default(),
            events: Events::default(),
            account: Account::new(options.limits, options.credit, Instant::now()),
            shelf: Shelf::default(),
            webhook_copies: 1,
            webhook_delay: 0.0,
            creates_made: known_before,
            last_number: 0,
        };
        Ok(Arc::new(Self {
            gallery: Gallery::default(),
            options,
            store,
            shutdown,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
        }))
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state and wakes everybody who waits for a change.
    pub(super) fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.send_modify(|version| *version += 1);
        result
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Milliseconds after which inputs and outputs are gone.
    pub(super) fn lifetime(&self) -> Millis {
        Millis::try_from(self.options.lifetime.as_millis()).unwrap_or(Millis::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // every change is a complete step, so a panic elsewhere leaves nothing half done
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The how manieth create this is, whatever else was numbered: it decides jitter and picture.
    pub(super) fn create_number(&mut self) -> u64 {
        self.creates_made += 1;
        self.creates_made
    }

    /// Counts a request and collects what the rules want of it.
    pub(super) fn request(&mut self, route: Route, subject: &Subject) -> Orders {
        *self.counts.requests.entry(route).or_default() += 1;
        orders(&mut self.rules, route, subject)
    }

    pub(super) fn add(&mut self, prediction: Prediction) {
        let key = (prediction.model.clone(), prediction.prompt().to_owned());
        *self.counts.creates.entry(key).or_default() += 1;
        self.events.of("created", prediction.created_at, &prediction);
        self.order.push(prediction.id.clone());
        self.predictions.insert(prediction.id.clone(), prediction);
        if self.order.len() > MOST_PREDICTIONS {
            let finished = |id: &String| self.predictions.get(id).is_none_or(|known| known.status.terminal());
            if let Some(oldest) = self.order.iter().position(finished) {
                let id = self.order.remove(oldest);
                self.predictions.remove(&id);
            }
        }
    }

    pub(super) fn held(&self, prediction: &Prediction) -> bool {
        !prediction.released
            && self.holds.iter().any(|hold| hold.matcher.matches(&prediction.model, prediction.prompt()))
    }

    /// Moves a prediction on to this moment; `None` if there is no such prediction.
    pub(super) fn advance(&mut self, id: &str, now: Millis) -> Option<Next> {
        let held = self.predictions.get(id).is_some_and(|prediction| self.held(prediction));
        let prediction = self.predictions.get_mut(id)?;
        let before = prediction.status;
        let next = prediction.advance(now, held);
        let after = prediction.status;
        if before == Status::Starting && prediction.started_at.is_some() {
            self.events.of("started", now, prediction);
        }
        if !before.terminal() && after.terminal() {
            self.events.of("finished", now, prediction);
            prediction.charged = prediction.cost();
            self.account.charge(prediction.charged);
        }
        if before != after {
            self.note_running();
        }
        Some(next)
    }

    /// Ends a prediction on a client's wish; false if there is none.
    pub(super) fn cancel(&mut self, id: &str, now: Millis) -> bool {
        self.advance(id, now);
        let Some(prediction) = self.predictions.get_mut(id) else { return false };
        if !prediction.status.terminal() {
            prediction.cancel(now);
            prediction.charged = prediction.cost();
            self.account.charge(prediction.charged);
            self.events.of("canceled", now, prediction);
        }
        prediction.wake.notify_one();
        true
    }

    /// Lets predictions go: those of one hold, one prediction, or the oldest `count` held ones; without any of them,
    /// all, and the holds with them. Returns how many were held.
    pub(super) fn release(&mut self, hold: Option<u64>, prediction: Option<&str>, count: Option<usize>) -> usize {
        let held: Vec<String> = self
            .order
            .iter()
            .filter(|id| self.predictions.get(*id).is_some_and(|it| it.status == Status::Processing && self.held(it)))
            .cloned()
            .collect();
        let now = time::now();
        let chosen: Vec<String> = match (hold, prediction, count) {
            (Some(hold), _, _) => {
                self.holds.retain(|known| known.id != hold);
                let still = |id: &String| self.predictions.get(id).is_some_and(|it| self.held(it));
                held.into_iter().filter(|id| !still(id)).collect()
            }
            (_, Some(id), _) => held.into_iter().filter(|held| held == id).collect(),
            (_, _, Some(count)) => held.into_iter().take(count).collect(),
            _ => {
                self.holds.clear();
                held
            }
        };
        for id in &chosen {
            if let Some(prediction) = self.predictions.get_mut(id) {
                prediction.released = true;
                self.events.of("released", now, prediction);
            }
        }
        // those that had not reached their planned end need a new look at the clock as well
        for prediction in self.predictions.values() {
            prediction.wake.notify_one();
        }
        chosen.len()
    }

    fn note_running(&mut self) {
        let running = self.predictions.values().filter(|it| it.status == Status::Processing).count();
        self.counts.highest_running = self.counts.highest_running.max(running);
    }

    /// Forgets all, as after a fresh start with the same options.
    pub(super) fn reset(&mut self, options: &Options) {
        for prediction in self.predictions.values() {
            prediction.wake.notify_one();
        }
        self.predictions.clear();
        self.order.clear();
        self.holds.clear();
        self.rules.clear();
        self.counts = Counts::default();
        self.account = Account::new(options.limits, options.credit, Instant::now());
        self.shelf = Shelf::default();
        (self.webhook_copies, self.webhook_delay) = (1, 0.0);
        self.creates_made = 0;
    }
}
