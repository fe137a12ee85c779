//! What can go wrong with Redis, as decisions.

/// Why a verb of the queue did not happen.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Redis is away, loading, full, or cannot be written to: the same call may succeed later, and is safe to repeat.
    #[error("the queue cannot be reached: {reason}")]
    Unreachable {
        /// In short, for operators.
        reason: &'static str,
        /// The driver's error.
        #[source]
        source: redis::RedisError,
    },
    /// Redis refused: a wrong password, a missing permission, a key of another type. Trying again does not help.
    #[error("the queue refused the call")]
    Refused(#[source] redis::RedisError),
    /// A record or an answer that this build cannot read.
    #[error("the queue holds something unreadable: {0}")]
    Unreadable(String),
}

impl From<redis::RedisError> for QueueError {
    fn from(error: redis::RedisError) -> Self {
        use redis::{ErrorKind, ServerErrorKind as Server};
        let reason = match error.kind() {
            ErrorKind::Io => "no connection",
            ErrorKind::Server(Server::BusyLoading) => "it is loading its data",
            ErrorKind::Server(Server::ReadOnly) => "it is a read-only replica",
            ErrorKind::Server(Server::MasterDown | Server::ClusterDown | Server::TryAgain) => "its cluster is down",
            _ => match error.code() {
                Some("OOM") => "its memory is full",
                Some("MISCONF") => "it cannot write to its disk",
                Some("BUSY") => "a script keeps it busy",
                Some("NOREPLICAS") => "it lost its replicas",
                _ if error.is_timeout() || error.is_connection_dropped() || error.is_connection_refusal() => {
                    "no connection"
                }
                _ => return Self::Refused(error),
            },
        };
        Self::Unreachable { reason, source: error }
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
    #[error("not the address of a Redis server (write redis://host:6379/0)")]
    Address(#[source] redis::RedisError),
    /// The server evicts keys when its memory is full: it would throw away accepted jobs.
    #[error("the Redis server's maxmemory-policy is {policy}: it would drop accepted jobs; set it to noeviction")]
    Eviction {
        /// The policy found.
        policy: String,
    },
    /// The server is too old.
    #[error("Redis {found} is too old: 6.2 or newer is needed")]
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
