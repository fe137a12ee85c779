//! `atelier demo --prompt …`: the same line, with files instead of a browser.
//!
//! Invariant: a picture counts as arrived only when the job is done *and* the message it says it is in shows a file,
//! as the user would see it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use atelier_domain::{BotId, UserId};
use atelier_process::Exit;
use atelier_queue::Record;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::line::{BOT, Line, Port};
use super::report::{Entry, Report};
use super::{Arguments, unless_stopped};
use crate::failure::{Failure, OrExit};
use crate::output::say;

/// The user who types the prompts.
const USER: i64 = 70_001;
/// The chat shows pictures the moment they arrive; jobs that fail are noticed after this.
const LOOK: Duration = Duration::from_millis(500);

pub(super) async fn run(arguments: Arguments, out: &Path, stop: CancellationToken) -> Result<(), Failure> {
    let made = tokio::fs::create_dir_all(out).await.or_exit(Exit::CannotCreate);
    made.map_err(|failure| failure.about(out.display()))?;
    // without a place of its own the line leaves nothing behind
    let temporary = tempfile::Builder::new().prefix("atelier-demo-").tempdir().or_exit(Exit::CannotCreate)?;
    let data = arguments.data.clone().unwrap_or_else(|| temporary.path().to_owned());
    let settings = arguments.settings(&data, Port::Free, false);
    let Some(line) = unless_stopped(&stop, Line::start(settings)).await? else {
        return Err(Failure::new(Exit::Failure, "stopped before anything was sent"));
    };
    let outcome = unless_stopped(&stop, paint(&line, &arguments, out)).await;
    line.stop().await?;
    let Some(report) = outcome? else { return Err(Failure::new(Exit::Failure, "stopped before all pictures arrived")) };
    say(&if arguments.view.json { report.json() } else { report.text() });
    if report.is_complete() {
        return Ok(());
    }
    if arguments.data.is_none() {
        // the logs say why
        let kept = temporary.keep();
        tracing::warn!(directory = %kept.display(), "not all pictures arrived; data and logs are kept");
    }
    Err(Failure::said())
}

/// Sends the prompts, waits, and fetches what arrived.
async fn paint(line: &Line, arguments: &Arguments, out: &Path) -> Result<Report, Failure> {
    let deadline = Instant::now() + Duration::from_secs(arguments.timeout);
    let user = json!({"id": USER, "first_name": "Demo", "language_code": "en"});
    let flags = flags(arguments);
    let mut sent = Vec::new();
    for prompt in &arguments.prompts {
        let text = format!("{flags}{prompt}");
        sent.push(line.control.send(BOT, &user, &text).await.or_exit(Exit::Software)?);
    }
    let mut report = Report::new(arguments.count.map_or(1, |count| usize::from(count.get())) * arguments.prompts.len());
    // the bot confirms an update only after its jobs are in the queue
    let confirmed = format!("bot={BOT}&confirmed={}", sent.last().map_or(0, |(_, update)| *update));
    line.control.wait(&confirmed, left(deadline)).await.or_exit(Exit::Software)?;
    let records = finished(line, &sent, deadline).await?;
    let messages = line.control.messages(BOT, USER).await.or_exit(Exit::Software)?;
    for (prompt, (message, _)) in arguments.prompts.iter().zip(&sent) {
        let mut jobs: Vec<&Record> = records.iter().filter(|record| asked_by(record) == Some(*message)).collect();
        jobs.sort_by(|one, other| one.id.cmp(&other.id));
        if jobs.is_empty() {
            report.add(Entry::refused(prompt, reply_to(&messages, *message)));
        }
        for record in jobs {
            let mut entry = Entry::of(prompt, record);
            match fetch(line, &messages, record, out, report.entries() + 1).await {
                Ok(file) => entry.file = file,
                Err(error) => entry.failure = Some(format!("{error:#}")),
            }
            report.add(entry);
        }
    }
    Ok(report)
}

/// The jobs of the messages once all have ended, or as they stand at the deadline.
async fn finished(line: &Line, sent: &[(i32, u64)], deadline: Instant) -> Result<Vec<Record>, Failure> {
    loop {
        let mut records = line.queue.jobs_of(BotId(BOT), UserId(USER), 1000).await.or_exit(Exit::Unavailable)?;
        records.retain(|record| sent.iter().any(|(message, _)| asked_by(record) == Some(*message)));
        let open = records.iter().filter(|record| !record.state.is_final()).count();
        if open == 0 || left(deadline).is_zero() {
            return Ok(records);
        }
        // wakes with the next picture in the chat, and looks again at the latest after a moment
        let shown = line.control.messages(BOT, USER).await.or_exit(Exit::Software)?;
        let photos = shown.iter().filter(|message| message["kind"] == "photo").count();
        let next = format!("bot={BOT}&chat={USER}&photos={}", photos + 1);
        line.control.wait(&next, LOOK.min(left(deadline))).await.or_exit(Exit::Software)?;
    }
}

/// Writes the file of the message that shows a job's result. `None` when there is no result to show.
async fn fetch(
    line: &Line,
    messages: &[Value],
    record: &Record,
    out: &Path,
    number: usize,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(delivered) = record.delivered.filter(|_| record.state == atelier_domain::JobState::Done) else {
        return Ok(None);
    };
    let message = messages.iter().find(|message| message["id"] == delivered.0);
    let media = message.map(|message| &message["media"]).filter(|media| media.is_object());
    let media = media.with_context(|| format!("message {delivered} shows no picture"))?;
    let id = media["file_id"].as_str().context("the picture has no file")?;
    let bytes = line.control.file(id).await?;
    let path = out.join(format!("{number:02}-{}.{}", record.id, extension(&bytes)));
    tokio::fs::write(&path, &bytes).await.with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Some(path))
}

fn asked_by(record: &Record) -> Option<i32> {
    record.job.as_ref().map(|job| job.place.reply_to.0)
}

/// What the bot said to a message that became no job.
fn reply_to(messages: &[Value], message: i32) -> Option<String> {
    let reply = messages.iter().find(|reply| reply["reply_to"] == message && reply["from"] != USER)?;
    reply["text"].as_str().map(str::to_owned)
}

/// The flags go first: whatever a prompt holds, they are read as flags.
fn flags(arguments: &Arguments) -> String {
    let model = arguments.model.as_ref().map(|model| format!("--model {model} "));
    let ratio = arguments.ratio.map(|ratio| format!("--ar {ratio} "));
    let count = arguments.count.map(|count| format!("--n {} ", count.get()));
    [model, ratio, count].into_iter().flatten().collect()
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// What the bytes are: the name a user would have saved them under.
fn extension(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, ..] => "jpg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        [b'G', b'I', b'F', ..] => "gif",
        [b'<', ..] => "svg",
        _ => "bin",
    }
}
