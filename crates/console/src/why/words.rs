//! The sentences of a story: events, obstacles, failures.

use atelier_domain::FailureClass;
use atelier_queue::{Because, Event, Record, Span};

use crate::view::{count, owner, seconds};

/// `12 s (10 s to 14 s)`.
pub(super) fn span(span: Span) -> String {
    if span.high_ms == span.low_ms {
        return seconds(span.likely_ms);
    }
    format!("{} ({} to {})", seconds(span.likely_ms), seconds(span.low_ms), seconds(span.high_ms))
}

/// What keeps a job from running, and what would help.
pub(super) fn reason(because: &Because, record: &Record) -> String {
    let model = &record.model;
    let running = |number: u32| count(u64::from(number), "job", "jobs");
    match because {
        Because::Paused { why } => format!("the queue is paused {why} (`atelier queue resume` ends it)"),
        Because::ModelPaused { why } => {
            format!("model {model} is paused {why} (`atelier queue resume --model {model}` ends it)")
        }
        Because::UserPaused { why } => {
            let user = owner(record);
            format!("user {user} is paused {why} (`atelier queue resume --user {user}` ends it)")
        }
        Because::UserLimit { running: now } => format!("its user has {} running, no more are allowed", running(*now)),
        Because::ChatLimit { running: now } => format!("its chat has {} running, no more are allowed", running(*now)),
        Because::ModelLimit { running: now } => {
            format!("its model has {} running, no more are allowed", running(*now))
        }
        Because::Rate { wait_ms, every_ms, why } => {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            let next = if *wait_ms > 0 { format!("in {}", seconds(*wait_ms)) } else { "now".to_owned() };
            let every = if *every_ms > 0 { format!(", then one every {}", seconds(*every_ms)) } else { String::new() };
            format!("the provider asked to slow down{why}: the next job may go {next}{every}")
        }
        Because::Place { running: now } => {
            format!(
                "it waits for a place at its model's account, where {} now",
                count(u64::from(*now), "job runs", "jobs run")
            )
        }
        Because::Unserved => {
            format!("no living worker serves its model (start one with `atelier worker --model {model}`)")
        }
        Because::NoWorker => "no worker runs (start one with `atelier worker`)".to_owned(),
    }
}

/// What failed and what the class means.
pub(super) fn failure(record: &Record) -> String {
    let class = record.class.as_deref().unwrap_or("no reason on record");
    described(class, record.detail.as_deref().unwrap_or(""))
}

fn described(class: &str, detail: &str) -> String {
    let known = FailureClass::ALL.into_iter().find(|known| known.name() == class).map(meaning);
    let meaning = known.unwrap_or(class);
    if detail.is_empty() { meaning.to_owned() } else { format!("{meaning} ({detail})") }
}

fn meaning(class: FailureClass) -> &'static str {
    match class {
        FailureClass::InvalidInput => "the model refuses these inputs",
        FailureClass::Filtered => "a content filter stopped it",
        FailureClass::FilteredOutput => "a content filter stopped what the model had made",
        FailureClass::Unanswered => "a paid service did not answer; it may have charged, so it was not asked again",
        FailureClass::RateLimited => "the provider asked to slow down",
        FailureClass::OutOfCredit => "the provider's account is empty",
        FailureClass::Unauthorised => "the provider refuses the token",
        FailureClass::Transient => "the service or the network stumbled",
        FailureClass::Fatal => "a lasting fault",
        FailureClass::Expired => "it was deleted at the provider before it was fetched",
        FailureClass::Deadline => "it was not done in time",
        FailureClass::BadMedia => "the picture could not be shown",
        FailureClass::Unreachable => "the chat cannot be reached any more",
        FailureClass::Unreadable => "its record cannot be read",
    }
}

/// `class: detail (again in 2000 ms)`, as the step script writes it, in words.
fn attempt_failed(detail: &str) -> String {
    let (failure, again) = detail.rsplit_once(" (again in ").unwrap_or((detail, ""));
    let (class, detail) = failure.split_once(": ").unwrap_or((failure, ""));
    let wait = again.strip_suffix(" ms)").and_then(|wait| wait.parse().ok());
    let wait = wait.map_or_else(String::new, |wait| format!("; again in {}", seconds(wait)));
    format!("{}{wait}", described(class, detail))
}

/// One event in words.
pub(super) fn sentence(event: &Event) -> String {
    let Event { kind, actor, detail, .. } = event;
    let with = |text: &str| if detail.is_empty() { text.to_owned() } else { format!("{text}: {detail}") };
    match kind.as_str() {
        "claimed" => format!("{actor} took it ({detail})"),
        "intent" => "it was about to be given to the provider".to_owned(),
        "handle" => with("the provider accepted it"),
        "outputs" => "the provider has the picture".to_owned(),
        "sending" => "a new message was about to be sent".to_owned(),
        "delivered" => "the picture is in the chat".to_owned(),
        "over" => "the provider was done with it, and there is no picture".to_owned(),
        "afresh" => "that prediction came to nothing".to_owned(),
        "lost" => format!("{actor} was lost with it ({detail})"),
        "retry" => format!("the attempt failed: {}", attempt_failed(detail)),
        "postpone" => format!("it was put off without loss: {}", attempt_failed(detail)),
        "throttled" => format!("back into line without loss: {}", attempt_failed(detail)),
        "retried" => format!("{actor} had it run again ({detail})"),
        "handed_over" => with(&format!("{actor} stopped and handed it over")),
        "cancel_asked" => format!("{actor} asked to cancel it"),
        "cancelled" => with(&format!("cancelled by {actor}")),
        "done" => "done".to_owned(),
        "dead" => format!("{actor} gave it up: {}", attempt_failed(detail)),
        other => with(&format!("{other} by {actor}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_sentences() {
        let said = |kind: &str, detail: &str| {
            sentence(&Event { at_ms: 0, kind: kind.to_owned(), actor: "w".to_owned(), detail: detail.to_owned() })
        };
        assert_eq!(
            said("retry", "transient: HTTP 502 (again in 2100 ms)"),
            "the attempt failed: the service or the network stumbled (HTTP 502); again in 2.10 s"
        );
        assert_eq!(
            said("throttled", "rate_limited: too (many) (again in 5000 ms)"),
            "back into line without loss: the provider asked to slow down (too (many)); again in 5.00 s"
        );
        assert_eq!(said("dead", "filtered: NSFW"), "w gave it up: a content filter stopped it (NSFW)");
        assert_eq!(said("dead", "its worker was lost 8 times"), "w gave it up: its worker was lost 8 times");
        assert_eq!(said("dead", "weird: x"), "w gave it up: weird (x)");
        assert_eq!(said("teleported", "far"), "teleported by w: far");
        assert_eq!(said("cancelled", ""), "cancelled by w");
    }
}
