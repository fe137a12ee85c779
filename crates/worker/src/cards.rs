//! The cards that stand in an album for a picture that is not there: drawn off the async threads.

use atelier_domain::{Job, caption};
use atelier_sketch::{Mood, SketchError, Tile};
use atelier_telegram::{Media, MediaKind};

/// A job's card; `None` when it cannot be drawn, which its caller lives with.
pub(crate) async fn draw(job: &Job, mood: Mood, line: &str) -> Option<Media> {
    let (job, line) = (job.clone(), line.to_owned());
    tokio::task::spawn_blocking(move || paint(&job, mood, &line).ok()).await.ok().flatten()
}

fn paint(job: &Job, mood: Mood, line: &str) -> Result<Media, SketchError> {
    let (badge, (width, height)) = caption::card(job);
    let prompt = job.request.prompt.as_str();
    let bytes = atelier_sketch::tile(&Tile { mood, badge: &badge, prompt, line, width, height })?.png()?;
    Ok(Media::new(MediaKind::Photo, bytes.into(), format!("card-{}.png", job.index + 1)))
}
