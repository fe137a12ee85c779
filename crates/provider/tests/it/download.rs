//! Downloads: where from, how much, how long, and with whose token.

use std::io::Error;

use atelier_domain::{AccountId, Failure, FailureClass};
use atelier_provider::replicate::{Replicate, service};
use atelier_provider::service::Service;
use atelier_provider::{OutputRef, Provider as _};
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::fake::{Fake, answer, redirect};

async fn fetch(client: &Replicate, address: &str) -> Result<Bytes, Failure> {
    client.download(&OutputRef::new(address)).await
}

async fn class(client: &Replicate, address: &str) -> FailureClass {
    fetch(client, address).await.unwrap_err().class
}

#[tokio::test]
async fn the_token_goes_to_the_base_host_only() {
    let delivery = Fake::start(|_| answer(200, "picture")).await;
    let base = Fake::start(|_| answer(200, "picture")).await;
    let delivery_host = format!("127.0.0.1:{}", delivery.url.port().unwrap());
    let client = Replicate::new(Service { output_hosts: vec![delivery_host], ..base.settings() }).unwrap();
    assert_eq!(fetch(&client, &delivery.file("/out.png")).await.unwrap(), "picture");
    assert_eq!(fetch(&client, &base.file("/v1/files/1")).await.unwrap(), "picture");
    assert_eq!(delivery.seen()[0].header("authorization"), None);
    assert!(base.seen()[0].header("authorization").is_some());
}

#[tokio::test]
async fn other_places_are_refused_unasked() {
    let other = Fake::start(|_| answer(200, "picture")).await;
    let client = Fake::start(|_| answer(200, "picture")).await.client();
    let refused = [
        other.file("/out.png"),
        "https://replicate.delivery.evil.example/a.png".to_owned(),
        "https://evilreplicate.delivery/a.png".to_owned(),
        "https://replicate.delivery:8443/a.png".to_owned(),
        "https://user@169.254.169.254/latest".to_owned(),
        "ftp://replicate.delivery/a.png".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    for address in refused {
        assert_eq!(class(&client, &address).await, FailureClass::Fatal, "{address}");
    }
    assert!(other.seen().is_empty());
    assert_eq!(class(&client, "no address").await, FailureClass::BadMedia);
}

#[tokio::test]
async fn plain_http_is_for_plain_http_services() {
    let other = Fake::start(|_| answer(200, "picture")).await;
    let host = format!("127.0.0.1:{}", other.url.port().unwrap());
    let settings = Service { output_hosts: vec![host], ..service(AccountId::replicate(), "r8_x".into()).unwrap() };
    let client = Replicate::new(settings).unwrap();
    assert_eq!(class(&client, &other.file("/out.png")).await, FailureClass::Fatal);
    assert_eq!(class(&client, "http://replicate.delivery/a.png").await, FailureClass::Fatal);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_to_allowed_places_only() {
    let thief = Fake::start(|_| answer(200, "not yours")).await;
    let elsewhere = thief.file("/steal");
    let fake = Fake::start(move |seen| match seen.path.as_str() {
        "/moved.png" => redirect("/new.png"),
        "/new.png" => answer(200, "picture"),
        "/loop.png" => redirect("/loop.png"),
        _ => redirect(&elsewhere),
    })
    .await;
    let client = fake.client();
    assert_eq!(fetch(&client, &fake.file("/moved.png")).await.unwrap(), "picture");
    assert_eq!(class(&client, &fake.file("/out.png")).await, FailureClass::Fatal);
    assert_eq!(class(&client, &fake.file("/loop.png")).await, FailureClass::Transient);
    assert!(thief.seen().is_empty());
}

#[tokio::test]
async fn too_much_is_refused_announced_or_not() {
    let fake = Fake::start(|seen| match seen.path.as_str() {
        "/announced" => answer(200, vec![7; 10_001]),
        "/streamed" => answer(200, Body::from_stream(stream::repeat_with(|| Ok::<_, Error>(vec![7; 1_000])))),
        _ => answer(200, vec![7; 10_000]),
    })
    .await;
    let client = fake.client();
    assert_eq!(class(&client, &fake.file("/announced")).await, FailureClass::BadMedia);
    assert_eq!(class(&client, &fake.file("/streamed")).await, FailureClass::BadMedia);
    assert_eq!(fetch(&client, &fake.file("/exact")).await.unwrap().len(), 10_000);
}

#[tokio::test]
async fn what_drips_or_breaks_off_is_worth_another_try() {
    let fake = Fake::start(|seen| match seen.path.as_str() {
        "/drip" => answer(200, Body::from_stream(stream::iter([Ok::<_, Error>("drip")]).chain(stream::pending()))),
        "/cut" => answer(200, Body::from_stream(stream::iter([Ok("half"), Err(Error::other("cut"))]))),
        "/silent" => answer(200, Body::from_stream(stream::pending::<Result<&str, Error>>())),
        "/empty" => answer(200, ""),
        "/gone" => answer(410, ""),
        "/forbidden" => answer(403, "the signature has expired"),
        "/broken" => answer(500, ""),
        _ => answer(404, ""),
    })
    .await;
    let client = fake.client();
    for path in ["/drip", "/cut", "/silent", "/empty", "/gone", "/forbidden", "/broken", "/missing"] {
        assert_eq!(class(&client, &fake.file(path)).await, FailureClass::Transient, "{path}");
    }
}

#[tokio::test]
async fn inline_outputs_are_decoded() {
    let client = Fake::start(|_| answer(500, "")).await.client();
    assert_eq!(fetch(&client, "data:image/png;base64,aGVsbG8=").await.unwrap(), "hello");
    assert_eq!(fetch(&client, "DATA:image/svg+xml;utf8,%3Csvg%2F%3E").await.unwrap(), "<svg/>");
    assert_eq!(class(&client, "data:image/png;base64,???").await, FailureClass::BadMedia);
    assert_eq!(class(&client, "data:nothing").await, FailureClass::BadMedia);
    assert_eq!(class(&client, &format!("data:image/png;base64,{}", "A".repeat(16_000))).await, FailureClass::BadMedia);
    assert_eq!(class(&client, "data:image/png;base64,").await, FailureClass::Transient);
}
