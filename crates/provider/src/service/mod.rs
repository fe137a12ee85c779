//! What all services have in common: one base address, one secret at most, limits; and how those other than Replicate
//! word their errors.

pub(crate) mod refusal;

use std::time::Duration;

use atelier_domain::AccountId;
use atelier_domain::request::Size;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::Order;

/// How to reach one account of a service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Which account it is.
    pub account: AccountId,
    /// Where its API is.
    pub base_url: Url,
    /// How requests prove who they are.
    pub secret: Secret,
    /// Hosts (`name`, `name:port`, or `*.name` for all below it) that outputs may come from, besides the base URL's own.
    pub output_hosts: Vec<String>,
    /// Whether a generation costs nothing, so that one whose answer was lost may simply be made again.
    pub free: bool,
    /// Time and size limits.
    pub limits: Limits,
}

/// How requests prove who they are.
#[derive(Debug, Clone)]
pub enum Secret {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// `Authorization: Basic …` of `user:password`.
    Basic(SecretString),
    /// `X-API-Key: …`, as the cloud of ComfyUI has it.
    ApiKey(SecretString),
}

impl Secret {
    pub(crate) fn text(&self) -> Option<&SecretString> {
        match self {
            Self::None => None,
            Self::Bearer(secret) | Self::Basic(secret) | Self::ApiKey(secret) => Some(secret),
        }
    }
}

/// Bounds on one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection to be made.
    pub connect: Duration,
    /// For a call that only looks, from start to the last byte.
    pub call: Duration,
    /// For one download, from start to the last byte.
    pub download: Duration,
    /// The largest output, in bytes.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(30),
            download: Duration::from_secs(120),
            output_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Settings that no client can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadService {
    /// The secret is empty or holds characters that no HTTP header can carry.
    #[error("the secret of account {0} is empty or holds characters other than visible ASCII")]
    Secret(AccountId),
    /// The base URL is not a plain `http` or `https` address.
    #[error("the URL of account {0} must be http or https, without user name, query or fragment")]
    Url(AccountId),
    /// The HTTP client could not be set up (certificates, for example).
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl Service {
    /// An account without a secret, with default limits, that costs nothing: a server of one's own.
    pub fn own(account: AccountId, base_url: Url) -> Self {
        let limits = Limits::default();
        Self { account, base_url, secret: Secret::None, output_hosts: Vec::new(), free: true, limits }
    }

    pub(crate) fn check(&self) -> Result<(), BadService> {
        let proper = |secret: &SecretString| {
            let text = secret.expose_secret();
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !self.secret.text().is_none_or(proper) {
            return Err(BadService::Secret(self.account.clone()));
        }
        let url = &self.base_url;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain { Ok(()) } else { Err(BadService::Url(self.account.clone())) }
    }
}

/// The size in pixels of a wish, for services that take nothing else: as asked for, or the ratio over the area of the
/// model's own `width` and `height` among its inputs (a megapixel without).
pub(crate) fn size(order: &Order<'_>) -> (u32, u32) {
    if let Some(Size::Pixels { width, height }) = order.request.options.size {
        return (width.into(), height.into());
    }
    let side =
        |name: &str| order.model.inputs.get(name).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
    let area = side("width").zip(side("height")).map_or(1024 * 1024, |(width, height)| width.saturating_mul(height));
    order.request.ratio.size(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(secret: &str, url: &str) -> Result<(), BadService> {
        let mut service = Service::own("x".parse().unwrap(), Url::parse(url).unwrap());
        service.secret = Secret::Bearer(secret.into());
        assert!(!format!("{service:?}").contains("hidden"));
        service.check()
    }

    #[test]
    fn settings_are_checked_and_keep_their_secret() {
        let account: AccountId = "x".parse().unwrap();
        assert_eq!(checked("r8_hidden", "http://127.0.0.1:8081/v1"), Ok(()));
        for secret in ["", "r8 x", "r8\n", "ключ"] {
            assert_eq!(checked(secret, "https://host/v1"), Err(BadService::Secret(account.clone())), "{secret}");
        }
        for url in ["ftp://host/v1", "https://user@host/v1", "https://host/v1?key=1", "mailto:a@b"] {
            assert_eq!(checked("r8_x", url), Err(BadService::Url(account.clone())), "{url}");
        }
    }
}
