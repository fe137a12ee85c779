//! The envelope of every Bot API answer: `{"ok":true,"result":…}` or an error body as Telegram words it.
//!
//! Texts are those of the official server (`tdlib/telegram-bot-api`) and of `TDLib`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal with Telegram's status, description and parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) description: String,
    pub(crate) parameters: Option<Value>,
}

/// What a method answers.
pub(crate) type Outcome = Result<Value, ApiError>;

impl ApiError {
    fn new(status: u16, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), parameters: None }
    }

    /// 400 with the prefix "Bad Request: ".
    pub(crate) fn bad(reason: impl std::fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {reason}"))
    }

    /// 403 with the prefix "Forbidden: ".
    pub(crate) fn forbidden(reason: impl std::fmt::Display) -> Self {
        Self::new(403, format!("Forbidden: {reason}"))
    }

    /// 409 with the prefix "Conflict: ".
    pub(crate) fn conflict(reason: impl std::fmt::Display) -> Self {
        Self::new(409, format!("Conflict: {reason}"))
    }

    /// 401, the token is not one of ours.
    pub(crate) fn unauthorised() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 401, the token cannot be a token.
    pub(crate) fn invalid_token() -> Self {
        Self::new(401, "Unauthorized: invalid token specified")
    }

    /// 404, no such method.
    pub(crate) fn unknown_method() -> Self {
        Self::new(404, "Not Found: method not found")
    }

    /// 404, no such path.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 413, the request body exceeds what Telegram takes.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large")
    }

    /// 429 with `retry_after` seconds.
    pub(crate) fn too_many(retry_after: u64) -> Self {
        Self {
            parameters: Some(json!({ "retry_after": retry_after })),
            ..Self::new(429, format!("Too Many Requests: retry after {retry_after}"))
        }
    }

    /// 400, the group has a new id.
    pub(crate) fn migrated(to: i64) -> Self {
        Self {
            parameters: Some(json!({ "migrate_to_chat_id": to })),
            ..Self::bad("group chat was upgraded to a supergroup chat")
        }
    }

    /// 400, an edit that changes nothing.
    pub(crate) fn not_modified() -> Self {
        Self::bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a \
             current content and reply markup of the message",
        )
    }

    /// Something of the simulator itself failed, such as its disk.
    pub(crate) fn internal(reason: impl std::fmt::Display) -> Self {
        Self::new(500, format!("Internal Server Error: {reason}"))
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.status, "description": self.description });
        if let (Some(parameters), Some(body)) = (&self.parameters, body.as_object_mut()) {
            body.insert("parameters".to_owned(), parameters.clone());
        }
        body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}

/// Wraps a method's result.
pub(crate) fn respond(outcome: Outcome) -> Response {
    match outcome {
        Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
        Err(error) => error.into_response(),
    }
}
