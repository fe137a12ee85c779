//! The end of a job that wrote a story: its slot becomes the message with the scenes, to be changed and drawn.
//!
//! From then on the bot has it. A worker that comes after one that died finds the story on record, with whatever its person
//! has changed meanwhile, and shows that.

use atelier_domain::scenes::{Found, Scenes};
use atelier_domain::story::{Format, Manner, Story};
use atelier_domain::{Failure, FailureClass, ModelId, Usd};
use atelier_queue::QueueError;

use crate::line::Walk;
use crate::slot::Slot;
use crate::words;

/// Keeps the story and shows it; its slot. `usual` is what its pictures are drawn with unless the chat has chosen otherwise.
pub(crate) async fn show(
    walk: &Walk,
    scenes: &Scenes,
    (tone, format): (Option<&Manner>, Format),
    usual: Option<&ModelId>,
) -> Result<Option<Slot>, Failure> {
    let (job, queue) = (walk.job(), &walk.shop.queue);
    let unread = |error: QueueError| Failure::new(FailureClass::Transient, error.to_string());
    let story = queue.story(&job.id).await.map_err(unread)?.unwrap_or_else(|| Story {
        id: job.id.clone(),
        bot: job.place.bot,
        chat: job.place.chat,
        user: job.user,
        scenes: scenes.prompts(),
        format,
        tone: tone.cloned(),
        topic: Some(job.request.prompt.clone()),
        found: (scenes.found != Found::Model).then_some(scenes.found),
    });
    // before its buttons are there to be pressed
    queue.keep_story(&story, walk.claimed.progress.slot).await.map_err(unread)?;
    let prefs = queue.prefs(job.place.bot, job.place.chat).await.unwrap_or_default();
    let models = &walk.shop.settings.catalogue;
    // a story of an older bot does not say what that draws with
    let chosen = prefs.model.as_ref().and_then(|id| models.get(id)).or_else(|| models.get(usual?));
    let model = chosen.or_else(|| models.models().first());
    let price = model.map_or(Usd::ZERO, |model| story.price(models.graded(model, prefs.quality)));
    let slot = words::show(walk, &story.words(job.language, price), story.rows(job.language)).await?;
    if let Some(slot) = slot {
        queue.keep_story(&story, Some(slot.message)).await.map_err(unread)?;
    }
    Ok(slot)
}
