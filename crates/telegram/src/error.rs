//! What became of a call that did not simply succeed: a closed set in which every variant is a decision.
//!
//! Two answers that look like errors are none and never appear here: "message is not modified" (it already is as we
//! want it) and "message to delete not found" (it is already gone). Telegram's own words are kept only where an operator
//! needs them, and never with a token.

use std::fmt;
use std::time::Duration;

use atelier_domain::ChatId;

/// Why a call did not do what it was asked, as a decision for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Nothing was done, and the same call can succeed later.
    #[error("not posted, {hindrance}")]
    NotPosted {
        /// What stood in the way.
        hindrance: Hindrance,
        /// Telegram's wish; `None` leaves the wait to the caller.
        retry_after: Option<Duration>,
        /// What the wait applies to.
        scope: Scope,
    },
    /// Nothing was done: the group became a supergroup. Rewrite the stored chat id, then call again.
    #[error("the group moved to chat {0}")]
    Migrated(ChatId),
    /// The message to edit is deleted or too old. Post a new one.
    #[error("the message to edit is gone")]
    SlotGone,
    /// The message to edit holds another kind of content than this edit is for (a text edit of a picture, a caption
    /// edit of a text). The edit is stale: drop it, do not post anew.
    #[error("the message to edit holds another kind of content")]
    OtherKind,
    /// The message to reply to is gone. Send without a reply.
    #[error("the message to reply to is gone")]
    ReplyGone,
    /// The forum topic is closed or deleted. Send without a thread.
    #[error("the topic is closed or gone")]
    ThreadGone,
    /// Telegram does not accept this file in this role. Send it as a document.
    #[error("the file was refused, {0}")]
    MediaRefused(MediaReason),
    /// The chat can never be reached like this. Park the result, stop notifying.
    #[error("the chat cannot be reached, {0}")]
    Unreachable(UnreachableReason),
    /// The bot may not post this here. Try plain text, then park.
    #[error("the bot lacks the right to do this in the chat")]
    NoRights,
    /// Text or caption is over the limit. Shorten it, or overflow into a reply.
    #[error("the text is too long")]
    TooLong,
    /// The pressed button's query has expired. Ignore.
    #[error("the callback query is too old")]
    LateQuery,
    /// **It may have been done.** Never repeat a send after this; an edit may be repeated freely.
    #[error("the outcome is unknown, {detail}")]
    Unknown {
        /// For operators.
        detail: String,
    },
    /// The token is wrong or revoked; no call will ever succeed.
    #[error("Telegram refuses the bot token")]
    Unauthorised,
    /// Somebody else receives this bot's updates.
    #[error("{0}")]
    Conflict(Rival),
    /// A lasting fault, most often ours: repeating cannot help.
    #[error("refused: {description}")]
    Fatal {
        /// Telegram's description, or what is wrong with its answer; for operators.
        description: String,
    },
}

/// What kept a call from being carried out this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hindrance {
    /// Too many requests.
    Flood,
    /// Telegram's server answered that it failed (5xx).
    Server,
    /// No connection came about, so nothing was sent.
    Unconnected,
}

/// What a wait applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// This chat, as far as can be told: Telegram never says whether a flood limit is the chat's or the bot's. The same
    /// answer from several chats at once means the bot's.
    Chat,
    /// Not known; the call names no chat, or the fault is not about one.
    Unknown,
}

/// Why a file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaReason {
    /// Width, height or their ratio is out of range for a photo.
    Dimensions,
    /// Too many bytes for this role.
    TooBig,
    /// Not what it is sent as: empty, unreadable, or of a format that this role does not take.
    Unreadable,
    /// The file id or URL cannot be used. Upload the bytes.
    Reference,
    /// An album holds one family of media and this is not of it.
    OtherFamily,
}

/// Why a chat cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnreachableReason {
    /// The user blocked the bot.
    Blocked,
    /// The user's account is deleted.
    Deactivated,
    /// The bot was removed from the group or channel.
    Kicked,
    /// The bot is not in the group or channel.
    NotMember,
    /// The user never wrote to the bot.
    CannotInitiate,
    /// The chat does not exist, or never met this bot.
    ChatNotFound,
    /// The group was deleted.
    GroupDeleted,
    /// The other side is a bot.
    Bot,
    /// Forbidden for a reason this crate does not know.
    Other,
}

/// Who else receives the bot's updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rival {
    /// Another process polls with the same token.
    Poller,
    /// A webhook is set.
    Webhook,
}

impl DeliveryError {
    /// A short name for metrics and records.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotPosted { hindrance: Hindrance::Flood, .. } => "flood",
            Self::NotPosted { hindrance: Hindrance::Server, .. } => "server",
            Self::NotPosted { hindrance: Hindrance::Unconnected, .. } => "unconnected",
            Self::Migrated(_) => "migrated",
            Self::SlotGone => "slot_gone",
            Self::OtherKind => "other_kind",
            Self::ReplyGone => "reply_gone",
            Self::ThreadGone => "thread_gone",
            Self::MediaRefused(_) => "media_refused",
            Self::Unreachable(_) => "unreachable",
            Self::NoRights => "no_rights",
            Self::TooLong => "too_long",
            Self::LateQuery => "late_query",
            Self::Unknown { .. } => "unknown",
            Self::Unauthorised => "unauthorised",
            Self::Conflict(_) => "conflict",
            Self::Fatal { .. } => "fatal",
        }
    }

    /// Whether the call may have been carried out all the same.
    pub const fn may_be_done(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    pub(crate) fn fatal(description: impl Into<String>) -> Self {
        Self::Fatal { description: description.into() }
    }

    pub(crate) fn unknown(detail: impl Into<String>) -> Self {
        Self::Unknown { detail: detail.into() }
    }
}

impl fmt::Display for Hindrance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flood => "too many requests",
            Self::Server => "Telegram's server failed",
            Self::Unconnected => "no connection to Telegram",
        })
    }
}

impl fmt::Display for MediaReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dimensions => "its dimensions are out of range",
            Self::TooBig => "it is too big",
            Self::Unreadable => "it is not readable as what it was sent as",
            Self::Reference => "its file id or address cannot be used",
            Self::OtherFamily => "it does not fit the album",
        })
    }
}

impl fmt::Display for UnreachableReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Blocked => "the user blocked the bot",
            Self::Deactivated => "the account is deleted",
            Self::Kicked => "the bot was removed",
            Self::NotMember => "the bot is not a member",
            Self::CannotInitiate => "the user never wrote to the bot",
            Self::ChatNotFound => "it was not found",
            Self::GroupDeleted => "the group was deleted",
            Self::Bot => "the other side is a bot",
            Self::Other => "Telegram forbids it",
        })
    }
}

impl fmt::Display for Rival {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Poller => "another process polls with the same token",
            Self::Webhook => "a webhook is set for this bot",
        })
    }
}
