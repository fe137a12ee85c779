//! Words from words, by any OpenAI-compatible chat model: translate, enhance, write a script, find its scenes.
//!
//! Invariant: what the user wrote is data: it is set apart in its own message, and the model is told that it holds no
//! instructions; what the model answers is read, cleaned and bounded before anybody uses it.

mod ask;
mod read;

use std::time::Duration;

use atelier_domain::text::{TextTask, Written};
use atelier_domain::{Failure, FailureClass};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::StartError;
use crate::http::Http;

/// The largest answer: a script has some thousand characters.
const ANSWER_BYTES: usize = 1024 * 1024;

/// What is to be done, for which model.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) slug: String,
    pub(super) inputs: Map<String, Value>,
    pub(super) time: Duration,
    pub(super) task: TextTask,
    pub(super) text: String,
}

/// Does a task on a text. `Unknown`: it may have been done and paid for.
pub(super) async fn write(http: &Http, errand: &Errand) -> Result<Written, StartError> {
    let asked = ask::Ask::of(&errand.task, &errand.text);
    let mut body = json!({
        "model": errand.slug,
        "messages": [super::message("system", &asked.system), super::message("user", &asked.user)],
        "temperature": asked.temperature,
        "max_tokens": asked.tokens,
    });
    if let Value::Object(body) = &mut body {
        if asked.json {
            body.insert("response_format".to_owned(), json!({ "type": "json_object" }));
        }
        body.extend(errand.inputs.clone());
    }
    let call = http.within(Method::POST, &["chat", "completions"], errand.time).json(&body);
    let answer = http.json(call, ANSWER_BYTES).await.map_err(|error| http.settle(error.into()))?;
    let choice = &answer["choices"][0];
    if choice["finish_reason"] == "content_filter" || choice["message"]["refusal"].is_string() {
        return Err(StartError::NotCreated(Failure::new(FailureClass::Filtered, "the text model refused")));
    }
    let said = choice["message"]["content"].as_str().unwrap_or_default();
    read::written(&errand.task, said).ok_or_else(|| {
        let detail = http.detail(&format!("the text model's answer cannot be used: {said}"));
        StartError::NotCreated(Failure::new(FailureClass::Transient, detail))
    })
}
