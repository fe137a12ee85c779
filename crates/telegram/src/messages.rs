//! Messages out: the calls of the bot and the workers in a chat.
//!
//! Invariants: an edit that changes nothing and a deletion of what is gone are successes. A send whose answer cannot be
//! read is [`DeliveryError::Unknown`](crate::DeliveryError), an edit whose answer cannot be read is done. Text and captions
//! are plain, and never bring a link preview.

use atelier_domain::MessageId;
use bytes::Bytes;
use futures::FutureExt;
use teloxide::payloads::{
    AnswerCallbackQuery, DeleteMessage, EditMessageCaption, EditMessageReplyMarkup, EditMessageText, SendChatAction,
    SendMessage, SetMessageReaction,
};
use teloxide::types::{CallbackQueryId, ChatAction, LinkPreviewOptions, ReactionType, ReplyMarkup};

use crate::calls::{Answer, Telegram, parsed};
use crate::error::Scope;
use crate::files;
use crate::keyboard::Keyboard;
use crate::media::{Album, Media, Posted, Sent};
use crate::place::{Place, Post};
use crate::wire::Call;

/// What the chat shows the bot doing, for 5 s or until the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Typing.
    Typing,
    /// Sending a photo.
    UploadPhoto,
    /// Recording a video.
    RecordVideo,
    /// Sending a video.
    UploadVideo,
    /// Sending a file.
    UploadDocument,
}

impl Telegram {
    /// Posts a text: 1 to 4096 UTF-16 units, shown as it is, without link preview.
    pub fn send_text(&self, post: &Post, text: &str, buttons: &Keyboard) -> Answer<MessageId> {
        let mut payload = SendMessage::new(post.recipient(), text);
        (payload.message_thread_id, payload.reply_parameters) = (post.thread_id(), post.reply_parameters());
        payload.reply_markup = buttons.markup().map(ReplyMarkup::InlineKeyboard);
        payload.link_preview_options = Some(no_preview());
        let answer = self.ask::<Sent>(Call::json(&payload, Scope::Chat));
        async move { Ok(MessageId(answer.await?.message_id)) }.boxed()
    }

    /// Replaces text and buttons of a text message; empty buttons remove them.
    pub fn edit_text(&self, place: Place, message: MessageId, text: &str, buttons: &Keyboard) -> Answer<()> {
        let mut payload = EditMessageText::new(place.recipient(), wire_id(message), text);
        payload.reply_markup = buttons.markup();
        payload.link_preview_options = Some(no_preview());
        self.done(Call::json(&payload, Scope::Chat))
    }

    /// Replaces the caption (0 to 1024 UTF-16 units) and the buttons of a message with a file.
    pub fn edit_caption(&self, place: Place, message: MessageId, caption: &str, buttons: &Keyboard) -> Answer<()> {
        let mut payload = EditMessageCaption::new(place.recipient(), wire_id(message));
        payload.caption = Some(caption.to_owned());
        payload.reply_markup = buttons.markup();
        self.done(Call::json(&payload, Scope::Chat))
    }

    /// Replaces the buttons of a message; empty ones remove them.
    pub fn edit_buttons(&self, place: Place, message: MessageId, buttons: &Keyboard) -> Answer<()> {
        let mut payload = EditMessageReplyMarkup::new(place.recipient(), wire_id(message));
        payload.reply_markup = buttons.markup();
        self.done(Call::json(&payload, Scope::Chat))
    }

    /// Turns a text message, or one with a file, into this file with this caption. Repeating it changes nothing, so it may
    /// be retried freely. `None` if the message already was so, or Telegram's answer could not be read.
    pub fn edit_into(
        &self,
        place: Place,
        message: MessageId,
        media: &Media,
        caption: &str,
        buttons: &Keyboard,
    ) -> Answer<Option<Posted>> {
        let answer = self.wire.exchange(media.edit_into(place, message, caption, buttons));
        async move { Ok(parsed::<Sent>(&answer.await?).ok().map(Posted::from)) }.boxed()
    }

    /// Posts a file with a caption of 0 to 1024 UTF-16 units.
    pub fn send_media(&self, post: &Post, media: &Media, caption: &str, buttons: &Keyboard) -> Answer<Posted> {
        let answer = self.ask::<Sent>(media.send(*post, caption, buttons));
        async move { Ok(Posted::from(answer.await?)) }.boxed()
    }

    /// Posts an album; it cannot have buttons. When it fails in part Telegram does not say what arrived: the error is then
    /// [`DeliveryError::Unknown`](crate::DeliveryError).
    pub fn send_album(&self, post: &Post, album: &Album) -> Answer<Vec<Posted>> {
        let answer = self.ask::<Vec<Sent>>(album.send(*post));
        async move { Ok(answer.await?.into_iter().map(Posted::from).collect()) }.boxed()
    }

    /// Deletes a message of the last 48 hours; one that is gone already is a success.
    pub fn delete(&self, place: Place, message: MessageId) -> Answer<()> {
        self.done(Call::json(&DeleteMessage::new(place.recipient(), wire_id(message)), Scope::Chat))
    }

    /// Answers a pressed button, once and at once: until then the user sees a spinner. The toast has up to 200 characters.
    pub fn answer(&self, query: &str, toast: Option<&str>) -> Answer<()> {
        let mut payload = AnswerCallbackQuery::new(CallbackQueryId(query.to_owned()));
        payload.text = toast.map(str::to_owned);
        self.done(Call::json(&payload, Scope::Unknown))
    }

    /// Shows what the bot is doing. Cosmetic: ignore its failures.
    pub fn chat_action(&self, place: Place, action: Action) -> Answer<()> {
        let mut payload = SendChatAction::new(place.recipient(), action.wire());
        payload.message_thread_id = place.thread_id();
        self.done(Call::json(&payload, Scope::Chat))
    }

    /// Puts one emoji of Telegram's set on a message; `None` takes it away.
    pub fn react(&self, place: Place, message: MessageId, emoji: Option<&str>) -> Answer<()> {
        let mut payload = SetMessageReaction::new(place.recipient(), wire_id(message));
        let reaction = |emoji: &str| ReactionType::Emoji { emoji: emoji.to_owned() };
        payload.reaction = Some(emoji.map(reaction).into_iter().collect());
        self.done(Call::json(&payload, Scope::Chat))
    }

    /// Fetches a file that a user sent; more than `most` bytes are refused as too big. Telegram hands out up to 20 MB.
    pub fn download(&self, file_id: &str, most: usize) -> Answer<Bytes> {
        files::download(self, file_id, most)
    }
}

fn wire_id(message: MessageId) -> teloxide::types::MessageId {
    teloxide::types::MessageId(message.0)
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

impl Action {
    const fn wire(self) -> ChatAction {
        match self {
            Self::Typing => ChatAction::Typing,
            Self::UploadPhoto => ChatAction::UploadPhoto,
            Self::RecordVideo => ChatAction::RecordVideo,
            Self::UploadVideo => ChatAction::UploadVideo,
            Self::UploadDocument => ChatAction::UploadDocument,
        }
    }
}
