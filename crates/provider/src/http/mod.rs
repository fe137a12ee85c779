//! One call of a service: what is sent, what bounds it, and what is known when it fails.
//!
//! Invariant: nothing is sent twice, and a call follows no redirect, so that a creation without an answer was sent at most
//! once and the secret stays with the base URL's origin.

mod download;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use atelier_domain::{Failure, FailureClass};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Upgraded, redirect, retry};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::{Host, Url};

use crate::service::{BadService, Limits, Secret, Service};
use crate::{StartError, text};

/// The part of an error's body that is read.
const REFUSAL_BYTES: usize = 64 * 1024;

/// A connection pool with the secret and the rules.
pub(crate) struct Http {
    client: Client,
    base: Url,
    header: Option<(HeaderName, HeaderValue)>,
    service: Service,
    dialect: Dialect,
}

/// How a service words its errors: the failure behind a status, its `Retry-After` and its body. What it says goes through
/// the last argument on its way into the detail.
pub(crate) type Dialect = fn(u16, Option<&str>, &[u8], &dyn Fn(&str) -> String) -> Failure;

/// Why there is no answer to work with.
#[derive(Debug)]
pub(crate) enum CallError {
    /// No byte of the request reached the service.
    NotSent(Failure),
    /// The service answered with an error or a redirect.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it means.
        failure: Failure,
    },
    /// The request may have arrived; the answer did not, or not whole.
    Lost(Failure),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotSent(failure) | CallError::Refused { failure, .. } | CallError::Lost(failure) => failure,
        }
    }
}

impl From<CallError> for StartError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotSent(failure) => Self::NotCreated(failure),
            CallError::Refused { status, failure } if is_definite(status) => Self::NotCreated(failure),
            CallError::Refused { failure, .. } | CallError::Lost(failure) => Self::Unknown(failure),
        }
    }
}

/// Whether a status proves that nothing was created. 408 does not: it can come from something between us and the
/// service, after the service took the request.
pub(crate) fn is_definite(status: u16) -> bool {
    status < 500 && status != 408
}

/// Why a body could not be read whole.
#[derive(Debug)]
enum BodyError {
    /// More bytes than allowed.
    TooLarge,
    /// The connection ended or the time ran out first.
    Cut(reqwest::Error),
}

impl Http {
    pub(crate) fn new(service: Service, dialect: Dialect) -> Result<Self, BadService> {
        service.check()?;
        let bad = || BadService::Secret(service.account.clone());
        let header = match &service.secret {
            Secret::None => None,
            Secret::Bearer(secret) => Some((AUTHORIZATION, format!("Bearer {}", secret.expose_secret()))),
            Secret::Basic(secret) => {
                Some((AUTHORIZATION, format!("Basic {}", STANDARD.encode(secret.expose_secret()))))
            }
            Secret::ApiKey(secret) => Some((HeaderName::from_static("x-api-key"), secret.expose_secret().to_owned())),
        };
        let header = header.map(|(name, value)| {
            let mut value = HeaderValue::from_str(&value).map_err(|_| bad())?;
            value.set_sensitive(true);
            Ok((name, value))
        });
        let header = header.transpose()?;
        let mut base = service.base_url.clone();
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        let mut client = Client::builder()
            .user_agent(concat!("atelier/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(service.limits.connect)
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        if is_loopback(&base) {
            // a proxy of the surroundings cannot reach this machine's loopback
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| BadService::Client(error.without_url().to_string()))?;
        Ok(Self { client, base, header, service, dialect })
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn limits(&self) -> Limits {
        self.service.limits
    }

    /// An address below the base URL; `path` is a list of segments.
    pub(crate) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// A call that only looks or is quickly done.
    pub(crate) fn call(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.within(method, path, self.service.limits.call)
    }

    /// A call that may take as long as a generation.
    pub(crate) fn within(&self, method: Method, path: &[&str], time: Duration) -> RequestBuilder {
        self.authorised(self.client.request(method, self.url(path)).timeout(time))
    }

    fn authorised(&self, call: RequestBuilder) -> RequestBuilder {
        match &self.header {
            Some((name, value)) => call.header(name.clone(), value.clone()),
            None => call,
        }
    }

    /// Turns a call into a connection that speaks another protocol from then on; the headers of the answer beside it.
    pub(crate) async fn upgrade(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Result<(Upgraded, HeaderMap), Failure> {
        let mut call = self.authorised(self.client.get(self.url(path))).query(query);
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        let late = |_| Failure::new(FailureClass::Transient, "no answer in time");
        let time = self.service.limits.call;
        let response = tokio::time::timeout(time, call.send()).await.map_err(late)?;
        let response = response.map_err(|error| Failure::from(self.not_answered(error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let detail = format!("HTTP {} instead of another protocol", response.status().as_u16());
            return Err(Failure::new(FailureClass::Transient, detail));
        }
        let headers = response.headers().clone();
        let upgraded = tokio::time::timeout(time, response.upgrade()).await.map_err(late)?;
        Ok((upgraded.map_err(|error| self.half_answered(BodyError::Cut(error)))?, headers))
    }

    /// Sends a call once and reads its answer, of at most `most` bytes.
    pub(crate) async fn send(&self, call: RequestBuilder, most: usize) -> Result<Bytes, CallError> {
        let response = call.send().await.map_err(|error| self.not_answered(error))?;
        if response.status().is_success() {
            return read(response, most).await.map_err(|error| CallError::Lost(self.half_answered(error)));
        }
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        // the status alone decides, so a body that cannot be read takes nothing away
        let body = read(response, REFUSAL_BYTES).await.unwrap_or_default();
        let failure = (self.dialect)(status, retry_after.as_deref(), &body, &|text| self.detail(text));
        Err(CallError::Refused { status, failure })
    }

    /// The same for an answer that is JSON.
    pub(crate) async fn json(&self, call: RequestBuilder, most: usize) -> Result<Value, CallError> {
        let body = self.send(call, most).await?;
        serde_json::from_slice(&body)
            .map_err(|_| CallError::Lost(Failure::new(FailureClass::Transient, "the answer is not JSON")))
    }

    /// A service's text, fit for a failure's detail.
    pub(crate) fn detail(&self, said: &str) -> String {
        text::detail(said, self.service.secret.text())
    }

    fn not_answered(&self, error: reqwest::Error) -> CallError {
        let (connecting, building) = (error.is_connect(), error.is_builder());
        let detail = self.detail(&chain(&error.without_url()));
        if building {
            CallError::NotSent(Failure::new(FailureClass::Fatal, detail))
        } else if connecting {
            CallError::NotSent(Failure::new(FailureClass::Transient, detail))
        } else {
            CallError::Lost(Failure::new(FailureClass::Transient, detail))
        }
    }

    fn half_answered(&self, error: BodyError) -> Failure {
        match error {
            BodyError::TooLarge => Failure::new(FailureClass::Transient, "the answer is too long"),
            BodyError::Cut(error) => Failure::new(FailureClass::Transient, self.detail(&chain(&error.without_url()))),
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Http").field("service", &self.service).finish_non_exhaustive()
    }
}

/// Bytes in base64, with or without the head of a `data:` URL; `BadMedia` beyond `most`.
pub(crate) fn decode(text: &str, most: usize) -> Result<Bytes, Failure> {
    let bad = |detail: &str| Failure::new(FailureClass::BadMedia, detail);
    let data = text.split_once(";base64,").map_or(text, |(_, data)| data).trim();
    if data.len() / 4 * 3 > most.saturating_add(2) {
        return Err(bad("the inline output is too large"));
    }
    let bytes = STANDARD.decode(data).map_err(|_| bad("the inline output cannot be decoded"))?;
    if bytes.is_empty() { Err(bad("the inline output is empty")) } else { Ok(bytes.into()) }
}

impl Http {
    /// What a creation without an answer means here: on a server of one's own it may be repeated; where it may have been
    /// paid for it may not, and there is no way to look for it.
    pub(crate) fn settle(&self, error: StartError) -> StartError {
        match error {
            StartError::Unknown(failure) if !self.service.free => StartError::Unknown(unanswered(&failure.detail)),
            other => other,
        }
    }

    /// The generations that a lost creation may have begun, where none can be listed.
    pub(crate) fn lost<T>(&self) -> Result<Vec<T>, Failure> {
        if self.service.free { Ok(Vec::new()) } else { Err(unanswered("an earlier request was cut off")) }
    }
}

fn unanswered(detail: &str) -> Failure {
    let detail = format!("it may have been made and paid for, so it is not repeated: {detail}");
    Failure::new(FailureClass::Unanswered, detail)
}

/// Reads a body of at most `most` bytes.
async fn read(response: Response, most: usize) -> Result<Bytes, BodyError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > most as u64 {
        return Err(BodyError::TooLarge);
    }
    // what is announced is a claim: memory grows with what arrives
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(BodyError::Cut)?;
        if body.len() + chunk.len() > most {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// An error with its causes on one line: the outermost alone says only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
