//! A Bot API server that does nothing but answer: the least that a bot can be measured against.
//!
//! It hands out updates on a poll, remembers when each was offered and confirmed, and when a chat got its first message.
//! Deliberately absent: everything else that a Bot API server is. The simulator is faithful; this one is quick.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::sample::Sample;

/// The longest poll of the real server.
const POLL: Duration = Duration::from_secs(50);

#[derive(Default)]
struct State {
    /// Updates to be polled, by bot and id, each with the moment when it was due.
    pending: HashMap<i64, BTreeMap<i64, (Instant, Value)>>,
    /// When a message was typed, by chat, until it is answered.
    typed: HashMap<i64, Instant>,
    confirmed: Sample,
    answered: Sample,
    secrets: HashMap<i64, String>,
    messages: i64,
}

/// The running server.
#[derive(Clone)]
pub(crate) struct Server {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<u64>,
    /// Where it listens.
    pub(crate) url: String,
    _serving: Arc<AbortOnDropHandle<()>>,
}

impl Server {
    /// Listens on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound listener"));
        let (state, changed) = (Arc::<Mutex<State>>::default(), watch::Sender::new(0));
        let (shared, changes) = (state.clone(), changed.clone());
        let serving = AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, shared.clone(), changes.clone()));
            }
        }));
        Self { state, changed, url, _serving: Arc::new(serving) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that somebody typed in a chat at that moment.
    pub(crate) fn typed(&self, chat: i64, at: Instant) {
        self.state().typed.insert(chat, at);
    }

    /// Offers an update to the bot's next poll.
    pub(crate) fn offer(&self, bot: i64, id: i64, at: Instant, update: Value) {
        self.state().pending.entry(bot).or_default().insert(id, (at, update));
        self.changed.send_modify(|change| *change += 1);
    }

    /// What the bot's webhook proves itself with, once all of them are set.
    pub(crate) async fn secrets(&self, bots: usize) -> HashMap<i64, String> {
        let mut changes = self.changed.subscribe();
        while self.state().secrets.len() < bots {
            changes.changed().await.expect("the server lives");
        }
        self.state().secrets.clone()
    }

    /// Waits for the first answers to all that were typed; how many never came.
    pub(crate) async fn all_answered(&self, patience: Duration) -> usize {
        let until = Instant::now() + patience;
        loop {
            let left = self.state().typed.len();
            if left == 0 || Instant::now() > until {
                return left;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The times from offer to confirmation, and from typing to the first answer.
    pub(crate) fn take(&self) -> (Sample, Sample) {
        let mut state = self.state();
        (std::mem::take(&mut state.confirmed), std::mem::take(&mut state.answered))
    }
}

/// One connection: a request after the other.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>, changed: watch::Sender<u64>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (path, body) = request(&mut stream).await?;
        let mut parts = path.trim_start_matches("/bot").splitn(2, '/');
        let bot: i64 = parts.next()?.split(':').next()?.parse().ok()?;
        let method = parts.next()?.to_ascii_lowercase();
        let result = answer(&state, &changed, bot, &method, &body).await;
        let body = json!({ "ok": true, "result": result }).to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.get_mut().write_all((head + &body).as_bytes()).await.ok()?;
    }
}

/// The path and the body.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut path, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if path.is_empty() {
            line.split(' ').nth(1)?.clone_into(&mut path);
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, body))
}

async fn answer(state: &Mutex<State>, changed: &watch::Sender<u64>, bot: i64, method: &str, body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let user = json!({ "id": bot, "is_bot": true, "first_name": "Atelier", "username": format!("atelier_{bot}_bot"),
        "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
        "can_connect_to_business": false, "has_main_web_app": false });
    match method {
        "getme" => user,
        "getupdates" => poll(state, changed, bot, &body).await,
        "setwebhook" => {
            let secret = body["secret_token"].as_str().unwrap_or_default().to_owned();
            lock().secrets.insert(bot, secret);
            changed.send_modify(|change| *change += 1);
            json!(true)
        }
        "sendmessage" => {
            let chat = &body["chat_id"];
            let chat = chat.as_i64().or_else(|| chat.as_str()?.parse().ok()).unwrap_or_default();
            let mut state = lock();
            if let Some(at) = state.typed.remove(&chat) {
                state.answered.push(at.elapsed());
            }
            state.messages += 1;
            json!({ "message_id": state.messages, "date": 1_700_000_000, "from": user, "text": "…",
                "chat": { "id": chat, "type": "private", "first_name": "Ada" } })
        }
        _ => json!(true),
    }
}

async fn poll(state: &Mutex<State>, changed: &watch::Sender<u64>, bot: i64, body: &Value) -> Value {
    let mut changes = changed.subscribe();
    let limit = usize::try_from(body["limit"].as_u64().unwrap_or(100)).unwrap_or(100);
    let wait = Duration::from_secs(body["timeout"].as_u64().unwrap_or(0)).min(POLL);
    let until = tokio::time::Instant::now() + wait;
    loop {
        {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let State { pending, confirmed, .. } = &mut *state;
            let pending = pending.entry(bot).or_default();
            if let Some(offset) = body["offset"].as_i64() {
                let rest = pending.split_off(&offset);
                for (at, _) in std::mem::replace(pending, rest).values() {
                    confirmed.push(at.elapsed());
                }
            }
            if !pending.is_empty() {
                return pending.values().take(limit).map(|(_, update)| update.clone()).collect();
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep_until(until) => return json!([]),
        }
    }
}
