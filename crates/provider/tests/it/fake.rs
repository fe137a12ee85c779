//! A server whose every answer is given by the test, and which remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atelier_domain::{AccountId, Catalogue, Model, Request};
use atelier_provider::replicate::{Replicate, service};
use atelier_provider::service::{Limits, Service};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

/// The token that must never be seen anywhere but at the base URL.
pub(crate) const TOKEN: &str = "r8_VerySecretToken";

/// A request as the server got it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The server; it ends with the test's runtime.
pub(crate) struct Fake {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/v1", listener.local_addr().unwrap())).unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let record = Arc::clone(&seen);
        let handle = move |request: axum::extract::Request| async move {
            let (head, body) = request.into_parts();
            let request = Seen {
                method: head.method.to_string(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                headers: head.headers,
                body: axum::body::to_bytes(body, 1 << 20).await.unwrap(),
            };
            let response = answer(&request);
            record.lock().unwrap().push(request);
            response
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
        Self { url, seen }
    }

    /// Everything it was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// An address on this server, outside the API.
    pub(crate) fn file(&self, path: &str) -> String {
        self.url.join(path).unwrap().to_string()
    }

    pub(crate) fn client(&self) -> Replicate {
        Replicate::new(self.settings()).unwrap()
    }

    /// Settings with short limits, for tests that run into them.
    pub(crate) fn settings(&self) -> Service {
        let limits = Limits {
            connect: Duration::from_secs(2),
            call: Duration::from_millis(400),
            download: Duration::from_millis(400),
            output_bytes: 10_000,
        };
        let base_url = self.url.clone();
        Service { limits, base_url, ..service(AccountId::replicate(), TOKEN.into()).unwrap() }
    }
}

pub(crate) fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(body.into()).unwrap()
}

pub(crate) fn redirect(to: &str) -> Response<Body> {
    Response::builder().status(302).header("location", to).body(Body::empty()).unwrap()
}

/// A wish for one of the catalogue's models, with seed 7.
pub(crate) fn wish(model: &str) -> (&'static Model, Request) {
    let model = Catalogue::builtin().find(model).unwrap();
    let request = Request {
        prompt: "a red fox".parse().unwrap(),
        model: model.id.clone(),
        ratio: "16:9".parse().unwrap(),
        seed: Some(7.try_into().unwrap()),
        options: atelier_domain::Options::default(),
    };
    (model, request)
}
