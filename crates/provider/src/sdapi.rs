//! AUTOMATIC1111, Forge, SD.Next and whatever else speaks `sdapi`.
//!
//! A picture comes in the answer to its creation. The server has one line and one way to interrupt, which stops whoever's
//! picture is being made; so ours has a name, and only while that one is being made it is interrupted.
//! Source: <https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API>.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use atelier_domain::{AccountId, Failure, FailureClass};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::contract::check;
use crate::http::{Http, decode};
use crate::replicate::input;
use crate::service::{BadService, Service, refusal, size};
use crate::{Handle, Order, Output, OutputRef, Provider, StartError, Started, Status};

const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A client of one server.
#[derive(Debug)]
pub struct SdApi {
    http: Arc<Http>,
}

impl SdApi {
    /// A client with these settings. Nothing is sent yet.
    pub fn new(service: Service) -> Result<Self, BadService> {
        Ok(Self { http: Arc::new(Http::new(service, refusal::classify)?) })
    }

    async fn create(&self, mut body: Map<String, Value>, time: Duration) -> Result<Started, StartError> {
        let task = format!("atelier-{:016x}", rand::random::<u64>());
        let route = if body.contains_key("init_images") { "img2img" } else { "txt2img" };
        body.insert("force_task_id".to_owned(), task.as_str().into());
        let most = self.http.limits().output_bytes;
        let call = self.http.within(Method::POST, &["sdapi", "v1", route], time).json(&body);
        // the server goes on without us: who gives up (cancelled, out of time, stopped) tells it
        let mut running = Interrupt { http: Arc::clone(&self.http), task: Some(task) };
        let answer = self.http.json(call, most / 3 * 4 + ANSWER_BYTES).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let error = self.http.settle(error.into());
                if matches!(error, StartError::NotCreated(_)) {
                    running.task = None;
                }
                return Err(error);
            }
        };
        running.task = None;
        let image = answer["images"][0].as_str().ok_or_else(|| {
            StartError::NotCreated(Failure::new(FailureClass::Transient, "the server answered without a picture"))
        })?;
        let bytes = decode(image, most).map_err(StartError::NotCreated)?;
        Ok(Started::Finished(vec![Output { bytes }]))
    }

    async fn models(&self) -> Result<String, Failure> {
        let call = self.http.call(Method::GET, &["sdapi", "v1", "sd-models"]);
        let models = self.http.json(call, ANSWER_BYTES).await.map_err(Failure::from)?;
        Ok(format!("{} checkpoints", models.as_array().map_or(0, Vec::len)))
    }
}

impl Provider for SdApi {
    fn account(&self) -> &AccountId {
        &self.http.service().account
    }

    fn answers_at_once(&self) -> bool {
        true
    }

    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>> {
        let (wish, time) = (body(order), order.model.deadline());
        async move { self.create(wish.map_err(StartError::NotCreated)?, time).await }.boxed()
    }

    fn poll(&self, _handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>> {
        async { Err(no_handle()) }.boxed()
    }

    fn cancel(&self, _handle: &Handle) -> BoxFuture<'_, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn find_lost(&self, _order: &Order<'_>, _since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>> {
        async move { self.http.lost() }.boxed()
    }

    fn download(&self, _output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>> {
        async { Err(no_handle()) }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, Failure>> {
        self.models().boxed()
    }
}

fn no_handle() -> Failure {
    Failure::new(FailureClass::Fatal, "this service gives no handles")
}

fn body(order: &Order<'_>) -> Result<Map<String, Value>, Failure> {
    check(order)?;
    let mut body = input::of(order);
    let (width, height) = size(order);
    body.insert("width".to_owned(), width.into());
    body.insert("height".to_owned(), height.into());
    body.insert("n_iter".to_owned(), 1.into());
    body.insert("batch_size".to_owned(), 1.into());
    // one server has one checkpoint loaded at a time; `default` leaves it as it is
    if order.model.slug != "default" {
        let settings = body.entry("override_settings").or_insert_with(|| json!({}));
        settings["sd_model_checkpoint"] = order.model.slug.as_str().into();
    }
    Ok(body)
}

/// Stops a picture that nobody waits for any more.
struct Interrupt {
    http: Arc<Http>,
    task: Option<String>,
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let (Some(task), Ok(runtime)) = (self.task.take(), tokio::runtime::Handle::try_current()) else { return };
        let http = Arc::clone(&self.http);
        runtime.spawn(async move {
            let call = http.call(Method::GET, &["sdapi", "v1", "progress"]).query(&[("skip_current_image", "true")]);
            let ours = http.json(call, ANSWER_BYTES).await.is_ok_and(|progress| progress["current_task"] == task);
            if ours {
                let _ = http.send(http.call(Method::POST, &["sdapi", "v1", "interrupt"]), ANSWER_BYTES).await;
            }
        });
    }
}
