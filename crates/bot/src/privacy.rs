//! What is kept about a person: told, handed over, deleted.

use std::sync::Arc;

use atelier_domain::{ChatId, Incoming, Language, Say, Tell};
use atelier_queue::{Owner, QueueError, Spend, Urgency};
use atelier_telegram::{Keyboard, Media, MediaKind, Place};
use serde_json::{Value, json};
use tracing::warn;

use crate::Front;
use crate::answers::{self, flood};

/// Sends the person a file with everything; only ever into the person's own chat.
pub(crate) async fn export(front: &Arc<Front>, incoming: &Incoming, language: Language) {
    let all = match collect(front, incoming).await {
        Ok(Some(all)) => all,
        Ok(None) => {
            let text = language.tell(&Tell::ExportNone);
            return answers::reply(front, incoming, &text, &Keyboard::none()).await;
        }
        Err(error) => {
            warn!(%error, "what is kept about a user could not be collected");
            let text = language.say(&Say::UnavailableLook);
            return answers::reply(front, incoming, &text, &Keyboard::none()).await;
        }
    };
    let media = Media::new(MediaKind::Document, all.into(), "atelier.json");
    let post = Place::from(ChatId(incoming.user.id.0)).post();
    let spend = Spend::send(incoming.bot, ChatId(incoming.user.id.0));
    let send = || front.telegram.send_media(&post, &media, "", &Keyboard::none());
    if let Err(error) = front.queue.paced(spend, Urgency::Answer, flood, send).await {
        warn!(update = incoming.update.0, outcome = error.name(), %error, "an export could not be sent");
    }
}

async fn collect(front: &Front, incoming: &Incoming) -> Result<Option<Vec<u8>>, QueueError> {
    let (bot, user) = (incoming.bot, incoming.user.id);
    let jobs = front.queue.all_jobs_of(bot, user).await?;
    let recipes = front.queue.recipes_of(bot, user).await?;
    let prefs = front.queue.prefs(bot, ChatId(user.0)).await?;
    let chosen: serde_json::Map<String, Value> = atelier_domain::Field::ALL
        .into_iter()
        .filter_map(|field| Some((field.name().to_owned(), json!(prefs.value(field)?))))
        .collect();
    let ledger = front.queue.ledger(Owner(bot, user), usize::MAX).await?;
    let paid = !ledger.entries.is_empty() || !ledger.opening.is_empty();
    if jobs.is_empty() && recipes.is_empty() && chosen.is_empty() && !paid {
        return Ok(None);
    }
    let recipes: Vec<Value> = recipes.iter().map(|(id, request)| json!({ "code": id, "request": request })).collect();
    let all = json!({
        "user": user, "bot": bot, "settings": chosen, "recipes": recipes, "jobs": jobs, "ledger": ledger,
    });
    serde_json::to_vec_pretty(&all).map(Some).map_err(|error| QueueError::Unreadable(error.to_string()))
}

/// Deletes everything and says what was found when it was looked for again.
pub(crate) async fn forget(front: &Arc<Front>, incoming: &Incoming, language: Language) -> Result<String, QueueError> {
    let (bot, user) = (incoming.bot, incoming.user.id);
    let jobs = front.queue.all_jobs_of(bot, user).await?;
    let running: Vec<_> =
        jobs.iter().filter(|record| !record.state.is_final()).map(|record| record.id.clone()).collect();
    for id in &running {
        front.queue.cancel(id, &answers::actor(incoming), Some((bot, user))).await?;
    }
    let (count, left) = front.queue.erase(bot, user, &answers::actor(incoming)).await?;
    // what a worker holds ends in a moment
    let clean = left == 0 && collect(front, incoming).await?.is_none();
    let tell = if clean { Tell::ForgetDone { count } } else { Tell::ForgetLeft };
    Ok(language.tell(&tell))
}
