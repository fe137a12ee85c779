//! A job whose result is words: kept for the bot, shown in the slot.
//!
//! Where no model can do it and it can be done honestly without one, it is: scenes are split by marks, lines or sentences,
//! and the message says so.

use atelier_domain::buttons::Rows;
use atelier_domain::scenes::{Found, Scenes};
use atelier_domain::text::{TextTask, Written};
use atelier_domain::{Failure, FailureClass, Say, caption};
use atelier_queue::{Checkpoint, Urgency};
use tracing::info;

use crate::failing::Under;
use crate::line::{Stop, Walk};
use crate::pictures::Made;
use crate::slot::Slot;
use crate::{failing, generate, pictures, rest, safety, slot, stories};

/// Leads a text job to its end.
pub(crate) async fn steps(walk: &Walk, task: &TextTask) -> Result<(), Stop> {
    let job = walk.job();
    let unread = |error: atelier_queue::QueueError| Failure::new(FailureClass::Transient, error.to_string());
    let kept = walk.shop.queue.written(&job.id).await.map_err(unread)?;
    let written = if let Some(written) = kept {
        written
    } else {
        let written = write(walk, task).await?;
        safety::check(walk, &written.text())?;
        walk.shop.queue.keep_written(&job.id, &written).await.map_err(unread)?
    };
    walk.progress.stop().await;
    walk.reach("before-edit").await;
    walk.claimed.lease.checkpoint(&Checkpoint::Sending).await?;
    let slot = if let (Written::Scenes(scenes), TextTask::Story { tone, format, model }) = (&written, task) {
        stories::show(walk, scenes, (tone.as_ref(), *format), model.as_ref()).await?
    } else {
        let mut parts = caption::parts(&shown(walk, &written), caption::TEXT_UNITS);
        let slot = show(walk, &parts.remove(0), Rows::new()).await?;
        if let Some(slot) = slot {
            rest::follow(walk, slot.message, &parts).await;
        }
        slot
    };
    if let Some(slot) = slot {
        walk.claimed.lease.checkpoint(&Checkpoint::Delivered(slot.message)).await?;
    }
    Ok(())
}

/// Shows the result in the slot; the slot.
pub(crate) async fn show(walk: &Walk, text: &str, rows: Rows) -> Result<Option<Slot>, Failure> {
    failing::say(walk, &Under::Result(rows), text, Urgency::Result)
        .await
        .map_err(|error| Failure::new(FailureClass::Transient, error.to_string()))?;
    Ok(slot::find(walk).await)
}

async fn write(walk: &Walk, task: &TextTask) -> Result<Written, Stop> {
    let plain = || task.plain(walk.request.prompt.as_str());
    match by_model(walk).await {
        Err(Stop::Failed(failure)) if failure.next_try(walk.claimed.tries(), 0.0).is_none() => {
            let plain = plain().ok_or_else(|| Stop::Failed(failure.clone()))?;
            info!(job.id = %walk.job().id, class = failure.class.name(), detail = failure.detail, "done without a model");
            Ok(plain)
        }
        Err(Stop::Trouble(failure)) => plain().ok_or(Stop::Trouble(failure)),
        other => other,
    }
}

async fn by_model(walk: &Walk) -> Result<Written, Stop> {
    let generated = generate::outputs(walk).await?;
    match pictures::fetch(walk, &generated).await? {
        Made::Picture(bytes) => Ok(serde_json::from_slice(&bytes)
            .map_err(|_| Failure::new(FailureClass::Fatal, "the account's service writes no texts"))?),
        Made::Film(_) | Made::Elsewhere => Err(Failure::new(FailureClass::Fatal, "a text model made a film").into()),
    }
}

/// What the chat sees.
fn shown(walk: &Walk, written: &Written) -> String {
    match written {
        Written::Prompt(text) | Written::Script(text) => text.as_str().to_owned(),
        Written::Scenes(scenes) => listed(walk, scenes),
    }
}

fn listed(walk: &Walk, scenes: &Scenes) -> String {
    let language = walk.job().language;
    let mut lines = vec![language.say(&Say::Scenes { count: scenes.scenes.len() })];
    if scenes.found != Found::Model {
        lines.push(language.say(&Say::ScenesPlain { found: scenes.found }));
    }
    if let Some(look) = &scenes.look {
        lines.push(language.say(&Say::ScenesLook { look }));
    }
    lines.extend(scenes.scenes.iter().enumerate().map(|(index, scene)| format!("{}. {scene}", index + 1)));
    lines.join("\n")
}
