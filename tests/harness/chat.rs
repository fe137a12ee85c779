//! People and chats, through the Bot API simulator's control API.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::PATIENCE;

/// What the caption of a result says, in every language; the card of a picture that is not there says neither.
const RESULTS: [&str; 4] = ["made by AI", "without an AI model", "создано ИИ", "без модели ИИ"];

/// The Bot API simulator.
#[derive(Clone)]
pub struct BotApi {
    http: reqwest::Client,
    base: String,
}

/// A user in the private chat with the bot.
#[derive(Clone)]
pub struct Chat {
    api: BotApi,
    /// The user, and the chat: they have the same number.
    pub user: i64,
    language: &'static str,
}

impl BotApi {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { http: reqwest::Client::new(), base: format!("http://{address}") }
    }

    /// Its address, as the bot is told it and as a browser opens it.
    pub fn url(&self) -> String {
        self.base.clone()
    }

    /// A user who speaks English.
    pub fn user(&self, user: i64) -> Chat {
        Chat { api: self.clone(), user, language: "en" }
    }

    /// Calls the control API.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.http.post(format!("{}{path}", self.base)).json(body).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path} {body} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Reads from the control API.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path} answered {status}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) async fn stream(&self, path: &str) -> reqwest::Response {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path} answered {}", answer.status());
        answer
    }

    /// Waits until the conditions hold (see the simulator's `CONTROL.md`).
    pub async fn wait(&self, conditions: &str) -> Value {
        self.get(&format!("/_sim/wait?{conditions}&timeout_ms={}", PATIENCE.as_millis())).await
    }

    /// Adds a rule that spoils calls.
    pub async fn fault(&self, rule: Value) -> Value {
        self.post("/_sim/faults", &rule).await
    }

    /// How many requests of a method were seen.
    pub async fn count(&self, method: &str) -> u64 {
        self.get("/_sim/counts").await["methods"][method.to_lowercase()].as_u64().unwrap_or(0)
    }
}

impl Chat {
    /// The same user with another language.
    #[must_use]
    pub fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// Types a message; its update.
    pub async fn say(&self, text: &str) -> u64 {
        self.say_with(text, json!({})).await
    }

    /// Types a message with more fields in it.
    pub async fn say_with(&self, text: &str, extra: Value) -> u64 {
        let user = json!({ "id": self.user, "first_name": "Ada", "language_code": self.language });
        let body = json!({ "user": user, "text": text, "extra": extra });
        let answer = self.api.post("/_sim/messages", &body).await;
        let updates = answer["updates"].as_object().expect("updates by bot");
        updates.values().next().and_then(Value::as_u64).expect("an update")
    }

    /// Replies to a message.
    pub async fn answer(&self, message: i64, text: &str) -> u64 {
        let user = json!({ "id": self.user, "first_name": "Ada", "language_code": self.language });
        let body = json!({ "user": user, "text": text, "reply_to": message });
        let answer = self.api.post("/_sim/messages", &body).await;
        let updates = answer["updates"].as_object().expect("updates by bot");
        updates.values().next().and_then(Value::as_u64).expect("an update")
    }

    /// Presses the button that shows this on a message; what the user is told.
    pub async fn tap(&self, message: &Value, text: &str) -> String {
        let buttons =
            message["buttons"].as_array().into_iter().flatten().flat_map(|row| row.as_array().into_iter().flatten());
        let mut found = buttons.filter(|button| button["text"].as_str().is_some_and(|shown| shown.contains(text)));
        let button = found.next_back().unwrap_or_else(|| panic!("no button “{text}” on {message}"));
        let data = button["callback_data"].as_str().expect("data");
        let answer = self.press(message["id"].as_i64().expect("an id"), data).await;
        answer["text"].as_str().unwrap_or_default().to_owned()
    }

    /// Presses the button of that data on a message.
    pub async fn press(&self, message: i64, data: &str) -> Value {
        let body = json!({ "chat": self.user, "user": self.user, "message_id": message, "data": data });
        let pressed = self.api.post("/_sim/press", &body).await;
        let query = pressed["callback_query_id"].as_str().expect("a query").to_owned();
        self.api.wait(&format!("answered={query}")).await["answer"].clone()
    }

    /// Waits until the chat shows so many pictures, cards not counted; its messages.
    pub async fn photos(&self, count: usize) -> Vec<Value> {
        let captions: String = url::form_urlencoded::byte_serialize(RESULTS.join("|").as_bytes()).collect();
        self.until(&format!("photos={count}&captioned={captions}")).await
    }

    /// Waits until a message of the bot contains the text; that message, the last one if there are several.
    pub async fn saying(&self, part: &str) -> Value {
        let messages = self.text(part).await;
        let says = |field: &Value| field.as_str().is_some_and(|said| said.contains(part));
        let found = messages.into_iter().rfind(|message| says(&message["text"]) || says(&message["caption"]));
        found.expect("the message that was waited for")
    }

    /// Waits until a message of the bot contains the text; the chat's messages.
    pub async fn text(&self, part: &str) -> Vec<Value> {
        let encoded: String = url::form_urlencoded::byte_serialize(part.as_bytes()).collect();
        self.until(&format!("text={encoded}")).await
    }

    /// Waits until the condition holds in this chat; its messages.
    pub async fn until(&self, condition: &str) -> Vec<Value> {
        let state = self.api.wait(&format!("chat={}&{condition}", self.user)).await;
        state["state"]["messages"].as_array().cloned().expect("messages")
    }

    /// The chat's messages now.
    pub async fn messages(&self) -> Vec<Value> {
        let state = self.api.get(&format!("/_sim/chat?chat={}", self.user)).await;
        state["state"]["messages"].as_array().cloned().unwrap_or_default()
    }

    /// The messages of a kind now, cards not counted.
    pub async fn of_kind(&self, kind: &str) -> Vec<Value> {
        let mut messages = self.messages().await;
        messages.retain(|message| message["kind"] == kind && (kind != "photo" || is_result(message)));
        messages
    }
}

/// Whether a message shows a result.
pub fn is_result(message: &Value) -> bool {
    message["caption"].as_str().is_some_and(|caption| RESULTS.iter().any(|part| caption.contains(part)))
}
