//! `GET /v1/predictions`: newest first, a hundred a page, cursors that stay right while new ones arrive.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::{Route, Subject};
use super::problem::Problem;
use super::routes::{Client, Shared, base, gate};
use super::state;
use super::time::{self, Millis};

const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    created_after: Option<String>,
    created_before: Option<String>,
    source: Option<String>,
    cursor: Option<String>,
}

/// A position between two predictions: the page starts after (older) or ends before (newer) this one.
struct Cursor<'a> {
    newer: bool,
    id: &'a str,
}

pub(super) async fn predictions(
    State(world): Shared,
    ConnectInfo(line): Client,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::List, &Subject::default(), &headers).await?;
    let (after, before) = match (moment(asked.created_after.as_deref()), moment(asked.created_before.as_deref())) {
        (Ok(after), Ok(before)) => (after, before),
        (Err(problem), _) | (_, Err(problem)) => return Ok(pass.answer(problem)),
    };
    let cursor = match asked.cursor.as_deref().map(parse_cursor) {
        Some(None) => return Ok(pass.answer(Problem::bad_request("Invalid cursor"))),
        other => other.flatten(),
    };
    let (base, now, lifetime) = (base(&headers), time::now(), world.lifetime());
    // created through the API, all of them
    let web_only = asked.source.as_deref() == Some("web");
    let page = world.read(|state| page(state, after, before, cursor.as_ref(), web_only));
    let results: Vec<Value> = world.read(|state| {
        let shown = |id: &String| state.predictions.get(id).map(|known| known.wire(&base, now, lifetime));
        page.ids.iter().filter_map(shown).collect()
    });
    let link = |cursor: &Option<String>| {
        cursor.as_ref().map(|cursor| {
            let mut url = format!("{base}/v1/predictions?cursor={cursor}");
            for (name, value) in [("created_after", &asked.created_after), ("created_before", &asked.created_before)] {
                if let Some(value) = value {
                    let _ = write!(url, "&{name}={}", value.replace(['+', ' '], "%2B"));
                }
            }
            url
        })
    };
    Ok(pass.answer(Json(json!({ "next": link(&page.next), "previous": link(&page.previous), "results": results }))))
}

struct Page {
    ids: Vec<String>,
    next: Option<String>,
    previous: Option<String>,
}

fn page(
    state: &state::State,
    after: Option<Millis>,
    before: Option<Millis>,
    cursor: Option<&Cursor<'_>>,
    none: bool,
) -> Page {
    let wanted = |id: &&String| {
        state.predictions.get(*id).is_some_and(|known| {
            after.is_none_or(|after| known.created_at >= after) && before.is_none_or(|before| known.created_at < before)
        })
    };
    let newest_first: Vec<&String> = if none { Vec::new() } else { state.order.iter().rev().filter(wanted).collect() };
    let place = |id: &str| newest_first.iter().position(|known| *known == id);
    let start = match cursor {
        None => 0,
        Some(Cursor { newer: false, id }) => place(id).map_or(newest_first.len(), |at| at + 1),
        Some(Cursor { newer: true, id }) => place(id).unwrap_or(0).saturating_sub(PAGE),
    };
    let end = match cursor {
        Some(Cursor { newer: true, id }) => place(id).unwrap_or(0),
        _ => newest_first.len().min(start + PAGE),
    };
    let ids: Vec<String> = newest_first[start..end].iter().map(|id| (*id).clone()).collect();
    let more = end < newest_first.len();
    Page {
        next: ids.last().filter(|_| more).map(|id| format!("o_{id}")),
        previous: ids.first().filter(|_| start > 0).map(|id| format!("n_{id}")),
        ids,
    }
}

fn parse_cursor(text: &str) -> Option<Cursor<'_>> {
    let (kind, id) = text.split_once('_')?;
    match kind {
        "o" => Some(Cursor { newer: false, id }),
        "n" => Some(Cursor { newer: true, id }),
        _ => None,
    }
}

fn moment(text: Option<&str>) -> Result<Option<Millis>, Problem> {
    match text {
        None => Ok(None),
        Some(text) => match time::parse_rfc3339(text) {
            Some(moment) => Ok(Some(moment)),
            None => Err(Problem::bad_request("created_after and created_before must be RFC 3339 date-times")),
        },
    }
}
