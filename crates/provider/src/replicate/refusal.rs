//! What an HTTP error of Replicate means: the status decides, the body refines.
//!
//! Source of the bodies: <https://replicate.com/docs/reference/http> and replies seen in public reports.

use std::time::Duration;

use atelier_domain::{Failure, FailureClass};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::Value;

/// The longest wait that is believed; a service that says more is asked again after this.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// `application/problem+json`, of which any part may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: Option<String>,
    detail: Option<Value>,
    retry_after: Option<f64>,
    invalid_fields: Vec<InvalidField>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InvalidField {
    #[serde(rename = "type")]
    kind: String,
    field: String,
    description: String,
}

/// The failure behind an error status.
pub(crate) fn classify(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
    shorten: &dyn Fn(&str) -> String,
) -> Failure {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let said = problem.words(body);
    let class = match status {
        401 | 403 => FailureClass::Unauthorised,
        402 => FailureClass::OutOfCredit,
        413 => FailureClass::InvalidInput,
        422 if problem.blames_the_input() => FailureClass::InvalidInput,
        429 => FailureClass::RateLimited,
        408 | 409 | 425 | 500.. => FailureClass::Transient,
        // a model that does not exist, a body that is not understood, a redirect: wrong configuration or our mistake
        _ => FailureClass::Fatal,
    };
    let failure = Failure::new(class, shorten(&format!("HTTP {status}: {said}")));
    let waits = matches!(class, FailureClass::RateLimited | FailureClass::Transient);
    match waits.then(|| wait(retry_after, &problem, &said, Timestamp::now())).flatten() {
        Some(wait) => failure.after(wait),
        None => failure,
    }
}

impl Problem {
    /// Title, detail and the fields found wrong, in the service's own words.
    fn words(&self, body: &[u8]) -> String {
        let mut words: Vec<String> = self.title.iter().cloned().collect();
        match &self.detail {
            Some(Value::String(text)) => words.push(text.clone()),
            Some(Value::Null) | None => {}
            Some(other) => words.push(other.to_string()),
        }
        words.extend(self.invalid_fields.iter().map(|field| format!("[{}] {}", field.kind, field.field)));
        if words.is_empty() {
            words.push(String::from_utf8_lossy(body).into_owned());
        }
        words.join(" · ")
    }

    /// Whether the model's input was found wrong, rather than the shape of our call.
    fn blames_the_input(&self) -> bool {
        let about_input = |text: &str| text == "input" || text.starts_with("input.");
        self.invalid_fields.iter().any(|wrong| about_input(&wrong.field) || wrong.description.contains("input."))
            || self.title.as_deref().is_some_and(|title| title.eq_ignore_ascii_case("input validation failed"))
            || matches!(&self.detail, Some(Value::String(text)) if text.trim_start().starts_with("- input"))
    }
}

/// How long to stay away: the header, else the body's number, else the "~30s" of its text.
fn wait(header: Option<&str>, problem: &Problem, said: &str, now: Timestamp) -> Option<Duration> {
    let header = header.map(str::trim).and_then(|text| seconds(text).or_else(|| until(text, now)));
    let body = || problem.retry_after.and_then(|number| Duration::try_from_secs_f64(number).ok());
    header.or_else(body).or_else(|| in_words(said)).map(|wait| wait.min(LONGEST_WAIT))
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse::<f64>().ok().and_then(|number| Duration::try_from_secs_f64(number).ok())
}

/// `Retry-After` may also be a date, of RFC 2822's form.
fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let then = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

fn in_words(text: &str) -> Option<Duration> {
    text.split('~').skip(1).find_map(|rest| {
        let (number, _) = rest.split_once('s')?;
        number.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::is_definite;

    fn of(status: u16, body: &str) -> Failure {
        classify(status, None, body.as_bytes(), &str::to_owned)
    }

    #[test]
    fn every_documented_body_has_its_class() {
        use FailureClass::{Fatal, InvalidInput, OutOfCredit, RateLimited, Transient, Unauthorised};
        let table = [
            (
                401,
                r#"{"title":"Unauthenticated","detail":"You did not pass a valid authentication token","status":401}"#,
                Unauthorised,
            ),
            (
                401,
                r#"{"title":"Unauthenticated","detail":"You did not pass an authentication token","status":401}"#,
                Unauthorised,
            ),
            (403, "", Unauthorised),
            (
                402,
                r#"{"title":"Insufficient credit","detail":"You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit.","status":402}"#,
                OutOfCredit,
            ),
            (404, r#"{"detail":"The requested resource does not exist","status":404}"#, Fatal),
            (413, r#"{"detail":"Files must be less than 100MB in size","status":413}"#, InvalidInput),
            (
                422,
                r#"{"detail":"- input.aspect_ratio: aspect_ratio must be one of the following: \"1:1\"\n","status":422,"title":"Input validation failed","invalid_fields":[{"type":"enum","field":"input.aspect_ratio","description":"x"}]}"#,
                InvalidInput,
            ),
            (
                422,
                r#"{"detail":"- input: prompt is required\n","status":422,"title":"Input validation failed","invalid_fields":[{"type":"required","field":"input","description":"prompt is required"}]}"#,
                InvalidInput,
            ),
            (
                422,
                r#"{"title":"Invalid version or not permitted","detail":"The specified version does not exist (or perhaps you don't have permission to use it?)","status":422}"#,
                Fatal,
            ),
            (422, r#"{"detail":"- Additional property job is not allowed\n","status":422}"#, Fatal),
            (
                429,
                r#"{"detail":"Request was throttled. Your rate limit resets in ~30s.","status":429,"retry_after":30}"#,
                RateLimited,
            ),
            (500, "", Transient),
            (502, "<html>Bad Gateway</html>", Transient),
            (503, r#"{"detail":null}"#, Transient),
            (301, "", Fatal),
            (400, "[]", Fatal),
        ];
        for (status, body, class) in table {
            assert_eq!(of(status, body).class, class, "{status} {body}");
        }
    }

    #[test]
    fn the_operator_reads_which_field_was_wrong() {
        let body =
            r#"{"detail":"- input.seed: too large\n","invalid_fields":[{"type":"maximum","field":"input.seed"}]}"#;
        assert_eq!(of(422, body).detail, "HTTP 422: - input.seed: too large\n · [maximum] input.seed");
        assert_eq!(of(502, "<html>").detail, "HTTP 502: <html>");
    }

    #[test]
    fn the_wait_comes_from_header_then_body_then_words() {
        let words = r#"{"detail":"Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~8s.""#;
        let (with_number, only_words) = (format!(r#"{words},"retry_after":9}}"#), format!("{words}}}"));
        let wait = |header, body: &str| classify(429, header, body.as_bytes(), &str::to_owned).retry_after;
        let secs = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(wait(Some("7"), &with_number), secs(7));
        assert_eq!(wait(Some("soon"), &with_number), secs(9));
        assert_eq!(wait(None, &with_number), secs(9));
        assert_eq!(wait(None, &only_words), secs(8));
        assert_eq!(wait(None, "{}"), None);
        assert_eq!(wait(Some("1e300"), "{}"), None);
        assert_eq!(wait(Some("-4"), r#"{"retry_after":-4}"#), None);
        assert_eq!(wait(Some("99999999"), "{}"), Some(LONGEST_WAIT));
        assert_eq!(of(422, r#"{"retry_after":9}"#).retry_after, None);
    }

    #[test]
    fn the_wait_may_be_a_date() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(until("Sun, 22 Nov 2026 12:00:40 GMT", now), Some(Duration::from_secs(40)));
        assert_eq!(until("Sun, 22 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(until("tomorrow", now), None);
    }

    #[test]
    fn only_a_refusal_proves_that_nothing_was_created() {
        assert!([301, 400, 401, 402, 404, 413, 422, 429].into_iter().all(is_definite));
        assert!(![408, 500, 502, 503, 504, 520].into_iter().any(is_definite));
    }
}
