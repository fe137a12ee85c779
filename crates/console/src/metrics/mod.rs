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
use axum::response::{IntoResponse, Response};
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

#[derive(Deserialize)]
struct Wanted {
    target_wait: Option<String>,
}

impl Wanted {
    fn target_wait_ms(&self, usual: u64) -> Result<u64, Response> {
        let Some(text) = &self.target_wait else { return Ok(usual) };
        let seconds = text.parse::<u64>().ok().filter(|seconds| (1..=LONGEST_WAIT).contains(seconds));
        seconds.map(|seconds| seconds * 1000).ok_or_else(|| {
            let sentence = format!("target_wait is a whole number of seconds from 1 to {LONGEST_WAIT}\n");
            (StatusCode::BAD_REQUEST, sentence).into_response()
        })
    }
}

async fn metrics(State(port): State<Port>) -> Response {
    match in_time(port.console.stats(port.target_wait_ms)).await {
        Ok(numbers) => {
            ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], gauges::exposition(&numbers)).into_response()
        }
        Err(away) => away,
    }
}

async fn stats(State(port): State<Port>, Query(wanted): Query<Wanted>) -> Response {
    let target_wait_ms = match wanted.target_wait_ms(port.target_wait_ms) {
        Ok(target_wait_ms) => target_wait_ms,
        Err(refusal) => return refusal,
    };
    let answer = async { port.console.stats(target_wait_ms).await?.shown(View::Json) };
    match in_time(answer).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(away) => away,
    }
}

/// What a look at the server calls the probe that decides.
const WRITES: &str = "redis writes";

/// Fine when jobs can be accepted and finished: Redis answers and takes a write. What is merely not as it should be is
/// said below that.
async fn health(State(port): State<Port>) -> Response {
    let look = async { Ok(port.console.queue.health().await?) };
    let findings = match in_time(look).await {
        Ok(health) => health.findings,
        Err(away) => return away,
    };
    let line = |finding: &Finding| format!("{}: {}: {}\n", finding.name, finding.found, finding.advice);
    let wrong = || findings.iter().filter(|finding| !finding.good);
    if let Some(finding) = wrong().find(|finding| finding.name == WRITES) {
        return (StatusCode::SERVICE_UNAVAILABLE, line(finding)).into_response();
    }
    let warnings: String = wrong().map(|finding| format!("warning: {}", line(finding))).collect();
    format!("ok\n{warnings}").into_response()
}

/// The answer, or why there is none: 503 when the queue is away.
async fn in_time<T>(answer: impl Future<Output = Result<T, ConsoleError>>) -> Result<T, Response> {
    let (status, sentence) = match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        // refused for a wrong password or a missing permission is no less away for those who ask
        Ok(Err(ConsoleError::Queue(error))) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the queue did not answer within {} s", PATIENCE.as_secs()))
        }
    };
    Err((status, format!("{sentence}\n")).into_response())
}
