//! What goes on being said while people wait: a place in line that moves, in steps that become shorter as the turn comes near.
//!
//! Below everything else in the budget, and dropped where there is none. Of several processes one follows a job, in a seat
//! of its own; what nobody follows any more another process takes over, with the place that was said last. A step that was
//! under way when the job began or ended would cover what is said then, so whoever made it looks again afterwards.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::{Job, JobId, JobState, MessageId, buttons, caption};
use atelier_queue::{Filter, Record, Spend, Standing, Urgency};
use atelier_telegram::{Keyboard, Place};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::answers::{self, flood};
use crate::slots::Said;
use crate::{Front, albums, slots};

/// Most jobs and batches that one process follows: what waits beyond that waits long.
const FOLLOWED: usize = 4000;
/// How much longer than a step whoever follows may be silent before another takes over.
const SILENCE: Duration = Duration::from_secs(15);
/// Between two looks for what nobody follows, and how many of those whose turn comes first are looked at.
const ADOPT_EVERY: Duration = Duration::from_secs(30);
const ADOPTED: usize = 1000;
/// Between two looks, at least: in a chat of one person, and in a group, whose minute is short.
const SHORTEST: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];
const LONGEST: Duration = Duration::from_secs(120);

/// A quarter of what is left; where nobody knows, as long as people look away.
fn step(job: &Job, eta: Option<Duration>) -> Duration {
    let shortest = SHORTEST[usize::from(job.place.chat.0 < 0)];
    eta.map_or(Duration::from_secs(30), |eta| (eta / 4).clamp(shortest, LONGEST)).max(shortest)
}

/// The jobs and batches that this process follows.
#[derive(Debug, Default)]
pub(crate) struct Followed(Mutex<HashSet<JobId>>);

/// One of them, until dropped.
struct Following {
    front: Arc<Front>,
    id: JobId,
}

impl Following {
    /// Nothing when this process follows it already, or as many as it can.
    fn begin(front: &Arc<Front>, id: &JobId) -> Option<Self> {
        let mut followed = front.followed.0.lock().unwrap_or_else(PoisonError::into_inner);
        (followed.len() < FOLLOWED && followed.insert(id.clone()))
            .then(|| Self { front: front.clone(), id: id.clone() })
    }

    /// Whether nobody else follows it, for a step and a little longer. While Redis is away nobody knows better.
    async fn is_ours(&self, step: Duration) -> bool {
        let seat = format!("follows:{}", self.id);
        !matches!(self.front.queue.take_seat(&seat, &self.front.holder, step + SILENCE).await, Ok(false))
    }

    fn mark(&self) -> String {
        format!("place:{}", self.id)
    }

    /// Puts on record which place was said, for whoever takes over.
    async fn remember(&self, place: u32) {
        let _ = self.front.queue.mark_anew(&self.mark(), &place.to_string(), 3600).await;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.front.followed.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// Keeps the line in a job's slot true until it has its turn. `said` is what stands there.
pub(crate) fn follow(front: &Arc<Front>, job: &Job, slot: MessageId, said: Said) {
    if said.place.is_none() {
        return;
    }
    let wait = step(job, said.eta);
    if let Some(following) = Following::begin(front, &job.id) {
        tokio::spawn(steps(following, job.clone(), slot, said, wait));
    }
}

async fn steps(following: Following, job: Job, slot: MessageId, mut said: Said, mut wait: Duration) {
    // most jobs have their turn before the first step, and cost nothing more
    if wait > SHORTEST[0]
        && let Some(place) = said.place
    {
        if !Box::pin(following.is_ours(wait)).await {
            return;
        }
        Box::pin(following.remember(place)).await;
    }
    while let Some(place) = said.place {
        tokio::time::sleep(wait).await;
        // on the heap while it happens: thousands only sleep
        if !Box::pin(following.is_ours(step(&job, said.eta))).await {
            return;
        }
        match Box::pin(look(&following.front, &job, slot, said)).await {
            Some(now) => said = now,
            None => return,
        }
        if let Some(now) = said.place.filter(|now| *now != place) {
            Box::pin(following.remember(now)).await;
        }
        wait = step(&job, said.eta);
    }
}

/// Takes over what another process followed that is gone, now and again and again.
pub(crate) async fn adopt(front: Arc<Front>, shutdown: CancellationToken) {
    loop {
        Box::pin(adopt_all(&front)).await;
        if shutdown.run_until_cancelled(tokio::time::sleep(ADOPT_EVERY)).await.is_none() {
            return;
        }
    }
}

async fn adopt_all(front: &Arc<Front>) {
    // of one that is delayed its slot says why and until when
    let waiting = Filter { states: vec![JobState::Waiting], ..Filter::default() };
    let Ok(listing) = front.queue.list(&waiting, 0, ADOPTED).await else { return };
    let mine = |record: &Record| record.bot == Some(front.telegram.bot());
    for (index, record) in (0..).zip(listing.jobs.into_iter().filter(mine)) {
        let (Some(job), Some(slot)) = (record.job, record.slot) else { continue };
        let Some(following) = Following::begin(front, record.batch.as_ref().unwrap_or(&record.id)) else { continue };
        if !following.is_ours(LONGEST).await {
            continue;
        }
        // one after the other: all at once would be more than there is room for
        let wait = SHORTEST[0] + Duration::from_millis(30 * index);
        if record.batch.is_some() {
            tokio::spawn(batch_steps(following, job, wait));
        } else {
            let place = front.queue.marked(&following.mark()).await.ok().flatten();
            let place = place.and_then(|place| place.parse().ok()).unwrap_or(u32::MAX);
            let said = Said { line: String::new(), place: Some(place), eta: None };
            tokio::spawn(steps(following, job, slot, said, wait));
        }
    }
}

/// What stands in the slot after another look; nothing when there is nothing more to be followed.
async fn look(front: &Front, job: &Job, slot: MessageId, said: Said) -> Option<Said> {
    // Redis is away: the line stays as it is
    let Ok(standing) = front.queue.standing(&job.id, &front.catalogue).await else { return Some(said) };
    let now = slots::say(front, job, standing.as_ref(), said.place?);
    now.place?;
    if now.line == said.line {
        return Some(now);
    }
    match show(front, job, slot, &now.line).await {
        Shown::Now => Some(now),
        Shown::NoRoom => Some(Said { eta: now.eta, ..said }),
        Shown::Over => None,
    }
}

/// What came of showing a line.
enum Shown {
    Now,
    /// The chat had no room for it: what stood there still does.
    NoRoom,
    /// There is nothing more to be shown.
    Over,
}

async fn show(front: &Front, job: &Job, slot: MessageId, line: &str) -> Shown {
    let place = Place { chat: job.place.chat, thread: job.place.thread };
    let spend = Spend::edit(job.place.bot, job.place.chat);
    let buttons = Keyboard::of(&buttons::waiting(job.language, &job.id));
    let edit = async |line: &str| {
        let text = caption::slot(job, line);
        let edit = || front.telegram.edit_text(place, slot, &text, &buttons);
        front.queue.paced(spend, Urgency::Progress, flood, edit).await
    };
    match edit(line).await {
        Ok(None) => return Shown::NoRoom,
        Ok(Some(())) => {}
        Err(error) => {
            debug!(job.id = %job.id, outcome = error.name(), "a place in line was not shown");
            return Shown::Over;
        }
    }
    match front.queue.standing(&job.id, &front.catalogue).await {
        Ok(Some(Standing { state: JobState::Waiting | JobState::Delayed, .. })) | Err(_) => Shown::Now,
        Ok(Some(standing)) if standing.state == JobState::Active => {
            // of a picture that is there by now the text cannot be changed
            let _ = edit(&slots::say(front, job, Some(&standing), u32::MAX).line).await;
            Shown::Over
        }
        _ => {
            answers::show_cancelled(front, &job.id, Some(slot)).await;
            Shown::Over
        }
    }
}

/// Keeps the message under the albums of a batch true until all of it has ended.
pub(crate) fn follow_batch(front: &Arc<Front>, batch: &JobId, job: &Job) {
    if let Some(following) = Following::begin(front, batch) {
        tokio::spawn(batch_steps(following, job.clone(), step(job, None)));
    }
}

async fn batch_steps(following: Following, job: Job, mut wait: Duration) {
    let (front, batch) = (&following.front, &following.id);
    loop {
        if !Box::pin(following.is_ours(wait)).await {
            return;
        }
        tokio::time::sleep(wait).await;
        match Box::pin(front.queue.panel(batch, &front.catalogue)).await {
            Ok(Some(panel)) if !panel.joined => wait = step(&job, panel.eta),
            Ok(_) => return,
            Err(_) => continue,
        }
        Box::pin(albums::progress(front, batch)).await;
    }
}
