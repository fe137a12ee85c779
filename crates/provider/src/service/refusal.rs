//! What an HTTP error of such a service means: the status decides, the body refines.
//!
//! Sources of the bodies: OpenAI's API reference (`{"error":{"message","type","code","param"}}`), which LocalAI, sd-server
//! and LiteLLM follow loosely; FastAPI's `{"detail": …}` of A1111; ComfyUI's `{"error":{"type","message"},"node_errors"}`.

use std::time::Duration;

use atelier_domain::{Failure, FailureClass};
use serde_json::Value;

/// The longest wait that is believed.
const LONGEST_WAIT: f64 = 3600.0;

/// Codes and types by which OpenAI-compatible services say that a filter spoke.
const FILTERED: [&str; 6] = [
    "moderation_blocked",
    "content_policy_violation",
    "content_filter",
    "contentfilter",
    "responsibleaipolicyviolation",
    "image_generation_user_error",
];
/// Codes and types by which they say that nothing is left to pay with.
const EMPTY: [&str; 4] = ["insufficient_quota", "billing_hard_limit_reached", "budget_exceeded", "billing_not_active"];

/// The failure behind an error status.
pub(crate) fn classify(status: u16, retry_after: Option<&str>, body: &[u8], clean: &dyn Fn(&str) -> String) -> Failure {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = match &parsed["error"] {
        Value::Object(_) => &parsed["error"],
        _ => &parsed,
    };
    let word = |name: &str| match &error[name] {
        Value::String(text) => text.to_lowercase(),
        _ => String::new(),
    };
    let (code, kind, param) = (word("code"), word("type"), word("param"));
    let listed = |list: &[&str]| list.iter().any(|known| *known == code || *known == kind);
    let said = words(&parsed, error, body);
    let class = match status {
        // OpenAI says at which stage its moderation spoke
        _ if listed(&FILTERED) && error["moderation_details"]["moderation_stage"] == "output" => {
            FailureClass::FilteredOutput
        }
        _ if listed(&FILTERED) => FailureClass::Filtered,
        _ if listed(&EMPTY) => FailureClass::OutOfCredit,
        401 | 403 => FailureClass::Unauthorised,
        402 => FailureClass::OutOfCredit,
        413 => FailureClass::InvalidInput,
        400 | 422 if param == "prompt" || code == "string_above_max_length" => FailureClass::InvalidInput,
        429 => FailureClass::RateLimited,
        408 | 409 | 425 | 500.. => FailureClass::Transient,
        // an unknown model, a body that is not understood, a redirect: wrong configuration
        _ => FailureClass::Fatal,
    };
    let failure = Failure::new(class, clean(&format!("HTTP {status}: {said}")));
    let wait = retry_after.and_then(|text| text.trim().parse::<f64>().ok()).filter(|seconds| *seconds >= 0.0);
    match wait.and_then(|seconds| Duration::try_from_secs_f64(seconds.min(LONGEST_WAIT)).ok()) {
        Some(wait) if matches!(class, FailureClass::RateLimited | FailureClass::Transient) => failure.after(wait),
        _ => failure,
    }
}

/// What the service says, wherever it says it.
fn words(parsed: &Value, error: &Value, body: &[u8]) -> String {
    let places = [&error["message"], &parsed["detail"], &parsed["message"], &parsed["errors"], &parsed["error"]];
    let said = places.into_iter().find_map(|place| match place {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => Some(place.to_string()),
        _ => None,
    });
    let nodes = parsed["node_errors"].as_object().filter(|nodes| !nodes.is_empty());
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    match nodes {
        Some(nodes) => format!("{said} {}", Value::Object(nodes.clone())),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Failure {
        classify(status, None, body.as_bytes(), &str::to_owned)
    }

    #[test]
    fn bodies_of_all_dialects_have_their_class() {
        use FailureClass::{
            Fatal, Filtered, FilteredOutput, InvalidInput, OutOfCredit, RateLimited, Transient, Unauthorised,
        };
        for (status, body, class) in [
            (
                400,
                r#"{"error":{"message":"Your request was rejected by the safety system.","type":"image_generation_user_error","param":null,"code":"moderation_blocked"}}"#,
                Filtered,
            ),
            (
                400,
                r#"{"error":{"message":"no","type":"invalid_request_error","code":"content_policy_violation"}}"#,
                Filtered,
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                OutOfCredit,
            ),
            (
                400,
                r#"{"error":{"message":"Billing hard limit has been reached","code":"billing_hard_limit_reached"}}"#,
                OutOfCredit,
            ),
            (
                429,
                r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#,
                RateLimited,
            ),
            (401, r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#, Unauthorised),
            (400, r#"{"error":{"message":"too long","param":"prompt"}}"#, InvalidInput),
            (404, r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#, Fatal),
            (400, r#"{"error":{"message":"Invalid value: '1x1'","param":"size","code":"invalid_value"}}"#, Fatal),
            (500, r#"{"error":{"message":"The server had an error","type":"server_error"}}"#, Transient),
            (422, r#"{"detail":[{"loc":["body","steps"],"msg":"value is not a valid integer"}]}"#, Fatal),
            (500, r#"{"error":"OutOfMemoryError","detail":"","body":"","errors":"CUDA out of memory"}"#, Transient),
            (
                400,
                r#"{"error":{"type":"prompt_outputs_failed_validation","message":"Prompt outputs failed validation"},"node_errors":{"4":{"errors":[]}}}"#,
                Fatal,
            ),
            (
                400,
                r#"{"error":{"message":"no","code":"moderation_blocked","moderation_details":{"moderation_stage":"output"}}}"#,
                FilteredOutput,
            ),
            (502, "<html>", Transient),
            (404, "", Fatal),
        ] {
            assert_eq!(of(status, body).class, class, "{status} {body}");
        }
    }

    #[test]
    fn operators_read_what_the_service_said() {
        assert_eq!(of(404, r#"{"error":{"message":"no such model"}}"#).detail, "HTTP 404: no such model");
        assert_eq!(of(500, r#"{"error":"OOM","detail":"","errors":"CUDA"}"#).detail, "HTTP 500: CUDA");
        assert!(of(400, r#"{"error":{"message":"bad graph"},"node_errors":{"4":{}}}"#).detail.contains("\"4\""));
        assert_eq!(of(502, "<html>").detail, "HTTP 502: <html>");
    }

    #[test]
    fn the_wait_is_believed_within_bounds() {
        let wait = |header| classify(429, Some(header), b"", &str::to_owned).retry_after.map(|wait| wait.as_secs());
        assert_eq!((wait("7"), wait("1e9"), wait("-1"), wait("soon")), (Some(7), Some(3600), None, None));
    }
}
