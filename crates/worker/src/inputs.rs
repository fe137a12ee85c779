//! The pictures that a job starts from: from Telegram to the provider, as bytes, never as an address with a token in it.
//!
//! What the provider called them is noted before anything is created: whoever goes on with the job names them alike, and
//! so recognises a creation whose answer was lost.

use atelier_domain::{Failure, FailureClass, InputImage, Job};
use atelier_media::picture_type;
use atelier_provider::ImageRef;
use atelier_queue::{Spend, Urgency};
use atelier_telegram::{DeliveryError, Telegram};
use bytes::Bytes;
use tracing::info;

use crate::line::Stop;
use crate::money::Bill;
use crate::{Shop, slot, trouble};

/// The largest file that Telegram hands out.
const MOST_BYTES: usize = 20_000_000;

/// The names of the job's pictures at the provider of its model.
pub(crate) async fn named(bill: &Bill) -> Result<Vec<ImageRef>, Stop> {
    let Bill { shop, job, model, request, provider } = bill;
    let wanted = &request.options.images;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let id = &job.id;
    // accounts do not see each other's files
    let note = format!("inputs-{}", trouble::account(model));
    let unread = |error: atelier_queue::QueueError| Failure::new(FailureClass::Transient, error.to_string());
    if let Some(names) = shop.queue.noted(id, &note).await.map_err(unread)?
        && let Ok(names) = serde_json::from_str::<Vec<ImageRef>>(&names)
    {
        return Ok(names);
    }
    let mut names = Vec::with_capacity(wanted.len());
    for image in wanted {
        let bytes = fetch(shop, job, image).await?;
        let mime = picture_type(&bytes).ok_or_else(|| {
            Failure::new(FailureClass::InvalidInput, "the picture to start from is no PNG, JPEG, WebP or GIF")
        })?;
        names.push(provider.upload(bytes, mime).await.map_err(Stop::provider)?);
    }
    // an inline one is the picture itself: too large for a note, and the same when it is made again
    if names.iter().any(ImageRef::is_inline) {
        return Ok(names);
    }
    info!(job.id = %id, pictures = names.len(), "the pictures to start from are uploaded");
    let written = serde_json::to_string(&names).unwrap_or_default();
    let holds = shop.queue.note(id, &note, &written).await.map_err(unread)?;
    Ok(serde_json::from_str(&holds).unwrap_or(names))
}

/// A picture to start from, out of the chat.
pub(crate) async fn fetch(shop: &Shop, job: &Job, image: &InputImage) -> Result<Bytes, Failure> {
    let InputImage::Telegram { file_id, .. } = image;
    let place = &job.place;
    let telegram: &Telegram = shop.telegrams.get(&place.bot).ok_or_else(|| {
        Failure::new(FailureClass::Unauthorised, format!("this worker has no token of bot {}", place.bot))
    })?;
    let spend = Spend::free(place.bot, place.chat, "file");
    let fetch = || telegram.download(file_id.as_str(), MOST_BYTES);
    let fetched = shop.queue.paced(spend, Urgency::Result, slot::flood, fetch).await;
    Ok(fetched.map_err(|error| refused(&error))?.unwrap_or_default())
}

fn refused(error: &DeliveryError) -> Failure {
    let class = match error {
        DeliveryError::Unauthorised => FailureClass::Unauthorised,
        DeliveryError::NotPosted { .. } | DeliveryError::Unknown { .. } => FailureClass::Transient,
        // too big, gone, or never there
        _ => FailureClass::InvalidInput,
    };
    Failure::new(class, format!("the picture to start from: {error}"))
}
