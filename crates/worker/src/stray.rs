//! What a job that is over may have left at its provider.
//!
//! A creation without an answer is looked for until [`LATE`], and then another one is made. A request that was on its way for
//! longer still, in a proxy that had lost us, then begins a second prediction of which nobody here knows. That cannot be
//! prevented: creations carry no key that would make the second one the first, and a request cannot be called back. It can
//! be found out. Whoever looks for a lost creation notes that there is a doubt; [`AFTER`] the end of the job the list is
//! looked at once more, and what it has of the job's wish and belongs to no job is stopped, if it still runs, and counts in
//! the ledger. The same is done for a job that ended without a worker, cancelled while it waited for its next attempt.
//!
//! What remains: a request that is later than the end of the job by more than [`AFTER`].

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::{Job, JobId, JobState, Model};
use atelier_provider::{Handle, Order};
use atelier_queue::{Claimed, Errand, Outcome, QueueError, Record};
use tracing::{debug, warn};

use crate::generate::{CLOCK_SLACK, IN_FLIGHT, LATE, past};
use crate::line::Walk;
use crate::money::Bill;
use crate::stand_in::Answering;
use crate::{Shop, inputs, stand_in};

/// So long after the end of a job it is looked at what came late.
const AFTER: Duration = Duration::from_secs(10);
/// What is older than this is gone at the provider, or over for long.
const OLDEST: Duration = Duration::from_secs(3600);

/// Notes that a creation of that moment may become known later.
pub(crate) async fn doubt(walk: &Walk, intent: SystemTime) -> Result<(), QueueError> {
    let since = intent.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
    walk.shop.queue.note(&walk.job().id, &note(&walk.model), &since).await.map(drop)
}

/// Sees to it that somebody looks, if there is a doubt about a job that ends like this.
pub(crate) async fn leave(shop: &Shop, claimed: &Claimed, outcome: &Outcome) {
    let ended = matches!(outcome, Outcome::Done | Outcome::Cancelled | Outcome::Dead(_));
    // the first hold on a job has nothing to look for
    if !ended || claimed.attempt <= 1 && claimed.lost == 0 {
        return;
    }
    let id = &claimed.job.id;
    let left = async {
        for Answering { model, .. } in answering(shop, &claimed.job).await {
            if shop.queue.noted(id, &note(&model)).await?.is_some() {
                return shop.queue.send_later(&Errand::Stray(id.clone()), AFTER).await;
            }
        }
        Ok::<_, QueueError>(())
    };
    if let Err(error) = left.await {
        warn!(job.id = %id, %error, "nobody will look for a creation of it that comes late");
    }
}

/// Looks for what came late; false when it is worth another try.
pub(crate) async fn look(shop: &Arc<Shop>, id: &JobId) -> bool {
    match shop.queue.record(id).await {
        // one that runs again is looked at when it has ended again
        Ok(Some(record)) => record.state.is_final() && settled(shop, &record, false).await,
        Ok(None) => true,
        Err(error) => {
            warn!(job.id = %id, %error, "a job that is over could not be looked up; it is tried again");
            false
        }
    }
}

/// Stops what is left of a job that ended without a worker; false when it is worth another try.
pub(crate) async fn abandoned(shop: &Arc<Shop>, record: &Record) -> bool {
    !matches!(record.state, JobState::Cancelled | JobState::Dead)
        || record.attempt == 0
        || settled(shop, record, true).await
}

async fn settled(shop: &Arc<Shop>, record: &Record, without_worker: bool) -> bool {
    let Some(job) = record.job.clone().map(Arc::new) else { return true };
    let mut begun = record.handle.as_deref().and_then(|handle| handle.parse::<Handle>().ok());
    // what is on record is of the one that was asked last
    for Answering { model, provider, request } in answering(shop, &job).await.into_iter().rev() {
        let bill = Bill { shop: shop.clone(), job: job.clone(), model, request, provider };
        let known = begun.take();
        if let (Some(handle), true) = (&known, without_worker) {
            bill.stop(handle).await;
        }
        let since = match shop.queue.noted(&job.id, &note(&bill.model)).await {
            Ok(Some(noted)) => noted.parse().ok(),
            Ok(None) if without_worker && record.handle.is_none() => record.started_ms,
            Ok(None) => None,
            Err(_) => return false,
        };
        let since = since.and_then(|since| UNIX_EPOCH.checked_add(Duration::from_millis(since)));
        if let Some(since) = since
            && !bill.provider.answers_at_once()
            && let Err(why) = search(&bill, since, record.handle.as_deref()).await
        {
            debug!(job.id = %job.id, why, "what a job may have left at its provider could not be looked for");
            return since.elapsed().is_ok_and(|age| age > OLDEST);
        }
    }
    true
}

/// Stops what belongs to nobody and is what the job wished for.
async fn search(bill: &Bill, since: SystemTime, known: Option<&str>) -> Result<(), String> {
    tokio::time::sleep(LATE.saturating_sub(since.elapsed().unwrap_or_default())).await;
    let (queue, id) = (&bill.shop.queue, &bill.job.id);
    let images = inputs::named(bill).await.map_err(|_| "the pictures to start from are not to be had".to_owned())?;
    let order = Order { model: &bill.model, request: &bill.request, images: &images };
    let found = bill.provider.find_lost(&order, since.checked_sub(CLOCK_SLACK).unwrap_or(since)).await;
    let mut found = found.map_err(|failure| failure.detail)?;
    found.retain(|handle| Some(handle.as_str()) != known);
    if found.is_empty() {
        return Ok(());
    }
    // one that another job with the same wish has just created is on its record by then
    tokio::time::sleep(LATE + IN_FLIGHT).await;
    for handle in found {
        let unread = |error: QueueError| error.to_string();
        if queue.noted(id, &past(&handle)).await.map_err(unread)?.is_none()
            && queue.own(id, handle.as_str()).await.map_err(unread)?
        {
            warn!(job.id = %id, %handle, "a creation of a job that is over came late; it is stopped");
            bill.stop(&handle).await;
        }
    }
    Ok(())
}

/// Whoever was asked to answer a job, in order, as far as this process knows them.
async fn answering(shop: &Shop, job: &Job) -> Vec<Answering> {
    let mut ids = vec![job.request.model.clone()];
    ids.extend(stand_in::asked(shop, job).await);
    ids.iter().filter_map(|id| stand_in::answering(shop, job, id)).collect()
}

fn note(model: &Model) -> String {
    format!("doubt-{}", model.id)
}
