//! One call of such a service: what is sent, what bounds it, and what is known when it fails.

use std::fmt;
use std::time::Duration;

use atelier_domain::{Failure, FailureClass};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, redirect, retry};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;

use super::{BadService, Limits, Secret, Service, refusal};
use crate::replicate::http::{BodyError, chain, is_loopback, read};
use crate::{StartError, text};

/// The part of an error's body that is read.
const REFUSAL_BYTES: usize = 64 * 1024;

/// A connection pool with the secret and the rules.
pub(crate) struct Http {
    client: Client,
    base: Url,
    header: Option<(HeaderName, HeaderValue)>,
    service: Service,
}

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
            CallError::Refused { status, failure } if refusal::is_definite(status) => Self::NotCreated(failure),
            CallError::Refused { failure, .. } | CallError::Lost(failure) => Self::Unknown(failure),
        }
    }
}

impl Http {
    pub(crate) fn new(service: Service) -> Result<Self, BadService> {
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
        Ok(Self { client, base, header, service })
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

    /// Sends a call once and reads its answer, of at most `most` bytes.
    pub(crate) async fn send(&self, call: RequestBuilder, most: usize) -> Result<Bytes, CallError> {
        let response = call.send().await.map_err(|error| self.not_answered(error))?;
        if response.status().is_success() {
            return read(response, most).await.map_err(|error| CallError::Lost(self.half_answered(error)));
        }
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = read(response, REFUSAL_BYTES).await.unwrap_or_default();
        let failure = refusal::classify(status, retry_after.as_deref(), &body, |text| self.detail(text));
        Err(CallError::Refused { status, failure })
    }

    /// The same for an answer that is JSON.
    pub(crate) async fn json(&self, call: RequestBuilder, most: usize) -> Result<Value, CallError> {
        let body = self.send(call, most).await?;
        serde_json::from_slice(&body)
            .map_err(|_| CallError::Lost(Failure::new(FailureClass::Transient, "the answer is not JSON")))
    }

    /// The bytes of an output: from the base URL's own origin, with the secret, or from a listed host, without it.
    pub(crate) async fn fetch(&self, address: &str) -> Result<Bytes, Failure> {
        let url = Url::parse(address)
            .map_err(|_| Failure::new(FailureClass::BadMedia, "the output's address cannot be read"))?;
        let own = url.origin() == self.base.origin();
        if !own && !self.is_listed(&url) {
            let place = self.detail(&format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()));
            let detail = format!("outputs are not fetched from {place}; list it in `output_hosts` of the account");
            return Err(Failure::new(FailureClass::Fatal, detail));
        }
        let call = self.client.get(url).timeout(self.service.limits.download);
        let call = if own { self.authorised(call) } else { call };
        let most = self.service.limits.output_bytes;
        let response = call.send().await.map_err(|error| self.half_answered(BodyError::Cut(error)))?;
        let status = response.status();
        if !status.is_success() {
            let detail = format!("HTTP {} at the download", status.as_u16());
            return Err(Failure::new(FailureClass::Transient, detail));
        }
        match read(response, most).await {
            Ok(bytes) if bytes.is_empty() => Err(Failure::new(FailureClass::Transient, "the output is empty")),
            Ok(bytes) => Ok(bytes),
            Err(BodyError::TooLarge) => {
                Err(Failure::new(FailureClass::BadMedia, format!("the output is larger than {most} bytes")))
            }
            Err(cut @ BodyError::Cut(_)) => Err(self.half_answered(cut)),
        }
    }

    fn is_listed(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let place = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let secure = url.scheme() == "https" || (url.scheme() == "http" && self.base.scheme() == "http");
        secure && self.service.output_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&place))
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
