//! Words from words, by any OpenAI-compatible chat model: translate, enhance, write a script, find its scenes.
//!
//! Invariant: what the user wrote is data: it is set apart in its own message, and the model is told that it holds no
//! instructions; what the model answers is read, cleaned and bounded before anybody uses it.

mod ask;
mod read;

use atelier_domain::text::{TextTask, Written};
use atelier_domain::{Failure, FailureClass, Model};
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::StartError;
use crate::service::http::Http;
use crate::service::{BadService, Service};

/// The largest answer: a script has some thousand characters.
const ANSWER_BYTES: usize = 1024 * 1024;

/// A client of one account's chat endpoint.
#[derive(Debug)]
pub struct Chat {
    http: Http,
}

impl Chat {
    /// A client with these settings. Nothing is sent yet.
    pub fn new(service: Service) -> Result<Self, BadService> {
        Ok(Self { http: Http::new(service)? })
    }

    /// Does a task on a text. `Unknown`: it may have been done and paid for.
    pub async fn write(&self, model: &Model, task: &TextTask, text: &str) -> Result<Written, StartError> {
        let asked = ask::Ask::of(task, text);
        let mut body = json!({
            "model": model.slug,
            "messages": [super::message("system", &asked.system), super::message("user", &asked.user)],
            "temperature": asked.temperature,
            "max_tokens": asked.tokens,
        });
        if let Value::Object(body) = &mut body {
            if asked.json {
                body.insert("response_format".to_owned(), json!({ "type": "json_object" }));
            }
            body.extend(model.inputs.clone());
        }
        let call = self.http.within(Method::POST, &["chat", "completions"], model.deadline()).json(&body);
        let answer = self.http.json(call, ANSWER_BYTES).await.map_err(|error| self.http.settle(error.into()))?;
        let choice = &answer["choices"][0];
        if choice["finish_reason"] == "content_filter" || choice["message"]["refusal"].is_string() {
            return Err(StartError::NotCreated(Failure::new(FailureClass::Filtered, "the text model refused")));
        }
        let said = choice["message"]["content"].as_str().unwrap_or_default();
        read::written(task, said).ok_or_else(|| {
            let detail = self.http.detail(&format!("the text model's answer cannot be used: {said}"));
            StartError::NotCreated(Failure::new(FailureClass::Transient, detail))
        })
    }
}
