//! The file that a picture was made from, for somebody who asked: fetched from the service once more, sent once.
//!
//! Services keep what they made for an hour or so. What is gone by then is said to be gone.

use atelier_domain::{Failure, FailureClass, Job, JobId, Tell};
use atelier_media::extension;
use atelier_provider::{Handle, OutputRef, Provider, Status};
use atelier_queue::{Errand, Record, Spend, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Media, MediaKind, Post, Telegram};
use bytes::Bytes;
use tracing::{info, warn};

use crate::{Shop, slot, stand_in};

/// Sends one; true when it need not be tried again.
pub(crate) async fn send(shop: &Shop, errand: &Errand) -> bool {
    let record = match shop.queue.record(&errand.job).await {
        Ok(Some(record)) => record,
        Ok(None) => return true,
        Err(_) => return false,
    };
    let Some(job) = record.job.clone() else { return true };
    // another worker may have the token
    let Some(telegram) = shop.telegrams.get(&job.place.bot) else { return false };
    let file = fetch(shop, &job, &record).await;
    if let Err(failure) = &file {
        info!(job.id = %job.id, class = failure.class.name(), detail = failure.detail, "an original could not be fetched");
    }
    match shop.queue.claim_errand(errand).await {
        Ok(true) => post(shop, telegram, errand, (&job, &record), file.ok()).await,
        Ok(false) => true,
        Err(_) => false,
    }
}

async fn post(
    shop: &Shop,
    telegram: &Telegram,
    errand: &Errand,
    (job, record): (&Job, &Record),
    file: Option<(Bytes, &'static str)>,
) -> bool {
    let post = Post { chat: job.place.chat, thread: job.place.thread, reply_to: record.delivered };
    let spend = Spend::send(job.place.bot, job.place.chat);
    let sent = if let Some((bytes, ending)) = file {
        let media = Media::new(MediaKind::Document, bytes, format!("{}-{}.{ending}", record.model, job.id));
        let send = || telegram.send_media(&post, &media, "", &Keyboard::none());
        shop.queue.paced(spend, Urgency::Result, slot::flood, send).await.map(drop)
    } else {
        let gone = job.language.tell(&Tell::OriginalGone);
        let send = || telegram.send_text(&post, &gone, &Keyboard::none());
        shop.queue.paced(spend, Urgency::Result, slot::flood, send).await.map(drop)
    };
    match sent {
        Ok(()) => true,
        Err(error @ DeliveryError::NotPosted { .. }) => {
            warn!(job.id = %job.id, %error, "an original could not be sent; it is tried again");
            // while the mark stands nobody sends: better none than two
            shop.queue.release_errand(errand).await.is_err()
        }
        Err(error) => {
            warn!(job.id = %job.id, outcome = error.name(), %error, "an original could not be sent");
            true
        }
    }
}

/// The file and the ending of its name.
async fn fetch(shop: &Shop, job: &Job, record: &Record) -> Result<(Bytes, &'static str), Failure> {
    let none = |what: &str| Failure::new(FailureClass::BadMedia, what);
    let provider = provider(shop, job).await.ok_or_else(|| none("nobody here runs its model"))?;
    let written = outputs(shop, &job.id).await.ok_or_else(|| none("no address is on record"))?;
    let bytes = match provider.download(&written).await {
        // addresses expire before what they lead to
        Err(failure) if failure.class == FailureClass::Transient => {
            let handle = record.handle.as_deref().and_then(|handle| handle.parse::<Handle>().ok());
            let handle = handle.ok_or(failure)?;
            match provider.poll(&handle).await? {
                Status::Finished { outputs, .. } => {
                    provider.download(outputs.first().ok_or_else(|| none("it has no outputs any more"))?).await?
                }
                Status::Running { .. } | Status::Failed(_) | Status::Wasted(_) => {
                    return Err(none("it has no outputs any more"));
                }
            }
        }
        other => other?,
    };
    let ending = extension(&bytes).ok_or_else(|| none("what is there now is no picture"))?;
    Ok((bytes, ending))
}

/// The service of the model that answered, which may have stood in for the job's own.
async fn provider(shop: &Shop, job: &Job) -> Option<std::sync::Arc<dyn Provider>> {
    let who = stand_in::asked(shop, job).await.pop().unwrap_or_else(|| job.request.model.clone());
    shop.providers.for_model(shop.settings.catalogue.get(&who)?)
}

async fn outputs(shop: &Shop, id: &JobId) -> Option<OutputRef> {
    let text = shop.queue.outputs(id).await.ok().flatten()?;
    let (outputs, _) = serde_json::from_str::<(Vec<OutputRef>, f64)>(&text).ok()?;
    outputs.into_iter().next()
}
