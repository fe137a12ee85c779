//! People and chats, through the Bot API simulator's control API.

use std::net::SocketAddr;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::PATIENCE;

/// What the caption of a result says, in every language; the card of a picture that is not there says neither.
const RESULTS: [&str; 4] = ["made by AI", "without an AI model", "создано ИИ", "без модели ИИ"];

/// A picture of one white pixel, PNG in base 64.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";

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

    /// Sends a picture with words under it; more fields as in [`Chat::say_with`].
    pub async fn send_picture(&self, caption: &str, extra: Value) -> u64 {
        let user = json!({ "id": self.user, "first_name": "Ada", "language_code": self.language });
        let png = base64::engine::general_purpose::STANDARD.decode(PIXEL).expect("base64");
        let photo = reqwest::multipart::Part::bytes(png).file_name("picture.png");
        let mut form = reqwest::multipart::Form::new().text("user", user.to_string()).text("extra", extra.to_string());
        form = if caption.is_empty() { form } else { form.text("caption", caption.to_owned()) };
        let request =
            self.api.http.post(format!("{}/_sim/messages", self.api.base)).multipart(form.part("photo", photo));
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
        let answer: Value = answer.json().await.expect("JSON");
        let updates = answer["updates"].as_object().expect("updates by bot");
        updates.values().next().and_then(Value::as_u64).expect("an update")
    }

    /// Presses the button that shows this on a message, once it is there; what the user is told.
    pub async fn tap(&self, message: &Value, text: &str) -> String {
        let now;
        let button = if let Some(button) = button(message, text) {
            button
        } else {
            now = self.with_button(message, text).await;
            button(&now, text).expect("the button that was waited for")
        };
        let data = button["callback_data"].as_str().expect("data");
        let answer = self.press(message["id"].as_i64().expect("an id"), data).await;
        answer["text"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a button of the message shows this; the message as it is then.
    pub async fn with_button(&self, message: &Value, text: &str) -> Value {
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let messages = self.until(&format!("message_id={}&button={encoded}", message["id"])).await;
        messages.into_iter().find(|found| found["id"] == message["id"]).expect("the message")
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

/// The last button of a message that shows this.
fn button<'a>(message: &'a Value, text: &str) -> Option<&'a Value> {
    let rows = message["buttons"].as_array().into_iter().flatten();
    let mut buttons = rows.flat_map(|row| row.as_array().into_iter().flatten());
    buttons.rfind(|button| button["text"].as_str().is_some_and(|shown| shown.contains(text)))
}

/// Whether a message shows a result.
pub fn is_result(message: &Value) -> bool {
    message["caption"].as_str().is_some_and(|caption| RESULTS.iter().any(|part| caption.contains(part)))
}
