//! Where something is posted.

use atelier_domain::{Chat, ChatId, MessageId, ThreadId};
use teloxide::types::{Recipient, ReplyParameters};

/// A chat, and the topic inside it.
///
/// The General topic of a forum is "no thread": Telegram rejects its own id 1 for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The chat.
    pub chat: ChatId,
    /// The topic; `None` outside forums and for the General topic.
    pub thread: Option<ThreadId>,
}

/// Where a new message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Post {
    /// The chat.
    pub chat: ChatId,
    /// The topic; `None` outside forums and for the General topic.
    pub thread: Option<ThreadId>,
    /// The message answered. If it is gone the message is posted all the same, without the reply.
    pub reply_to: Option<MessageId>,
}

impl Place {
    /// A new message here that answers nothing.
    pub const fn post(self) -> Post {
        Post { chat: self.chat, thread: self.thread, reply_to: None }
    }

    /// A new message here that answers `message`.
    pub const fn reply(self, message: MessageId) -> Post {
        Post { chat: self.chat, thread: self.thread, reply_to: Some(message) }
    }
}

impl Post {
    /// The place without the reply.
    pub const fn place(self) -> Place {
        Place { chat: self.chat, thread: self.thread }
    }
}

impl From<Chat> for Place {
    fn from(chat: Chat) -> Self {
        Self { chat: chat.id, thread: chat.thread }
    }
}

impl From<ChatId> for Place {
    fn from(chat: ChatId) -> Self {
        Self { chat, thread: None }
    }
}

impl Place {
    pub(crate) const fn recipient(self) -> Recipient {
        Recipient::Id(teloxide::types::ChatId(self.chat.0))
    }

    pub(crate) fn thread_id(self) -> Option<teloxide::types::ThreadId> {
        self.thread.map(|thread| teloxide::types::ThreadId(teloxide::types::MessageId(thread.0)))
    }
}

impl Post {
    pub(crate) const fn recipient(self) -> Recipient {
        self.place().recipient()
    }

    pub(crate) fn thread_id(self) -> Option<teloxide::types::ThreadId> {
        self.place().thread_id()
    }

    pub(crate) fn reply_parameters(self) -> Option<ReplyParameters> {
        let reply = |message: MessageId| {
            ReplyParameters::new(teloxide::types::MessageId(message.0)).allow_sending_without_reply()
        };
        self.reply_to.map(reply)
    }
}
