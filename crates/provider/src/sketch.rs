//! The offline provider: pictures drawn here, by no model, and saying so.
//!
//! Invariant: it keeps nothing. With a simulated latency the handle carries the whole wish and the moment of its start, so
//! that any process can poll and fetch it, also after a restart; without one the picture is in the first answer.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::{AccountId, Failure, FailureClass, Request, Seed};
use atelier_sketch::{Footer, Scene, SketchError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::contract::check;
use crate::{Handle, Order, Output, OutputRef, Provider, StartError, Started, Status};

/// Pixels of a sketch.
const PIXELS: u32 = 1024 * 1024;
/// What an output's reference begins with.
const SCHEME: &str = "sketch:";

/// How the offline provider behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// How long it pretends to work; zero answers at once.
    pub latency: Duration,
}

/// The offline provider.
#[derive(Debug)]
pub struct Sketch {
    account: AccountId,
    latency: Duration,
    /// Drawing is CPU work: no more of it at a time than there are cores.
    cores: Arc<Semaphore>,
}

/// What a handle of this provider says.
#[derive(Serialize, Deserialize)]
struct Ticket {
    request: Request,
    started_ms: u64,
}

impl Sketch {
    /// An offline provider with these settings.
    pub fn new(settings: Settings) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { account: AccountId::sketch(), latency: settings.latency, cores: Arc::new(Semaphore::new(cores)) }
    }

    async fn begin(&self, request: Request) -> Result<Started, Failure> {
        if self.latency.is_zero() {
            return Ok(Started::Finished(vec![Output { bytes: self.draw(request).await? }]));
        }
        Ticket { request, started_ms: now_ms() }.handle().map(Started::Running)
    }

    async fn draw(&self, request: Request) -> Result<Bytes, Failure> {
        let _core = self.cores.acquire().await.map_err(|_| fatal("the sketcher is closed"))?;
        let drawing = tokio::task::spawn_blocking(move || draw(&request));
        drawing.await.map_err(|_| fatal("the sketcher failed"))?.map_err(|error| match error {
            SketchError::Size { .. } => Failure::new(FailureClass::InvalidInput, error.to_string()),
            SketchError::Encode(_) => fatal(&error.to_string()),
        })
    }

    fn status(&self, ticket: &Ticket, reference: OutputRef) -> Status {
        let elapsed = Duration::from_millis(now_ms().saturating_sub(ticket.started_ms));
        if elapsed >= self.latency {
            let seconds = Some(self.latency.as_secs_f64());
            return Status::Finished { outputs: vec![reference], seconds, whole: seconds };
        }
        let percent = elapsed.as_millis() * 100 / self.latency.as_millis().max(1);
        Status::Running { progress: u8::try_from(percent).ok(), queued: false }
    }
}

impl Provider for Sketch {
    fn account(&self) -> &AccountId {
        &self.account
    }

    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>> {
        let wish = check(order).map(|()| order.request.clone());
        async move {
            let begun = match wish {
                Ok(request) => self.begin(request).await,
                Err(failure) => Err(failure),
            };
            begun.map_err(StartError::NotCreated)
        }
        .boxed()
    }

    fn poll(&self, handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>> {
        let reference = OutputRef::new(format!("{SCHEME}{}", handle.as_str()));
        let status = Ticket::read(handle.as_str()).map(|ticket| self.status(&ticket, reference));
        async move { status }.boxed()
    }

    fn cancel(&self, _handle: &Handle) -> BoxFuture<'_, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    /// Nothing is ever lost here: a start without an answer has begun nothing.
    fn find_lost(&self, _order: &Order<'_>, _since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn download(&self, output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>> {
        let ticket = output.as_str().strip_prefix(SCHEME).map_or_else(|| Err(no_ticket()), Ticket::read);
        async move { self.draw(ticket?.request).await }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, Failure>> {
        async { Ok("offline sketches, no AI model".to_owned()) }.boxed()
    }
}

impl Ticket {
    fn handle(&self) -> Result<Handle, Failure> {
        let json = serde_json::to_vec(self).map_err(|_| no_ticket())?;
        URL_SAFE_NO_PAD.encode(json).parse().map_err(|_| no_ticket())
    }

    fn read(text: &str) -> Result<Self, Failure> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| no_ticket())?;
        serde_json::from_slice(&json).map_err(|_| no_ticket())
    }
}

fn draw(request: &Request) -> Result<Bytes, SketchError> {
    let (width, height) = request.ratio.size(PIXELS);
    let seed = request.seed.map_or(0, Seed::get);
    let prompt = request.prompt.as_str();
    let scene = Scene { prompt, seed: seed.into(), width, height, footer: Footer::Honest };
    atelier_sketch::draw(&scene)?.png().map(Bytes::from)
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn no_ticket() -> Failure {
    fatal("not a handle of the sketch provider")
}

fn fatal(detail: &str) -> Failure {
    Failure::new(FailureClass::Fatal, detail)
}

#[cfg(test)]
mod tests {
    use atelier_domain::{Catalogue, Model};

    use super::*;

    fn wish(prompt: &str, ratio: &str) -> (&'static Model, Request) {
        let model = Catalogue::builtin().find("sketch").unwrap();
        let request = Request {
            prompt: prompt.parse().unwrap(),
            model: model.id.clone(),
            ratio: ratio.parse().unwrap(),
            seed: Some(7.try_into().unwrap()),
            options: atelier_domain::Options::default(),
        };
        (model, request)
    }

    /// Width and height from a PNG's header.
    fn size(png: &[u8]) -> (u32, u32) {
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert!(png.starts_with(b"\x89PNG"));
        (number(16), number(20))
    }

    async fn drawn(sketch: &Sketch, prompt: &str, ratio: &str) -> Bytes {
        let (model, request) = wish(prompt, ratio);
        match sketch.start(&Order { model, request: &request, images: &[] }).await.unwrap() {
            Started::Finished(mut outputs) => outputs.remove(0).bytes,
            Started::Running(handle) => panic!("{handle}"),
        }
    }

    #[tokio::test]
    async fn the_same_wish_is_the_same_picture_of_the_wanted_shape() {
        let sketch = Sketch::new(Settings::default());
        let first = drawn(&sketch, "a cat on a hill", "16:9").await;
        assert_eq!(size(&first), (1368, 768));
        assert!(first == drawn(&sketch, "a cat on a hill", "16:9").await);
        assert!(first != drawn(&sketch, "a dog on a hill", "16:9").await);
    }

    #[tokio::test]
    async fn with_latency_it_runs_and_any_process_can_fetch_it() {
        let (model, request) = wish(&"\"🐈\\".repeat(1_300), "1:1");
        let slow = Sketch::new(Settings { latency: Duration::from_secs(3600) });
        let Started::Running(handle) = slow.start(&Order { model, request: &request, images: &[] }).await.unwrap()
        else {
            panic!("finished")
        };
        let running = Status::Running { progress: Some(0), queued: false };
        assert_eq!(slow.poll(&handle).await.unwrap(), running);
        let other = Sketch::new(Settings::default());
        let Status::Finished { outputs, .. } = other.poll(&handle).await.unwrap() else { panic!("running") };
        assert_eq!(size(&other.download(&outputs[0]).await.unwrap()), (1024, 1024));
    }

    #[tokio::test]
    async fn foreign_handles_and_ratios_are_refused() {
        let sketch = Sketch::new(Settings::default());
        assert_eq!(sketch.poll(&"abc".parse().unwrap()).await.unwrap_err().class, FailureClass::Fatal);
        let elsewhere = OutputRef::new("https://replicate.delivery/a.png");
        assert_eq!(sketch.download(&elsewhere).await.unwrap_err().class, FailureClass::Fatal);
        let (model, request) = wish("a cat", "99:1");
        let refused = sketch.start(&Order { model, request: &request, images: &[] }).await.unwrap_err();
        assert_eq!(refused.failure().class, FailureClass::InvalidInput);
    }
}
