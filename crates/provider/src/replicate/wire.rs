//! Replicate's answers, read leniently: any field may be missing, null or of another shape than documented.

use atelier_domain::{Failure, FailureClass};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::verdict;
use crate::{OutputRef, Status};

/// More files than this are not looked for in one output.
const MOST_OUTPUTS: usize = 16;
/// Outputs nested deeper than this are not looked into.
const DEEPEST: usize = 6;
/// The end of the logs in which a progress bar is looked for, in bytes.
const LOG_TAIL: usize = 4096;

/// One prediction, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Prediction {
    /// Empty when missing.
    #[serde(deserialize_with = "text")]
    pub(super) id: String,
    #[serde(deserialize_with = "text")]
    pub(super) model: String,
    #[serde(deserialize_with = "text")]
    pub(super) status: String,
    #[serde(deserialize_with = "text")]
    pub(super) created_at: String,
    pub(super) input: Value,
    output: Value,
    error: Value,
    logs: Value,
    metrics: Value,
    data_removed: Value,
    started_at: Value,
    completed_at: Value,
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) results: Vec<Prediction>,
    #[serde(default, deserialize_with = "text")]
    pub(super) next: String,
}

impl Prediction {
    pub(super) fn read(body: &[u8]) -> Result<Self, Failure> {
        let unread = || Failure::new(FailureClass::Transient, "the answer is not a prediction");
        let value: Value = serde_json::from_slice(body).map_err(|_| unread())?;
        if !value.is_object() {
            return Err(unread());
        }
        serde_json::from_value(value).map_err(|_| unread())
    }

    /// What its status, output and error come to. `shorten` makes the provider's text fit for a detail.
    pub(super) fn status(&self, shorten: impl Fn(&str) -> String) -> Status {
        match self.status.as_str() {
            "starting" => Status::Running { progress: None, queued: true },
            "processing" => Status::Running { progress: self.progress(), queued: false },
            "succeeded" => self.success(),
            "failed" => {
                let error = self.error_text();
                let said = if error.is_empty() { "failed without a reason" } else { &error };
                Status::Failed(Failure::new(verdict::of(&error), shorten(said)))
            }
            "canceled" if self.started_at.is_null() => {
                Status::Failed(Failure::new(FailureClass::Deadline, "canceled before it ran"))
            }
            "canceled" => Status::Wasted(Failure::new(FailureClass::Deadline, "canceled while it ran")),
            "aborted" => Status::Failed(Failure::new(FailureClass::Deadline, "aborted before it started")),
            // a word of a later API: over if it says when it ended, else the job's own deadline bounds the wait
            other if !self.completed_at.is_null() => {
                Status::Failed(Failure::new(FailureClass::Transient, shorten(&format!("ended as `{other}`"))))
            }
            _ => Status::Running { progress: self.progress(), queued: false },
        }
    }

    fn success(&self) -> Status {
        if self.data_removed == Value::Bool(true) && is_nothing(&self.output) {
            return Status::Wasted(Failure::new(FailureClass::Expired, "its output was deleted before it was fetched"));
        }
        if is_nothing(&self.output) {
            return Status::Failed(Failure::new(FailureClass::FilteredOutput, "succeeded without an output"));
        }
        let mut outputs = Vec::new();
        collect(&self.output, 0, &mut outputs);
        if outputs.is_empty() {
            return Status::Wasted(Failure::new(FailureClass::BadMedia, "its output names no file"));
        }
        let measured = |name| self.metrics.get(name).and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0);
        Status::Finished { outputs, seconds: measured("predict_time"), whole: measured("total_time") }
    }

    /// Whether it ended before its start: free, and without anything to adopt.
    pub(super) fn is_aborted(&self) -> bool {
        self.status == "aborted"
    }

    fn error_text(&self) -> String {
        match &self.error {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// The per cent of the last progress bar (`76%|███ | 19/25`) in the logs.
    fn progress(&self) -> Option<u8> {
        let logs = self.logs.as_str()?;
        let mut start = logs.len().saturating_sub(LOG_TAIL);
        while !logs.is_char_boundary(start) {
            start += 1;
        }
        let tail = logs.get(start..)?;
        tail.rmatch_indices("%|").find_map(|(end, _)| {
            let before = tail.get(..end)?;
            let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            let number: u8 = before.get(before.len() - digits..)?.parse().ok()?;
            (number <= 100).then_some(number)
        })
    }
}

/// The account's name and type.
pub(super) fn account(body: &[u8]) -> Result<String, Failure> {
    let account: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|_| Failure::new(FailureClass::Transient, "the answer is not an account"))?;
    let field = |name: &str| account.get(name).and_then(Value::as_str);
    match (field("username"), field("type")) {
        (Some(name), Some(kind)) => Ok(format!("{name} ({kind})")),
        (Some(name), None) => Ok(name.to_owned()),
        (None, _) => Err(Failure::new(FailureClass::Transient, "the account has no name")),
    }
}

/// Null, an empty text, or a list or object of nothing else.
fn is_nothing(output: &Value) -> bool {
    match output {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Gathers every address in an output: one text, a list of them, objects with `url`, `urls` or any other field.
fn collect(output: &Value, depth: usize, into: &mut Vec<OutputRef>) {
    if depth > DEEPEST || into.len() >= MOST_OUTPUTS {
        return;
    }
    match output {
        Value::String(text) => {
            let text = text.trim();
            let begins =
                |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
            if ["https://", "http://", "data:"].into_iter().any(begins) {
                into.push(OutputRef::new(text));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, into)),
        Value::Object(fields) => {
            // a file's own address first; only without one every field counts, since others may be thumbnails or masks
            let before = into.len();
            for name in ["url", "urls", "uri", "image", "images", "output", "outputs", "file", "files", "video"] {
                if let Some(value) = fields.get(name) {
                    collect(value, depth + 1, into);
                }
                if into.len() > before {
                    return;
                }
            }
            fields.values().for_each(|value| collect(value, depth + 1, into));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text, or an empty one where there is none.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(value: &Value) -> Status {
        Prediction::read(value.to_string().as_bytes()).unwrap().status(str::to_owned)
    }

    fn class(value: &Value) -> FailureClass {
        match status(value) {
            Status::Failed(failure) | Status::Wasted(failure) => failure.class,
            other => panic!("{value}: {other:?}"),
        }
    }

    fn outputs(output: &Value) -> Vec<String> {
        match status(
            &json!({"status": "succeeded", "output": output, "metrics": {"predict_time": 3.5, "total_time": 4.0}}),
        ) {
            Status::Finished { outputs, seconds: Some(3.5), whole: Some(4.0) } => {
                outputs.iter().map(|output| output.as_str().to_owned()).collect()
            }
            other => panic!("{output}: {other:?}"),
        }
    }

    #[test]
    fn all_shapes_of_output_are_understood() {
        let (a, b) = ("https://replicate.delivery/a.png", "data:image/png;base64,AAAA");
        assert_eq!(outputs(&json!(a)), [a]);
        assert_eq!(outputs(&json!([a, b])), [a, b]);
        assert_eq!(outputs(&json!({"url": a})), [a]);
        assert_eq!(outputs(&json!({"urls": [a, b], "thumbnail": b})), [a, b]);
        assert_eq!(outputs(&json!({"images": [{"url": a}, {"url": b}], "seed": 4})), [a, b]);
        assert_eq!(outputs(&json!({"picture": a, "seed": 4, "note": "fine"})), [a]);
        assert_eq!(outputs(&json!([null, a])), [a]);
        assert_eq!(outputs(&json!(vec![a; 100])).len(), MOST_OUTPUTS);
    }

    #[test]
    fn a_success_without_a_picture_is_a_filtered_one() {
        for nothing in [json!(null), json!([]), json!(""), json!([null]), json!({}), json!({"images": []})] {
            assert_eq!(
                class(&json!({"status": "succeeded", "output": nothing})),
                FailureClass::FilteredOutput,
                "{nothing}"
            );
        }
        assert_eq!(class(&json!({"status": "succeeded"})), FailureClass::FilteredOutput);
        assert_eq!(class(&json!({"status": "succeeded", "output": "some words"})), FailureClass::BadMedia);
        let removed = json!({"status": "succeeded", "output": null, "data_removed": true});
        assert!(matches!(status(&removed), Status::Wasted(failure) if failure.class == FailureClass::Expired));
    }

    #[test]
    fn every_status_is_an_end_or_not() {
        let running = |status| json!({"id": "a", "status": status, "error": null, "logs": null});
        let is_running = |value: &Value, queued| status(value) == Status::Running { progress: None, queued };
        assert!(is_running(&running("starting"), true));
        assert!(is_running(&json!({"id": "a", "status": "starting"}), true));
        assert!(is_running(&running("processing"), false));
        assert!(is_running(&running("warming_up"), false));
        assert!(is_running(&json!({}), false));
        assert_eq!(class(&running("aborted")), FailureClass::Deadline);
        assert_eq!(class(&running("canceled")), FailureClass::Deadline);
        assert!(matches!(status(&running("canceled")), Status::Failed(_)), "what never ran is free");
        let mut ran = running("canceled");
        ran["started_at"] = json!("2026-11-22T12:00:00Z");
        assert!(matches!(status(&ran), Status::Wasted(_)), "what ran is charged for");
        assert_eq!(class(&running("failed")), FailureClass::Transient);
        let ended = json!({"status": "evaporated", "completed_at": "2026-11-22T12:00:00Z"});
        assert_eq!(class(&ended), FailureClass::Transient);
        let filtered = json!({"status": "failed", "error": "flagged as sensitive (E005) (x)"});
        assert_eq!(class(&filtered), FailureClass::Filtered);
    }

    #[test]
    fn progress_is_the_last_bar_of_the_logs() {
        let of = |logs: &str| match status(&json!({"status": "processing", "logs": logs})) {
            Status::Running { progress, .. } => progress,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(""), None);
        assert_eq!(of("Using seed 5\n  0%|   | 0/25\r 76%|███ | 19/25 [00:02"), Some(76));
        assert_eq!(of("100%|██| 4/4"), Some(100));
        assert_eq!(of("50%| ok, then 999%| and %|"), Some(50));
        assert_eq!(of(&format!("{} 7%|", "█".repeat(5_000))), Some(7));
        assert_eq!(of("99% done"), None);
    }

    #[test]
    fn what_is_no_prediction_is_said_to_be_none() {
        for body in ["", "[]", "null", "\"x\"", "{", "<html>"] {
            assert!(Prediction::read(body.as_bytes()).is_err(), "{body}");
        }
        let odd = Prediction::read(br#"{"id":7,"status":null,"input":[],"metrics":"x"}"#).unwrap();
        assert_eq!(odd.id, "");
    }

    #[test]
    fn accounts_have_names() {
        assert_eq!(account(br#"{"type":"organization","username":"acme"}"#).unwrap(), "acme (organization)");
        assert!(account(b"{}").is_err() && account(b"[]").is_err());
    }
}
