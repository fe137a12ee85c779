//! Finds the predictions that a creation without an answer may have begun.
//!
//! Replicate knows no idempotency key, and refuses unknown properties in a creation's body, so a prediction is recognised
//! by what it is: model, input, time. Invariant: an answer is complete or it is an error, since a shorter list would lead
//! to a second payment.

use std::time::{Duration, SystemTime};

use atelier_domain::{Failure, FailureClass};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Map, Value};
use url::Url;

use super::REPLY_BYTES;
use super::wire::{Page, Prediction};
use crate::Handle;
use crate::http::Http;

/// Pages of 100; an account that creates more than 2,000 predictions in the seconds after an intent needs a finer search.
const MOST_PAGES: usize = 20;

/// What a lost prediction looks like.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) slug: String,
    pub(super) input: Map<String, Value>,
    pub(super) since: SystemTime,
}

/// All that match, oldest first.
pub(super) async fn find(http: &Http, wanted: &Wanted) -> Result<Vec<Handle>, Failure> {
    let since = Timestamp::try_from(wanted.since)
        .map_err(|_| Failure::new(FailureClass::Fatal, "the time of the intent is out of range"))?;
    let mut query = vec![("created_after".to_owned(), since.to_string())];
    let mut found: Vec<(Option<Timestamp>, Handle)> = Vec::new();
    for _ in 0..MOST_PAGES {
        let reply = http
            .send(http.call(Method::GET, &["predictions"]).query(&query), REPLY_BYTES)
            .await
            .map_err(Failure::from)?;
        let page: Page = serde_json::from_slice(&reply)
            .map_err(|_| Failure::new(FailureClass::Transient, "the answer is not a list of predictions"))?;
        let mut reached_the_past = false;
        for prediction in page.results {
            // a time that cannot be read is taken for recent: the service was asked for recent ones only
            let created = prediction.created_at.parse::<Timestamp>().ok();
            if created.is_some_and(|created| created < since) {
                reached_the_past = true;
            } else if let Some(handle) = matching(http, wanted, prediction).await? {
                found.push((created, handle));
            }
        }
        match next_query(&page.next) {
            Some(next) if !reached_the_past => query = next,
            _ => {
                found.sort_by_key(|(created, _)| *created);
                return Ok(found.into_iter().map(|(_, handle)| handle).collect());
            }
        }
    }
    Err(Failure::new(FailureClass::Transient, "more predictions than can be searched").after(Duration::from_secs(10)))
}

/// The handle of a prediction that is what was wanted.
async fn matching(http: &Http, wanted: &Wanted, listed: Prediction) -> Result<Option<Handle>, Failure> {
    let model = listed.model.split(':').next().unwrap_or_default();
    let Ok(handle) = listed.id.parse::<Handle>() else { return Ok(None) };
    if model != wanted.slug || listed.is_aborted() {
        return Ok(None);
    }
    let mut input = listed.input;
    if input.is_null() {
        // a list may be brief; the prediction itself is not
        let reply = http
            .send(http.call(Method::GET, &["predictions", handle.as_str()]), REPLY_BYTES)
            .await
            .map_err(Failure::from)?;
        input = Prediction::read(&reply)?.input;
    }
    Ok(same_input(&wanted.input, &input).then_some(handle))
}

/// Whether `theirs` is what was sent. A service may add its defaults, except a seed: that would be another wish.
fn same_input(ours: &Map<String, Value>, theirs: &Value) -> bool {
    let Value::Object(theirs) = theirs else { return false };
    let seeds_alike = ours.contains_key("seed") == theirs.get("seed").is_some_and(|seed| !seed.is_null());
    seeds_alike && ours.iter().all(|(name, value)| theirs.get(name).is_some_and(|other| same_value(value, other)))
}

/// Equality in which 7 and 7.0 are the same number, and a picture sent inline may have become an address of theirs.
fn same_value(ours: &Value, theirs: &Value) -> bool {
    if let (Value::Array(ours), Value::Array(theirs)) = (ours, theirs) {
        return ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same_value(a, b));
    }
    let kept = |ours: &str, theirs: &str| ours.starts_with("data:") && theirs.starts_with("https://");
    if let (Some(ours), Some(theirs)) = (ours.as_str(), theirs.as_str())
        && kept(ours, theirs)
    {
        return true;
    }
    ours == theirs || matches!((ours.as_f64(), theirs.as_f64()), (Some(a), Some(b)) if a.total_cmp(&b).is_eq())
}

/// The query of the next page's address. Its host is not used: the token goes to the base URL only.
fn next_query(next: &str) -> Option<Vec<(String, String)>> {
    let url = Url::parse(next).ok()?;
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    (!query.is_empty()).then_some(query)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inputs_are_equal_or_extended_by_defaults() {
        let ours = json!({"prompt": "a", "seed": 7});
        let same = |theirs: &Value| same_input(ours.as_object().unwrap(), theirs);
        assert!(same(&json!({"prompt": "a", "seed": 7})));
        assert!(same(&json!({"prompt": "a", "seed": 7.0, "magic_prompt_option": "Auto"})));
        for other in
            [json!({"prompt": "b", "seed": 7}), json!({"prompt": "a", "seed": 8}), json!({"prompt": "a"}), json!(null)]
        {
            assert!(!same(&other), "{other}");
        }
        let seedless = json!({"prompt": "a"});
        assert!(!same_input(seedless.as_object().unwrap(), &json!({"prompt": "a", "seed": 7})));
        assert!(same_input(seedless.as_object().unwrap(), &json!({"prompt": "a", "seed": null})));
    }

    #[test]
    fn only_the_query_of_the_next_page_counts() {
        let cursor = next_query("https://evil.example/v1/predictions?cursor=a%3D%3D").unwrap();
        assert_eq!(cursor, [("cursor".to_owned(), "a==".to_owned())]);
        assert_eq!(next_query(""), None);
        assert_eq!(next_query("https://api.replicate.com/v1/predictions"), None);
    }
}
