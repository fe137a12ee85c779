//! The port at which machines read the numbers: `/metrics` for Prometheus, `/stats` for scalers, `/healthz` for
//! supervisors.
//!
//! Every answer is made from the queue at that moment; nothing is remembered in between. Invariant: a Redis that is away
//! is a 503 with a sentence, never an old number and never the end of the process. Deliberately absent: prompts, and
//! anything that changes the queue, so the port needs no password beside the network's.

mod exposition;
mod gauges;

use std::future::Future;
use std::io;
use std::time::Duration;

use atelier_queue::Finding;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Console;
use crate::error::ConsoleError;
use crate::view::{Answer, View};

/// Longer than the queue's own patience with Redis; a scraper gives up after 10 s.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest target wait that makes sense, in seconds.
const LONGEST_WAIT: u64 = 86_400;

#[derive(Clone)]
struct Port {
    console: Console,
    target_wait_ms: u64,
}

/// Serves the numbers until `stop`; desired slots aim at `target_wait_ms` unless a request names another.
pub async fn serve(
    console: Console,
    target_wait_ms: u64,
    listener: TcpListener,
    stop: CancellationToken,
) -> io::Result<()> {
    let routes = Router::new()
        .route("/", get(async || "/metrics for Prometheus, /stats as JSON (?target_wait=SECONDS), /healthz\n"))
        .route("/metrics", get(metrics))
        .route("/stats", get(stats))
        .route("/healthz", get(health))
        .fallback(async || (StatusCode::NOT_FOUND, "there is /metrics, /stats and /healthz\n"))
        .with_state(Port { console, target_wait_ms });
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Why there is no answer: a status and a sentence.
type Refusal = (StatusCode, String);

#[derive(Deserialize)]
struct Wanted {
    target_wait: Option<String>,
}

impl Wanted {
    fn target_wait_ms(&self, usual: u64) -> Result<u64, Refusal> {
        let Some(text) = &self.target_wait else { return Ok(usual) };
        let seconds = text.parse::<u64>().ok().filter(|seconds| (1..=LONGEST_WAIT).contains(seconds));
        let sentence = || format!("target_wait is a whole number of seconds from 1 to {LONGEST_WAIT}\n");
        seconds.map(|seconds| seconds * 1000).ok_or_else(|| (StatusCode::BAD_REQUEST, sentence()))
    }
}

async fn metrics(State(port): State<Port>) -> Result<impl IntoResponse, Refusal> {
    let numbers = in_time(port.console.stats(port.target_wait_ms)).await?;
    Ok(([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], gauges::exposition(&numbers)))
}

async fn stats(State(port): State<Port>, Query(wanted): Query<Wanted>) -> Result<impl IntoResponse, Refusal> {
    let target_wait_ms = wanted.target_wait_ms(port.target_wait_ms)?;
    let json = in_time(async { port.console.stats(target_wait_ms).await?.shown(View::Json) }).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json))
}

/// What a look at the server calls the probe that decides.
const WRITES: &str = "redis writes";

/// Fine when jobs can be accepted and finished: Redis answers and takes a write. What is merely not as it should be is
/// said below that.
async fn health(State(port): State<Port>) -> Result<String, Refusal> {
    let health = in_time(async { Ok(port.console.queue.health().await?) }).await?;
    let mut said = "ok\n".to_owned();
    for Finding { name, found, advice, .. } in health.findings.into_iter().filter(|finding| !finding.good) {
        let line = format!("{name}: {found}: {advice}\n");
        if name == WRITES {
            return Err((StatusCode::SERVICE_UNAVAILABLE, line));
        }
        said.push_str("warning: ");
        said.push_str(&line);
    }
    Ok(said)
}

/// The answer, or why there is none: 503 when the queue is away.
async fn in_time<T>(answer: impl Future<Output = Result<T, ConsoleError>>) -> Result<T, Refusal> {
    let (status, sentence) = match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        // refused for a wrong password or a missing permission is no less away for those who ask
        Ok(Err(ConsoleError::Queue(error))) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the queue did not answer within {} s", PATIENCE.as_secs()))
        }
    };
    Err((status, format!("{sentence}\n")))
}
