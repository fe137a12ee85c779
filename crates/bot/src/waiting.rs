//! What goes on being said while people wait: a place in line that moves, in steps that become shorter as the turn comes near.
//!
//! Below everything else in the budget, and dropped where there is none. It ends with the process: a job that the next one
//! does not follow says again where it is when a worker has it. A step that was under way when the job began or ended would
//! cover what is said then, so whoever made it looks again afterwards.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Job, JobId, JobState, MessageId, buttons, caption};
use atelier_queue::{Spend, Standing, Urgency};
use atelier_telegram::{Keyboard, Place};
use tracing::debug;

use crate::answers::{self, flood};
use crate::slots::Said;
use crate::{Front, albums, slots};

/// Most jobs and batches that one process follows: what waits beyond that waits long.
pub(crate) const FOLLOWED: usize = 4000;
/// Between two looks, at least: in a chat of one person, and in a group, whose minute is short.
const SHORTEST: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];
const LONGEST: Duration = Duration::from_secs(120);

/// A quarter of what is left; where nobody knows, as long as people look away.
fn step(job: &Job, eta: Option<Duration>) -> Duration {
    let shortest = SHORTEST[usize::from(job.place.chat.0 < 0)];
    eta.map_or(Duration::from_secs(30), |eta| (eta / 4).clamp(shortest, LONGEST)).max(shortest)
}

/// Keeps the line in a job's slot true until it has its turn. `said` is what stands there.
pub(crate) fn follow(front: &Arc<Front>, job: &Job, slot: MessageId, said: Said) {
    let Ok(followed) = front.followed.clone().try_acquire_owned() else { return };
    if said.place.is_none() {
        return;
    }
    let (front, job) = (front.clone(), job.clone());
    tokio::spawn(async move {
        let _followed = followed;
        let mut said = said;
        while said.place.is_some() {
            tokio::time::sleep(step(&job, said.eta)).await;
            // on the heap while it happens: thousands only sleep
            match Box::pin(look(&front, &job, slot, said)).await {
                Some(now) => said = now,
                None => return,
            }
        }
    });
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
    let Ok(followed) = front.followed.clone().try_acquire_owned() else { return };
    let (front, batch, job) = (front.clone(), batch.clone(), job.clone());
    tokio::spawn(async move {
        let _followed = followed;
        let mut eta = None;
        loop {
            tokio::time::sleep(step(&job, eta)).await;
            match Box::pin(front.queue.panel(&batch, &front.catalogue)).await {
                Ok(Some(panel)) if !panel.joined => eta = panel.eta,
                Ok(_) => return,
                Err(_) => continue,
            }
            Box::pin(albums::progress(&front, &batch)).await;
        }
    });
}
