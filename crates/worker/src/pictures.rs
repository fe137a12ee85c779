//! What the provider made, fetched and fitted to what a chat takes.
//!
//! A picture is held in memory while it is looked at. A film is not: it goes through a temporary file, which is gone with
//! the value that names it.

use std::io::Read as _;
use std::path::Path;

use atelier_domain::{Failure, FailureClass, ModelKind, Say};
use atelier_media::{File, Fitted, Kind, Limits, MediaError, is_film};
use atelier_provider::OutputRef;
use atelier_sketch::Mood;
use bytes::Bytes;
use tempfile::TempPath;
use tracing::info;

use crate::generate::{Generated, Pictures};
use crate::line::{Stop, Walk};
use crate::{cards, inputs};

/// What was made.
pub(crate) enum Made {
    /// A picture, or something small.
    Picture(Bytes),
    /// A film on disk, for as long as this lives.
    Film(TempPath),
    /// A film larger than the chat takes; the walk knows where it is.
    Elsewhere,
}

/// What was made, from wherever it is. A job is one result: of several outputs the first is taken.
pub(crate) async fn fetch(walk: &Walk, generated: &Generated) -> Result<Made, Stop> {
    let missing = || Failure::new(FailureClass::FilteredOutput, "the prediction succeeded without an output");
    match &generated.pictures {
        Pictures::Here(pictures) => Ok(Made::Picture(pictures.first().cloned().ok_or_else(missing)?)),
        Pictures::There(outputs) => {
            let output = outputs.first().ok_or_else(missing)?;
            if walk.model.kind == ModelKind::Video {
                return fetch_film(walk, output).await;
            }
            Ok(Made::Picture(walk.provider.download(output).await.map_err(Stop::provider)?))
        }
    }
}

/// Streams an output to disk. What turns out to be no film after all is read back: it is a picture that moves.
async fn fetch_film(walk: &Walk, output: &OutputRef) -> Result<Made, Stop> {
    let limits = &walk.shop.settings.media;
    let file = on_blocking_thread(|| tempfile::Builder::new().prefix("atelier-").tempfile()).await?;
    let (file, path) = file.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    match walk.provider.download_into(output, &mut file, limits.film_bytes).await {
        Ok(_) => drop(file),
        // what comes from an address and is no media is too much of it
        Err(failure) if failure.class == FailureClass::BadMedia && output.as_str().starts_with("http") => {
            info!(job.id = %walk.job().id, detail = failure.detail, "the film is too large for the chat; it gets the link");
            walk.keep_link(output.as_str());
            return Ok(Made::Elsewhere);
        }
        Err(failure) => return Err(Stop::provider(failure)),
    }
    let most = limits.document_bytes as u64;
    let (path, content) = on_blocking_thread(move || {
        let picture = read_picture(&path, most)?;
        Ok((path, picture))
    })
    .await?;
    Ok(content.map_or(Made::Film(path), Made::Picture))
}

/// The content of a file that is no film; `None` of a film.
fn read_picture(path: &Path, most: u64) -> std::io::Result<Option<Bytes>> {
    let mut file = std::fs::File::open(path)?;
    let mut head = Vec::with_capacity(16);
    file.by_ref().take(16).read_to_end(&mut head)?;
    if is_film(&head) {
        return Ok(None);
    }
    file.take(most).read_to_end(&mut head)?;
    Ok(Some(head.into()))
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(FailureClass::Transient, format!("a temporary file: {error}"));
    tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

/// Verifies what was made and fits it to Telegram's limits, off the async threads.
pub(crate) async fn fit(walk: &Walk, made: &Made) -> Result<Fitted, Stop> {
    let limits: Limits = walk.shop.settings.media;
    let fitted = match made {
        Made::Picture(bytes) => walk.shop.studio.fit(bytes.clone(), limits).await,
        Made::Film(path) => walk.shop.studio.fit_film(path.to_path_buf(), limits).await,
        Made::Elsewhere => return preview(walk).await,
    };
    Ok(fitted.map_err(|error| {
        let class = match error {
            MediaError::TooSlow(_) => FailureClass::Transient,
            MediaError::Unreadable { .. } | MediaError::TooLarge { .. } | MediaError::Crashed => FailureClass::BadMedia,
        };
        Failure::new(class, error.to_string())
    })?)
}

/// What stands in the chat for a film that is too large for it: the picture that it was made from, or else a card that says
/// so. Services give no still of a film, and the first frame is not taken out of it: there is no decoder of H.264 in Rust
/// alone, and the film was not fetched.
async fn preview(walk: &Walk) -> Result<Fitted, Stop> {
    if let Some(image) = walk.request.options.images.first()
        && let Ok(bytes) = inputs::fetch(&walk.shop, walk.job(), image).await
        && let Ok(fitted) = walk.shop.studio.fit(bytes, walk.shop.settings.media).await
        && let Some(shown) = fitted.shown.filter(|shown| shown.kind == Kind::Photo)
    {
        return Ok(Fitted { shown: Some(shown), document: None, reason: None, size: None });
    }
    let line = walk.job().language.say(&Say::FilmTooLarge);
    let card = cards::draw(walk.job(), Mood::File, &line).await;
    let card = card.ok_or_else(|| Failure::new(FailureClass::Fatal, "a card could not be drawn"))?;
    let (kind, extension, mime) = (Kind::Photo, "png", "image/png");
    let shown = Some(File { bytes: card.bytes, on_disk: None, kind, extension, mime, size: None });
    Ok(Fitted { shown, document: None, reason: None, size: None })
}
