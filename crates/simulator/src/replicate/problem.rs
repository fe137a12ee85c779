//! Error answers, word for word as the real service gives them (`application/problem+json`).

use std::fmt::Write as _;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// One error answer.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) body: Value,
    /// Seconds for a `Retry-After` header; the body's `retry_after` is separate, and the real service is not certain
    /// to send the header.
    pub(super) retry_after: Option<u64>,
}

/// One entry of `invalid_fields`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InvalidField {
    pub(super) kind: &'static str,
    pub(super) field: String,
    pub(super) description: String,
}

impl Problem {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body, retry_after: None }
    }

    fn titled(status: u16, title: &str, detail: &str) -> Self {
        Self::new(status, json!({ "title": title, "detail": detail, "status": status }))
    }

    pub(super) fn no_token() -> Self {
        Self::titled(401, "Unauthenticated", "You did not pass an authentication token")
    }

    pub(super) fn bad_token() -> Self {
        Self::titled(401, "Unauthenticated", "You did not pass a valid authentication token")
    }

    pub(super) fn insufficient_credit() -> Self {
        Self::titled(
            402,
            "Insufficient credit",
            "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to \
             purchase credit. Once you purchase credit, please wait a few minutes before trying again.",
        )
    }

    /// 404 without a title, like the real one.
    pub(super) fn missing(what: &str) -> Self {
        Self::new(404, json!({ "detail": format!("{what} does not exist"), "status": 404 }))
    }

    pub(super) fn bad_request(detail: &str) -> Self {
        Self::new(400, json!({ "detail": detail, "status": 400 }))
    }

    pub(super) fn too_large() -> Self {
        Self::titled(413, "Payload Too Large", "Files must be less than 100MB in size")
    }

    pub(super) fn version() -> Self {
        Self::titled(
            422,
            "Invalid version or not permitted",
            "The specified version does not exist (or perhaps you don't have permission to use it?)",
        )
    }

    /// Several fields are listed one a line.
    pub(super) fn invalid(fields: &[InvalidField]) -> Self {
        let mut detail = String::new();
        for field in fields {
            // writing into a String cannot fail
            let _ = writeln!(detail, "- {}: {}", field.field, field.description);
        }
        let listed: Vec<Value> = fields
            .iter()
            .map(|field| json!({ "type": field.kind, "field": field.field, "description": field.description }))
            .collect();
        Self::new(
            422,
            json!({
                "detail": detail,
                "status": 422,
                "title": "Input validation failed",
                "invalid_fields": listed,
            }),
        )
    }

    pub(super) fn throttled(seconds: u64) -> Self {
        let detail = format!("Request was throttled. Your rate limit resets in ~{seconds}s.");
        Self::new(429, json!({ "detail": detail, "status": 429, "retry_after": seconds }))
    }

    pub(super) fn low_credit(seconds: u64) -> Self {
        let detail = format!(
            "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with \
             a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~{seconds}s."
        );
        Self::new(429, json!({ "detail": detail, "status": 429, "retry_after": seconds }))
    }

    pub(super) fn unavailable(status: u16) -> Self {
        let title = StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("Error");
        Self::titled(status, title, "The service is unavailable; please try again later.")
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, self.body.to_string()).into_response();
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(HeaderName::from_static("retry-after"), HeaderValue::from(seconds));
        }
        answer
    }
}
