//! A second opinion on a prompt: an OpenAI-compatible moderation endpoint.
//!
//! It is an addition to our own rules: when it cannot be asked, the job goes on, since the provider has filters of its own.
//! Source: <https://platform.openai.com/docs/api-reference/moderations>.

use atelier_domain::Failure;
use reqwest::Method;
use serde_json::json;

use crate::http::Http;
use crate::service::{BadService, Service, refusal};

const ANSWER_BYTES: usize = 256 * 1024;

/// A client of one account's moderation endpoint.
#[derive(Debug)]
pub struct Moderation {
    http: Http,
    model: String,
}

impl Moderation {
    /// A client with these settings. Nothing is sent yet.
    pub fn new(service: Service, model: impl Into<String>) -> Result<Self, BadService> {
        Ok(Self { http: Http::new(service, refusal::classify)?, model: model.into() })
    }

    /// The categories for which the prompt is flagged; `None` when it is not.
    pub async fn flagged(&self, prompt: &str) -> Result<Option<String>, Failure> {
        let body = json!({ "model": self.model, "input": prompt });
        let call = self.http.call(Method::POST, &["moderations"]).json(&body);
        let answer = self.http.json(call, ANSWER_BYTES).await.map_err(Failure::from)?;
        let result = &answer["results"][0];
        if result["flagged"] != true {
            return Ok(None);
        }
        let categories = result["categories"].as_object().into_iter().flatten();
        let named: Vec<&str> =
            categories.filter(|(_, flagged)| **flagged == true).map(|(name, _)| name.as_str()).collect();
        Ok(Some(self.http.detail(&named.join(", "))))
    }
}
