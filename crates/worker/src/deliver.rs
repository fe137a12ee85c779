//! The result into the chat: the slot becomes the picture.
//!
//! An edit can be repeated without harm, a send cannot. So a job without a slot gets a text one first, which is put on
//! record, and that is edited: whatever is cut in between, no picture is shown twice.

use std::time::Duration;

use atelier_domain::buttons::Abilities;
use atelier_domain::{ChatId, Failure, FailureClass, MessageId, Say, Tell, buttons, caption};
use atelier_media::{File, Fitted, Kind, Why};
use atelier_queue::{Spend, Urgency};
use atelier_sketch::Mood;
use atelier_telegram::{DeliveryError, Keyboard, Media, MediaKind, Post};
use tracing::{info, warn};

use crate::cards;
use crate::line::{Stop, Walk};
use crate::slot;

/// How often one delivery is tried before the job goes back to the queue.
const TRIES: u32 = 6;

/// A message that shows a result.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) message: MessageId,
    /// The file that Telegram made of the result, by its name, when Telegram said it.
    pub(crate) file: Option<String>,
    /// What stands under it.
    pub(crate) caption: String,
    /// It only says that the result comes as a file.
    card: bool,
}

/// Edits the slot into the picture; the message that shows it.
pub(crate) async fn show(walk: &Walk, fitted: &Fitted, seconds: f64) -> Result<Shown, Stop> {
    let job = walk.job();
    let Some(file) = fitted.shown.as_ref().or(fitted.document.as_ref()) else {
        return Err(Failure::new(FailureClass::BadMedia, "there is nothing to show").into());
    };
    let stand_in = walk.first_title().map(|first| Say::CaptionStandIn { first, model: &walk.model.title });
    let link = walk.link().map(|url| Say::FilmElsewhere { url });
    let note = link.or_else(|| fitted.reason.map(|why| note(why, fitted))).or(stand_in);
    let mut caption = caption::result(job, &walk.model, seconds, note.as_ref());
    let mut media = media(walk, file);
    let mut card = false;
    let buttons = Keyboard::of(&buttons::result(
        job.language,
        &job.id,
        Abilities::of(&walk.shop.settings.catalogue, &walk.model.id),
    ));
    let mut chat = job.place.chat;
    let mut gone = None;
    let mut current = slot::find(walk).await;
    let mut tries = 0;
    loop {
        let slot = match current {
            Some(slot) => slot,
            None => match slot::post(walk, chat, &job.language.say(&Say::Sending), gone).await {
                Ok(posted) => posted.slot(),
                Err(error) => {
                    recover(walk, error, &mut tries, &mut chat).await?;
                    continue;
                }
            },
        };
        current = Some(slot);
        let message = slot.message;
        if slot.tile && !matches!(media.kind, MediaKind::Photo | MediaKind::Video) && !card {
            (media, card) = as_tile(walk, media).await?;
        }
        let place = slot::place(walk, chat);
        let keyboard = if slot.tile { &Keyboard::none() } else { &buttons };
        let edited = walk
            .shop
            .queue
            .paced(Spend::edit(job.place.bot, chat), Urgency::Result, slot::flood, || {
                walk.telegram.edit_into(place, message, &media, &caption, keyboard)
            })
            .await;
        match edited {
            Ok(posted) => {
                let file = posted.flatten().and_then(|posted| posted.file_id).filter(|_| !card);
                return Ok(Shown { message, file, caption, card });
            }
            Err(DeliveryError::SlotGone) => {
                info!(job.id = %job.id, "the slot is gone; posting another");
                (gone, current) = (Some(message), None);
                count(&mut tries, "the slot keeps disappearing")?;
            }
            Err(DeliveryError::MediaRefused(reason)) if media.kind != MediaKind::Document && !card => {
                info!(job.id = %job.id, ?reason, "refused as a photo; sending as a document");
                media.kind = MediaKind::Document;
            }
            // pictures may be forbidden where files are not
            Err(DeliveryError::NoRights) if media.kind != MediaKind::Document && !slot.tile => {
                info!(job.id = %job.id, "no right to send this; sending as a document");
                media.kind = MediaKind::Document;
            }
            Err(error @ DeliveryError::NoRights) => {
                let line = caption::slot(job, &job.language.tell(&Tell::NoPhotos));
                let buttons = Keyboard::of(&buttons::failed(job.language, &job.id, Abilities::default()));
                let edit = || walk.telegram.edit_text(place, message, &line, &buttons);
                let spend = Spend::edit(job.place.bot, chat);
                if let Err(error) = walk.shop.queue.paced(spend, Urgency::Result, slot::flood, edit).await {
                    info!(job.id = %job.id, outcome = error.name(), "and none to say so");
                }
                return Err(Failure::new(FailureClass::Unreachable, error.to_string()).into());
            }
            Err(DeliveryError::TooLong) if caption::units(&caption) > 200 => caption = caption::cut(&caption, 200),
            // an edit may be repeated: if it was done, the repetition changes nothing
            Err(DeliveryError::Unknown { detail }) => {
                warn!(job.id = %job.id, detail, "an edit may have been done; repeating it");
                count(&mut tries, "telegram's answers are lost")?;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => recover(walk, error, &mut tries, &mut chat).await?,
        }
    }
}

/// What an album can hold instead of this: a silent loop as a video, a card that says that a file follows for the rest.
async fn as_tile(walk: &Walk, media: Media) -> Result<(Media, bool), Stop> {
    if media.kind == MediaKind::Animation {
        return Ok((Media { kind: MediaKind::Video, ..media }, false));
    }
    let line = walk.job().language.tell(&Tell::TileFile);
    let card = cards::draw(walk.job(), Mood::File, &line).await;
    let card = card.ok_or_else(|| Failure::new(FailureClass::Fatal, "a card could not be drawn"))?;
    Ok((card, true))
}

/// Sends the file beside its preview, once: it is worth less than a duplicate is annoying.
pub(crate) async fn file(walk: &Walk, fitted: &Fitted, shown: &Shown) {
    let file = match (&fitted.shown, &fitted.document) {
        (Some(_), Some(file)) => file,
        (shown_file, document) if shown.card => match shown_file.as_ref().or(document.as_ref()) {
            Some(file) => file,
            None => return,
        },
        _ => return,
    };
    let job = walk.job();
    let post = Post { chat: job.place.chat, thread: job.place.thread, reply_to: Some(shown.message) };
    let media = Media { kind: MediaKind::Document, ..media(walk, file) };
    let spend = Spend::send(job.place.bot, job.place.chat);
    let sent = walk
        .shop
        .queue
        .paced(spend, Urgency::Result, slot::flood, || walk.telegram.send_media(&post, &media, "", &Keyboard::none()))
        .await;
    if let Err(error) = sent {
        warn!(job.id = %job.id, outcome = error.name(), %error, "the file could not be sent");
    }
}

/// Waits out what passes, follows a group that moved, and turns the rest into a failure.
async fn recover(walk: &Walk, error: DeliveryError, tries: &mut u32, chat: &mut ChatId) -> Result<(), Stop> {
    let failure = match error {
        DeliveryError::NotPosted { retry_after, .. } => {
            count(tries, "telegram cannot be reached")?;
            let backoff = Duration::from_millis(250 * u64::from(*tries) * u64::from(*tries));
            tokio::time::sleep(retry_after.unwrap_or(backoff).min(Duration::from_secs(30))).await;
            return Ok(());
        }
        DeliveryError::Migrated(moved) => {
            info!(job.id = %walk.job().id, "the group became a supergroup");
            count(tries, "the group keeps moving")?;
            *chat = moved;
            return Ok(());
        }
        DeliveryError::Unreachable(_) | DeliveryError::NoRights | DeliveryError::ThreadGone => {
            Failure::new(FailureClass::Unreachable, error.to_string())
        }
        DeliveryError::Unauthorised => Failure::new(FailureClass::Unauthorised, error.to_string()),
        // a send that may have arrived is not repeated here; the next attempt starts from the slot on record
        DeliveryError::Unknown { .. } => Failure::new(FailureClass::Transient, error.to_string()),
        _ => Failure::new(FailureClass::Fatal, error.to_string()),
    };
    Err(failure.into())
}

fn count(tries: &mut u32, detail: &str) -> Result<(), Stop> {
    *tries += 1;
    if *tries < TRIES { Ok(()) } else { Err(Failure::new(FailureClass::Transient, detail).into()) }
}

fn media(walk: &Walk, file: &File) -> Media {
    let kind = match file.kind {
        Kind::Photo => MediaKind::Photo,
        Kind::Document => MediaKind::Document,
        Kind::Animation => MediaKind::Animation,
        Kind::Video => MediaKind::Video,
    };
    let name = format!("{}-{}.{}", walk.model.id, walk.job().id, file.extension);
    let mut media = match &file.on_disk {
        Some(film) => Media::on_disk(kind, film.path.clone(), name),
        None => Media::new(kind, file.bytes.clone(), name),
    };
    media.duration = Some(walk.model.seconds_of(&walk.request.options).into()).filter(|seconds| *seconds > 0);
    (media.width, media.height) = (file.size.map(|size| size.width), file.size.map(|size| size.height));
    media
}

fn note(why: Why, fitted: &Fitted) -> Say<'static> {
    match why {
        _ if fitted.document.is_none() => Say::OriginalLost,
        Why::TooManyPixels => Say::OriginalPixels,
        Why::TooManyBytes => Say::OriginalBytes,
        Why::TooNarrow => Say::OriginalNarrow,
        Why::Vector => Say::OriginalVector,
        Why::FirstFrame => Say::OriginalOther,
    }
}
