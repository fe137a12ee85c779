//! One update of the wire, read for what we need and nothing else.
//!
//! Invariant: unknown fields, entity kinds, chat types and update kinds never make a message unreadable.
//!
//! **Who said it.** In groups Telegram fills `from` with shared stand-in users (1087968824 for every anonymous
//! administrator, 136817688 for every channel that writes, 777000 for posts forwarded from a linked channel). Taking them
//! for people would make strangers share one user's jobs and limits, so where `sender_chat` is given, *its* id (negative,
//! no person's) is the user's. Posts forwarded from the linked channel and messages of other bots are not for us. A
//! message with neither is attributed to its chat.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use atelier_domain::{
    Answered, BotId, Chat, ChatId, ChatKind, Content, Incoming, InputImage, MessageId, Picture, ThreadId, Unfit,
    UpdateId, User, UserId,
};

use super::command;

/// The largest file that Telegram hands out to bots, in bytes (Bot API, `getFile`).
const HANDED_OUT: u64 = 20 * 1024 * 1024;
/// The types of pictures that models take.
const READABLE: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// The id of an update, readable even when the rest is not.
pub(super) fn id(update: &str) -> Option<UpdateId> {
    #[derive(Deserialize)]
    struct Id {
        update_id: u32,
    }
    serde_json::from_str::<Id>(update).ok().map(|found| UpdateId(found.update_id))
}

/// Reads an update: `Ok(None)` if there is nothing in it for us.
pub(super) fn incoming(update: &str, bot: BotId, username: &str) -> Result<Option<Incoming>, serde_json::Error> {
    let update: WireUpdate = serde_json::from_str(update)?;
    let heard = if let Some(message) = update.message {
        message.heard(bot, username)
    } else if let Some(query) = update.callback_query {
        query.heard(bot)
    } else {
        update.my_chat_member.and_then(WireMembership::heard)
    };
    let make = |heard: Heard| Incoming {
        bot,
        update: UpdateId(update.update_id),
        chat: heard.chat,
        user: heard.user,
        message: heard.message,
        picture: heard.picture,
        answered: heard.answered,
        content: heard.content,
    };
    Ok(heard.map(make))
}

struct Heard {
    chat: Chat,
    user: User,
    message: MessageId,
    picture: Option<Picture>,
    answered: Option<Answered>,
    content: Content,
}

#[derive(Deserialize)]
struct WireUpdate {
    update_id: u32,
    message: Option<WireMessage>,
    callback_query: Option<WireQuery>,
    my_chat_member: Option<WireMembership>,
}

#[derive(Deserialize)]
struct WireMessage {
    message_id: i32,
    message_thread_id: Option<i32>,
    #[serde(default)]
    is_topic_message: bool,
    #[serde(default)]
    is_automatic_forward: bool,
    chat: WireChat,
    from: Option<WireUser>,
    sender_chat: Option<WireChat>,
    text: Option<String>,
    caption: Option<String>,
    /// The same picture in several sizes, rising.
    #[serde(default, deserialize_with = "if_readable")]
    photo: Vec<WireFile>,
    #[serde(default, deserialize_with = "if_readable")]
    document: Option<WireFile>,
    #[serde(default, deserialize_with = "if_readable")]
    media_group_id: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    migrate_to_chat_id: Option<i64>,
    #[serde(default, deserialize_with = "if_readable")]
    reply_to_message: Option<Box<WireMessage>>,
}

#[derive(Deserialize)]
struct WireFile {
    file_id: String,
    width: Option<u32>,
    height: Option<u32>,
    file_size: Option<u64>,
    mime_type: Option<String>,
}

#[derive(Deserialize)]
struct WireQuery {
    id: String,
    from: WireUser,
    /// Absent for buttons of inline messages, which we do not make.
    message: Option<WireMessage>,
    /// Absent for game buttons.
    data: Option<String>,
}

#[derive(Deserialize)]
struct WireMembership {
    chat: WireChat,
    from: WireUser,
    old_chat_member: Option<WireMember>,
    new_chat_member: WireMember,
}

#[derive(Deserialize)]
struct WireMember {
    status: String,
    #[serde(default)]
    is_member: bool,
}

#[derive(Deserialize)]
struct WireChat {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct WireUser {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    language_code: Option<String>,
}

/// What is there beside the words must not hide them: a part that cannot be read counts as missing.
fn if_readable<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).unwrap_or_default())
}

impl WireMessage {
    fn heard(self, bot: BotId, username: &str) -> Option<Heard> {
        if self.is_automatic_forward {
            return None;
        }
        let (chat, picture, answered) = (self.place(), self.picture(), self.answered(bot));
        let user = match (self.sender_chat, self.from) {
            (Some(sender), _) => User { id: UserId(sender.id), language_code: None },
            // whoever made a supergroup of the group, it has moved
            (None, Some(from)) if from.is_bot && self.migrate_to_chat_id.is_none() => return None,
            (None, Some(from)) => from.user(),
            (None, None) => User { id: UserId(self.chat.id), language_code: None },
        };
        let content = match self.text.or(self.caption) {
            _ if self.migrate_to_chat_id.is_some() => Content::Moved(ChatId(self.migrate_to_chat_id?)),
            Some(text) => command::content(text, username)?,
            None if picture.is_some() => Content::Bare,
            None => return None,
        };
        Some(Heard { chat, user, message: MessageId(self.message_id), picture, answered, content })
    }

    /// The picture in it: a photo in its largest size, or a file that is one.
    fn picture(&self) -> Option<Picture> {
        let image = |file: &WireFile| {
            let file_id = file.file_id.parse().ok()?;
            Some(InputImage::Telegram { file_id, width: file.width, height: file.height, bytes: file.file_size })
        };
        let kind = |file: &WireFile| file.mime_type.clone().unwrap_or_default();
        let document = self.document.as_ref().filter(|file| kind(file).starts_with("image/"));
        let file = self.photo.last().or(document)?;
        let unfit = if file.file_size.is_some_and(|size| size > HANDED_OUT) {
            Some(Unfit::TooBig)
        } else if self.photo.is_empty() && !READABLE.contains(&kind(file).as_str()) {
            Some(Unfit::Type)
        } else {
            None
        };
        Some(Picture { image: image(file)?, unfit, album: self.media_group_id.clone() })
    }

    fn answered(&self, bot: BotId) -> Option<Answered> {
        let message = self.reply_to_message.as_ref()?;
        let own = message.from.as_ref().is_some_and(|from| from.id == bot.0);
        Some(Answered { message: MessageId(message.message_id), own, picture: message.picture() })
    }

    /// Outside forums `message_thread_id` numbers a chain of replies, not a topic; the General topic is no thread.
    fn place(&self) -> Chat {
        let thread = self.message_thread_id.filter(|&thread| self.is_topic_message && thread != 1);
        self.chat.place(thread.map(ThreadId))
    }
}

impl WireQuery {
    fn heard(self, bot: BotId) -> Option<Heard> {
        let message = self.message?;
        let content = Content::Button { query: self.id, data: self.data? };
        let (picture, answered) = (message.picture(), message.answered(bot));
        let (chat, id) = (message.place(), MessageId(message.message_id));
        Some(Heard { chat, user: self.from.user(), message: id, picture, answered, content })
    }
}

impl WireMembership {
    /// Only a change counts: becoming an administrator is no news. There is no message, so its id is 0.
    fn heard(self) -> Option<Heard> {
        let reachable = self.new_chat_member.reachable();
        if self.old_chat_member.is_some_and(|old| old.reachable() == reachable) {
            return None;
        }
        let content = Content::Reachable(reachable);
        Some(Heard {
            chat: self.chat.place(None),
            user: self.from.user(),
            message: MessageId(0),
            picture: None,
            answered: None,
            content,
        })
    }
}

impl WireMember {
    fn reachable(&self) -> bool {
        match self.status.as_str() {
            "left" | "kicked" => false,
            "restricted" => self.is_member,
            _ => true,
        }
    }
}

impl WireChat {
    /// A type of chat that is not known yet is treated as a group: only commands are for us there.
    fn place(&self, thread: Option<ThreadId>) -> Chat {
        let kind = match self.kind.as_str() {
            "private" => ChatKind::Private,
            "channel" => ChatKind::Channel,
            _ => ChatKind::Group,
        };
        Chat { id: ChatId(self.id), kind, thread }
    }
}

impl WireUser {
    fn user(self) -> User {
        User { id: UserId(self.id), language_code: self.language_code }
    }
}

#[cfg(test)]
mod tests;
