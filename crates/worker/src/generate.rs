//! From request to outputs, never paying twice.
//!
//! A handle on record is adopted. An intent without a handle means that a creation may have happened: the provider's
//! list is searched for it, and what no other job owns is adopted; only when there is none, another one is created.

use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use atelier_domain::{Failure, FailureClass, Usd};
use atelier_provider::{Handle, ImageRef, Order, OutputRef, StartError, Started, Status, next_poll};
use atelier_queue::{Checkpoint, Lost, QueueError};
use bytes::Bytes;
use tracing::{debug, info, warn};

use crate::hooks::Ring;
use crate::line::{Creation, Stop, Walk};
use crate::money::Bill;
use crate::orphan::Orphan;
use crate::{alarm, commons, inputs, money, stray};

/// Clocks differ: a prediction created this long before the intent may still be the intent's.
pub(crate) const CLOCK_SLACK: Duration = Duration::from_secs(5);
/// A creation without an answer may become visible this much later than it was meant; one that comes later still is found
/// when the job is over ([`stray`]).
pub(crate) const LATE: Duration = Duration::from_secs(5);
/// And this much later than whoever meant it lost the job: it was sent by then, or never will be.
pub(crate) const IN_FLIGHT: Duration = Duration::from_secs(2);
/// The provider stops a prediction at its deadline; this much later it is given up here.
const OVERDUE: Duration = Duration::from_secs(60);

/// A prediction that is said to have ended and still seems to run is asked about again this soon.
const AFTER_RING: Duration = Duration::from_millis(500);

/// What a generation came to.
pub(crate) struct Generated {
    pub(crate) pictures: Pictures,
    pub(crate) handle: Option<Handle>,
    pub(crate) seconds: f64,
}

/// The pictures themselves, or where they are.
pub(crate) enum Pictures {
    Here(Vec<Bytes>),
    There(Vec<OutputRef>),
}

/// Leads the job to its outputs from wherever it stands.
pub(crate) async fn outputs(walk: &Walk) -> Result<Generated, Stop> {
    let _place = commons::place(walk).await?;
    // a stand-in's prediction is another than the one that was found on record
    let recorded = walk.claimed.progress.handle.as_deref().filter(|_| walk.is_under_way());
    let known = recorded.and_then(|handle| handle.parse::<Handle>().ok());
    if let (Some(handle), Some(outputs)) = (&known, &walk.claimed.progress.outputs)
        && let Ok(record) = serde_json::from_str::<(Vec<OutputRef>, f64)>(outputs)
    {
        let (pictures, seconds) = (Pictures::There(record.0), record.1);
        return Ok(Generated { pictures, handle: Some(handle.clone()), seconds });
    }
    let handle = match known {
        Some(handle) => {
            info!(job.id = %walk.job().id, %handle, "adopting the running prediction");
            handle
        }
        None => match begin(walk).await? {
            Begun::Handle(handle) => handle,
            Begun::Pictures(pictures) => {
                let seconds = walk.began.elapsed().as_secs_f64();
                return Ok(Generated { pictures: Pictures::Here(pictures), handle: None, seconds });
            }
        },
    };
    let (outputs, seconds) = finish(walk, &handle).await?;
    Ok(Generated { pictures: Pictures::There(outputs), handle: Some(handle), seconds })
}

/// Asks the prediction for its outputs once more, after they could not be fetched.
pub(crate) async fn again(walk: &Walk, generated: Generated) -> Result<Generated, Stop> {
    let Some(handle) = generated.handle.clone() else { return Ok(generated) };
    let (outputs, _) = finish(walk, &handle).await?;
    Ok(Generated { pictures: Pictures::There(outputs), ..generated })
}

enum Begun {
    Handle(Handle),
    Pictures(Vec<Bytes>),
}

async fn begin(walk: &Walk) -> Result<Begun, Stop> {
    let lease = &walk.claimed.lease;
    let images = inputs::named(&Bill::of(walk)).await?;
    if let Some(intent) = walk.claimed.progress.intent
        && walk.is_under_way()
    {
        if let Some(handle) = find_settled(walk, &images, intent).await? {
            return Ok(Begun::Handle(handle));
        }
        forget(walk).await?;
    }
    loop {
        commons::ask(walk).await?;
        let intent = SystemTime::now();
        lease.checkpoint(&Checkpoint::Intent(intent)).await?;
        walk.learn(Creation::UnderWay);
        walk.reach("after-intent").await;
        awake(walk).await?;
        let (started, orphan) = start(walk, &images, intent).await?;
        commons::learn(walk, &started).await;
        walk.reach("after-create").await;
        if started.is_ok() {
            alarm::works(&walk.shop, walk.job().place.bot, walk.model.provider.as_str()).await;
        }
        match started {
            Ok(Started::Finished(outputs)) => {
                money::charged(walk, &named(intent)).await;
                return Ok(Begun::Pictures(outputs.into_iter().map(|output| output.bytes).collect()));
            }
            Ok(Started::Running(handle)) => match own(walk, &handle).await {
                Ok(()) => {
                    orphan.adopted();
                    return Ok(Begun::Handle(handle));
                }
                Err(Lost::Lease) => return Err(Stop::Lost),
                // a job with the same wish, looking for a creation it lost, found ours first; then its own is free
                Err(Lost::Handle) => {
                    orphan.adopted();
                    if let Some(handle) = find_lost(walk, &images, intent).await? {
                        return Ok(Begun::Handle(handle));
                    }
                    debug!(job.id = %walk.job().id, "the prediction went to another job; creating one more");
                }
            },
            Err(StartError::NotCreated(failure)) => {
                forget(walk).await?;
                return Err(Stop::provider(failure));
            }
            // the intent stays on record: the next attempt looks before it creates
            Err(StartError::Unknown(failure)) => {
                suspect(walk, &failure, intent).await;
                return Err(failure.into());
            }
        }
    }
}

type Creating = (Result<Started, StartError>, Orphan);

/// One creation. Of a service that answers with the picture, giving up the question is how it is cancelled; what a paid one
/// made by then it may well charge for. Of the others the answer is waited for even when the job is dropped here meanwhile.
async fn start(walk: &Walk, images: &[ImageRef], intent: SystemTime) -> Result<Creating, Stop> {
    if !walk.provider.answers_at_once() {
        let created = tokio::spawn(create(Bill::of(walk), images.to_vec())).await;
        return created.map_err(|error| Failure::new(FailureClass::Fatal, error.to_string()).into());
    }
    let order = walk.order(images);
    let starting = walk.provider.start(&order);
    let (lease, free) = (&walk.claimed.lease, walk.model.estimate(&walk.request) == Usd::ZERO);
    tokio::select! {
        biased;
        started = starting => Ok((started, Orphan::none())),
        () = lease.lost() => Err(Stop::Lost),
        () = lease.cancelled() => {
            money::charged(walk, &named(intent)).await;
            Err(Stop::Cancelled)
        }
        // another process would have to begin anew, and may only where that costs nothing
        () = lease.hand_over(), if free => Err(Stop::HandOver),
    }
}

async fn create(bill: Bill, images: Vec<ImageRef>) -> Creating {
    let order = Order { model: &bill.model, request: &bill.request, images: &images };
    let started = bill.provider.start(&order).await;
    let handle = if let Ok(Started::Running(handle)) = &started { Some(handle.clone()) } else { None };
    // if nobody waits for this any more, it is dropped, and found to be an orphan
    (started, Orphan::new(bill, handle))
}

/// A creation without a handle, by when it was meant.
fn named(intent: SystemTime) -> String {
    let since = intent.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("intent-{}", since.as_millis())
}

/// What a paid service may have charged for without an answer counts: the budgets are there to protect the operator.
async fn suspect(walk: &Walk, failure: &Failure, intent: SystemTime) {
    if failure.class == FailureClass::Unanswered {
        money::charged(walk, &named(intent)).await;
    }
}

async fn own(walk: &Walk, handle: &Handle) -> Result<(), Lost> {
    walk.claimed.lease.checkpoint(&Checkpoint::Handle(handle.as_str().to_owned())).await?;
    walk.reach("after-handle").await;
    Ok(())
}

async fn find_lost(walk: &Walk, images: &[ImageRef], intent: SystemTime) -> Result<Option<Handle>, Stop> {
    let since = intent.checked_sub(CLOCK_SLACK).unwrap_or(intent);
    let found = walk.provider.find_lost(&walk.order(images), since).await;
    if let Err(failure) = &found {
        suspect(walk, failure, intent).await;
    }
    for handle in found.map_err(Stop::provider)? {
        if walk.shop.queue.noted(&walk.job().id, &past(&handle)).await.map_err(unread)?.is_some() {
            continue;
        }
        match own(walk, &handle).await {
            Ok(()) => {
                info!(job.id = %walk.job().id, %handle, "found the prediction whose answer was lost");
                return Ok(Some(handle));
            }
            Err(Lost::Handle) => {}
            Err(Lost::Lease) => return Err(Stop::Lost),
        }
    }
    Ok(None)
}

/// The note that a prediction of the job is over.
pub(crate) fn past(handle: &Handle) -> String {
    format!("past-{}", handle.as_str())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unread(error: QueueError) -> Failure {
    Failure::new(FailureClass::Transient, error.to_string())
}

/// The same, and `None` only when nothing can come any more: a request may have been on its way, and a list behind what it
/// lists.
async fn find_settled(walk: &Walk, images: &[ImageRef], intent: SystemTime) -> Result<Option<Handle>, Stop> {
    // without a list there is nothing to wait for
    if walk.provider.answers_at_once() {
        return find_lost(walk, images, intent).await;
    }
    stray::doubt(walk, intent).await.map_err(unread)?;
    let found = find_lost(walk, images, intent).await?;
    if found.is_some() {
        return Ok(found);
    }
    let settled = LATE.saturating_sub(intent.elapsed().unwrap_or_default());
    let taken_over = walk.claimed.lost > 0;
    let sent = if taken_over { IN_FLIGHT.saturating_sub(walk.began.elapsed()) } else { Duration::ZERO };
    let wait = settled.max(sent);
    if wait.is_zero() {
        return Ok(None);
    }
    pause(walk, wait).await?;
    find_lost(walk, images, intent).await
}

/// Waits until the hold on the job is certain: a process that was asleep since its intent must not create what another one
/// may be creating.
async fn awake(walk: &Walk) -> Result<(), Stop> {
    let lease = &walk.claimed.lease;
    while !lease.is_certain() {
        tokio::select! {
            biased;
            () = lease.lost() => return Err(Stop::Lost),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    Ok(())
}

/// Waits for the moment of the next poll: its own, which a ring brings forward, and the process's turn within the provider's
/// limit on questions. Whether it rang.
async fn turn(walk: &Walk, wait: Duration, ring: &Ring) -> Result<bool, Stop> {
    let rang = tokio::select! {
        biased;
        paused = pause(walk, wait) => paused.map(|()| false)?,
        () = ring.rung() => true,
    };
    let (began, questions) = &walk.shop.questions;
    let wait = questions.lock().unwrap_or_else(PoisonError::into_inner).ask(began.elapsed());
    if !wait.is_zero() {
        pause(walk, wait).await?;
    }
    Ok(rang)
}

/// Polls until the prediction ends; its outputs are on record when this returns them.
async fn finish(walk: &Walk, handle: &Handle) -> Result<(Vec<OutputRef>, f64), Stop> {
    let lease = &walk.claimed.lease;
    let adopted = walk.claimed.progress.handle.as_deref() == Some(handle.as_str());
    let created = walk.claimed.progress.intent.filter(|_| adopted);
    let before = created.and_then(|at| at.elapsed().ok()).unwrap_or_default();
    let started = tokio::time::Instant::now();
    let limit = walk.model.deadline() + OVERDUE;
    let next = |elapsed| next_poll(elapsed, walk.shop.usual.of(&walk.model, &walk.request));
    let ring = walk.shop.rings.wait_for(handle.as_str());
    let (mut wait, mut running) = (next(before), None);
    loop {
        let rang = turn(walk, wait, &ring).await?;
        let elapsed = before + started.elapsed();
        match walk.provider.poll(handle).await {
            Ok(Status::Running { progress, .. }) => {
                walk.progress.working(false, progress);
                running = Some(elapsed);
                wait = next(before + started.elapsed());
                if rang {
                    // what was read may be older than what was told
                    wait = wait.min(AFTER_RING);
                }
            }
            Ok(Status::Finished { outputs, seconds, whole }) => {
                money::charged(walk, handle.as_str()).await;
                let whole = whole.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                if let Some(exact) = whole {
                    walk.shop.usual.took(&walk.model, &walk.request, whole, exact);
                } else if !adopted || running.is_some() {
                    // of one that ended while nobody looked it is not known when
                    walk.shop.usual.took(&walk.model, &walk.request, running, elapsed);
                }
                let seconds = seconds.unwrap_or(elapsed.as_secs_f64());
                // a `data:` URL is the picture itself: too large for the record, and not gone when asked for again
                if outputs.iter().all(|output| !output.as_str().starts_with("data:"))
                    && let Ok(record) = serde_json::to_string(&(&outputs, seconds))
                {
                    lease.checkpoint(&Checkpoint::Outputs(record)).await?;
                }
                walk.reach("after-outputs").await;
                return Ok((outputs, seconds));
            }
            Ok(Status::Wasted(failure)) => {
                money::charged(walk, handle.as_str()).await;
                return Err(over(walk, handle, failure).await?);
            }
            Ok(Status::Failed(failure)) => return Err(over(walk, handle, failure).await?),
            Err(failure) if failure.class == FailureClass::Unauthorised => return Err(Stop::provider(failure)),
            Err(failure) => {
                warn!(job.id = %walk.job().id, class = failure.class.name(), detail = failure.detail, "a poll failed");
                wait = next(elapsed).max(failure.retry_after.unwrap_or(Duration::from_secs(1)));
            }
        }
        if elapsed > limit {
            return Err(give_up(walk, handle, elapsed).await?);
        }
    }
}

/// Notes that a prediction is over without an output. Its handle stays on record: until it is decided that the job goes on
/// with another one, whoever takes it over finds the same out again, and buys nothing.
async fn over(walk: &Walk, handle: &Handle, failure: Failure) -> Result<Stop, Stop> {
    // a lost creation of a later attempt has the same input, and must not be mistaken for this one
    let _ = walk.shop.queue.note(&walk.job().id, &past(handle), "over").await.map_err(unread)?;
    walk.claimed.lease.checkpoint(&Checkpoint::Over).await?;
    walk.learn(Creation::Over(handle.clone()));
    Ok(Stop::provider(failure))
}

/// Forgets the creation on record, so that another one may be made.
pub(crate) async fn forget(walk: &Walk) -> Result<(), Lost> {
    if walk.creation() != Creation::None {
        walk.claimed.lease.checkpoint(&Checkpoint::Afresh).await?;
        walk.learn(Creation::None);
    }
    Ok(())
}

/// Ends the wait for a prediction that outlived its deadline. It is stopped first, and forgotten only when it is known to
/// be over: one that may still run, and be paid for, is adopted by the next attempt.
async fn give_up(walk: &Walk, handle: &Handle, elapsed: Duration) -> Result<Stop, Stop> {
    let cancelled = walk.provider.cancel(handle).await;
    let (ended, cost) = match walk.provider.poll(handle).await {
        Ok(Status::Running { .. }) | Err(_) => (false, false),
        Ok(Status::Finished { .. } | Status::Wasted(_)) => (true, true),
        Ok(Status::Failed(_)) => (true, false),
    };
    let seconds = elapsed.as_secs();
    if ended {
        if cost {
            money::charged(walk, handle.as_str()).await;
        }
        let late = Failure::new(FailureClass::Deadline, format!("not finished after {seconds} s"));
        return over(walk, handle, late).await;
    }
    let why = cancelled.err().map_or_else(|| "it goes on all the same".to_owned(), |failure| failure.detail);
    let detail = format!("not finished after {seconds} s, and not stopped: {why}");
    Ok(Failure::new(FailureClass::Transient, detail).after(Duration::from_secs(10)).into())
}

/// Waits, unless the job is cancelled or the process stops. The prediction goes on meanwhile.
pub(crate) async fn pause(walk: &Walk, wait: Duration) -> Result<(), Stop> {
    let lease = &walk.claimed.lease;
    tokio::select! {
        biased;
        () = lease.lost() => Err(Stop::Lost),
        () = lease.cancelled() => Err(Stop::Cancelled),
        () = lease.hand_over() => Err(Stop::HandOver),
        () = tokio::time::sleep(wait) => Ok(()),
    }
}
