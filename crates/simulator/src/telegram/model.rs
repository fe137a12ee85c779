//! What the simulator remembers: users, bots, chats and messages, in a shape that is also the journal's.
//!
//! Invariant: a message keeps every earlier version of itself, so a test or a reader can see each edit.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) first_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) language_code: Option<String>,
}

/// Which chat: a private one belongs to one bot and one user, a group is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ChatKey {
    /// The bot of a private chat; 0 in a group.
    pub(crate) bot: i64,
    /// The id that the wire calls `chat_id`: the user's in a private chat, negative in a group.
    pub(crate) chat: i64,
}

impl ChatKey {
    /// The chat that `bot` means by `chat`.
    pub(crate) fn new(bot: i64, chat: i64) -> Self {
        Self { bot: if chat > 0 { bot } else { 0 }, chat }
    }

    /// True when more than one person can be in it.
    pub(crate) fn is_group(self) -> bool {
        self.chat < 0
    }
}

/// The wire's chat types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChatKind {
    Private,
    Group,
    Supergroup,
}

impl ChatKind {
    /// The wire's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
        }
    }
}

/// A chat and its messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) key: ChatKey,
    pub(crate) kind: ChatKind,
    pub(crate) title: String,
    /// People in it.
    pub(crate) members: BTreeSet<i64>,
    /// Bots in it.
    pub(crate) bots: BTreeSet<i64>,
    /// Administrators: bots among them see every message whatever their privacy mode.
    #[serde(default)]
    pub(crate) admins: BTreeSet<i64>,
    /// Bots that were blocked by the user or kicked from the group.
    #[serde(default)]
    pub(crate) banned: BTreeSet<i64>,
    /// Where a group went when it became a supergroup.
    #[serde(default)]
    pub(crate) migrated_to: Option<i64>,
    #[serde(skip)]
    pub(crate) messages: BTreeMap<i64, Message>,
}

impl Chat {
    /// Messages that a person sees, oldest first.
    pub(crate) fn visible(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values().filter(|message| message.deleted.is_none())
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Author {
    User(i64),
    Bot(i64),
}

/// The kinds of media that chats show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Photo,
    Document,
    Video,
    Animation,
}

impl MediaKind {
    /// The wire's field name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
            Self::Video => "video",
            Self::Animation => "animation",
        }
    }

    /// How error texts call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Photo => "Photo",
            Self::Document => "Document",
            Self::Video => "Video",
            Self::Animation => "Animation",
        }
    }

    /// Reads the wire's word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Photo, Self::Document, Self::Video, Self::Animation].into_iter().find(|kind| kind.word() == word)
    }
}

/// What is known of stored bytes; `unique` is the wire's `file_unique_id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileMeta {
    pub(crate) unique: String,
    pub(crate) kind: MediaKind,
    /// Name of the bytes in the file store.
    pub(crate) blob: String,
    pub(crate) size: u64,
    pub(crate) mime: String,
    pub(crate) name: Option<String>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration: u32,
}

/// What a message shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content {
    Text { text: String, entities: Vec<Value> },
    Media { file: FileMeta, caption: String, entities: Vec<Value> },
    Service(Map<String, Value>),
}

/// An earlier state of an edited message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    /// When it was replaced, Unix milliseconds.
    pub(crate) until_ms: i64,
    pub(crate) content: Content,
    pub(crate) markup: Option<Value>,
}

/// One message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: i64,
    /// Unix milliseconds.
    pub(crate) at_ms: i64,
    pub(crate) author: Author,
    pub(crate) content: Content,
    #[serde(default)]
    pub(crate) markup: Option<Value>,
    #[serde(default)]
    pub(crate) reply_to: Option<i64>,
    #[serde(default)]
    pub(crate) thread: Option<i64>,
    #[serde(default)]
    pub(crate) album: Option<String>,
    /// Unix milliseconds of the last edit.
    #[serde(default)]
    pub(crate) edited_ms: Option<i64>,
    #[serde(default)]
    pub(crate) history: Vec<Version>,
    /// Unix milliseconds of the deletion; a deleted message stays in the record.
    #[serde(default)]
    pub(crate) deleted: Option<i64>,
    #[serde(default)]
    pub(crate) reactions: Vec<Value>,
    /// Raw fields a test asked to be merged into the wire form.
    #[serde(default)]
    pub(crate) extra: Map<String, Value>,
}

/// A webhook that a bot has set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret: Option<String>,
    #[serde(default)]
    pub(crate) last_error: Option<(i64, String)>,
}

/// A bot's profile and the state of its update queue that outlives the updates in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) username: String,
    /// Privacy mode: in groups the bot sees only what is meant for it.
    pub(crate) privacy: bool,
    #[serde(default)]
    pub(crate) commands: Vec<CommandSet>,
    /// Texts by method name such as `description`, and language.
    #[serde(default)]
    pub(crate) texts: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) menu_button: Option<Value>,
    #[serde(default)]
    pub(crate) webhook: Option<Webhook>,
    #[serde(default)]
    pub(crate) allowed_updates: Option<Vec<String>>,
    pub(crate) next_update: i64,
    pub(crate) next_message: i64,
    /// Updates below this id are confirmed.
    #[serde(default)]
    pub(crate) confirmed_below: i64,
}

/// The commands of one scope and language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CommandSet {
    pub(crate) scope: Value,
    pub(crate) language: String,
    pub(crate) commands: Value,
}
