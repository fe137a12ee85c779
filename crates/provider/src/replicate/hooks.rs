//! What Replicate says by webhook: that a prediction has ended.
//!
//! A post proves itself by a signature over its id, its time and its body, as Standard Webhooks has it: HMAC-SHA256 with the
//! account's secret. All that is taken from it is the name of a prediction: how that stands is asked for, so that a post
//! which is doubled, late or played again changes nothing.
//! Source: <https://replicate.com/docs/topics/webhooks/verify-webhook>.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use url::Url;

use crate::Handle;

/// Older posts, and such from the future, are refused: they may be played again.
const LATEST: Duration = Duration::from_secs(5 * 60);
/// More signatures than this are not looked at; a secret that is being exchanged takes two.
const MOST_SIGNATURES: usize = 8;

/// Where Replicate posts to, and what its posts are checked with.
#[derive(Clone)]
pub struct Hooks {
    public: Url,
    key: SecretSlice<u8>,
}

/// What no posts can be received with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHooks {
    /// Not the form in which Replicate gives secrets.
    #[error("the secret is not of the form whsec_…, as https://api.replicate.com/v1/webhooks/default/secret tells it")]
    Secret,
    /// Replicate refuses such an address.
    #[error("Replicate posts to https addresses only, and none with a user name or a fragment")]
    Url,
}

/// A post as it came: three headers and the body.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`: Unix seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or several `v1,<base64>`, separated by spaces.
    pub signatures: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a post is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody who knows the secret wrote it.
    #[error("no signature of the post is right")]
    Signature,
    /// It was written too long ago, or in the future.
    #[error("the post is not of these five minutes")]
    Time,
    /// It names no prediction.
    #[error("the post names no prediction")]
    Body,
}

#[derive(Deserialize)]
struct Ended {
    id: Handle,
}

impl Hooks {
    /// Posts to `public`, checked with the account's `secret`. Only a service of one's own posts to plain http.
    pub fn new(public: Url, secret: &SecretString, own_service: bool) -> Result<Self, BadHooks> {
        let plain = public.username().is_empty() && public.password().is_none() && public.fragment().is_none();
        let secure = public.scheme() == "https" || (own_service && public.scheme() == "http");
        if !(plain && secure && public.has_host()) {
            return Err(BadHooks::Url);
        }
        Ok(Self { public, key: key(secret)? })
    }

    /// Where creations ask to be told of their end.
    pub fn public(&self) -> &Url {
        &self.public
    }

    /// Whether this is the secret that posts are checked with.
    pub fn is_secret(&self, secret: &SecretString) -> bool {
        key(secret).is_ok_and(|key| key.expose_secret() == self.key.expose_secret())
    }

    /// The prediction that a post is about, if it proves itself.
    pub fn read(&self, post: &Post<'_>, now: SystemTime) -> Result<Handle, Refused> {
        let signed = |signature: &str| {
            let given = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            // the comparison takes the same time whatever differs
            given.is_some_and(|given| self.mac(post).is_some_and(|mac| mac.verify_slice(&given).is_ok()))
        };
        if !post.signatures.split_ascii_whitespace().take(MOST_SIGNATURES).any(signed) {
            return Err(Refused::Signature);
        }
        let written = post.timestamp.parse().ok().map(Duration::from_secs);
        let written = written.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)).ok_or(Refused::Time)?;
        let apart = now.duration_since(written).unwrap_or_else(|early| early.duration());
        if apart > LATEST {
            return Err(Refused::Time);
        }
        serde_json::from_slice::<Ended>(post.body).map(|ended| ended.id).map_err(|_| Refused::Body)
    }

    fn mac(&self, post: &Post<'_>) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret()).ok()?;
        let head = format!("{}.{}.", post.id, post.timestamp);
        Some(mac.chain_update(head).chain_update(post.body))
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hooks").field("public", &self.public.as_str()).finish_non_exhaustive()
    }
}

fn key(secret: &SecretString) -> Result<SecretSlice<u8>, BadHooks> {
    let text = secret.expose_secret().trim().strip_prefix("whsec_").ok_or(BadHooks::Secret)?;
    let key = STANDARD.decode(text).ok().filter(|key| !key.is_empty()).ok_or(BadHooks::Secret)?;
    Ok(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_c2ltdWxhdGVkIHNlY3JldCBvZiBhIHNpbXVsYXRvcg==";
    const BODY: &[u8] = br#"{"id":"gm3qorzdhgbfurvjtvhg6dckhu","status":"succeeded","output":null}"#;

    fn hooks() -> Hooks {
        Hooks::new(Url::parse("https://bot.example/replicate").unwrap(), &SECRET.into(), false).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn sign(id: &str, timestamp: &str, body: &[u8]) -> String {
        let post = Post { id, timestamp, signatures: "", body };
        format!("v1,{}", STANDARD.encode(hooks().mac(&post).unwrap().finalize().into_bytes()))
    }

    #[test]
    fn the_example_of_the_standard_is_right() {
        // https://github.com/standard-webhooks/standard-webhooks, the reference's own test vector
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let hooks = Hooks::new(Url::parse("https://bot.example").unwrap(), &secret, false).unwrap();
        let post = Post {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            body: br#"{"test": 2432232314}"#,
        };
        assert_eq!(hooks.read(&post, at(1_614_265_330)), Err(Refused::Body), "signed, and about no prediction");
        let other = Post { body: br#"{"test": 2432232315}"#, ..post };
        assert_eq!(hooks.read(&other, at(1_614_265_330)), Err(Refused::Signature));
    }

    #[test]
    fn only_what_is_signed_and_fresh_is_heard() {
        let signatures = sign("msg_1", "1000000", BODY);
        let post = Post { id: "msg_1", timestamp: "1000000", signatures: &signatures, body: BODY };
        let handle = hooks().read(&post, at(1_000_000)).unwrap();
        assert_eq!(handle.as_str(), "gm3qorzdhgbfurvjtvhg6dckhu");
        assert!(hooks().read(&post, at(1_000_300)).is_ok() && hooks().read(&post, at(999_700)).is_ok());
        assert_eq!(hooks().read(&post, at(1_000_301)), Err(Refused::Time));
        assert_eq!(hooks().read(&post, at(999_699)), Err(Refused::Time));
        for forged in [
            Post { id: "msg_2", ..post },
            Post { timestamp: "1000001", ..post },
            Post { body: br#"{"id":"another"}"#, ..post },
            Post { signatures: "", ..post },
            Post { signatures: "v1,", ..post },
            Post { signatures: "v1,AAAA v2,AAAA", ..post },
            Post { signatures: signatures.trim_start_matches("v1,"), ..post },
        ] {
            assert_eq!(hooks().read(&forged, at(1_000_000)), Err(Refused::Signature), "{forged:?}");
        }
        // while a secret is exchanged there are two signatures
        let two = format!("v1,AAAA {signatures}");
        assert!(hooks().read(&Post { signatures: &two, ..post }, at(1_000_000)).is_ok());
    }

    #[test]
    fn what_is_signed_may_still_be_of_no_use() {
        for body in [&b""[..], b"{}", b"[]", br#"{"id":7}"#, br#"{"id":"../account"}"#, b"\xff"] {
            let signatures = sign("m", "5", body);
            let post = Post { id: "m", timestamp: "5", signatures: &signatures, body };
            assert_eq!(hooks().read(&post, at(5)), Err(Refused::Body), "{body:?}");
        }
        for timestamp in ["", "soon", "-5", "99999999999999999999"] {
            let signatures = sign("m", timestamp, BODY);
            let post = Post { id: "m", timestamp, signatures: &signatures, body: BODY };
            assert_eq!(hooks().read(&post, at(5)), Err(Refused::Time), "{timestamp}");
        }
    }

    #[test]
    fn settings_are_checked_and_keep_their_secret() {
        let new = |url: &str, secret: &str, own| Hooks::new(Url::parse(url).unwrap(), &secret.into(), own).err();
        assert_eq!(new("https://bot.example/replicate", SECRET, false), None);
        assert_eq!(new("http://127.0.0.1:8082/", SECRET, true), None);
        for url in ["http://bot.example", "ftp://bot.example", "https://user@bot.example", "https://bot.example/#x"] {
            assert_eq!(new(url, SECRET, false), Some(BadHooks::Url), "{url}");
        }
        for secret in ["", "whsec_", "whsec_?", "r8_token"] {
            assert_eq!(new("https://bot.example", secret, false), Some(BadHooks::Secret), "{secret}");
        }
        assert!(!format!("{:?}", hooks()).contains("c2ltd") && hooks().is_secret(&SECRET.into()));
        assert!(!hooks().is_secret(&"whsec_AAAA".into()));
    }
}
