//! What arrives from the chat, free of any Telegram library's types.

use crate::ids::{BotId, ChatId, MessageId, ThreadId, UpdateId, UserId};
use crate::request::InputImage;

/// One update, reduced to what the bot acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The bot that received it.
    pub bot: BotId,
    /// The key by which a redelivery is recognised.
    pub update: UpdateId,
    /// Where it was said.
    pub chat: Chat,
    /// Who said it.
    pub user: User,
    /// The message said, or the message whose button was pressed.
    pub message: MessageId,
    /// The picture in the message, if it has one.
    pub picture: Option<Picture>,
    /// The message that it answers, if any.
    pub answered: Option<Answered>,
    /// What was said.
    pub content: Content,
}

/// A picture in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where its bytes are.
    pub image: InputImage,
    /// What is wrong with it, when it cannot be worked on.
    pub unfit: Option<Unfit>,
    /// The album it came in: a message for each of its pictures.
    pub album: Option<String>,
}

/// Why a picture cannot be worked on; known before it costs anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// More than Telegram hands out to bots, 20 MB.
    TooBig,
    /// No JPEG, PNG or WebP.
    Type,
}

/// A message that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Which.
    pub message: MessageId,
    /// Whether it is the bot's own.
    pub own: bool,
    /// The picture in it.
    pub picture: Option<Picture>,
}

/// A chat, and the topic inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// Private or shared.
    pub kind: ChatKind,
    /// The topic, when the chat is a forum.
    pub thread: Option<ThreadId>,
}

/// Whether plain text is addressed to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatKind {
    /// One user and the bot: plain text is a prompt.
    Private,
    /// A group or supergroup: only commands are for the bot.
    Group,
    /// A channel: nothing is for the bot.
    Channel,
}

/// The person behind an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// IETF tag of the app's language, as Telegram reports it; optional and untrusted.
    pub language_code: Option<String>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A message text that is not a command, or the words under a picture.
    Text(String),
    /// A picture without a word.
    Bare,
    /// `/name arguments`, addressed to this bot or to nobody. The name is lower-case and without slash and `@bot`;
    /// the arguments keep their line breaks (a leading line break too: it means something to the prompt grammar).
    Command {
        /// The command's name.
        name: String,
        /// All that follows the name, only trailing white space removed.
        arguments: String,
    },
    /// A button was pressed.
    Button {
        /// Id of the callback query, to be answered.
        query: String,
        /// The data the button carries, at most 64 bytes.
        data: String,
    },
    /// The user blocked (`false`) or unblocked (`true`) the bot, or it was removed from or added to a group.
    Reachable(bool),
    /// The group became a supergroup, which has another id.
    Moved(ChatId),
}
