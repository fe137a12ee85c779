//! One Bot API request from arrival to answer: token, parameters, scripted faults, pace, method.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::cut::Cut;
use super::faults::{Action, Met, Phase};
use super::limits::Lane;
use super::methods;
use super::params::Params;
use super::reply::{ApiError, respond};
use super::requests::Seen;
use super::server::Server;

/// A call of one method by one bot.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) bot: i64,
    /// In lower case.
    pub(crate) method: String,
    /// The numeric chat the call is about.
    pub(crate) chat: Option<i64>,
    pub(crate) params: Params,
}

/// Everything that is not the control API or the web chat.
pub(crate) async fn handle(
    State(server): State<Arc<Server>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let path = request.uri().path().replace("%3A", ":").replace("%3a", ":");
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return match rest.split_once('/') {
            Some((token, file)) => download(&server, token, file).await,
            None => ApiError::not_found().into_response(),
        };
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return ApiError::not_found().into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return ApiError::not_found().into_response();
    }
    let bot = match server.authorise(token) {
        Ok(Some(bot)) => bot,
        Ok(None) => return ApiError::unauthorised().into_response(),
        Err(()) => return ApiError::invalid_token().into_response(),
    };
    let method = method.to_ascii_lowercase();
    match Params::read(request).await {
        Ok(params) => {
            let chat = params.integer("chat_id");
            call(&server, &cut, &Call { bot, method, chat, params }).await
        }
        Err(error) => error.into_response(),
    }
}

async fn call(server: &Arc<Server>, cut: &Cut, call: &Call) -> Response {
    let lane = lane(&call.method);
    let (seq, early) = server.write(|world, now_ms| {
        world.ensure_bot(call.bot);
        let early = world.limiter.is_early(call.bot, call.chat, &lane, now_ms);
        let (fields, files) = call.params.summary();
        let seen = Seen {
            seq: 0,
            at_ms: now_ms,
            bot: call.bot,
            method: call.method.clone(),
            chat: call.chat,
            fields,
            files,
            early,
            fault: None,
            status: None,
            error: None,
            answered_ms: None,
        };
        if call.method != "getupdates" {
            world.emit("request", json!({ "bot": call.bot, "method": call.method, "chat": call.chat, "early": early }));
        }
        (world.requests.arrive(seen), early)
    });
    tracing::debug!(bot = call.bot, method = %call.method, chat = call.chat, early, "request");

    let mut response = None;
    if let Some(met) = meet(server, Phase::Before, call, seq) {
        match fault(server, met, call, &lane).await {
            Effect::GoOn => {}
            Effect::Answer(answer) => response = Some(answer),
            Effect::Cut => return cut_off(cut),
        }
    }
    let (mut response, mut error) = if let Some(response) = response {
        (response, Some("scripted".to_owned()))
    } else {
        let outcome = methods::run(server, call).await;
        let error = outcome.as_ref().err().map(|error| error.description.clone());
        (respond(outcome), error)
    };
    if let Some(met) = meet(server, Phase::After, call, seq) {
        match fault(server, met, call, &lane).await {
            Effect::GoOn => {}
            Effect::Answer(answer) => {
                response = answer;
                error = Some("scripted".to_owned());
            }
            Effect::Cut => return cut_off(cut),
        }
    }
    let status = response.status().as_u16();
    server.write(|world, now_ms| world.requests.answered(seq, status, error, now_ms));
    response
}

/// The budget a method draws on.
pub(crate) fn lane(method: &str) -> Lane {
    if method.starts_with("editmessage") {
        Lane::Edit
    } else if method.starts_with("send") && method != "sendchataction" {
        Lane::Send
    } else {
        Lane::Other(method.to_owned())
    }
}

fn cut_off(cut: &Cut) -> Response {
    cut.now();
    // never reaches the client: the connection answers nothing from here on
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn meet(server: &Server, phase: Phase, call: &Call, seq: u64) -> Option<Met> {
    server.write(|world, _| {
        let met = world.faults.meet(phase, call.bot, &call.method, call.chat)?;
        world.requests.faulted(seq, met.id);
        Some(met)
    })
}

enum Effect {
    GoOn,
    Answer(Response),
    Cut,
}

/// Counts a held request down even when its client goes away.
struct Held<'a> {
    server: &'a Server,
    rule: u64,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.server.write(|world, _| world.faults.unheld(self.rule));
    }
}

async fn fault(server: &Arc<Server>, met: Met, call: &Call, lane: &Lane) -> Effect {
    let Met { id, action, mut released } = met;
    match action {
        Action::Delay { ms } => {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(ms)) => Effect::GoOn,
                () = server.shutdown.cancelled() => Effect::Cut,
            }
        }
        Action::Hold => {
            let _held = Held { server, rule: id };
            tokio::select! {
                // an error means that the rule was removed, which lets go as well
                _ = released.wait_for(|released| *released) => Effect::GoOn,
                () = server.shutdown.cancelled() => Effect::Cut,
            }
        }
        Action::Cut => Effect::Cut,
        Action::Reply { status, description, retry_after, body } => {
            if let Some(seconds) = retry_after {
                server.write(|world, now_ms| world.limiter.park(call.bot, call.chat, lane.clone(), seconds, now_ms));
            }
            Effect::Answer(scripted(status, description, retry_after, body))
        }
    }
}

fn scripted(status: u16, description: Option<String>, retry_after: Option<u64>, body: Option<String>) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(body) = body {
        let kind = if serde_json::from_str::<Value>(&body).is_ok() { "application/json" } else { "text/html" };
        return (code, [(header::CONTENT_TYPE, kind)], body).into_response();
    }
    let mut error = match (retry_after, status) {
        (Some(seconds), _) => ApiError::too_many(seconds),
        (None, 500) => ApiError { description: "Internal Server Error".to_owned(), ..ApiError::not_found() },
        (None, 502) => ApiError { description: "Bad Gateway".to_owned(), ..ApiError::not_found() },
        (None, 403) => ApiError::forbidden("bot was blocked by the user"),
        (None, _) => ApiError::bad("scripted fault"),
    };
    error.status = status;
    if let Some(description) = description {
        error.description = description;
    }
    error.into_response()
}

async fn download(server: &Server, token: &str, path: &str) -> Response {
    let bot = match server.authorise(token) {
        Ok(Some(bot)) => bot,
        Ok(None) => return ApiError::unauthorised().into_response(),
        Err(()) => return ApiError::invalid_token().into_response(),
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let unique = name.split_once('.').map_or(name, |(stem, _)| stem);
    let file = server.read(|world| world.files.get(unique).cloned());
    let Some(file) = file else { return ApiError::not_found().into_response() };
    match server.files.get(&file.blob).await {
        Some(bytes) => {
            tracing::debug!(bot, size = bytes.len(), "download");
            ([(header::CONTENT_TYPE, "application/octet-stream".to_owned())], bytes).into_response()
        }
        None => ApiError::not_found().into_response(),
    }
}
