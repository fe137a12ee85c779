//! One call: what is sent, what bounds it, and what is known when it fails.
//!
//! Invariant: redirects are not followed and nothing is sent twice, so the token stays with the base URL's origin and a
//! failed creation was sent at most once.

use std::fmt;
use std::net::IpAddr;

use atelier_domain::{Failure, FailureClass};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::refusal;
use super::settings::{BadSettings, Limits, Settings};
use crate::text;

/// The largest answer of the API: a page of 100 predictions with their inputs and logs.
const REPLY_BYTES: usize = 16 * 1024 * 1024;
/// The part of an error's body that is read.
const REFUSAL_BYTES: usize = 64 * 1024;

/// A connection pool with the token and the rules.
pub(super) struct Http {
    pub(super) client: Client,
    pub(super) base: Url,
    pub(super) output_hosts: Vec<String>,
    pub(super) limits: Limits,
    authorization: HeaderValue,
    token: SecretString,
}

/// Why there is no answer to work with.
#[derive(Debug)]
pub(super) enum CallError {
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

/// Why a body could not be read whole.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// More bytes than allowed.
    TooLarge,
    /// The connection ended or the time ran out first.
    Cut(reqwest::Error),
}

impl Http {
    pub(super) fn new(settings: Settings) -> Result<Self, BadSettings> {
        settings.check()?;
        let Settings { token, mut base_url, output_hosts, limits } = settings;
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| BadSettings::Token)?;
        authorization.set_sensitive(true);
        let path = base_url.path().trim_end_matches('/').to_owned();
        base_url.set_path(&path);
        let mut client = Client::builder()
            .user_agent(concat!("atelier/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        if is_loopback(&base_url) {
            // a proxy of the surroundings cannot reach this machine's loopback
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| BadSettings::Client(error.without_url().to_string()))?;
        Ok(Self { client, base: base_url, output_hosts, limits, authorization, token })
    }

    /// A call of the API; `path` is a list of segments below the base URL.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.authorised(self.client.request(method, url).timeout(self.limits.call))
    }

    /// Adds the token. For addresses of the base URL's origin only.
    pub(super) fn authorised(&self, call: RequestBuilder) -> RequestBuilder {
        call.header(AUTHORIZATION, self.authorization.clone())
    }

    /// Sends a call once and reads its answer.
    pub(super) async fn send(&self, call: RequestBuilder) -> Result<Bytes, CallError> {
        let response = call.send().await.map_err(|error| self.not_answered(error))?;
        if response.status().is_success() {
            let body = read(response, REPLY_BYTES).await;
            return body.map_err(|error| CallError::Lost(self.half_answered(error)));
        }
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        // the status alone decides, so a body that cannot be read takes nothing away
        let body = read(response, REFUSAL_BYTES).await.unwrap_or_default();
        let failure = refusal::classify(status, retry_after.as_deref(), &body, |text| self.detail(text));
        Err(CallError::Refused { status, failure })
    }

    /// A provider's text, fit for a failure's detail.
    pub(super) fn detail(&self, text: &str) -> String {
        text::detail(text, Some(&self.token))
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

    /// The failure of an answer that began well.
    pub(super) fn half_answered(&self, error: BodyError) -> Failure {
        match error {
            BodyError::TooLarge => Failure::new(FailureClass::Transient, "the answer is too long"),
            BodyError::Cut(error) => Failure::new(FailureClass::Transient, self.detail(&chain(&error.without_url()))),
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Http")
            .field("base", &self.base.as_str())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Reads a body of at most `most` bytes.
pub(crate) async fn read(response: Response, most: usize) -> Result<Bytes, BodyError> {
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
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
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

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
