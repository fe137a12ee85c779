//! The calls: what the bot and the workers ask of Telegram.
//!
//! Invariants: every call is prepared (serialised) when it is made and runs as one boxed future that borrows nothing;
//! none repeats itself. An edit that changes nothing and a deletion of what is gone are successes. A send whose answer
//! cannot be read is [`DeliveryError::Unknown`], an edit whose answer cannot be read is done.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atelier_domain::{BotId, MessageId};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use teloxide::payloads::{
    AnswerCallbackQuery, DeleteMessage, DeleteWebhook, EditMessageCaption, EditMessageReplyMarkup, EditMessageText,
    GetMe, GetWebhookInfo, SendChatAction, SendMessage, SetMessageReaction, SetMyCommands,
};
use teloxide::types::{
    BotCommand, CallbackQueryId, ChatAction, LinkPreviewOptions, ReactionType, ReplyMarkup,
};
use url::Url;

use crate::error::{DeliveryError, Scope};
use crate::files;
use crate::keyboard::Keyboard;
use crate::media::{Album, Media, Posted, Sent};
use crate::place::{Place, Post};
use crate::settings::{BadSettings, Checked, Settings};
use crate::wire::{Call, Reply, Wire};

/// What every call gives.
type Answer<T> = BoxFuture<'static, Result<T, DeliveryError>>;

/// One bot at one Bot API server. Cheap to clone.
#[derive(Clone)]
pub struct Telegram {
    pub(crate) wire: Wire,
    shared: Arc<Shared>,
}

struct Shared {
    bot: BotId,
    poll_timeout: Duration,
    remove_webhook: bool,
    identity: OnceLock<Identity>,
}

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: BotId,
    /// Its user name, without `@`.
    pub username: String,
    /// Its display name.
    pub name: String,
    /// Whether it can be added to groups.
    pub joins_groups: bool,
    /// Whether privacy mode is off, so that it sees all messages of its groups.
    pub reads_groups: bool,
}

/// A webhook that stands in the way of polling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The server it points to; the path is left out, it may hold a secret.
    pub host: String,
    /// Updates waiting.
    pub pending: u64,
    /// Telegram's last complaint about it.
    pub last_error: Option<String>,
}

/// One line of the menu of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandHelp {
    /// 1 to 32 of `a-z0-9_`, without slash.
    pub name: String,
    /// 1 to 256 characters.
    pub description: String,
}

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

/// About the bot itself.
impl Telegram {
    /// Checks the settings; makes no call.
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let checked = Checked::try_from(settings)?;
        let wire = Wire::new(checked.api_url, checked.token)?;
        let (bot, poll_timeout, remove_webhook) = (checked.bot, checked.poll_timeout, checked.remove_webhook);
        let shared = Arc::new(Shared { bot, poll_timeout, remove_webhook, identity: OnceLock::new() });
        Ok(Self { wire, shared })
    }

    /// The bot's id, read from the token.
    pub fn bot(&self) -> BotId {
        self.shared.bot
    }

    /// How long one long poll waits.
    pub fn poll_timeout(&self) -> Duration {
        self.shared.poll_timeout
    }

    /// Whether the pump removes a webhook in its way.
    pub(crate) fn removes_webhook(&self) -> bool {
        self.shared.remove_webhook
    }

    /// Who the bot is, as the first `identify` told.
    pub fn identity(&self) -> Option<&Identity> {
        self.shared.identity.get()
    }

    /// Asks Telegram who the bot is: the proof that the token works.
    pub fn identify(&self) -> Answer<Identity> {
        let answer = self.ask::<Me>(Call::json(&GetMe::new(), Scope::Unknown));
        let shared = Arc::clone(&self.shared);
        async move {
            let me = answer.await?;
            let name = [Some(me.first_name), me.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let identity = Identity {
                id: BotId(me.id),
                username: me.username,
                name,
                joins_groups: me.can_join_groups,
                reads_groups: me.can_read_all_group_messages,
            };
            Ok(shared.identity.get_or_init(|| identity).clone())
        }
        .boxed()
    }

    /// The webhook set for this bot, if any; while there is one, polling is refused.
    pub fn webhook(&self) -> Answer<Option<Webhook>> {
        let answer = self.ask::<WebhookInfo>(Call::json(&GetWebhookInfo::new(), Scope::Unknown));
        async move {
            let info = answer.await?;
            let host = Url::parse(&info.url).ok().and_then(|url| url.host_str().map(str::to_owned));
            Ok((!info.url.is_empty()).then(|| Webhook {
                host: host.unwrap_or_default(),
                pending: info.pending_update_count,
                last_error: info.last_error_message,
            }))
        }
        .boxed()
    }

    /// Removes the webhook; waiting updates are kept and come by polling.
    pub fn delete_webhook(&self) -> Answer<()> {
        self.done(Call::json(&DeleteWebhook::new(), Scope::Unknown))
    }

    /// Sets the menu of commands, for all users or for those of one language (ISO 639-1, two letters).
    pub fn set_commands(&self, commands: &[CommandHelp], language: Option<&str>) -> Answer<()> {
        let command = |help: &CommandHelp| BotCommand::new(help.name.clone(), help.description.clone());
        let mut payload = SetMyCommands::new(commands.iter().map(command));
        payload.language_code = language.map(str::to_owned);
        self.done(Call::json(&payload, Scope::Unknown))
    }

    /// Calls a method by name with JSON parameters: for methods newer than teloxide. The result is Telegram's, `true`
    /// when things already were as asked.
    pub fn raw(&self, method: &str, parameters: &Value) -> Answer<Value> {
        let answer = self.wire.exchange(Call::raw(method, parameters));
        async move {
            match answer.await? {
                Reply::AlreadySo => Ok(Value::Bool(true)),
                reply => parsed(&reply),
            }
        }
        .boxed()
    }
}

/// Messages.
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
    /// [`DeliveryError::Unknown`].
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

impl Telegram {
    /// A call whose result matters.
    pub(crate) fn ask<T: DeserializeOwned + Send + 'static>(&self, call: Result<Call, DeliveryError>) -> Answer<T> {
        let answer = self.wire.exchange(call);
        async move { parsed(&answer.await?) }.boxed()
    }

    /// A call of which only matters that it was carried out.
    fn done(&self, call: Result<Call, DeliveryError>) -> Answer<()> {
        let answer = self.wire.exchange(call);
        async move { answer.await.map(drop) }.boxed()
    }
}

/// A result that cannot be read still says that the call was carried out: for a send, that is "may be posted".
pub(crate) fn parsed<T: DeserializeOwned>(reply: &Reply) -> Result<T, DeliveryError> {
    match reply {
        Reply::Result(result) => serde_json::from_str(result.get())
            .map_err(|error| DeliveryError::unknown(format!("done, but the result cannot be read: {error}"))),
        Reply::AlreadySo => Err(DeliveryError::unknown("nothing to do, so there is no result")),
        Reply::Garbled => Err(DeliveryError::unknown("done, but the answer is damaged")),
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

impl fmt::Debug for Telegram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Telegram")
            .field("bot", &self.shared.bot.0)
            .field("host", &self.wire.host())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Me {
    id: i64,
    first_name: String,
    last_name: Option<String>,
    username: String,
    #[serde(default)]
    can_join_groups: bool,
    #[serde(default)]
    can_read_all_group_messages: bool,
}

#[derive(Deserialize)]
struct WebhookInfo {
    url: String,
    #[serde(default)]
    pending_update_count: u64,
    last_error_message: Option<String>,
}
