//! A group, through the Bot API simulator's control API.

use serde_json::{Value, json};

use crate::BotApi;

/// A group with the bot in it.
#[derive(Clone)]
pub struct Group {
    api: BotApi,
    /// The chat.
    pub id: i64,
}

impl BotApi {
    /// A supergroup of these users; the first of them is its administrator.
    pub async fn group(&self, members: &[i64]) -> Group {
        let members: Vec<Value> = members.iter().map(|id| json!({ "id": id, "first_name": "Ada" })).collect();
        let group = json!({ "title": "Painters", "kind": "supergroup", "bots": [4242], "members": members });
        let chat = self.post("/_sim/groups", &group).await["chat"].as_i64().expect("a chat");
        Group { api: self.clone(), id: chat }
    }
}

impl Group {
    /// A member types a message, with more fields in it; the message.
    pub async fn say(&self, user: i64, text: &str, more: Value) -> i64 {
        let mut body = json!({ "user": user, "chat": self.id, "text": text });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        self.api.post("/_sim/messages", &body).await["message_id"].as_i64().expect("a message")
    }

    /// An administrator who hides behind the group types a message.
    pub async fn say_anonymously(&self, user: i64, text: &str) -> i64 {
        let from = json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group" });
        let sender = json!({ "id": self.id, "type": "supergroup", "title": "Painters" });
        self.say(user, text, json!({ "extra": { "from": from, "sender_chat": sender } })).await
    }

    /// A member presses the button that shows this on a message; what the member is told.
    pub async fn tap(&self, user: i64, message: &Value, text: &str) -> String {
        let rows = message["buttons"].as_array().cloned().unwrap_or_default();
        let mut buttons = rows.iter().flat_map(|row| row.as_array().into_iter().flatten());
        let found = buttons.find(|button| button["text"].as_str().is_some_and(|shown| shown.contains(text)));
        let button = found.unwrap_or_else(|| panic!("no button “{text}” on {message}"));
        let press =
            json!({ "chat": self.id, "user": user, "message_id": message["id"], "data": button["callback_data"] });
        let pressed = self.api.post("/_sim/press", &press).await;
        let query = pressed["callback_query_id"].as_str().expect("a query").to_owned();
        let answer = self.api.wait(&format!("answered={query}")).await;
        answer["answer"]["text"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the condition holds in the group; its messages.
    pub async fn until(&self, condition: &str) -> Vec<Value> {
        let state = self.api.wait(&format!("chat={}&{condition}", self.id)).await;
        state["state"]["messages"].as_array().cloned().expect("messages")
    }

    /// Waits until a message of the bot contains the text; the last such message.
    pub async fn saying(&self, part: &str) -> Value {
        let encoded: String = url::form_urlencoded::byte_serialize(part.as_bytes()).collect();
        let messages = self.until(&format!("text={encoded}")).await;
        let says = |field: &Value| field.as_str().is_some_and(|said| said.contains(part));
        let found = messages.into_iter().rfind(|message| says(&message["text"]) || says(&message["caption"]));
        found.expect("the message that was waited for")
    }

    /// A message as it is now.
    pub async fn now(&self, message: &Value) -> Value {
        let messages = self.until("messages=0").await;
        messages.into_iter().find(|found| found["id"] == message["id"]).expect("the message")
    }
}
