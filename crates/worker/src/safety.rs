//! The last look at words before money is spent on them: our own rules, and a moderation service where one is set up.
//!
//! The bot applies the same rules before it accepts a prompt; here they meet what came another way, written by a text
//! model for example.

use atelier_domain::text::TextTask;
use atelier_domain::{Failure, FailureClass};
use tracing::warn;

use crate::line::{Stop, Walk};

/// Refuses a text that the rules stop.
pub(crate) fn check(walk: &Walk, text: &str) -> Result<(), Stop> {
    match walk.shop.settings.rules.check(text) {
        None => Ok(()),
        Some(blocked) => {
            let detail = format!("the safety rules about {} stopped it", blocked.topic);
            Err(Failure::new(FailureClass::Filtered, detail).into())
        }
    }
}

/// The same for the job's prompt, with the second opinion. One that cannot be had stops nobody.
pub(crate) async fn check_prompt(walk: &Walk) -> Result<(), Stop> {
    let own = walk.request.options.task.as_ref().and_then(TextTask::own_words);
    let words = [Some(walk.request.prompt.as_str()), own].into_iter().flatten().collect::<Vec<_>>().join("\n");
    check(walk, &words)?;
    let Some(moderation) = walk.shop.providers.moderation().filter(|_| !walk.is_under_way()) else { return Ok(()) };
    match moderation.flagged(&words).await {
        Ok(None) => Ok(()),
        Ok(Some(categories)) => {
            Err(Failure::new(FailureClass::Filtered, format!("the moderation flagged the prompt: {categories}")).into())
        }
        Err(failure) => {
            warn!(job.id = %walk.job().id, class = failure.class.name(), detail = failure.detail, "the moderation could not be asked");
            Ok(())
        }
    }
}
