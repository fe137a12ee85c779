//! A worker's exchange with Redis: what ended goes, what is to be done comes, in one call.
//!
//! One task makes all calls of a worker. What ends while a call is under way goes with the next, so that a busy worker
//! makes one call for many jobs and an idle one answers at once; a second call goes out beside the first only when
//! enough has gathered, so that Redis and the worker need not wait for each other. Slots that a call did not fill are on
//! offer from then on: a submit claims for them in the worker's name and hands the jobs to it. Invariants: a job is asked
//! for only with a free slot in hand (zero prefetch); a job that ended frees its slot in the very call that settles it; an
//! end is repeated until Redis took it or its lease is known to be lost, which the fence makes harmless; a call says how
//! much the worker knows to be on offer, so that what was handed to it and has not arrived yet is not claimed twice over.

mod claims;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use atelier_domain::ModelId;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use redis::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::answer::Answer;
use crate::bell::Bell;
use crate::error::QueueError;
use crate::herald::Herald;
use crate::keeper::Keeper;
use crate::link::Queue;
use crate::offer::{Offer, Said};
use crate::published::Published;
use crate::reach::Reach;
use crate::run::Claimed;
use crate::scripts::Verb;

/// Most ends and most claims of one call: bounds the script's time.
const TOGETHER: usize = 32;
/// Most calls under way at a time, and how many ends are worth another one.
const AHEAD: usize = 2;
const WORTH: usize = 20;
/// The slow timer behind the pushed wake-up.
const FALLBACK: Duration = Duration::from_secs(15);
/// A job whose worker was lost so often is dead without another look. The worker itself gives up earlier and tells
/// the user; this bounds a job that kills its worker before it can.
const LOST: u32 = 20;
/// Most notices of one call.
const NOTICES: usize = 4;
/// Before a call that failed is repeated, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// One hold's end, as the script takes it.
pub(crate) type End = [String; 6];

/// What one worker process exchanges.
pub(crate) struct Exchange {
    pub(crate) queue: Queue,
    pub(crate) worker: Arc<str>,
    pub(crate) models: Vec<ModelId>,
    pub(crate) lease: Duration,
    pub(crate) keeper: Keeper,
    pub(crate) hand_over: CancellationToken,
    pub(crate) herald: Option<Herald>,
    state: Mutex<State>,
    /// Something ended, or a slot became free.
    changed: Notify,
    pub(crate) reach: Reach,
}

struct State {
    /// Below zero for a moment, when a job is handed over while a call asks for all free slots.
    free: isize,
    /// Of these, those that submits may claim for.
    offer: Offer,
    /// A slot became free without an end.
    freed: bool,
    /// When the queue is to be looked at although nothing ended here.
    due: Instant,
    ends: VecDeque<Ending>,
    jobs: Option<mpsc::UnboundedSender<Claimed>>,
}

/// An end under way: its slot is free when Redis took it.
struct Ending {
    end: End,
    slot: Slot,
    answer: oneshot::Sender<bool>,
}

/// One of the worker's slots, held by a job; free again when dropped.
pub(crate) struct Slot(Option<Arc<Exchange>>);

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(exchange) = self.0.take() {
            {
                let mut state = exchange.state();
                state.free += 1;
                state.freed = true;
            }
            exchange.changed.notify_one();
        }
    }
}

/// A call that came back.
struct Call {
    ends: Vec<Ending>,
    free: usize,
    claims: usize,
    /// What it said of the offer; nothing beside another call.
    said: Option<Said>,
    /// The earliest end of the leases that it brought.
    until: Instant,
    answer: Result<Answer, QueueError>,
}

impl Exchange {
    #[expect(clippy::too_many_arguments, reason = "all of them are the worker's, named at its one caller")]
    pub(crate) fn new(
        queue: Queue,
        worker: Arc<str>,
        models: Vec<ModelId>,
        lease: Duration,
        slots: usize,
        keeper: Keeper,
        hand_over: CancellationToken,
        herald: Option<Herald>,
    ) -> Arc<Self> {
        let state = Mutex::new(State {
            free: slots.try_into().unwrap_or(isize::MAX),
            offer: Offer::none(),
            freed: false,
            due: Instant::now(),
            ends: VecDeque::new(),
            jobs: None,
        });
        let (changed, reach) = (Notify::new(), Reach::default());
        Arc::new(Self { queue, worker, models, lease, keeper, hand_over, herald, state, changed, reach })
    }

    /// The claimed jobs from now on; an earlier receiver gets no more.
    pub(crate) fn attach(&self) -> mpsc::UnboundedReceiver<Claimed> {
        // unbounded in type only: each job holds one of the worker's slots
        let (sender, receiver) = mpsc::unbounded_channel();
        {
            let mut state = self.state();
            state.jobs = Some(sender);
            state.freed = true;
        }
        self.changed.notify_one();
        receiver
    }

    /// Ends a hold; false when it was somebody else's by then.
    pub(crate) async fn settle(&self, end: End, slot: Slot) -> bool {
        let (answer, answered) = oneshot::channel();
        self.state().ends.push_back(Ending { end, slot, answer });
        self.changed.notify_one();
        answered.await.unwrap_or(false)
    }

    /// Looks at the queue no later than after this wait.
    pub(crate) fn look_in(&self, wait: Duration) {
        let mut state = self.state();
        let due = Instant::now() + wait;
        if due < state.due {
            state.due = due;
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges until `stop` and then only what ends, until `end`.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken, end: CancellationToken) {
        let bell = Bell::start(&self.queue, &self.models, &stop, self.reach.clone());
        let hands = Published::listen(&self.queue, &format!("hand:{}", self.worker), &end);
        let mut calls = FuturesUnordered::new();
        let (mut pause, mut resume) = (PAUSES.0, Instant::now());
        // whether a look at the queue is due although nothing ended
        let mut look = true;
        loop {
            if self.keeper.was_idle() {
                // the jobs that just came begin before anything else is seen to
                tokio::task::yield_now().await;
                self.keeper.wake();
            }
            look |= self.give_up_waiting();
            let now = Instant::now();
            if self.state().due <= now {
                self.state().due = now + FALLBACK;
                look = true;
            }
            if resume <= now && self.has_room(calls.len()) {
                let (ends, free) = self.take(&stop, look);
                // whoever stops takes its offer back
                let withdraws = stop.is_cancelled() && calls.is_empty() && self.state().offer.stands();
                if !ends.is_empty() || free > 0 || withdraws {
                    // whatever is held beyond the worker's slots is made good first
                    let beyond = self.state().free.min(0).unsigned_abs();
                    let claims = if stop.is_cancelled() { 0 } else { (ends.len() + free).saturating_sub(beyond) };
                    let said =
                        Some(&self.state().offer).filter(|offer| calls.is_empty() && offer.is_heard()).map(Offer::said);
                    // in the same moment: what arrives from here on is among what the call finds on its way
                    let word = said.map(|said| said.word(|| self.keeper.held())).unwrap_or_default();
                    calls.push(self.call(ends, free, claims, said, word));
                    look = false;
                    continue;
                }
            }
            let due = {
                let state = self.state();
                if calls.is_empty() && state.free > 0 && !stop.is_cancelled() {
                    bell.arm();
                }
                if resume > now { resume } else { state.due }
            };
            tokio::select! {
                Some(call) = calls.next(), if !calls.is_empty() => {
                    if let Some(more) = self.finish(call) {
                        (look, pause) = (look || more, PAUSES.0);
                    } else {
                        (look, resume) = (true, Instant::now() + pause);
                        pause = (pause * 2).min(PAUSES.1);
                    }
                }
                () = self.changed.notified() => look |= std::mem::take(&mut self.state().freed),
                heard = hands.next() => look |= self.take_over(heard, calls.is_empty(), stop.is_cancelled()),
                () = bell.rung() => look = true,
                () = tokio::time::sleep_until(due.into()) => {}
                () = stop.cancelled(), if !stop.is_cancelled() => {}
                () = end.cancelled(), if calls.is_empty() => return,
            }
        }
    }

    /// Whether another call may go out beside those under way.
    fn has_room(&self, calls: usize) -> bool {
        calls == 0 || calls < AHEAD && self.state().ends.len() >= WORTH
    }

    async fn call(&self, ends: Vec<Ending>, free: usize, claims: usize, said: Option<Said>, word: String) -> Call {
        let until = Instant::now() + self.lease;
        let answer = self.step(&ends, claims, word).await;
        Call { ends, free, claims, said, until, answer }
    }

    /// What a call brought: whether there may be more to claim at once, or nothing when it is to be repeated.
    fn finish(self: &Arc<Self>, call: Call) -> Option<bool> {
        let Call { ends, free, claims, said, until, answer } = call;
        match answer {
            Ok(answer) => {
                self.reach.found();
                let more = answer.jobs.len() == claims || answer.due == Some(Duration::ZERO);
                let wait = answer.due.unwrap_or(FALLBACK).clamp(Duration::from_millis(1), FALLBACK);
                {
                    let mut state = self.state();
                    state.due = Instant::now() + wait;
                    if let (Some(said), Some((left, away))) = (said, answer.offer) {
                        state.free -= state.offer.renewed(said, left, away).cast_signed();
                    }
                }
                let slots = ends.len() + free;
                self.take_in(ends, slots, answer, until);
                Some(more)
            }
            Err(error) => {
                self.reach.lost();
                if !error.is_unreachable() {
                    error!(worker = %self.worker, %error, jobs = ends.len(), "redis refused a step; it is repeated");
                }
                self.put_back(ends, free, said);
                None
            }
        }
    }

    /// The ends that wait, and the free slots to fill with them.
    fn take(&self, stop: &CancellationToken, look: bool) -> (Vec<Ending>, usize) {
        let mut state = self.state();
        let some = state.ends.len().min(TOGETHER);
        let ends: Vec<Ending> = state.ends.drain(..some).collect();
        if stop.is_cancelled() || state.jobs.is_none() || !look && ends.is_empty() {
            return (ends, 0);
        }
        let free = state.free.max(0).unsigned_abs().min(TOGETHER - ends.len());
        state.free -= free.cast_signed();
        (ends, free)
    }

    fn put_back(&self, ends: Vec<Ending>, free: usize, said: Option<Said>) {
        let mut state = self.state();
        state.free += free.cast_signed();
        if said.is_some() {
            state.offer.unknown();
        }
        for ending in ends.into_iter().rev() {
            // whoever ended it gave up: the lease is lost
            if !ending.answer.is_closed() {
                state.ends.push_front(ending);
            }
        }
    }

    async fn step(&self, ends: &[Ending], claims: usize, word: String) -> Result<Answer, QueueError> {
        let amnesty = self.reach.amnesty(&self.queue).await?;
        let numbers = [
            self.lease.as_millis().to_string(),
            claims.to_string(),
            amnesty,
            LOST.to_string(),
            if self.herald.is_some() { NOTICES.to_string() } else { "0".to_owned() },
            word,
            ends.len().to_string(),
            self.models.len().to_string(),
        ];
        let mut arguments: Vec<&[u8]> = vec![self.worker.as_bytes()];
        arguments.extend(numbers.iter().map(String::as_bytes));
        arguments.extend(self.models.iter().map(|model| model.as_str().as_bytes()));
        arguments.extend(ends.iter().flat_map(|ending| ending.end.iter().map(String::as_bytes)));
        let answer: Vec<Value> = self.queue.call(Verb::Step, &arguments).await?;
        Answer::read(answer).map_err(|error| QueueError::Unreadable(error.to_string()))
    }

    /// Tells those who ended, frees their slots, hands out what was claimed.
    fn take_in(self: &Arc<Self>, ends: Vec<Ending>, slots: usize, answer: Answer, until: Instant) {
        let mut slots = slots;
        for (ending, settled) in ends.into_iter().zip(answer.settled.iter().map(String::as_str)) {
            let Ending { mut slot, answer, .. } = ending;
            // counted among the slots of this call
            slot.0 = None;
            // nobody waits any more: the job was dropped meanwhile
            let _ = answer.send(settled == "settled");
        }
        let jobs = self.state().jobs.clone();
        for raw in answer.jobs {
            slots = slots.saturating_sub(1);
            self.hand_out(raw, until, Slot(Some(self.clone())), jobs.as_ref());
        }
        self.state().free += slots.cast_signed();
        if let Some(herald) = &self.herald {
            answer.notices.iter().for_each(|notice| herald.tell(&self.queue, notice));
        }
    }
}
