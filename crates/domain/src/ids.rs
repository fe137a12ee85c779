//! Identifiers as types of their own, so that a chat can never be passed where a user is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number_id!(
    /// A Telegram bot: the number before the colon of its token.
    BotId, i64
);
number_id!(
    /// A Telegram user (52 significant bits).
    UserId, i64
);
number_id!(
    /// A Telegram chat; negative for groups and channels.
    ChatId, i64
);
number_id!(
    /// A message inside one chat.
    MessageId, i32
);
number_id!(
    /// A topic inside a forum group.
    ThreadId, i32
);
number_id!(
    /// An update of one bot; rising, the key by which a redelivered update is known.
    UpdateId, u32
);

/// Crockford's base 32 in lower case: no `i l o u`, so an id can be read aloud and typed back.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 2020-01-01T00:00:00Z in Unix milliseconds: job ids count from here to stay short.
const EPOCH_MS: u64 = 1_577_836_800_000;
const LENGTH: usize = 13;

/// A job: 13 characters, the first nine from the time of submission, the rest random.
///
/// Ids made later sort later (to the millisecond), and a queue that lost its last second of writes cannot hand out
/// an old id again, which a counter in Redis could.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

/// The text is not 13 characters of Crockford's base 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job id is {LENGTH} characters of 0-9 and a-z without i, l, o and u")]
pub struct BadJobId;

impl JobId {
    /// Makes an id from the time in Unix milliseconds and 20 bits (the low ones) of randomness.
    pub fn new(now_ms: u64, random: u32) -> Self {
        let mut value = (now_ms.saturating_sub(EPOCH_MS) << 20) | u64::from(random & 0xF_FFFF);
        let mut text = [0_u8; LENGTH];
        for digit in text.iter_mut().rev() {
            *digit = ALPHABET[(value & 31) as usize];
            value >>= 5;
        }
        Self(text.iter().map(|&byte| char::from(byte)).collect())
    }

    /// The id as text, as it stands in Redis keys and callback data.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for JobId {
    type Err = BadJobId;

    fn from_str(text: &str) -> Result<Self, BadJobId> {
        let text = text.trim().to_ascii_lowercase();
        let known = |byte: &u8| ALPHABET.contains(byte);
        if text.len() == LENGTH && text.as_bytes().iter().all(known) { Ok(Self(text)) } else { Err(BadJobId) }
    }
}

impl TryFrom<String> for JobId {
    type Error = BadJobId;

    fn try_from(text: String) -> Result<Self, BadJobId> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_parse_back() {
        let early = JobId::new(1_795_000_000_000, 0xF_FFFF);
        let late = JobId::new(1_795_000_000_001, 0);
        assert!(early < late);
        assert_eq!(early.as_str().len(), LENGTH);
        assert_eq!(early.to_string().to_uppercase().parse(), Ok(early));
    }

    #[test]
    fn hostile_ids_are_refused() {
        for text in ["", "abc", "iiiiiiiiiiiii", "0123456789ab}", "0123456789abcd", "éééééé0"] {
            assert_eq!(text.parse::<JobId>(), Err(BadJobId), "{text}");
        }
    }
}
