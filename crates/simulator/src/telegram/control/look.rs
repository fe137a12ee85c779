//! Looking without waiting: files, requests, counts, and the stream of events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::Refusal;
use crate::telegram::files::extension;
use crate::telegram::render;
use crate::telegram::server::Server;

/// The bytes of a file, by file id or unique id. What is not a picture or video is a download, never a page.
pub(super) async fn file(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Response {
    let unique = render::parse_file_id(&id).map_or(id.as_str(), |(_, unique)| unique);
    let Some(file) = server.read(|world| world.files.get(unique).cloned()) else {
        return Refusal::missing("no such file").into_response();
    };
    let Some(bytes) = server.files.get(&file.blob).await else {
        return Refusal::missing("the file's bytes are gone").into_response();
    };
    let shown = matches!(file.mime.as_str(), "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "video/mp4");
    let name = file.name.unwrap_or_else(|| format!("file.{}", extension(&file.mime)));
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect();
    let disposition = format!("{}; filename=\"{safe}\"", if shown { "inline" } else { "attachment" });
    let mime = if shown { file.mime } else { "application/octet-stream".to_owned() };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    (headers, bytes).into_response()
}

#[derive(Debug, Deserialize)]
pub(super) struct RequestsQuery {
    bot: Option<i64>,
    method: Option<String>,
    chat: Option<i64>,
    /// Only requests with a higher number.
    after: Option<u64>,
}

/// The last requests in full, oldest first.
pub(super) async fn requests(State(server): State<Arc<Server>>, Query(query): Query<RequestsQuery>) -> Json<Value> {
    let method = query.method.map(|method| method.to_ascii_lowercase());
    Json(server.read(|world| {
        let seen: Vec<_> = world
            .requests
            .log()
            .filter(|seen| query.bot.is_none_or(|bot| bot == seen.bot))
            .filter(|seen| method.as_ref().is_none_or(|method| *method == seen.method))
            .filter(|seen| query.chat.is_none() || query.chat == seen.chat)
            .filter(|seen| query.after.is_none_or(|after| seen.seq > after))
            .collect();
        json!({ "ok": true, "requests": seen })
    }))
}

/// Totals since the start or the last reset, per bot and over all bots.
pub(super) async fn counts(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.read(|world| {
        let mut bots = json!({});
        let mut methods = json!({});
        let mut early = 0;
        for ((bot, method), count) in world.requests.counts() {
            bots[bot.to_string()][method] = json!(count);
            methods[method] = json!(methods[method].as_u64().unwrap_or(0) + count.total);
            early += count.early;
        }
        json!({ "ok": true, "methods": methods, "bots": bots, "early": early, "held": world.faults.held() })
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    last: Option<i64>,
}

/// Server-sent events of everything; `Last-Event-ID` (or `?last=`) resumes, and `reset` says that this is too late.
pub(super) async fn events(
    State(server): State<Arc<Server>>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let subscription = server.feed.subscribe(header.or(query.last));
    let stream = async_stream::stream! {
        let hello = Event::default().event("hello").id(subscription.last.to_string());
        let missed = if let Some(missed) = subscription.missed {
            // a number of its own, so that a reader who resumes before the first event resumes from here
            if missed.is_empty() {
                yield Ok(hello.data("{}"));
            }
            missed
        } else {
            yield Ok(Event::default().event("reset").id(subscription.last.to_string()).data("{}"));
            Vec::new()
        };
        for event in missed {
            yield Ok(encode(event.seq, event.name, &event.data));
        }
        let mut live = subscription.live;
        loop {
            let event = tokio::select! {
                event = live.recv() => event,
                () = server.shutdown.cancelled() => return,
            };
            match event {
                Ok(event) => yield Ok(encode(event.seq, event.name, &event.data)),
                Err(RecvError::Lagged(_)) => yield Ok(Event::default().event("reset").data("{}")),
                Err(RecvError::Closed) => return,
            }
        }
    };
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn encode(seq: i64, name: &'static str, data: &Value) -> Event {
    Event::default().event(name).id(seq.to_string()).data(data.to_string())
}
