//! The operator's own trouble: a provider's account that is out of credit, or whose key is wrong.
//!
//! No job fails for it. The account's models are paused with the reason, which every operator's view shows, the jobs keep
//! their turns, and after a while they are resumed to see whether the trouble is over: a refused creation costs nothing.
//! Invariant: only pauses made here are ended here; an operator's own stays.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Failure, Model, ModelId};
use atelier_queue::{QueueError, Steering};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::line::Walk;
use crate::{Shop, alarm};

/// Who pauses and resumes here.
const ACTOR: &str = "atelier";
/// How long a mark outlives the moment at which the account is tried again.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What is marked while an account is closed.
#[derive(Debug, Serialize, Deserialize)]
struct Closed {
    until_ms: u64,
    models: Vec<ModelId>,
}

/// Closes the account behind a job's model; how long.
pub(crate) async fn close(walk: &Walk, failure: &Failure) -> Duration {
    let (shop, pause) = (&walk.shop, walk.shop.settings.trouble_pause);
    let account = account(&walk.model);
    let models: Vec<ModelId> = of_account(shop, &account);
    let why = format!("{account}: {} ({})", failure.class.name().replace('_', " "), failure.detail);
    match mark(shop, &account, &models, pause).await {
        Ok(true) => {
            error!(
                account,
                class = failure.class.name(),
                detail = failure.detail,
                retry_s = pause.as_secs(),
                "the account cannot be used; its models are paused until it can"
            );
            for model in &models {
                if let Err(error) = shop.queue.pause(&Steering::Model(model.clone()), ACTOR, &why).await {
                    warn!(%model, %error, "a model could not be paused");
                }
            }
        }
        // somebody did it already
        Ok(false) => {}
        Err(error) => warn!(account, %error, "an account could not be closed"),
    }
    // also of one that was closed before: it may have worked once in between, and been said to
    alarm::raise(shop, walk.job().place.bot, &account, failure.class).await;
    pause
}

async fn mark(shop: &Shop, account: &str, models: &[ModelId], pause: Duration) -> Result<bool, QueueError> {
    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let closed = Closed { until_ms: shop.queue.clock_ms().await?.saturating_add(pause_ms), models: models.to_vec() };
    let value = serde_json::to_string(&closed).unwrap_or_default();
    shop.queue.mark(&name(account), &value, (pause + KEPT).as_secs()).await
}

/// Resumes accounts whose time has come, until `stop`. Every worker watches: the one that closed it may be gone.
pub(crate) async fn watch(shop: Arc<Shop>, stop: CancellationToken) {
    let every = (shop.settings.trouble_pause / 4).clamp(Duration::from_millis(100), Duration::from_secs(5));
    let mut accounts: Vec<String> = shop.settings.catalogue.models().iter().map(account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        for account in &accounts {
            let looked = async {
                alarm::look(&shop, account).await?;
                reopen(&shop, account).await
            };
            if let Err(error) = looked.await {
                warn!(account, %error, "a closed account could not be looked at");
            }
        }
    }
}

async fn reopen(shop: &Shop, account: &str) -> Result<(), QueueError> {
    let Some(value) = shop.queue.marked(&name(account)).await? else { return Ok(()) };
    let closed = serde_json::from_str::<Closed>(&value).unwrap_or(Closed { until_ms: 0, models: Vec::new() });
    if shop.queue.clock_ms().await? < closed.until_ms {
        return Ok(());
    }
    let stats = shop.queue.stats().await?;
    let mine = |id: &ModelId| {
        let paused =
            stats.models.iter().find(|model| model.model == id.as_str()).and_then(|model| model.paused.as_ref());
        paused.is_some_and(|hold| hold.actor == ACTOR)
    };
    for model in closed.models.iter().filter(|id| mine(id)) {
        shop.queue.resume(&Steering::Model(model.clone()), ACTOR).await?;
    }
    // Only now: a worker that dies on the way leaves the mark to another. And this mark only: if the account was closed again
    // meanwhile, the new one says until when, and without it nobody would end its pauses.
    if shop.queue.unmark_if(&name(account), &value).await? {
        info!(account, "the account is tried again");
    }
    Ok(())
}

fn of_account(shop: &Shop, of: &str) -> Vec<ModelId> {
    let models = shop.settings.catalogue.models().iter();
    models.filter(|model| account(model) == of).map(|model| model.id.clone()).collect()
}

/// The name of the account that runs a model.
pub(crate) fn account(model: &Model) -> String {
    model.provider.to_string()
}

fn name(account: &str) -> String {
    format!("closed:{account}")
}
