//! What every chat shows in the end, and ever showed.

use std::collections::{BTreeMap, BTreeSet};

use atelier_domain::{Language, Say};
use harness::is_result;
use serde_json::Value;

use crate::drive::Typed;
use crate::stage::Stage;
use crate::traffic::number_in;

/// A message that shows a picture that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) bot: i64,
    pub(crate) chat: i64,
    pub(crate) message: i64,
    pub(crate) thread: Option<i64>,
    /// Whether it shows it still.
    pub(crate) now: bool,
    /// When the message was posted, in Unix milliseconds.
    pub(crate) posted_ms: i64,
}

/// All chats.
#[derive(Debug, Default)]
pub(crate) struct Chats {
    /// The messages that show or showed a picture, by its number.
    pub(crate) pictures: BTreeMap<u32, Vec<Shown>>,
    /// Messages that wait for something that will not come: a slot, a card.
    pub(crate) left: Vec<Left>,
    /// Messages that say that the queue could not be reached when a prompt came.
    pub(crate) apologies: u64,
}

/// A message that waits for something that will not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) chat: i64,
    /// When it was posted, in Unix milliseconds.
    pub(crate) posted_ms: i64,
    pub(crate) text: String,
}

/// Reads all chats that were written in.
pub(crate) async fn read(stage: &Stage, typed: &[Typed]) -> Chats {
    let places: BTreeSet<(i64, i64)> =
        typed.iter().map(|typed| (typed.wish.place.bot, typed.wish.place.chat)).collect();
    let mut chats = Chats::default();
    for (bot, chat) in places {
        let answer = stage.world.telegram.get(&format!("/_sim/chat?chat={chat}&bot={bot}")).await;
        let asked: BTreeSet<i64> = typed
            .iter()
            .filter(|typed| (typed.wish.place.bot, typed.wish.place.chat) == (bot, chat))
            .map(|typed| typed.message)
            .collect();
        let state = &answer["state"];
        for (list, now) in [("messages", true), ("deleted", false)] {
            for message in state[list].as_array().into_iter().flatten().filter(|it| it["from"]["is_bot"] == true) {
                take(&mut chats, (bot, chat), message, now, &asked);
            }
        }
    }
    chats
}

fn take(chats: &mut Chats, (bot, chat): (i64, i64), message: &Value, now: bool, asked: &BTreeSet<i64>) {
    let id = message["id"].as_i64().unwrap_or_default();
    let earlier = message["history"].as_array().into_iter().flatten();
    let shows = |version: &Value| {
        let number = version["caption"].as_str().and_then(number_in);
        number.filter(|_| version["kind"] == "photo" && is_result(version))
    };
    let current = shows(message);
    let ever: BTreeSet<u32> = earlier.chain([message]).filter_map(shows).collect();
    for number in &ever {
        chats.pictures.entry(*number).or_default().push(Shown {
            bot,
            chat,
            message: id,
            thread: message["thread"].as_i64(),
            now: now && current == Some(*number),
            posted_ms: message["at_ms"].as_i64().unwrap_or_default(),
        });
    }
    let answers = message["reply_to"].as_i64().is_some_and(|to| asked.contains(&to));
    if now && answers && current.is_none() {
        let text = message["text"].as_str().or(message["caption"].as_str()).unwrap_or_default();
        if text == Language::English.say(&Say::Unavailable) {
            chats.apologies += 1;
            return;
        }
        let posted_ms = message["at_ms"].as_i64().unwrap_or_default();
        chats.left.push(Left { chat, posted_ms, text: text.to_owned() });
    }
}
