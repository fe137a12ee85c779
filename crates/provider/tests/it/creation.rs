//! Creating: what is sent, and what is known when it fails.

use std::time::Duration;

use atelier_domain::{AccountId, Failure, FailureClass};
use atelier_provider::replicate::{Replicate, service};
use atelier_provider::service::Service;
use atelier_provider::{Order, Provider as _, StartError, Started};
use axum::body::Body;
use axum::http::Response;
use futures::StreamExt as _;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use url::Url;

use crate::fake::{Fake, TOKEN, answer, redirect, wish};

async fn refused(client: &Replicate) -> StartError {
    let (model, request) = wish("ideogram");
    client.start(&Order { model, request: &request, images: &[] }).await.unwrap_err()
}

/// The failure of a creation that may have happened.
fn unknown(error: StartError) -> Failure {
    match error {
        StartError::Unknown(failure) => failure,
        StartError::NotCreated(_) => panic!("{error:?}"),
    }
}

/// The failure of a creation that certainly did not happen.
fn not_created(error: StartError) -> Failure {
    match error {
        StartError::NotCreated(failure) => failure,
        StartError::Unknown(_) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_creation_carries_inputs_deadline_and_token() {
    let created = r#"{"id":"gm3qorzdhgbfurvjtvhg6dckhu","model":"ideogram-ai/ideogram-v3-turbo","version":"hidden","input":{"prompt":"a red fox"},"logs":"","error":null,"status":"starting","created_at":"2026-11-22T12:00:00.123Z","urls":{"get":"https://evil.example/steal","cancel":"https://evil.example/steal"}}"#;
    let fake = Fake::start(move |_| answer(201, created)).await;
    let (model, request) = wish("ideogram");
    let Started::Running(handle) = fake.client().start(&Order { model, request: &request, images: &[] }).await.unwrap()
    else {
        panic!("finished")
    };
    assert_eq!(handle.as_str(), "gm3qorzdhgbfurvjtvhg6dckhu");
    let seen = fake.seen().remove(0);
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v1/models/ideogram-ai/ideogram-v3-turbo/predictions")
    );
    assert_eq!(seen.json(), json!({"input": {"prompt": "a red fox", "aspect_ratio": "16:9", "seed": 7}}));
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(seen.header("cancel-after"), Some("120s"));
    assert_eq!(seen.header("prefer"), None);
}

#[tokio::test]
async fn a_refusal_creates_nothing_and_says_when_to_come_back() {
    use FailureClass::{Fatal, InvalidInput, OutOfCredit, RateLimited, Unauthorised};
    let table = [
        (
            401,
            r#"{"title":"Unauthenticated","detail":"You did not pass a valid authentication token","status":401}"#,
            Unauthorised,
            None,
        ),
        (
            402,
            r#"{"title":"Insufficient credit","detail":"You have insufficient credit to run this model.","status":402}"#,
            OutOfCredit,
            None,
        ),
        (404, r#"{"detail":"The requested resource does not exist","status":404}"#, Fatal, None),
        (
            422,
            r#"{"detail":"- input.aspect_ratio: aspect_ratio must be one of the following: \"1:1\"\n","status":422,"title":"Input validation failed","invalid_fields":[{"type":"enum","field":"input.aspect_ratio","description":"d"}]}"#,
            InvalidInput,
            None,
        ),
        (
            429,
            r#"{"detail":"Request was throttled. Your rate limit resets in ~30s.","status":429,"retry_after":30}"#,
            RateLimited,
            Some(30),
        ),
        (
            429,
            r#"{"detail":"Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~8s.","status":429}"#,
            RateLimited,
            Some(8),
        ),
    ];
    for (status, body, class, wait) in table {
        let fake = Fake::start(move |_| answer(status, body)).await;
        let failure = not_created(refused(&fake.client()).await);
        assert_eq!((failure.class, failure.retry_after), (class, wait.map(Duration::from_secs)), "{body}");
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test]
async fn the_header_of_a_rate_limit_comes_first() {
    let limited = |_: &_| {
        Response::builder().status(429).header("retry-after", "3").body(Body::from(r#"{"retry_after":9}"#)).unwrap()
    };
    let fake = Fake::start(limited).await;
    assert_eq!(not_created(refused(&fake.client()).await).retry_after, Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn a_stumble_of_the_service_leaves_the_outcome_unknown_and_is_not_repeated() {
    for status in [408, 500, 502, 503, 504, 524] {
        let fake = Fake::start(move |_| answer(status, "<html>oops</html>")).await;
        let failure = unknown(refused(&fake.client()).await);
        assert_eq!(failure.class, FailureClass::Transient, "{status}");
        assert_eq!(fake.seen().len(), 1, "one creation, whatever happens");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_leaves_the_outcome_unknown() {
    for body in ["", "{}", "null", r#"{"id":"../account"}"#, "<html>", r#"{"id":"#] {
        let fake = Fake::start(move |_| answer(201, body)).await;
        assert_eq!(unknown(refused(&fake.client()).await).class, FailureClass::Transient, "{body}");
    }
}

#[tokio::test]
async fn an_answer_cut_or_late_leaves_the_outcome_unknown() {
    let cut = |_: &_| {
        let start = futures::stream::iter([Ok("{\"id\":\"abc\""), Err(std::io::Error::other("cut"))]);
        answer(201, Body::from_stream(start))
    };
    let late = |_: &_| answer(201, Body::from_stream(futures::stream::pending::<Result<&str, std::io::Error>>()));
    assert_eq!(unknown(refused(&Fake::start(cut).await.client()).await).class, FailureClass::Transient);
    assert_eq!(unknown(refused(&Fake::start(late).await.client()).await).class, FailureClass::Transient);
}

#[tokio::test]
async fn a_connection_closed_after_the_request_leaves_the_outcome_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/v1", listener.local_addr().unwrap())).unwrap();
    let served = tokio::spawn(async move {
        let mut connections = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            connections += 1;
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await.unwrap();
            drop(stream);
            if connections == 2 {
                return;
            }
        }
    });
    let client = Replicate::new(at(url)).unwrap();
    unknown(refused(&client).await);
    assert!(!served.is_finished(), "the request was not sent again");
    served.abort();
}

#[tokio::test]
async fn without_a_connection_nothing_was_created() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/v1", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let client = Replicate::new(at(url)).unwrap();
    assert_eq!(not_created(refused(&client).await).class, FailureClass::Transient);
}

#[tokio::test]
async fn a_redirect_does_not_take_the_token_elsewhere() {
    let thief = Fake::start(|_| answer(201, r#"{"id":"abc"}"#)).await;
    let elsewhere = thief.file("/v1/models");
    let fake = Fake::start(move |_| redirect(&elsewhere)).await;
    assert_eq!(not_created(refused(&fake.client()).await).class, FailureClass::Fatal);
    assert!(thief.seen().is_empty());
}

#[tokio::test]
async fn the_token_shows_nowhere() {
    let fake = Fake::start(|seen| {
        let echo = format!(r#"{{"detail":"no such token: {}"}}"#, seen.header("authorization").unwrap_or_default());
        answer(401, echo)
    })
    .await;
    let client = fake.client();
    let error = refused(&client).await;
    for text in [format!("{error:?} {error}"), format!("{client:?}"), format!("{:?}", fake.settings())] {
        assert!(!text.contains("VerySecret"), "{text}");
    }
    assert!(error.failure().detail.contains("no such token: Bearer ***"), "{error:?}");
}

#[tokio::test]
async fn a_long_refusal_is_cut_short() {
    let body = futures::stream::repeat("words ").take(100_000).map(Ok::<_, std::io::Error>);
    let body = std::sync::Arc::new(std::sync::Mutex::new(Some(Body::from_stream(body))));
    let fake = Fake::start(move |_| answer(422, body.lock().unwrap().take().unwrap())).await;
    assert!(refused(&fake.client()).await.failure().detail.chars().count() <= 300);
}

fn at(base_url: Url) -> Service {
    Service { base_url, ..service(AccountId::replicate(), TOKEN.into()).unwrap() }
}
