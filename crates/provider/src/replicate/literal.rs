//! Every literal body and error text on record: its class, and the sentence that people read instead of it.
//!
//! Sources: <https://replicate.com/docs/reference/http>, and replies and predictions seen in public reports.

use atelier_domain::FailureClass::{
    Fatal, Filtered, FilteredOutput, InvalidInput, OutOfCredit, RateLimited, Transient, Unauthorised,
};
use atelier_domain::{Language, Say, Usd};

use super::{refusal, verdict};

#[test]
fn every_refusal_has_a_sentence_in_none_of_the_providers_words() {
    let sentence =
        |class, language: Language| language.say(&Say::Failed { class, model: "M", price: Usd::from_micros(30_000) });
    let bodies = [
        (
            401,
            Unauthorised,
            r#"{"title":"Unauthenticated","detail":"You did not pass a valid authentication token","status":401}"#,
            "not available at the moment",
        ),
        (
            401,
            Unauthorised,
            r#"{"title":"Unauthenticated","detail":"You did not pass an authentication token","status":401}"#,
            "not available at the moment",
        ),
        (
            402,
            OutOfCredit,
            r#"{"title":"Insufficient credit","detail":"You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, please wait a few minutes before trying again.","status":402}"#,
            "not available at the moment",
        ),
        (404, Fatal, r#"{"detail":"The requested resource does not exist","status":404}"#, "wrong on our side"),
        (
            413,
            InvalidInput,
            r#"{"title":"Payload Too Large","detail":"Files must be less than 100MB in size","status":413}"#,
            "does not accept this request",
        ),
        (
            422,
            InvalidInput,
            r#"{"detail":"- input.aspect_ratio: aspect_ratio must be one of the following: \"1:1\"\n","status":422,"title":"Input validation failed","invalid_fields":[{"type":"enum","field":"input.aspect_ratio","description":"x"}]}"#,
            "does not accept this request",
        ),
        (
            422,
            InvalidInput,
            r#"{"detail":"- input: prompt is required\n","status":422,"title":"Input validation failed","invalid_fields":[{"type":"required","field":"input","description":"prompt is required"}]}"#,
            "does not accept this request",
        ),
        (
            422,
            Fatal,
            r#"{"title":"Invalid version or not permitted","detail":"The specified version does not exist (or perhaps you don't have permission to use it?)","status":422}"#,
            "wrong on our side",
        ),
        (422, Fatal, r#"{"detail":"Additional property job is not allowed","status":422}"#, "wrong on our side"),
        (
            429,
            RateLimited,
            r#"{"detail":"Request was throttled. Your rate limit resets in ~30s.","status":429,"retry_after":30}"#,
            "overloaded",
        ),
        (
            429,
            RateLimited,
            r#"{"detail":"Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~8s.","status":429,"retry_after":8}"#,
            "overloaded",
        ),
    ];
    let texts = [
        (
            Filtered,
            "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (uIJ6l3ruRD)",
            "content filter",
        ),
        (
            Transient,
            "Service is currently unavailable due to high demand. Please try again later. (E003) (abc123)",
            "failed several times",
        ),
        (Transient, "Prediction interrupted; please retry (code: PA)", "failed several times"),
        (Transient, "Director: unexpected error handling prediction (E9828)", "failed several times"),
        (
            FilteredOutput,
            "NSFW content detected. Try running it again, or try a different prompt.",
            "its filter withheld it",
        ),
        (
            FilteredOutput,
            "All generated images contained NSFW content. Try running it again with a different prompt.",
            "its filter withheld it",
        ),
        (Transient, "Something went wrong (E1000)", "failed several times"),
        (Transient, "CUDA out of memory (E1001)", "failed several times"),
        (Transient, "Timed out starting (E6716)", "failed several times"),
        (Fatal, "Webhook URL is empty (E4875)", "wrong on our side"),
    ];
    let refused = bodies.map(|(status, class, body, says)| {
        (refusal::classify(status, None, body.as_bytes(), &str::to_owned).class, class, body, says)
    });
    let failed = texts.map(|(class, text, says)| (verdict::of(text), class, text, says));
    for (found, class, theirs, says) in refused.into_iter().chain(failed) {
        assert_eq!(found, class, "{theirs}");
        let ours = sentence(class, Language::English);
        assert!(ours.contains(says), "{theirs}: {ours}");
        for word in ["replicate", "credit", "token", "NSFW", "(E", "input.", "~"] {
            assert!(!ours.contains(word), "{theirs}: {ours}");
        }
        assert_ne!(sentence(class, Language::Russian), ours);
    }
    let waits = |body: &str| refusal::classify(429, None, body.as_bytes(), &str::to_owned).retry_after;
    for (_, _, body, _) in bodies.into_iter().filter(|(status, ..)| *status == 429) {
        assert!(waits(body).is_some_and(|wait| wait.as_secs() == 8 || wait.as_secs() == 30), "{body}");
    }
}
