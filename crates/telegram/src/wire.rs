//! One exchange with the Bot API: a prepared request out, a result or a decision back.
//!
//! Invariant: every way in which an HTTP exchange can end maps to one [`DeliveryError`], and "nothing was done" is only
//! said when that is certain. A connection that never came about and a refusal in the API's own words are certain; a
//! connection cut or timed out later, or a gateway's 5xx page, is not.
//!
//! teloxide's payloads are the requests (their names and serialisation), but the exchange is not teloxide's: that sleeps
//! 10 s inside every call answered with a 5xx and hides the status. One client serves all; each request has its own total
//! time, since a poll waits, an upload is long and everything else is neither.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use teloxide::requests::Payload;

use crate::error::{DeliveryError, Hindrance, MediaReason, Scope};
use crate::settings::BadSettings;
use crate::verdict::{Refusal, Verdict, judge};

/// Name lookup, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(5);
/// A call without files, reply included.
const CALL: Duration = Duration::from_secs(20);
/// A call with files: 50 MB at 1.5 Mbit/s.
const UPLOAD: Duration = Duration::from_secs(300);
/// Shorter than the 75 s after which common servers close an idle connection: a request written to a connection that is
/// just being closed has an unknown outcome.
const IDLE: Duration = Duration::from_secs(50);

/// The way to one bot's API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Inner>);

struct Inner {
    client: Client,
    base: Url,
    token: SecretString,
}

/// A request ready to go; holds nothing of the caller's.
pub(crate) struct Call {
    method: String,
    body: Body,
    limit: Duration,
    scope: Scope,
}

enum Body {
    Json(Vec<u8>),
    Multipart(Vec<(String, String)>, Vec<Attachment>),
}

/// A file that goes with a call; the payload names it as `attach://<name>`.
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) content: Content,
}

/// What is in a file.
pub(crate) enum Content {
    Bytes(Bytes),
    /// Read while it is sent, so that it is never held whole.
    OnDisk(PathBuf),
}

/// What came back when the call was carried out.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The result, as JSON.
    Result(Box<RawValue>),
    /// Things already were as asked.
    AlreadySo,
    /// `{"ok":true` followed by something that is no JSON.
    Garbled,
}

impl Call {
    /// A call without files.
    pub(crate) fn json<P: Payload + Serialize>(payload: &P, scope: Scope) -> Result<Self, DeliveryError> {
        let body = serde_json::to_vec(payload).map_err(unserialisable)?;
        Ok(Self { method: P::NAME.to_owned(), body: Body::Json(body), limit: CALL, scope })
    }

    /// A call without files to a method that teloxide may not know.
    pub(crate) fn raw(method: &str, parameters: &Value) -> Result<Self, DeliveryError> {
        let scope = if parameters.get("chat_id").is_some() { Scope::Chat } else { Scope::Unknown };
        let body = serde_json::to_vec(parameters).map_err(unserialisable)?;
        Ok(Self { method: method.to_owned(), body: Body::Json(body), limit: CALL, scope })
    }

    /// A call with files.
    pub(crate) fn upload<P: Payload + Serialize>(
        payload: &P,
        files: Vec<Attachment>,
        scope: Scope,
    ) -> Result<Self, DeliveryError> {
        let Value::Object(fields) = serde_json::to_value(payload).map_err(unserialisable)? else {
            return Err(DeliveryError::fatal("a payload is not an object"));
        };
        // In a form, text stands as it is and everything else as JSON.
        let text = |value: Value| if let Value::String(text) = value { text } else { value.to_string() };
        let fields = fields.into_iter().map(|(name, value)| (name, text(value))).collect();
        Ok(Self { method: P::NAME.to_owned(), body: Body::Multipart(fields, files), limit: UPLOAD, scope })
    }

    /// The same call with another total time.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unserialisable(error: serde_json::Error) -> DeliveryError {
    DeliveryError::fatal(format!("the request cannot be serialised: {error}"))
}

impl Wire {
    pub(crate) fn new(base: Url, token: SecretString) -> Result<Self, BadSettings> {
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            // A redirect would carry the token, which is part of the address, to another host.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| BadSettings::Client(error.without_url().to_string()))?;
        Ok(Self(Arc::new(Inner { client, base, token })))
    }

    /// Host and port, for logs; the address may hold credentials, so the rest is not shown.
    pub(crate) fn host(&self) -> String {
        let base = &self.0.base;
        format!("{}:{}", base.host_str().unwrap_or_default(), base.port_or_known_default().unwrap_or_default())
    }

    /// The bot's token.
    pub(crate) fn token(&self) -> &SecretString {
        &self.0.token
    }

    /// `<base>/<prefix…>/bot<token>/<path…>`.
    fn address<'a>(&self, prefix: Option<&str>, path: impl IntoIterator<Item = &'a str>) -> Result<Url, DeliveryError> {
        let mut url = self.0.base.clone();
        {
            let mut segments = url.path_segments_mut().map_err(|()| DeliveryError::fatal("unusable address"))?;
            let bot = format!("bot{}", self.0.token.expose_secret());
            segments.pop_if_empty().extend(prefix).push(&bot).extend(path);
        }
        Ok(url)
    }

    /// Makes the call.
    pub(crate) fn exchange(
        &self,
        call: Result<Call, DeliveryError>,
    ) -> BoxFuture<'static, Result<Reply, DeliveryError>> {
        let wire = self.clone();
        async move {
            let call = call?;
            let request = wire.0.client.post(wire.address(None, [call.method.as_str()])?).timeout(call.limit);
            let request = match call.body {
                Body::Json(body) => request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body),
                Body::Multipart(fields, files) => request.multipart(form(fields, files).await?),
            };
            let response = request.send().await.map_err(unanswered)?;
            let status = response.status();
            let body = response.bytes().await.map_err(unanswered)?;
            read(status, &body, call.scope)
        }
        .boxed()
    }

    /// Fetches a file by the path that getFile gave; at most `most` bytes.
    pub(crate) fn fetch(&self, path: &str, most: usize) -> BoxFuture<'static, Result<Bytes, DeliveryError>> {
        let wire = self.clone();
        let address = self.address(Some("file"), path.split('/').filter(|part| !part.is_empty()));
        async move {
            let mut response = wire.0.client.get(address?).timeout(UPLOAD).send().await.map_err(unanswered)?;
            let status = response.status();
            // A path that has expired; the same status of a method would mean the token.
            if status == StatusCode::NOT_FOUND {
                return Err(DeliveryError::MediaRefused(MediaReason::Reference));
            }
            if !status.is_success() {
                let body = response.bytes().await.map_err(unanswered)?;
                return Err(match read(status, &body, Scope::Unknown) {
                    Err(error) => error,
                    Ok(_) => DeliveryError::fatal("a file was refused without a reason"),
                });
            }
            let mut bytes = bytes::BytesMut::new();
            while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
                if bytes.len() + chunk.len() > most {
                    return Err(DeliveryError::MediaRefused(MediaReason::TooBig));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes.freeze())
        }
        .boxed()
    }
}

async fn form(fields: Vec<(String, String)>, files: Vec<Attachment>) -> Result<Form, DeliveryError> {
    let mut form = fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
    for file in files {
        let part = match file.content {
            Content::Bytes(bytes) => {
                let length = bytes.len() as u64;
                Part::stream_with_length(bytes, length)
            }
            Content::OnDisk(path) => Part::file(path)
                .await
                .map_err(|error| DeliveryError::fatal(format!("the file to send cannot be read: {error}")))?,
        };
        form = form.part(file.name, part.file_name(file.file_name));
    }
    Ok(form)
}

#[derive(Deserialize)]
struct Envelope<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// Reads a complete answer.
fn read(status: StatusCode, body: &[u8], scope: Scope) -> Result<Reply, DeliveryError> {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Envelope<'_>>(&text) {
        Ok(envelope) if envelope.ok => {
            Ok(envelope.result.map_or(Reply::Garbled, |result| Reply::Result(result.to_owned())))
        }
        Ok(envelope) => {
            let refusal = Refusal {
                code: envelope.error_code.unwrap_or(status.as_u16()),
                description: envelope.description,
                retry_after: envelope.parameters.retry_after,
                migrate_to: envelope.parameters.migrate_to_chat_id,
            };
            match judge(refusal, scope) {
                Verdict::AlreadySo => Ok(Reply::AlreadySo),
                Verdict::Failed(error) => Err(error),
            }
        }
        Err(_) => foreign(status, &text, scope),
    }
}

/// Reads an answer that is not the Bot API's JSON: a gateway's page, a cut body, somebody else's server.
fn foreign(status: StatusCode, text: &str, scope: Scope) -> Result<Reply, DeliveryError> {
    let start: String = text.chars().filter(|letter| !letter.is_whitespace()).take(10).collect();
    let not_posted = |hindrance, scope| DeliveryError::NotPosted { hindrance, retry_after: None, scope };
    Err(match status.as_u16() {
        200 if start == r#"{"ok":true"# => return Ok(Reply::Garbled),
        413 => DeliveryError::MediaRefused(MediaReason::TooBig),
        429 => not_posted(Hindrance::Flood, scope),
        // The gateway had nobody to pass the call to; behind its 502 and 504 somebody may have worked on it.
        503 => not_posted(Hindrance::Server, Scope::Unknown),
        200..300 | 500.. => DeliveryError::unknown(format!("HTTP {} without the Bot API's JSON", status.as_u16())),
        code => DeliveryError::fatal(format!("HTTP {code} without the Bot API's JSON; is the API address right?")),
    })
}

/// Reads the failure of an exchange that brought no complete answer.
fn unanswered(error: reqwest::Error) -> DeliveryError {
    // The address holds the token.
    let error = error.without_url();
    if error.is_connect() {
        return DeliveryError::NotPosted {
            hindrance: Hindrance::Unconnected,
            retry_after: None,
            scope: Scope::Unknown,
        };
    }
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        detail = format!("{detail}: {inner}");
        cause = inner.source();
    }
    if error.is_builder() { DeliveryError::fatal(detail) } else { DeliveryError::unknown(detail) }
}
