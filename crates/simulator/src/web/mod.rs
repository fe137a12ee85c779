//! The web chat: plain HTML, CSS and JavaScript modules carried in the executable, over the control API.
//!
//! Deliberately absent: a build step, anything loaded from elsewhere. The pages may run only their own scripts.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::telegram::Server;

/// What pages may do: their own scripts and styles, pictures from here or just picked by the user.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
                      object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// The pages.
pub(crate) fn routes() -> Router<Arc<Server>> {
    let mut router = Router::new();
    for (path, kind, body) in ASSETS {
        router = router.route(path, get(move || async move { page(kind, body) }));
    }
    router
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: [(&str, &str, &str); 15] = [
    ("/", HTML, include_str!("assets/index.html")),
    ("/base.css", CSS, include_str!("assets/base.css")),
    ("/chat.css", CSS, include_str!("assets/chat.css")),
    ("/icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("/js/api.js", SCRIPT, include_str!("assets/js/api.js")),
    ("/js/app.js", SCRIPT, include_str!("assets/js/app.js")),
    ("/js/bubble.js", SCRIPT, include_str!("assets/js/bubble.js")),
    ("/js/composer.js", SCRIPT, include_str!("assets/js/composer.js")),
    ("/js/dom.js", SCRIPT, include_str!("assets/js/dom.js")),
    ("/js/faults.js", SCRIPT, include_str!("assets/js/faults.js")),
    ("/js/lightbox.js", SCRIPT, include_str!("assets/js/lightbox.js")),
    ("/js/list.js", SCRIPT, include_str!("assets/js/list.js")),
    ("/js/state.js", SCRIPT, include_str!("assets/js/state.js")),
    ("/js/text.js", SCRIPT, include_str!("assets/js/text.js")),
    ("/js/view.js", SCRIPT, include_str!("assets/js/view.js")),
];

fn page(kind: &'static str, body: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}
