//! Reads a method's parameters from query, JSON, form or multipart into one shape.
//!
//! Telegram takes all four and lets a JSON value travel as a string; an empty string counts as absent.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};

use super::reply::ApiError;

const MEGABYTE: usize = 1024 * 1024;
/// What a request has besides its largest file.
const FIELDS: usize = 2 * MEGABYTE;
/// Of a file beyond Telegram's own limit only so much is kept.
const KEPT: usize = MEGABYTE;

/// The largest file that this server takes, bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Largest(pub(crate) usize);

impl Largest {
    /// Telegram's own server.
    pub(crate) const USUAL: Self = Self(50 * MEGABYTE);
    /// A server of one's own: <https://core.telegram.org/bots/api#using-a-local-bot-api-server>.
    pub(crate) const LOCAL: Self = Self(2000 * MEGABYTE);

    /// The largest request body.
    pub(crate) const fn body(self) -> usize {
        self.0 + FIELDS
    }
}

/// A file that came with the request.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: Option<String>,
    /// All of it, or the beginning of one that is larger than Telegram's own server takes.
    pub(crate) bytes: Bytes,
    /// Its size in bytes.
    pub(crate) size: usize,
}

/// The parameters of one call.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) files: BTreeMap<String, Upload>,
}

impl Params {
    /// Reads query and body.
    pub(crate) async fn read(request: Request) -> Result<Self, ApiError> {
        let mut params = Self::default();
        params.read_pairs(request.uri().query().unwrap_or_default().as_bytes());
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if kind.starts_with("multipart/form-data") {
            params.read_multipart(request).await?;
            return Ok(params);
        }
        let body = to_bytes(request.into_body(), Largest::USUAL.body()).await.map_err(|_| ApiError::too_large())?;
        if body.is_empty() {
            return Ok(params);
        }
        if kind.starts_with("application/json") {
            let object: Map<String, Value> = serde_json::from_slice(&body)
                .map_err(|_| ApiError::bad("object expected as JSON body of the request"))?;
            params.values.extend(object.into_iter().filter(|(_, value)| !value.is_null()));
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            params.read_pairs(&body);
        }
        Ok(params)
    }

    fn read_pairs(&mut self, encoded: &[u8]) {
        let pairs = url::form_urlencoded::parse(encoded);
        self.values.extend(pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))));
    }

    async fn read_multipart(&mut self, request: Request) -> Result<(), ApiError> {
        let broken = |_| ApiError::bad("can't parse the multipart body");
        let largest = request.extensions().get().copied().unwrap_or(Largest::USUAL);
        let mut multipart =
            Multipart::from_request(request, &()).await.map_err(|_| ApiError::bad("can't parse the multipart body"))?;
        while let Some(mut field) = multipart.next_field().await.map_err(broken)? {
            let Some(name) = field.name().map(str::to_owned) else { continue };
            let file_name = field.file_name().map(str::to_owned);
            let is_file = file_name.is_some() || field.content_type().is_some_and(|kind| kind != "text/plain");
            let (mut kept, mut size) = (BytesMut::new(), 0);
            loop {
                let chunk = field.chunk().await.map_err(|error| {
                    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                        ApiError::too_large()
                    } else {
                        broken(error)
                    }
                })?;
                let Some(chunk) = chunk else { break };
                size += chunk.len();
                if size > largest.0 {
                    return Err(ApiError::too_large());
                }
                if size > Largest::USUAL.0 {
                    kept.truncate(KEPT);
                } else {
                    kept.extend_from_slice(&chunk);
                }
            }
            let bytes = kept.freeze();
            // clients may send a file with an empty name; a text field never carries one
            match std::str::from_utf8(&bytes) {
                Ok(text) if !is_file => {
                    self.values.insert(name, Value::String(text.to_owned()));
                }
                _ => {
                    let name_of_file = file_name.filter(|name| !name.is_empty());
                    self.files.insert(name, Upload { name: name_of_file, bytes, size });
                }
            }
        }
        Ok(())
    }

    /// A parameter as text; numbers and flags are written out.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// A whole number, given as number or text.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// True for `true`, `1`, `yes` and the like.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "t" | "y"),
            _ => false,
        }
    }

    /// A structured parameter, given as JSON or as a string holding JSON; `what` names it in the error.
    pub(crate) fn json(&self, name: &str, what: &str) -> Result<Option<Value>, ApiError> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| ApiError::bad(format!("can't parse {what} JSON object"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// What the request log shows: fields cut at 8,192 characters, files by name and size.
    pub(crate) fn summary(&self) -> (Value, Value) {
        let fields: Map<String, Value> = self
            .values
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::String(text) if text.len() > 8192 => json!(text.chars().take(8192).collect::<String>()),
                    value => value.clone(),
                };
                (name.clone(), value)
            })
            .collect();
        let files = self
            .files
            .iter()
            .map(|(field, file)| json!({ "field": field, "name": file.name, "size": file.size }))
            .collect();
        (Value::Object(fields), Value::Array(files))
    }
}
