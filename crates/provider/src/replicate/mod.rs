//! Replicate's HTTP API, and services that speak it.
//!
//! Invariants: addresses are built from the configured base URL, never taken from a reply; the token goes to that URL's
//! origin and nowhere else; a creation carries the model's deadline (`Cancel-After`) and is sent once.
//! Source: <https://replicate.com/docs/reference/http>. Deliberately absent: `Prefer: wait` (the handle would come too
//! late to be recorded).

mod hooks;
pub(crate) mod input;
#[cfg(test)]
mod literal;
mod lost;
mod refusal;
mod upload;
mod verdict;
mod wire;

use std::time::SystemTime;

use atelier_domain::{AccountId, Failure, FailureClass};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Map, Value, json};

pub use hooks::{BadHooks, Hooks, Post, Refused};
use secrecy::SecretString;
use url::Url;

use crate::contract::check;
use crate::http::{CallError, Http};
use crate::service::{BadService, Limits, Secret, Service};
use crate::{Handle, ImageRef, Order, OutputRef, Provider, StartError, Started, Status};
use wire::Prediction;

/// Replicate's own address.
const BASE_URL: &str = "https://api.replicate.com/v1";
/// Where Replicate keeps outputs, for an hour.
const DELIVERY: [&str; 2] = ["replicate.delivery", "*.replicate.delivery"];
/// The largest answer: a page of 100 predictions with their inputs and logs.
const REPLY_BYTES: usize = 16 * 1024 * 1024;

/// The shortest `Cancel-After` that Replicate takes, in seconds.
const SHORTEST_DEADLINE: u64 = 5;

/// How to reach an account of Replicate's own; a reseller's is at `<host>/replicate/v1`.
pub fn service(account: AccountId, token: SecretString) -> Result<Service, BadService> {
    let base_url = Url::parse(BASE_URL).map_err(|_| BadService::Url(account.clone()))?;
    let (secret, limits) = (Secret::Bearer(token), Limits::default());
    Ok(Service { account, base_url, secret, output_hosts: Vec::new(), free: false, limits })
}

/// A client of one account.
#[derive(Debug)]
pub struct Replicate {
    http: Http,
    /// Where it is told of the ends of predictions.
    hook: Option<Url>,
}

impl Replicate {
    /// A client with these settings. Nothing is sent yet; [`Provider::check`] proves the token.
    pub fn new(mut service: Service) -> Result<Self, BadService> {
        service.output_hosts.extend(DELIVERY.map(str::to_owned));
        Ok(Self { http: Http::new(service, refusal::classify)?, hook: None })
    }

    /// The same, with every creation asking to be told of its end at this address.
    #[must_use]
    pub fn telling(mut self, hook: Option<Url>) -> Self {
        self.hook = hook;
        self
    }

    /// The secret that the account's webhooks are signed with.
    pub fn hook_secret(&self) -> BoxFuture<'_, Result<SecretString, Failure>> {
        async move {
            let call = self.http.call(Method::GET, &["webhooks", "default", "secret"]);
            let answer = self.http.json(call, REPLY_BYTES).await.map_err(Failure::from)?;
            let none = || Failure::new(FailureClass::Transient, "the answer holds no secret");
            answer["key"].as_str().map(SecretString::from).ok_or_else(none)
        }
        .boxed()
    }

    fn body(&self, input: &Map<String, Value>) -> Value {
        match &self.hook {
            None => json!({ "input": input }),
            Some(hook) => json!({ "input": input, "webhook": hook, "webhook_events_filter": ["completed"] }),
        }
    }

    async fn create(&self, creation: Creation) -> Result<Started, StartError> {
        let Creation { owner, name, input, deadline } = creation;
        let call = self
            .http
            .call(Method::POST, &["models", &owner, &name, "predictions"])
            .json(&self.body(&input))
            .header("Cancel-After", format!("{deadline}s"));
        let reply = self.http.send(call, REPLY_BYTES).await.map_err(StartError::from)?;
        // an answer without an id is as good as none: the prediction may exist
        let created = Prediction::read(&reply).and_then(|prediction| {
            prediction.id.parse().map_err(|_| Failure::new(FailureClass::Transient, "the created prediction has no id"))
        });
        created.map(Started::Running).map_err(StartError::Unknown)
    }

    async fn ask(&self, handle: &Handle) -> Result<Prediction, Failure> {
        let call = self.http.call(Method::GET, &["predictions", handle.as_str()]);
        let reply = self.http.send(call, REPLY_BYTES).await.map_err(|error| match error {
            // A read may run behind the write it follows. A prediction that stays unknown ends with the job's tries;
            // calling it over here would allow a second one to be paid for.
            CallError::Refused { status: 404, failure } => Failure::new(FailureClass::Transient, failure.detail),
            other => other.into(),
        })?;
        Prediction::read(&reply)
    }
}

impl Provider for Replicate {
    fn account(&self) -> &AccountId {
        &self.http.service().account
    }

    fn upload(&self, image: Bytes, mime: &'static str) -> BoxFuture<'_, Result<ImageRef, Failure>> {
        async move { upload::upload(&self.http, image, mime).await }.boxed()
    }

    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>> {
        let prepared = prepare(order);
        async move { self.create(prepared.map_err(StartError::NotCreated)?).await }.boxed()
    }

    fn poll(&self, handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>> {
        let handle = handle.clone();
        async move { Ok(self.ask(&handle).await?.status(|text| self.http.detail(text))) }.boxed()
    }

    fn cancel(&self, handle: &Handle) -> BoxFuture<'_, Result<(), Failure>> {
        let handle = handle.clone();
        async move {
            let call = self.http.call(Method::POST, &["predictions", handle.as_str(), "cancel"]);
            match self.http.send(call, REPLY_BYTES).await {
                // it has ended, or there is none: nothing left to stop
                Ok(_) | Err(CallError::Refused { status: 404 | 409 | 410 | 422, .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }
        .boxed()
    }

    fn find_lost(&self, order: &Order<'_>, since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>> {
        let wanted = lost::Wanted { slug: order.model.slug.clone(), input: input::of(order), since };
        async move { lost::find(&self.http, &wanted).await }.boxed()
    }

    fn download(&self, output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>> {
        let output = output.clone();
        async move { self.http.download(&output).await }.boxed()
    }

    fn download_into<'a>(
        &'a self,
        output: &'a OutputRef,
        file: &'a mut tokio::fs::File,
        most: u64,
    ) -> BoxFuture<'a, Result<u64, Failure>> {
        async move { self.http.download_into(output, file, most).await }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, Failure>> {
        async move {
            let reply =
                self.http.send(self.http.call(Method::GET, &["account"]), REPLY_BYTES).await.map_err(Failure::from)?;
            wire::account(&reply).map(|account| self.http.detail(&account))
        }
        .boxed()
    }
}

/// One creation, ready to be sent.
#[derive(Debug)]
struct Creation {
    owner: String,
    name: String,
    input: Map<String, Value>,
    /// Seconds.
    deadline: u64,
}

/// Refuses what cannot succeed before it costs money.
fn prepare(order: &Order<'_>) -> Result<Creation, Failure> {
    let model = order.model;
    let Some((owner, name)) = model.slug.split_once('/') else {
        return Err(Failure::new(FailureClass::Fatal, format!("`{}` is not owner/name", model.slug)));
    };
    check(order)?;
    let deadline = model.deadline_seconds.max(SHORTEST_DEADLINE);
    Ok(Creation { owner: owner.to_owned(), name: name.to_owned(), input: input::of(order), deadline })
}

#[cfg(test)]
mod tests {
    use atelier_domain::{Catalogue, Model, Request};

    use super::*;

    fn request(model: &str, ratio: &str) -> (Model, Request) {
        let model = Catalogue::builtin().find(model).unwrap().clone();
        let request = Request {
            prompt: "a cat".parse().unwrap(),
            model: model.id.clone(),
            ratio: ratio.parse().unwrap(),
            seed: Some(7.try_into().unwrap()),
            options: atelier_domain::Options::default(),
        };
        (model, request)
    }

    #[test]
    fn a_creation_names_model_and_deadline() {
        let (model, request) = request("seedream", "21:9");
        let creation = prepare(&Order { model: &model, request: &request, images: &[] }).unwrap();
        assert_eq!((creation.owner.as_str(), creation.name.as_str()), ("bytedance", "seedream-3"));
        assert_eq!(Value::Object(creation.input), json!({"prompt": "a cat", "aspect_ratio": "21:9", "seed": 7}));
        assert_eq!(creation.deadline, 180);
    }

    #[test]
    fn an_impossible_wish_costs_nothing() {
        let (model, mut request) = request("imagen", "21:9");
        let refused = |request: &Request| prepare(&Order { model: &model, request, images: &[] }).unwrap_err().class;
        assert_eq!(refused(&request), FailureClass::InvalidInput);
        request.ratio = "4:3".parse().unwrap();
        assert_eq!(refused(&request), FailureClass::InvalidInput, "imagen takes no seed");
    }
}
