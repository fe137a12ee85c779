//! Services that speak OpenAI's HTTP API: OpenAI itself, `LocalAI`, sd-server, `LiteLLM` and many clouds.
//!
//! Pictures come in the answer to the creation, as base64 or behind an address. There is no list and no key that makes a
//! creation idempotent: one whose answer was lost may have been paid for and cannot be found again. So on an account that
//! costs money it is never repeated; on a server of one's own it simply is. A wish with pictures to start from goes to the
//! edits, as a form with files.
//! Sources: <https://platform.openai.com/docs/api-reference/images/create>, `…/images/createEdit`.

mod chat;
mod edits;
pub mod moderation;

use std::time::{Duration, SystemTime};

use atelier_domain::{AccountId, Failure, FailureClass};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::contract::check;
use crate::http::{Http, decode};
use crate::replicate::input;
use crate::service::{BadService, Service, refusal};
use crate::{Handle, ImageRef, Order, Output, OutputRef, Provider, StartError, Started, Status};

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
        Ok(Self { http: Http::new(service, refusal::classify)? })
    }

    async fn create(&self, wish: Wish) -> Result<Started, StartError> {
        let limits = self.http.limits();
        let call = if wish.images.is_empty() {
            self.http.within(Method::POST, &["images", "generations"], wish.time).json(&wish.body)
        } else {
            let form = edits::form(&wish.body, &wish.images).map_err(StartError::NotCreated)?;
            self.http.within(Method::POST, &["images", "edits"], wish.time).multipart(form)
        };
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
            let nothing = Failure::new(FailureClass::FilteredOutput, "the service answered without a picture");
            StartError::NotCreated(nothing)
        })
    }

    /// The output is what was written, as JSON.
    async fn write(&self, errand: &chat::Errand) -> Result<Started, StartError> {
        let written = chat::write(&self.http, errand).await?;
        let bytes = serde_json::to_vec(&written)
            .map_err(|error| StartError::NotCreated(Failure::new(FailureClass::Fatal, error.to_string())))?;
        Ok(Started::Finished(vec![Output { bytes: bytes.into() }]))
    }

    async fn models(&self) -> Result<String, Failure> {
        let list = self.http.json(self.http.call(Method::GET, &["models"]), LIST_BYTES).await.map_err(Failure::from)?;
        Ok(match list["data"].as_array() {
            Some(models) => format!("{} models", models.len()),
            None => "answers".to_owned(),
        })
    }
}

impl Provider for OpenAi {
    fn account(&self) -> &AccountId {
        &self.http.service().account
    }

    fn answers_at_once(&self) -> bool {
        true
    }

    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>> {
        if let Some(task) = order.request.options.task.clone() {
            let errand = chat::Errand {
                slug: order.model.slug.clone(),
                inputs: order.model.inputs.clone(),
                time: order.model.deadline(),
                task,
                text: order.request.prompt.as_str().to_owned(),
            };
            return async move { self.write(&errand).await }.boxed();
        }
        let wish = wish(order);
        async move { self.create(wish.map_err(StartError::NotCreated)?).await }.boxed()
    }

    fn poll(&self, handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>> {
        let status =
            address(handle).map(|output| Status::Finished { outputs: vec![output], seconds: None, whole: None });
        async move { status }.boxed()
    }

    /// What has a handle is made already.
    fn cancel(&self, _handle: &Handle) -> BoxFuture<'_, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn find_lost(&self, _order: &Order<'_>, _since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>> {
        async move { self.http.lost() }.boxed()
    }

    fn download(&self, output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>> {
        let output = output.clone();
        async move { self.http.download(&output).await }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, Failure>> {
        self.models().boxed()
    }
}

/// One picture, ready to be asked for.
struct Wish {
    body: Map<String, Value>,
    /// What it starts from, if it does.
    images: Vec<ImageRef>,
    time: Duration,
}

fn wish(order: &Order<'_>) -> Result<Wish, Failure> {
    check(order)?;
    let mut body = input::of(order);
    body.insert("model".to_owned(), order.model.slug.as_str().into());
    body.insert("n".to_owned(), 1.into());
    if let Some(takes) = &order.model.takes.images {
        // they travel as files beside the fields
        body.remove(&takes.input);
        takes.second.iter().for_each(|second| drop(body.remove(second)));
    }
    Ok(Wish { body, images: order.images.to_vec(), time: order.model.deadline() })
}

/// The address that a handle holds.
fn address(handle: &Handle) -> Result<OutputRef, Failure> {
    let address = URL_SAFE_NO_PAD.decode(handle.as_str()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    address.map(OutputRef::new).ok_or_else(|| Failure::new(FailureClass::Fatal, "the handle is none of this service"))
}

/// The message of a role, as chat endpoints take it.
fn message(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}
