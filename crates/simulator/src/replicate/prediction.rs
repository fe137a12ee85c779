//! One prediction: what was asked, what will become of it, and how the wire shows it.
//!
//! Invariant: [`Prediction::advance`] is the only place where a status changes by time, and it depends on nothing but
//! the record and the moment, so a restarted server arrives at the same history.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::models::{Media, Model, Output};
use super::outcome::Outcome;
use super::time::{Millis, rfc3339};
use super::webhook::Hook;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Starting,
    Processing,
    Succeeded,
    Failed,
    Canceled,
    Aborted,
}

impl Status {
    pub(super) fn terminal(self) -> bool {
        !matches!(self, Self::Starting | Self::Processing)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Aborted => "aborted",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Prediction {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) input: Map<String, Value>,
    pub(super) status: Status,
    pub(super) created_at: Millis,
    pub(super) started_at: Option<Millis>,
    pub(super) completed_at: Option<Millis>,
    /// From `Cancel-After`.
    pub(super) deadline: Option<Millis>,
    /// The plan made at creation.
    pub(super) starts_at: Millis,
    pub(super) finishes_at: Millis,
    pub(super) outcome: Outcome,
    /// Decides the picture, and the random tag of some error texts.
    pub(super) seed: u64,
    pub(super) error: Option<String>,
    /// The size limit of drawn pictures, so that a restart draws the same bytes.
    pub(super) largest_side: u32,
    /// Dollars charged for it.
    #[serde(default)]
    pub(super) charged: f64,
    /// Whom to tell.
    #[serde(default)]
    pub(super) hook: Option<Hook>,
    #[serde(skip)]
    pub(super) seen: Seen,
    /// Set when a hold kept it past its planned end: it then ends when it is let go.
    #[serde(skip)]
    pub(super) was_held: bool,
    /// Set by a release: no hold applies any more.
    #[serde(skip)]
    pub(super) released: bool,
    #[serde(skip)]
    pub(super) wake: Arc<Notify>,
}

/// What clients did to one prediction.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Seen {
    pub(super) polls: u64,
    pub(super) cancels: u64,
    pub(super) downloads: u64,
}

/// When the next change is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    At(Millis),
    /// Only a release or a cancellation moves it on.
    Unknown,
    Over,
}

impl Prediction {
    pub(super) fn prompt(&self) -> &str {
        self.input.get("prompt").and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn catalogue(&self) -> Option<&'static Model> {
        Model::find(&self.model)
    }

    /// Moves on as far as `now` allows and says when to come back.
    pub(super) fn advance(&mut self, now: Millis, held: bool) -> Next {
        let due = |at: Millis, deadline: Option<Millis>| deadline.map_or(at, |deadline| at.min(deadline));
        if self.status == Status::Starting {
            let start = (self.outcome != Outcome::NeverStarts).then_some(self.starts_at);
            let late = self.deadline.is_some_and(|deadline| deadline <= now && start.is_none_or(|at| deadline <= at));
            match start {
                _ if late => self.end(Status::Aborted, self.deadline.unwrap_or(now)),
                None => return self.deadline.map_or(Next::Unknown, Next::At),
                Some(at) if at > now => return Next::At(due(at, self.deadline)),
                Some(at) if self.outcome == Outcome::Aborted => self.end(Status::Aborted, at),
                Some(at) => {
                    self.status = Status::Processing;
                    self.started_at = Some(at);
                }
            }
        }
        if self.status == Status::Processing {
            let finish = (!self.outcome.never_ends() && !held).then_some(self.finishes_at);
            self.was_held |= held && now >= self.finishes_at;
            let ends_at = finish.map(|at| if self.was_held { at.max(now) } else { at });
            let late = self.deadline.is_some_and(|deadline| deadline <= now && ends_at.is_none_or(|at| deadline < at));
            match ends_at {
                _ if late => self.end(Status::Canceled, self.deadline.unwrap_or(now)),
                // looked at once more at the planned end, to know that the hold outlasted it
                None if held && now < self.finishes_at => return Next::At(due(self.finishes_at, self.deadline)),
                None => return self.deadline.map_or(Next::Unknown, Next::At),
                Some(at) if at > now => return Next::At(due(at, self.deadline)),
                Some(at) => self.finish(at),
            }
        }
        Next::Over
    }

    /// Ended by the client.
    pub(super) fn cancel(&mut self, now: Millis) {
        if !self.status.terminal() {
            self.end(Status::Canceled, now);
        }
    }

    fn finish(&mut self, at: Millis) {
        self.error = self.outcome.error(&self.tag());
        self.end(if self.error.is_some() { Status::Failed } else { Status::Succeeded }, at);
    }

    fn end(&mut self, status: Status, at: Millis) {
        self.status = status;
        self.completed_at = Some(at);
    }

    fn tag(&self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
        self.seed
            .to_le_bytes()
            .iter()
            .chain(&[7, 42])
            .map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()] as char)
            .collect()
    }

    /// Whether the hour is over after which inputs, outputs and logs are gone.
    pub(super) fn expired(&self, now: Millis, lifetime: Millis) -> bool {
        self.completed_at.is_some_and(|at| now - at >= lifetime)
    }

    /// Whether its files are gone, which may happen sooner.
    pub(super) fn deleted(&self, now: Millis, lifetime: Millis) -> bool {
        self.expired(now, lifetime) || (self.outcome == Outcome::Expired && self.completed_at.is_some())
    }

    /// File names of the outputs, in order; empty unless it succeeded with some.
    pub(super) fn files(&self) -> Vec<String> {
        let Some(model) = self.catalogue() else { return Vec::new() };
        if matches!(self.outcome, Outcome::EmptyList | Outcome::NullOutput) || self.status != Status::Succeeded {
            return Vec::new();
        }
        (0..self.count(model)).map(|index| format!("out-{index}.{}", self.extension(model))).collect()
    }

    /// Outputs asked for.
    fn count(&self, model: &Model) -> usize {
        match model.output {
            Output::One => 1,
            Output::Many => {
                let asked = self.input.get("num_outputs").and_then(Value::as_u64);
                asked.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).clamp(1, 4)
            }
        }
    }

    /// Dollars for it, once it is over: what was made, or what was being made when it was stopped.
    pub(super) fn cost(&self) -> f64 {
        let Some(model) = self.catalogue() else { return 0.0 };
        match self.status {
            Status::Succeeded => model.charge(&self.input, self.files().len()),
            Status::Canceled if self.started_at.is_some() => model.charge(&self.input, self.count(model)),
            _ => 0.0,
        }
    }

    pub(super) fn extension(&self, model: &Model) -> String {
        match (&self.outcome, model.media) {
            (Outcome::Svg, _) | (_, Media::Svg) => "svg".to_owned(),
            (Outcome::HugePixels | Outcome::Heavy, _) => "png".to_owned(),
            (_, Media::Video) => "mp4".to_owned(),
            (_, Media::Fixed(extension)) => extension.to_owned(),
            (_, Media::Chosen) => model.text(&self.input, "output_format").unwrap_or("png").to_owned(),
        }
    }

    fn output(&self, base: &str) -> Value {
        let Some(model) = self.catalogue() else { return Value::Null };
        let urls: Vec<String> = match &self.outcome {
            Outcome::OtherHost { url } if self.status == Status::Succeeded => vec![url.clone()],
            _ => self.files().into_iter().map(|file| format!("{base}/delivery/{}/{file}", self.id)).collect(),
        };
        match (&self.outcome, model.output) {
            (Outcome::EmptyList, _) if self.status == Status::Succeeded => json!([]),
            (_, Output::Many) if !urls.is_empty() => json!(urls),
            (_, _) => urls.into_iter().next().map_or(Value::Null, Value::String),
        }
    }

    fn logs(&self, now: Millis) -> String {
        let Some(started) = self.started_at else { return String::new() };
        let run = (self.finishes_at - self.starts_at).max(1);
        let end = self.completed_at.unwrap_or(now);
        let cap = if self.status == Status::Succeeded { 100 } else { 96 };
        let percent = if self.status == Status::Succeeded { 100 } else { ((end - started) * 100 / run).clamp(0, cap) };
        let steps = 28;
        let mut logs = format!("Using seed: {}\n", self.seed % 100_000);
        for tenth in 0..=percent / 10 {
            let share = if tenth == percent / 10 { percent } else { tenth * 10 };
            let bar = "█".repeat(usize::try_from(share / 10).unwrap_or(0));
            let done = share * steps / 100;
            let seconds = (end - started) / 1000 % 60;
            // writing into a String cannot fail
            let _ = writeln!(logs, "{share:3}%|{bar:<10}| {done}/{steps} [00:{seconds:02}<00:00]");
        }
        if let Some(error) = &self.error {
            logs.push_str(error);
            logs.push('\n');
        }
        logs
    }

    /// The object the API answers with; `base` is scheme and host of the request.
    pub(super) fn wire(&self, base: &str, now: Millis, lifetime: Millis) -> Value {
        let (gone, deleted) = (self.expired(now, lifetime), self.deleted(now, lifetime));
        let mut object = json!({
            "id": self.id,
            "model": self.model,
            "version": "hidden",
            "input": if gone { json!({}) } else { Value::Object(self.input.clone()) },
            "logs": if gone { String::new() } else { self.logs(now) },
            "output": if deleted { Value::Null } else { self.output(base) },
            "data_removed": deleted,
            "error": self.error,
            "source": "api",
            "status": self.status,
            "created_at": rfc3339(self.created_at),
            "urls": {
                "cancel": format!("{base}/v1/predictions/{}/cancel", self.id),
                "get": format!("{base}/v1/predictions/{}", self.id),
                "web": format!("https://replicate.com/p/{}", self.id),
            },
        });
        if self.status == Status::Starting {
            // seen in live answers: a starting prediction has no output property at all
            object.as_object_mut().map(|fields| fields.remove("output"));
        }
        for (name, at) in
            [("started_at", self.started_at), ("completed_at", self.completed_at), ("deadline", self.deadline)]
        {
            if let Some(at) = at {
                object[name] = json!(rfc3339(at));
            }
        }
        if let (Some(started), Some(completed)) = (self.started_at, self.completed_at) {
            let mut metrics = json!({
                "predict_time": (completed - started) as f64 / 1000.0,
                "total_time": (completed - self.created_at) as f64 / 1000.0,
            });
            if self.status == Status::Succeeded && !self.files().is_empty() {
                metrics["image_count"] = json!(self.files().len());
            }
            object["metrics"] = metrics;
        }
        object
    }
}

/// 26 characters of lower-case base 32, like the real ids.
pub(super) fn new_id() -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bits: u128 = rand::random();
    let mut id = String::with_capacity(26);
    for _ in 0..26 {
        id.push(LETTERS[usize::try_from(bits & 31).unwrap_or(0)] as char);
        bits = bits.rotate_right(5);
    }
    id
}

#[cfg(test)]
mod tests;
