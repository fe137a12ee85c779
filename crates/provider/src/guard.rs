//! What keeps one account's trouble its own: a cap on what runs there at once, and a breaker that leaves a service in
//! peace that has failed several times in a row.
//!
//! Invariant: a creation is refused here only before it is sent, and as `RateLimited`: the jobs of the account wait in
//! their line, others are not held up, and none burns an attempt.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use atelier_domain::{AccountId, Failure, FailureClass};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::{Handle, ImageRef, Order, OutputRef, Place, Provider, StartError, Started, Status};

/// So many stumbles in a row open the breaker.
const STUMBLES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A provider behind its cap and its breaker.
pub struct Guarded {
    inner: Arc<dyn Provider>,
    gate: Option<Arc<Semaphore>>,
    breaker: Mutex<Breaker>,
}

#[derive(Debug, Default)]
struct Breaker {
    stumbles: u32,
    /// Until then nothing is created; afterwards one creation at a time tries whether the service is back.
    until: Option<Instant>,
    trying: bool,
}

impl Guarded {
    /// At most `at_once` generations of this process at the account, if that is a number.
    pub fn new(inner: Arc<dyn Provider>, at_once: Option<usize>) -> Self {
        let gate = at_once.map(|most| Arc::new(Semaphore::new(most.max(1))));
        Self { inner, gate, breaker: Mutex::default() }
    }

    fn ask(&self) -> Result<(), Failure> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).ask(Instant::now())
    }

    fn learn(&self, stumbled: bool) {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).learn(stumbled, Instant::now());
    }
}

impl Breaker {
    fn ask(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(until) = self.until else { return Ok(()) };
        let resting =
            |wait: Duration| Failure::new(FailureClass::RateLimited, "the account rests after failures").after(wait);
        if now < until {
            return Err(resting(until - now));
        }
        if self.trying {
            return Err(resting(Duration::from_secs(1)));
        }
        self.trying = true;
        Ok(())
    }

    fn learn(&mut self, stumbled: bool, now: Instant) {
        self.trying = false;
        if !stumbled {
            (self.stumbles, self.until) = (0, None);
            return;
        }
        self.stumbles = self.stumbles.saturating_add(1);
        if self.stumbles >= STUMBLES {
            let doubled = FIRST_PAUSE.saturating_mul(1 << (self.stumbles - STUMBLES).min(10));
            self.until = Some(now + doubled.min(LONGEST_PAUSE));
        }
    }
}

/// Tells the breaker that a try is over, also when its caller went away in the middle.
struct Try<'a> {
    guarded: &'a Guarded,
    over: bool,
}

impl Try<'_> {
    fn learn(mut self, stumbled: bool) {
        self.over = true;
        self.guarded.learn(stumbled);
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.guarded.breaker.lock().unwrap_or_else(PoisonError::into_inner).trying = false;
        }
    }
}

impl Provider for Guarded {
    fn account(&self) -> &AccountId {
        self.inner.account()
    }

    fn answers_at_once(&self) -> bool {
        self.inner.answers_at_once()
    }

    fn place(&self) -> BoxFuture<'_, Place> {
        async move {
            match &self.gate {
                // it is never closed
                Some(gate) => Place::held(gate.clone().acquire_owned().await.ok()),
                None => Place::anywhere(),
            }
        }
        .boxed()
    }

    fn upload(&self, image: Bytes, mime: &'static str) -> BoxFuture<'_, Result<ImageRef, Failure>> {
        self.inner.upload(image, mime)
    }

    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>> {
        let starting = self.inner.start(order);
        async move {
            self.ask().map_err(StartError::NotCreated)?;
            let attempt = Try { guarded: self, over: false };
            let started = starting.await;
            attempt.learn(started.as_ref().is_err_and(|error| error.failure().class == FailureClass::Transient));
            started
        }
        .boxed()
    }

    fn poll(&self, handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>> {
        self.inner.poll(handle)
    }

    fn cancel(&self, handle: &Handle) -> BoxFuture<'_, Result<(), Failure>> {
        self.inner.cancel(handle)
    }

    fn find_lost(&self, order: &Order<'_>, since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>> {
        self.inner.find_lost(order, since)
    }

    fn download(&self, output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>> {
        self.inner.download(output)
    }

    fn download_into<'a>(
        &'a self,
        output: &'a OutputRef,
        file: &'a mut tokio::fs::File,
        most: u64,
    ) -> BoxFuture<'a, Result<u64, Failure>> {
        self.inner.download_into(output, file, most)
    }

    fn check(&self) -> BoxFuture<'_, Result<String, Failure>> {
        self.inner.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_stumbles_again_and_again_is_left_in_peace_and_tried_by_one() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..STUMBLES {
            breaker.ask(now).unwrap();
            breaker.learn(true, now);
        }
        let resting = breaker.ask(now).unwrap_err();
        assert_eq!((resting.class, resting.retry_after), (FailureClass::RateLimited, Some(FIRST_PAUSE)));
        now += FIRST_PAUSE;
        breaker.ask(now).unwrap();
        assert!(breaker.ask(now).is_err(), "one tries, the others wait");
        breaker.learn(true, now);
        assert_eq!(breaker.ask(now).unwrap_err().retry_after, Some(FIRST_PAUSE * 2));
        now += FIRST_PAUSE * 2;
        breaker.ask(now).unwrap();
        breaker.learn(false, now);
        assert!(breaker.ask(now).is_ok() && breaker.ask(now).is_ok());
    }

    #[test]
    fn a_place_is_free_again_when_its_holder_is_gone() {
        let sketch = Arc::new(crate::sketch::Sketch::new(crate::sketch::Settings::default()));
        let guarded = Guarded::new(sketch.clone(), Some(1));
        let first = guarded.place().now_or_never().unwrap();
        assert!(guarded.place().now_or_never().is_none(), "the only one is taken");
        drop(first);
        assert!(guarded.place().now_or_never().is_some());
        let open = Guarded::new(sketch, None);
        let all: Vec<Option<Place>> = (0..100).map(|_| open.place().now_or_never()).collect();
        assert!(all.iter().all(Option::is_some));
    }

    #[test]
    fn pauses_are_bounded_and_a_success_forgets() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..100 {
            breaker.learn(true, now);
        }
        assert_eq!(breaker.until, Some(now + LONGEST_PAUSE));
        breaker.learn(false, now);
        breaker.learn(true, now);
        assert!(breaker.ask(now).is_ok(), "one stumble is none");
    }
}
