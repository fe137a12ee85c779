//! Services that speak OpenAI's HTTP API: OpenAI itself, `LocalAI`, sd-server, `LiteLLM` and many clouds.
//!
//! Pictures come in the answer to the creation, as base64 or behind an address. There is no list and no key that makes a
//! creation idempotent: one whose answer was lost may have been paid for and cannot be found again. So on an account that
//! costs money it is never repeated; on a server of one's own it simply is.
//! Source: <https://platform.openai.com/docs/api-reference/images/create>.

pub mod chat;
pub mod moderation;

use std::time::SystemTime;

use atelier_domain::{Failure, FailureClass, Model, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::contract::{Handle, Output, OutputRef, StartError, Started, Status};
use crate::service::http::{Http, decode};
use crate::service::{BadService, Service};

/// The largest list of models.
const LIST_BYTES: usize = 4 * 1024 * 1024;

/// A client of one account.
#[derive(Debug)]
pub struct OpenAi {
    http: Http,
}

impl OpenAi {
    /// A client with these settings. Nothing is sent yet.
    pub fn new(service: Service) -> Result<Self, BadService> {
        Ok(Self { http: Http::new(service)? })
    }

    pub(crate) async fn create(&self, model: &Model, input: Map<String, Value>) -> Result<Started, StartError> {
        let mut body = input;
        body.insert("model".to_owned(), model.slug.as_str().into());
        body.insert("n".to_owned(), 1.into());
        let limits = self.http.limits();
        let call = self.http.within(Method::POST, &["images", "generations"], model.deadline()).json(&body);
        let most = limits.output_bytes / 3 * 4 + 64 * 1024;
        let answer = self.http.json(call, most).await.map_err(|error| self.http.settle(error.into()))?;
        let picture = &answer["data"][0];
        if let Some(data) = picture["b64_json"].as_str() {
            let bytes = decode(data, limits.output_bytes).map_err(StartError::NotCreated)?;
            return Ok(Started::Finished(vec![Output { bytes }]));
        }
        // an address is kept as the handle: the picture is paid for, and may have to be fetched by another process
        let handle = picture["url"].as_str().and_then(|url| URL_SAFE_NO_PAD.encode(url).parse().ok());
        handle.map(Started::Running).ok_or_else(|| {
            let nothing = Failure::new(FailureClass::Filtered, "the service answered without a picture");
            StartError::NotCreated(nothing)
        })
    }

    pub(crate) fn status(handle: &Handle) -> Result<Status, Failure> {
        let address = URL_SAFE_NO_PAD.decode(handle.as_str()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let address = address.ok_or_else(|| Failure::new(FailureClass::Fatal, "the handle is none of this service"))?;
        Ok(Status::Finished { outputs: vec![OutputRef::new(address)], seconds: None })
    }

    pub(crate) async fn download(&self, output: &OutputRef) -> Result<Bytes, Failure> {
        self.http.fetch(output.as_str()).await
    }

    pub(crate) async fn check(&self) -> Result<String, Failure> {
        let list = self.http.json(self.http.call(Method::GET, &["models"]), LIST_BYTES).await.map_err(Failure::from)?;
        Ok(match list["data"].as_array() {
            Some(models) => format!("{} models", models.len()),
            None => "answers".to_owned(),
        })
    }

    pub(crate) fn lost(&self, _since: SystemTime) -> Result<Vec<Handle>, Failure> {
        self.http.lost()
    }
}

/// The message of a role, as chat endpoints take it.
fn message(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}
