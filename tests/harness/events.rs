//! The Bot API simulator's stream of events: what happened, told the moment it happens.

use serde_json::Value;

use crate::BotApi;

/// A subscription, from the moment it was made.
pub struct Events {
    stream: reqwest::Response,
    unread: Vec<u8>,
}

impl BotApi {
    /// Subscribes; no later event is missed.
    pub async fn events(&self) -> Events {
        let stream = self.stream("/_sim/events").await;
        let mut events = Events { stream, unread: Vec::new() };
        // it greets when the subscription stands
        while events.next().await.0 != "hello" {}
        events
    }
}

impl Events {
    /// The next event: its name and its data.
    pub async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                let event = String::from_utf8_lossy(&event);
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
                if let Some(name) = field("event:") {
                    assert_ne!(name, "reset", "the reader of events is too slow");
                    let data = field("data:").and_then(|data| serde_json::from_str(data).ok());
                    return (name.to_owned(), data.unwrap_or(Value::Null));
                }
                continue;
            }
            let more = self.stream.chunk().await.expect("the stream goes on").expect("the stream goes on");
            self.unread.extend_from_slice(&more);
        }
    }

    /// Waits for the next message of a bot, new or edited, that the test wants; its chat.
    pub async fn message(&mut self, wanted: impl Fn(&Value) -> bool) -> i64 {
        loop {
            let (name, data) = self.next().await;
            let message = &data["message"];
            let shown = name == "message" || name == "edit";
            if shown && message["from"]["is_bot"] == true && wanted(message) {
                return data["chat"].as_i64().expect("a chat");
            }
        }
    }
}
