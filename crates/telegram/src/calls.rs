//! One bot at one Bot API server, and the calls about the bot itself.
//!
//! Invariants: every call is prepared (serialised) when it is made and runs as one boxed future that borrows nothing;
//! none repeats itself. A result that cannot be read is [`DeliveryError::Unknown`]: the call was carried out.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atelier_domain::{BotId, ChatId, UserId};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use teloxide::payloads::{DeleteWebhook, GetMe, GetWebhookInfo, SetMyCommands};
use teloxide::types::{BotCommand, BotCommandScope};
use url::Url;

use crate::error::{DeliveryError, Scope};
use crate::settings::{BadSettings, Checked, Settings};
use crate::wire::{Call, Reply, Wire};

/// What every call gives.
pub(crate) type Answer<T> = BoxFuture<'static, Result<T, DeliveryError>>;

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

/// In which chats a menu of commands is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandScope {
    /// In all that have none of their own.
    Everywhere,
    /// In private chats.
    Private,
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

    /// Whether a user is an administrator of a group.
    pub fn is_chat_admin(&self, chat: ChatId, user: UserId) -> Answer<bool> {
        let member = self.raw("getChatMember", &serde_json::json!({ "chat_id": chat.0, "user_id": user.0 }));
        async move { Ok(matches!(member.await?["status"].as_str(), Some("creator" | "administrator"))) }.boxed()
    }

    /// Sets the menu of commands of some chats, for all users or for those of one language (ISO 639-1, two letters).
    pub fn set_commands(&self, commands: &[CommandHelp], scope: CommandScope, language: Option<&str>) -> Answer<()> {
        let command = |help: &CommandHelp| BotCommand::new(help.name.clone(), help.description.clone());
        let mut payload = SetMyCommands::new(commands.iter().map(command));
        payload.language_code = language.map(str::to_owned);
        payload.scope = (scope == CommandScope::Private).then_some(BotCommandScope::AllPrivateChats);
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

impl Telegram {
    /// A call whose result matters.
    pub(crate) fn ask<T: DeserializeOwned + Send + 'static>(&self, call: Result<Call, DeliveryError>) -> Answer<T> {
        let answer = self.wire.exchange(call);
        async move { parsed(&answer.await?) }.boxed()
    }

    /// A call of which only matters that it was carried out.
    pub(crate) fn done(&self, call: Result<Call, DeliveryError>) -> Answer<()> {
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
