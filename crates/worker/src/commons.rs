//! What the workers share of an account: places, where it has a cap, and a breaker for one that keeps stumbling.
//!
//! Both are counted in Redis, for all processes. Invariant: a creation is held back here only before its intent is on
//! record, and its job burns no attempt; jobs of other accounts are not held up. While Redis is away nothing is created anyway; who has a place goes on, even if it runs out meanwhile.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::FailureClass;
use atelier_provider::StartError;
use atelier_queue::Queue;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use crate::generate::pause;
use crate::line::{Stop, Walk};
use crate::trouble::account;

/// A worker that died frees its places after so long.
const HOLD: Duration = Duration::from_secs(30);
/// Between two looks for a free place, give or take a quarter.
const LOOK: Duration = Duration::from_millis(400);

/// A place among the generations that run at an account at once; free again when it is dropped.
#[must_use]
pub(crate) struct Place {
    queue: Queue,
    account: String,
    holder: String,
    _kept: AbortOnDropHandle<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let (queue, account, holder) = (self.queue.clone(), self.account.clone(), self.holder.clone());
        // what is not given up runs out
        tokio::spawn(async move { queue.leave_place(&account, &holder).await.map_err(drop) });
    }
}

/// Waits for a place at the account, where it has a cap. Whoever follows a generation keeps it until that is over.
pub(crate) async fn place(walk: &Walk) -> Result<Option<Place>, Stop> {
    let (queue, account) = (&walk.shop.queue, account(&walk.model));
    let Some(most) = walk.shop.providers.at_once(&walk.model) else { return Ok(None) };
    // of the job, not of this hold on it: the next holder goes on in the same place
    let holder = walk.job().id.to_string();
    let mut away = false;
    loop {
        match queue.take_place(&account, &holder, most, HOLD).await {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => {
                if !std::mem::replace(&mut away, true) {
                    warn!(account, %error, "places at an account cannot be counted; jobs wait for it");
                }
            }
        }
        pause(walk, LOOK.mul_f64(0.75 + 0.5 * rand::random::<f64>())).await?;
    }
    let kept = tokio::spawn(keep(queue.clone(), account.clone(), holder.clone(), most));
    Ok(Some(Place { queue: queue.clone(), account, holder, _kept: AbortOnDropHandle::new(kept) }))
}

async fn keep(queue: Queue, account: String, holder: String, most: usize) {
    loop {
        tokio::time::sleep(HOLD / 3).await;
        match queue.take_place(&account, &holder, most, HOLD).await {
            Ok(true) => {}
            // it ran out while Redis was away: what runs goes on, one too many for a while
            Ok(false) => warn!(account, "the account is over its cap until a generation ends"),
            Err(error) => debug!(account, %error, "a place could not be kept"),
        }
    }
}

/// The accounts that may have stumbled since they last worked, as far as this process knows. Only then a success is news to
/// the breaker; one that works all the time costs Redis no word. What a creation was told when it asked is not enough: of
/// many that began together, those that fail would be a row although others worked in between.
#[derive(Debug, Default)]
pub(crate) struct Stumbled(Mutex<HashSet<String>>);

impl Stumbled {
    fn note(&self, account: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned());
    }

    /// Whether there is a row to be ended; from now on there is none.
    fn end(&self, account: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(account)
    }
}

/// Whether something may be created at the account now.
pub(crate) async fn ask(walk: &Walk) -> Result<(), Stop> {
    let account = account(&walk.model);
    match walk.shop.queue.ask_breaker(&account).await {
        Ok((wait, stumbles)) => {
            if stumbles > 0 {
                walk.shop.stumbled.note(&account);
            }
            if wait.is_zero() { Ok(()) } else { Err(Stop::Resting(wait)) }
        }
        // the intent, which is written next, waits for Redis
        Err(error) => {
            debug!(account, %error, "the breaker of an account could not be asked");
            walk.shop.stumbled.note(&account);
            Ok(())
        }
    }
}

/// Tells the breaker what came of a creation.
pub(crate) async fn learn<T>(walk: &Walk, started: &Result<T, StartError>) {
    let (shop, account) = (&walk.shop, account(&walk.model));
    let stumbled = started.as_ref().is_err_and(|error| error.failure().class == FailureClass::Transient);
    // before it is told, so that what works after this ends the row even if its word overtakes this one's answer
    if stumbled {
        shop.stumbled.note(&account);
    } else if !shop.stumbled.end(&account) {
        return;
    }
    if let Err(error) = shop.queue.tell_breaker(&account, stumbled).await {
        shop.stumbled.note(&account);
        debug!(account, %error, "the breaker of an account was not told");
    }
}
