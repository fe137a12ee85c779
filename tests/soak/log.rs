//! Every request that the Bot API simulator saw, collected while it runs: it keeps only the last thousands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use harness::BotApi;
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// A request that is not answered after so long never will be: its connection was cut.
const CUT_AFTER_MS: i64 = 60_000;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) bot: i64,
    /// In lower case.
    pub(crate) method: String,
    pub(crate) chat: Option<i64>,
    pub(crate) message: Option<i64>,
    /// When it came and when it was answered, in Unix milliseconds.
    pub(crate) at_ms: i64,
    pub(crate) answered_ms: Option<i64>,
    /// `None` when the connection was cut.
    pub(crate) status: Option<u16>,
    /// Whether a scripted fault met it.
    pub(crate) scripted: bool,
    /// Whether it says that all pictures of a message are there: a result, too.
    pub(crate) ends_batch: bool,
    /// Seconds to wait that it was answered with.
    pub(crate) retry_after: Option<u64>,
}

impl Seen {
    fn read(value: &Value) -> Self {
        let fields = &value["fields"];
        let integer = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let error = value["error"].as_str().unwrap_or_default();
        Self {
            bot: value["bot"].as_i64().unwrap_or_default(),
            method: value["method"].as_str().unwrap_or_default().to_owned(),
            chat: value["chat"].as_i64(),
            message: integer(&fields["message_id"]),
            at_ms: value["at_ms"].as_i64().unwrap_or_default(),
            answered_ms: value["answered_ms"].as_i64(),
            status: value["status"].as_u64().and_then(|status| u16::try_from(status).ok()),
            scripted: !value["fault"].is_null(),
            ends_batch: fields["text"].as_str().is_some_and(ends_batch),
            retry_after: error.rsplit_once("retry after ").and_then(|(_, seconds)| seconds.parse().ok()),
        }
    }

    /// The budget it draws on.
    pub(crate) fn lane(&self) -> Option<&'static str> {
        let sends = self.method.starts_with("send") && self.method != "sendchataction";
        if self.method.starts_with("editmessage") { Some("edit") } else { sends.then_some("send") }
    }
}

/// "3 of 3 pictures are here"
fn ends_batch(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().take(4).collect();
    matches!(words.as_slice(), [done, "of", all, "pictures"] if done == all)
}

/// The collector, for as long as it lives.
pub(crate) struct Log {
    seen: Arc<Mutex<BTreeMap<u64, Seen>>>,
    telegram: BotApi,
    _collecting: AbortOnDropHandle<()>,
}

impl Log {
    /// Begins to collect.
    pub(crate) fn start(telegram: &BotApi) -> Self {
        let seen = Arc::<Mutex<BTreeMap<u64, Seen>>>::default();
        let (shared, api) = (seen.clone(), telegram.clone());
        let collecting = AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                look(&api, &shared).await;
                tokio::time::sleep(LOOK).await;
            }
        }));
        Self { seen, telegram: telegram.clone(), _collecting: collecting }
    }

    /// When the last request came that sends or edits something.
    pub(crate) fn last_ms(&self) -> i64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.values().rev().find(|seen| seen.lane().is_some()).map_or(0, |seen| seen.at_ms)
    }

    /// Everything up to now, in order.
    pub(crate) async fn all(self) -> Vec<Seen> {
        look(&self.telegram, &self.seen).await;
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

async fn look(telegram: &BotApi, seen: &Mutex<BTreeMap<u64, Seen>>) {
    let after = {
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.last_key_value().map_or(0, |(seq, _)| *seq);
        let newest = seen.last_key_value().map_or(0, |(_, seen)| seen.at_ms);
        // those under way are looked at again
        let mut open = seen.iter().rev().take(4000).filter(|(_, seen)| {
            seen.answered_ms.is_none() && seen.lane().is_some() && newest - seen.at_ms < CUT_AFTER_MS
        });
        open.next_back().map_or(last, |(seq, _)| seq - 1)
    };
    let answer = telegram.get(&format!("/_sim/requests?after={after}")).await;
    let requests = answer["requests"].as_array().cloned().unwrap_or_default();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let read = requests.iter().filter_map(|request| Some((request["seq"].as_u64()?, Seen::read(request))));
    seen.extend(read);
}
