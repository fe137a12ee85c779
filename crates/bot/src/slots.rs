//! The slot of each job: the reply that says where it stands, and that its picture will replace.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Job, JobId, JobState, Say, caption};
use atelier_queue::{Because, QueueError, Standing, Urgency};
use atelier_telegram::{Button, ButtonData, DeliveryError, Keyboard, Place, Post};
use tracing::{debug, warn};

use crate::Front;
use crate::answers::flood;

/// Posts the slots of jobs just accepted, in their order.
pub(crate) fn spawn(front: &Arc<Front>, jobs: Vec<Job>) {
    let this = front.clone();
    front.tasks.spawn(async move {
        for job in jobs {
            post(&this, &job).await;
        }
    });
}

/// Posts the slots that are missing: a bot may have died between accepting and saying so.
pub(crate) fn spawn_missing(front: &Arc<Front>, ids: Vec<JobId>) {
    let this = front.clone();
    front.tasks.spawn(async move {
        for id in ids {
            match this.queue.record(&id).await {
                Ok(Some(record)) if record.slot.is_none() && !record.state.is_final() => {
                    if let Some(job) = record.job {
                        post(&this, &job).await;
                    }
                }
                Ok(_) => {}
                Err(error) => warn!(job.id = %id, %error, "a slot could not be looked up"),
            }
        }
    });
}

async fn post(front: &Front, job: &Job) {
    let text = caption::slot(job, &line(front, job).await);
    let target = Post { chat: job.place.chat, thread: job.place.thread, reply_to: Some(job.place.reply_to) };
    let data = ButtonData::new(atelier_domain::Press::Cancel(job.id.clone()).to_string());
    let label = job.language.say(&Say::ButtonCancel);
    let buttons = data.map_or_else(|_| Keyboard::none(), |data| Keyboard::row([Button::new(label, data)]));
    let place = (job.place.bot, job.place.chat);
    let mut tries = 0;
    let message = loop {
        let sent = front
            .queue
            .paced(place, Urgency::Answer, flood, || front.telegram.send_text(&target, &text, &buttons))
            .await;
        match sent {
            Ok(Some(message)) => break message,
            Ok(None) => return,
            Err(DeliveryError::NotPosted { retry_after, .. }) if tries < 8 => {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(Duration::from_millis(300 * tries))).await;
            }
            // a slot that may have arrived is not sent again: the worker posts one if none is on record
            Err(error) => {
                warn!(job.id = %job.id, outcome = error.name(), %error, "a slot could not be posted");
                return;
            }
        }
    };
    record(front, job, message).await;
}

async fn record(front: &Front, job: &Job, message: atelier_domain::MessageId) {
    let mut wait = Duration::from_millis(50);
    loop {
        match front.queue.record_slot(&job.id, message, None).await {
            Ok(Some(other)) if other != message => {
                debug!(job.id = %job.id, "a worker's slot came first");
                let place = Place { chat: job.place.chat, thread: job.place.thread };
                if let Err(error) = front.telegram.delete(place, message).await {
                    warn!(job.id = %job.id, outcome = error.name(), "a spare slot could not be deleted");
                }
                return;
            }
            Ok(_) => return,
            Err(QueueError::Unreachable { .. }) => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(1));
            }
            Err(error) => {
                warn!(job.id = %job.id, %error, "a slot could not be recorded");
                return;
            }
        }
    }
}

async fn line(front: &Front, job: &Job) -> String {
    let standing = front.queue.standing(&job.id, &front.catalogue).await.ok().flatten();
    let say = match standing {
        Some(Standing { state: JobState::Waiting | JobState::Delayed, ahead, start, finish, because, .. }) => {
            let paused =
                |because: &Because| because.is_blocking() && !matches!(because, Because::Unserved | Because::NoWorker);
            match (start, finish) {
                (Some(start), Some(finish)) if start.likely_ms == 0 => Say::QueuedNext { eta: finish.likely() },
                (_, Some(finish)) => Say::Queued { position: ahead + 1, eta: finish.likely() },
                _ if because.iter().any(paused) => Say::QueuedPaused { position: ahead + 1 },
                _ => Say::QueuedUnserved { position: ahead + 1 },
            }
        }
        _ => Say::Working,
    };
    job.language.say(&say)
}
