//! Where the Bot API is and who we are there; checked once, so that no call can fail for a malformed setting.
//!
//! The token is held as a secret and never printed, not even in the error that says it is malformed.

use std::fmt;
use std::time::Duration;

use atelier_domain::BotId;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Telegram caps a long poll here.
const LONGEST_POLL: Duration = Duration::from_secs(50);

/// How to reach the Bot API. `Settings::new(token)` has sensible values for all but the token.
#[derive(Clone)]
pub struct Settings {
    /// The bot's token, as BotFather gave it.
    pub token: SecretString,
    /// The server; `None` is `https://api.telegram.org`. A path is kept (`http://host/prefix`).
    pub api_url: Option<Url>,
    /// How long one long poll waits for updates: 1 to 50 s.
    pub poll_timeout: Duration,
    /// Whether the pump removes a webhook that stands in its way. Off by default: the webhook may be somebody's choice.
    pub remove_webhook: bool,
}

impl Settings {
    /// Telegram's own server, polls of 30 s, webhooks left alone.
    pub fn new(token: SecretString) -> Self {
        Self { token, api_url: None, poll_timeout: Duration::from_secs(30), remove_webhook: false }
    }
}

impl fmt::Debug for Settings {
    /// Of the address only the host: it may hold credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.api_url.as_ref().and_then(Url::host_str);
        formatter
            .debug_struct("Settings")
            .field("host", &host)
            .field("poll_timeout", &self.poll_timeout)
            .field("remove_webhook", &self.remove_webhook)
            .finish_non_exhaustive()
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// The token does not look like one; what was given is deliberately not shown.
    #[error("the bot token is not of the form 123456789:ABCdef… that BotFather gives")]
    Token,
    /// The server's address is unusable.
    #[error("the Bot API address must be http or https, without query or fragment")]
    ApiUrl,
    /// The poll timeout is out of range.
    #[error("a long poll lasts from 1 to 50 seconds, not {0:?}")]
    PollTimeout(Duration),
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

/// Settings whose every part has been checked.
pub(crate) struct Checked {
    pub(crate) token: SecretString,
    pub(crate) bot: BotId,
    pub(crate) api_url: Url,
    pub(crate) poll_timeout: Duration,
    pub(crate) remove_webhook: bool,
}

impl TryFrom<Settings> for Checked {
    type Error = BadSettings;

    fn try_from(settings: Settings) -> Result<Self, BadSettings> {
        let (token, bot) = check_token(settings.token.expose_secret())?;
        let api_url = match settings.api_url {
            Some(url) => url,
            None => Url::parse("https://api.telegram.org").map_err(|_| BadSettings::ApiUrl)?,
        };
        let usable = matches!(api_url.scheme(), "http" | "https")
            && api_url.host().is_some()
            && api_url.query().is_none()
            && api_url.fragment().is_none();
        if !usable {
            return Err(BadSettings::ApiUrl);
        }
        if !(Duration::from_secs(1)..=LONGEST_POLL).contains(&settings.poll_timeout) {
            return Err(BadSettings::PollTimeout(settings.poll_timeout));
        }
        let (poll_timeout, remove_webhook) = (settings.poll_timeout, settings.remove_webhook);
        Ok(Self { token, bot, api_url, poll_timeout, remove_webhook })
    }
}

/// White space around the token is forgiven (a line break from a file); its secret part is 35 characters today, and a
/// wide range is accepted in case that changes.
fn check_token(text: &str) -> Result<(SecretString, BotId), BadSettings> {
    let text = text.trim();
    let (number, secret) = text.split_once(':').ok_or(BadSettings::Token)?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let plausible = number.bytes().all(|byte| byte.is_ascii_digit())
        && (16..=128).contains(&secret.len())
        && secret.bytes().all(known);
    let id = number.parse::<i64>().ok().filter(|&id| id > 0 && plausible).ok_or(BadSettings::Token)?;
    Ok((SecretString::from(text), BotId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "4242:AAF7-g0gYncWnm5IyfZlpPRqRRv6kNAGlao";

    fn check(change: impl FnOnce(&mut Settings)) -> Result<Checked, BadSettings> {
        let mut settings = Settings::new(SecretString::from(TOKEN));
        change(&mut settings);
        settings.try_into()
    }

    #[test]
    fn the_bot_is_read_from_the_token_and_white_space_is_forgiven() {
        let checked = check(|settings| settings.token = SecretString::from(format!(" {TOKEN}\n"))).unwrap();
        assert_eq!(checked.bot, BotId(4242));
        assert_eq!(checked.token.expose_secret(), TOKEN);
        assert_eq!(checked.api_url.as_str(), "https://api.telegram.org/");
    }

    #[test]
    fn malformed_tokens_are_refused_without_being_shown() {
        for token in [
            "",
            ":",
            "4242",
            "4242:",
            "4242:short",
            "abc:AAF7-g0gYncWnm5IyfZlpPRqRRv6kNAGlao",
            "-1:AAF7-g0gYncWnm5IyfZlpPRqRRv6kNAGlao",
            "0:AAF7-g0gYncWnm5IyfZlpPRqRRv6kNAGlao",
            "4242:AAF7/../g0gYncWnm5IyfZlpPRqRRv6kNAGlao",
            "99999999999999999999:AAF7-g0gYncWnm5IyfZlpPRqRRv6kNAGlao",
        ] {
            let error = check(|settings| settings.token = SecretString::from(token)).err().unwrap();
            assert_eq!(error, BadSettings::Token, "{token}");
            assert!(!format!("{error} {error:?}").contains("AAF7"));
        }
    }

    #[test]
    fn impossible_addresses_and_timeouts_are_refused() {
        for url in ["ftp://host/", "http://host/?q", "http://host/#f", "mailto:a@b"] {
            let error = check(|settings| settings.api_url = Some(Url::parse(url).unwrap())).err().unwrap();
            assert_eq!(error, BadSettings::ApiUrl, "{url}");
        }
        for seconds in [0, 51] {
            let timeout = Duration::from_secs(seconds);
            let error = check(|settings| settings.poll_timeout = timeout).err().unwrap();
            assert_eq!(error, BadSettings::PollTimeout(timeout));
        }
    }

    #[test]
    fn debug_shows_no_secrets() {
        let api_url = Url::parse("http://user:word@localhost:8081/prefix").ok();
        let shown = format!("{:?}", Settings { api_url, ..Settings::new(SecretString::from(TOKEN)) });
        assert!(shown.contains("localhost") && !shown.contains("AAF7") && !shown.contains("word"), "{shown}");
    }
}
