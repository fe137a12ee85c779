//! What can go wrong with Redis, as decisions, and in words that an operator can act on.

mod fault;

use std::path::PathBuf;

use redis::RedisError;

pub(crate) use self::fault::is_unknown_function;
pub use self::fault::{Fault, Refusal};

/// Why a verb of the queue did not happen.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Redis is away, or cannot take the call now: the same call may succeed later, and is safe to repeat.
    #[error("the queue cannot be used for now: {fault}")]
    Unreachable {
        /// What is the matter.
        fault: Fault,
        /// The driver's error.
        #[source]
        source: RedisError,
    },
    /// Redis refused. Trying again does not help before somebody changes something.
    #[error("the queue refused the call: {refusal}")]
    Refused {
        /// What it is about.
        refusal: Refusal,
        /// The driver's error.
        #[source]
        source: RedisError,
    },
    /// A record or an answer that this build cannot read.
    #[error("the queue holds something unreadable: {0}")]
    Unreadable(String),
}

impl From<RedisError> for QueueError {
    fn from(error: RedisError) -> Self {
        match Fault::of(&error) {
            Some(fault) => Self::Unreachable { fault, source: error },
            None => Self::Refused { refusal: Refusal::of(&error), source: error },
        }
    }
}

impl QueueError {
    /// Whether the same call may succeed later.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Why the queue cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not one of Redis.
    #[error("not the address of a Redis server (write redis://host:6379/0, or rediss:// for TLS)")]
    Address(#[source] RedisError),
    /// A file of the address' certificates cannot be read.
    #[error("{} cannot be read", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A certificate without its key, or the other way round.
    #[error("a certificate of our own needs both of cert=FILE and key=FILE")]
    HalfCertificate,
    /// The server evicts keys when its memory is full: it would throw away accepted jobs.
    #[error("the Redis server's maxmemory-policy is {policy}: it would drop accepted jobs; set it to noeviction")]
    Eviction {
        /// The policy found.
        policy: String,
    },
    /// The server is too old.
    #[error("Redis {found} is too old: 7.0 or newer is needed")]
    Version {
        /// The version found.
        found: String,
    },
    /// The first calls failed.
    #[error("the first look at the Redis server failed")]
    Queue(#[from] QueueError),
}

/// Why the run loop ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The worker runtime gave up.
    #[error("the worker runtime stopped: {0}")]
    Runtime(String),
}
