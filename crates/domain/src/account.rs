//! Whose service runs a model: an account, by the operator's name for it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of an account: `[a-z0-9-]`, 1 to 32 characters. Models of one account share its rate, its limits and its
/// trouble.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

/// The text names no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account's name is 1 to 32 characters of a-z, 0-9 and -")]
pub struct BadAccountId;

impl AccountId {
    /// The account at Replicate that `REPLICATE_API_TOKEN` is for.
    pub fn replicate() -> Self {
        Self("replicate".to_owned())
    }

    /// Pictures that this program draws itself, with no service at all.
    pub fn sketch() -> Self {
        Self("sketch".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no service stands behind it.
    pub fn is_sketch(&self) -> bool {
        self.0 == "sketch"
    }
}

impl FromStr for AccountId {
    type Err = BadAccountId;

    fn from_str(text: &str) -> Result<Self, BadAccountId> {
        let fits =
            (1..=32).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadAccountId) }
    }
}

impl TryFrom<String> for AccountId {
    type Error = BadAccountId;

    fn try_from(text: String) -> Result<Self, BadAccountId> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}
