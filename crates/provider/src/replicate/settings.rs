//! What a client of Replicate needs to be told.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Replicate's own address.
const BASE_URL: &str = "https://api.replicate.com/v1";

/// How to reach one account.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The API token (`r8_…`).
    pub token: SecretString,
    /// Where the API is: Replicate's own address, a simulator, or a reseller at `<host>/replicate/v1`.
    pub base_url: Url,
    /// Hosts (`name` or `name:port`) that outputs may come from, besides `replicate.delivery` with all its subdomains and
    /// the base URL's own host.
    pub output_hosts: Vec<String>,
    /// Time and size limits.
    pub limits: Limits,
}

/// Bounds on one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection to be made.
    pub connect: Duration,
    /// For one call of the API, from start to the last byte.
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
pub enum BadSettings {
    /// The token is empty or holds characters that no HTTP header can carry.
    #[error("the Replicate token is empty or holds characters other than visible ASCII")]
    Token,
    /// The base URL is not a plain `http` or `https` address.
    #[error("the Replicate base URL must be http or https, without user name, query or fragment")]
    BaseUrl,
    /// The HTTP client could not be set up (certificates, for example).
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl Settings {
    /// Replicate itself, with default limits.
    pub fn new(token: SecretString) -> Result<Self, BadSettings> {
        let base_url = Url::parse(BASE_URL).map_err(|_| BadSettings::BaseUrl)?;
        Ok(Self { token, base_url, output_hosts: Vec::new(), limits: Limits::default() })
    }

    /// The same account behind another address.
    #[must_use]
    pub fn at(mut self, base_url: Url) -> Self {
        self.base_url = base_url;
        self
    }

    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let token = self.token.expose_secret();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadSettings::Token);
        }
        let url = &self.base_url;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain { Ok(()) } else { Err(BadSettings::BaseUrl) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(token: &str, url: &str) -> Settings {
        Settings::new(token.into()).unwrap().at(Url::parse(url).unwrap())
    }

    #[test]
    fn settings_are_checked_and_keep_their_secret() {
        assert_eq!(Settings::new("r8_x".into()).unwrap().check(), Ok(()));
        assert_eq!(settings("r8_x", "http://127.0.0.1:8081/v1").check(), Ok(()));
        for token in ["", "r8 x", "r8\n", "ключ"] {
            assert_eq!(settings(token, BASE_URL).check(), Err(BadSettings::Token), "{token}");
        }
        for url in ["ftp://host/v1", "https://user@host/v1", "https://host/v1?key=1", "mailto:a@b"] {
            assert_eq!(settings("r8_x", url).check(), Err(BadSettings::BaseUrl), "{url}");
        }
        assert!(!format!("{:?}", settings("r8_hidden", BASE_URL)).contains("hidden"));
    }
}
