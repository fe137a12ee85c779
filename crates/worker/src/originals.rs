//! The files that pictures were made from, for somebody who asked: fetched from the service once more, sent once.
//!
//! Those of one message come as albums of documents. Services keep what they made for an hour or so; what is gone by then
//! is said to be gone.

use atelier_domain::{Failure, FailureClass, Job, JobId, MessageId, Tell, album};
use atelier_media::extension;
use atelier_provider::{Handle, OutputRef, Provider, Status};
use atelier_queue::{Errand, Record};
use atelier_telegram::{Album, AlbumItem, DeliveryError, Keyboard, Media, MediaKind, Place, Post, Telegram};
use bytes::Bytes;
use futures::future::join_all;
use tracing::info;

use crate::once::{self, Once};
use crate::{Shop, stand_in};

/// What is to be sent, and where.
struct Errands<'a> {
    shop: &'a Shop,
    telegram: &'a Telegram,
    /// One of the jobs: all are of one chat.
    job: &'a Job,
    to: Option<MessageId>,
    /// The wish, as which its messages are claimed.
    name: String,
}

/// Sends the file of one picture; true when it need not be tried again.
pub(crate) async fn one(shop: &Shop, id: &JobId, errand: &Errand) -> bool {
    match shop.queue.record(id).await {
        Ok(Some(record)) => {
            let to = record.delivered;
            send(shop, &[record], to, errand).await
        }
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Sends those of all pictures of a message.
pub(crate) async fn all(shop: &Shop, batch: &JobId, errand: &Errand) -> bool {
    let (found, album) = match (shop.queue.batch(batch).await, shop.queue.album(batch).await) {
        (Ok(Some(found)), Ok(album)) => (found, album),
        (Ok(None), _) => return true,
        _ => return false,
    };
    let kept = |record: &Record| record.delivered.is_some() && record.outputs_ms.is_some();
    let records: Vec<Record> = found.jobs.into_iter().filter(kept).collect();
    let to = album.control.or_else(|| records.first().and_then(|record| record.delivered));
    send(shop, &records, to, errand).await
}

async fn send(shop: &Shop, records: &[Record], to: Option<MessageId>, errand: &Errand) -> bool {
    let Some(job) = records.first().and_then(|record| record.job.as_ref()) else { return true };
    // another worker may have the token
    let Some(telegram) = shop.telegrams.get(&job.place.bot) else { return false };
    let errands = Errands { shop, telegram, job, to, name: errand.to_string() };
    let (mut over, mut gone) = (true, 0);
    let mut ranges = album::albums(u8::try_from(records.len()).unwrap_or(u8::MAX));
    if ranges.is_empty() {
        ranges.push(0..1);
    }
    for range in ranges {
        let (from, till) = (usize::from(range.start), usize::from(range.end));
        let files = join_all(records[from..till].iter().map(|record| file(shop, record))).await;
        gone += u32::try_from(files.iter().filter(|file| file.is_none()).count()).unwrap_or(0);
        over &= errands.post(range.start, files.into_iter().flatten().collect()).await;
    }
    if gone > 0 {
        over &= errands.regret(gone).await;
    }
    over
}

impl Errands<'_> {
    /// Posts files that stand together: an album, or a single one.
    async fn post(&self, first: u8, mut files: Vec<Media>) -> bool {
        let name = format!("{}:{first}", self.name);
        if files.len() < 2 {
            let Some(file) = files.pop() else { return true };
            return self.single(&name, &file).await.is_over();
        }
        let units = u32::try_from(files.len()).unwrap_or(u32::MAX);
        let items = files.iter().map(|file| AlbumItem { media: file.clone(), caption: String::new() });
        let Ok(album) = Album::new(items) else { return true };
        let call = |place| self.telegram.send_album(&self.post_in(place), &album);
        match once::send(self.shop, &name, self.job, units, call).await {
            Once::Refused(DeliveryError::MediaRefused(_) | DeliveryError::Fatal { .. }) => {
                // one of them is why; the others need not suffer for it
                let mut over = true;
                for (index, file) in files.iter().enumerate() {
                    over &= self.single(&format!("{name}.{index}"), file).await.is_over();
                }
                over
            }
            other => other.is_over(),
        }
    }

    async fn single(&self, name: &str, file: &Media) -> Once<()> {
        let call = |place| {
            let sent = self.telegram.send_media(&self.post_in(place), file, "", &Keyboard::none());
            async move { sent.await.map(drop) }
        };
        once::send(self.shop, name, self.job, 1, call).await
    }

    /// Says that some are not there any more.
    async fn regret(&self, count: u32) -> bool {
        let text = self.job.language.tell(&Tell::OriginalGone { count });
        let call = |place| self.telegram.send_text(&self.post_in(place), &text, &Keyboard::none());
        once::send(self.shop, &format!("{}:gone", self.name), self.job, 1, call).await.is_over()
    }

    fn post_in(&self, place: Place) -> Post {
        Post { reply_to: self.to, ..place.post() }
    }
}

/// A picture's file, ready to be sent; `None` when it is not there any more.
async fn file(shop: &Shop, record: &Record) -> Option<Media> {
    let job = record.job.as_ref()?;
    match fetch(shop, job, record).await {
        Ok((bytes, ending)) => {
            Some(Media::new(MediaKind::Document, bytes, format!("{}-{}.{ending}", record.model, job.id)))
        }
        Err(failure) => {
            info!(job.id = %job.id, class = failure.class.name(), detail = failure.detail, "an original could not be fetched");
            None
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
