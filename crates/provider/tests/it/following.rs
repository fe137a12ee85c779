//! Following a prediction: poll, cancel, find again, and the account check.

use std::time::{Duration, UNIX_EPOCH};

use atelier_domain::FailureClass;
use atelier_provider::{Handle, Order, Provider as _, Status};
use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use crate::fake::{Fake, answer, wish};

fn handle() -> Handle {
    "gm3qorzdhgbfurvjtvhg6dckhu".parse().unwrap()
}

#[tokio::test]
async fn a_poll_reads_status_progress_and_outputs() {
    let running = r#"{"id":"x","status":"processing","logs":"Using seed: 7\n 40%|####      | 10/25","output":null,"error":null,"urls":{"get":"https://evil.example/x"}}"#;
    let fake = Fake::start(move |_| answer(200, running)).await;
    let status = fake.client().poll(&handle()).await.unwrap();
    assert_eq!(status, Status::Running { progress: Some(40), queued: false });
    assert_eq!(fake.seen()[0].path, "/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu");

    let done = r#"{"id":"x","status":"succeeded","output":["https://replicate.delivery/xezq/a/out-0.webp"],"metrics":{"predict_time":3.25,"image_count":1}}"#;
    let fake = Fake::start(move |_| answer(200, done)).await;
    let Status::Finished { outputs, seconds, .. } = fake.client().poll(&handle()).await.unwrap() else {
        panic!("running")
    };
    assert_eq!((outputs[0].as_str(), seconds), ("https://replicate.delivery/xezq/a/out-0.webp", Some(3.25)));

    let failed = r#"{"id":"x","status":"failed","error":"The input or output was flagged as sensitive. Please try again with different inputs. (E005) (uIJ6l3ruRD)","output":null}"#;
    let fake = Fake::start(move |_| answer(200, failed)).await;
    let Status::Failed(failure) = fake.client().poll(&handle()).await.unwrap() else { panic!("running") };
    assert_eq!(failure.class, FailureClass::Filtered);
}

#[tokio::test]
async fn a_question_that_fails_leaves_the_prediction_alone() {
    let table = [
        (404, r#"{"detail":"not found","status":404}"#, FailureClass::Transient),
        (500, "", FailureClass::Transient),
        (200, "<html>", FailureClass::Transient),
        (401, "", FailureClass::Unauthorised),
        (429, r#"{"retry_after":2}"#, FailureClass::RateLimited),
    ];
    for (status, body, class) in table {
        let fake = Fake::start(move |_| answer(status, body)).await;
        assert_eq!(fake.client().poll(&handle()).await.unwrap_err().class, class, "{status}");
    }
}

#[tokio::test]
async fn what_has_ended_counts_as_cancelled() {
    for status in [200, 404, 409, 410, 422] {
        let fake = Fake::start(move |_| answer(status, "{}")).await;
        fake.client().cancel(&handle()).await.unwrap();
        let seen = fake.seen().remove(0);
        assert_eq!(
            (seen.method.as_str(), seen.path.as_str()),
            ("POST", "/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu/cancel")
        );
    }
    let fake = Fake::start(|_| answer(503, "")).await;
    assert_eq!(fake.client().cancel(&handle()).await.unwrap_err().class, FailureClass::Transient);
}

#[tokio::test]
async fn the_check_names_the_account() {
    let fake = Fake::start(|_| answer(200, r#"{"type":"organization","username":"acme","name":"Acme"}"#)).await;
    assert_eq!(fake.client().check().await.unwrap(), "acme (organization)");
    assert_eq!(fake.seen()[0].path, "/v1/account");
}

/// A listed prediction that matches the wish, with some fields replaced.
fn listed(id: &str, created_at: &str, other: &Value) -> Value {
    let mut prediction = json!({
        "id": id, "model": "ideogram-ai/ideogram-v3-turbo", "version": "hidden", "status": "starting",
        "input": {"prompt": "a red fox", "aspect_ratio": "16:9", "seed": 7}, "created_at": created_at,
    });
    for (name, value) in other.as_object().unwrap() {
        prediction[name] = value.clone();
    }
    prediction
}

#[tokio::test]
async fn lost_predictions_are_found_over_all_pages_oldest_first() {
    let same = json!({});
    let first = json!({
        "next": "https://evil.example/v1/predictions?cursor=page%3D2",
        "results": [
            listed("newest", "2026-11-22T12:00:09Z", &same),
            listed("aborted", "2026-11-22T12:00:08Z", &json!({"status": "aborted"})),
            listed("stranger", "2026-11-22T12:00:07Z", &json!({"model": "google/imagen-4-ultra"})),
            listed("otherseed", "2026-11-22T12:00:06Z", &json!({"input": {"prompt": "a red fox", "aspect_ratio": "16:9", "seed": 8}})),
        ],
    });
    let second = json!({
        "next": "https://evil.example/v1/predictions?cursor=page3",
        "results": [
            listed("brief", "2026-11-22T12:00:03.5Z", &json!({"input": null, "status": "succeeded"})),
            listed("oldest", "2026-11-22T12:00:00Z", &json!({"status": "failed"})),
            listed("before", "2026-11-22T11:59:59.9Z", &same),
        ],
    });
    let whole = listed("brief", "2026-11-22T12:00:03.5Z", &same);
    let fake = Fake::start(move |seen| match (seen.path.as_str(), seen.query.as_str()) {
        ("/v1/predictions/brief", _) => answer(200, whole.to_string()),
        (_, "cursor=page%3D2") => answer(200, second.to_string()),
        (_, "created_after=2026-11-22T12%3A00%3A00Z") => answer(200, first.to_string()),
        _ => answer(500, ""),
    })
    .await;
    let (model, request) = wish("ideogram");
    let since = UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let found = fake.client().find_lost(&Order { model, request: &request, images: &[] }, since).await.unwrap();
    let found: Vec<&str> = found.iter().map(Handle::as_str).collect();
    assert_eq!(found, ["oldest", "brief", "newest"]);
    assert_eq!(fake.seen().len(), 3, "the page that reaches the past is the last");
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let first = json!({"next": "https://api.replicate.com/v1/predictions?cursor=2", "results": []}).to_string();
    let fake = Fake::start(
        move |seen| if seen.query.contains("cursor") { answer(502, "") } else { answer(200, first.clone()) },
    )
    .await;
    let (model, request) = wish("ideogram");
    let failure =
        fake.client().find_lost(&Order { model, request: &request, images: &[] }, UNIX_EPOCH).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Transient);

    let endless = json!({"next": "https://api.replicate.com/v1/predictions?cursor=2", "results": []}).to_string();
    let fake = Fake::start(move |_| answer(200, endless.clone())).await;
    assert!(fake.client().find_lost(&Order { model, request: &request, images: &[] }, UNIX_EPOCH).await.is_err());
    for body in ["{}", "[]", "<html>"] {
        let fake = Fake::start(move |_| answer(200, body)).await;
        assert!(
            fake.client().find_lost(&Order { model, request: &request, images: &[] }, UNIX_EPOCH).await.is_err(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_account_without_predictions_has_lost_none() {
    let fake = Fake::start(|_| answer(200, r#"{"next":null,"previous":null,"results":[]}"#)).await;
    let (model, request) = wish("ideogram");
    assert_eq!(
        fake.client().find_lost(&Order { model, request: &request, images: &[] }, UNIX_EPOCH).await.unwrap(),
        []
    );
}

#[tokio::test]
async fn a_poll_obeys_a_rate_limits_header() {
    let fake =
        Fake::start(|_| Response::builder().status(429).header("retry-after", "11").body(Body::empty()).unwrap()).await;
    let failure = fake.client().poll(&handle()).await.unwrap_err();
    assert_eq!((failure.class, failure.retry_after), (FailureClass::RateLimited, Some(Duration::from_secs(11))));
}
