//! What can go wrong with Redis, as decisions, and in words that an operator can act on.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind as Server};

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

/// What keeps Redis from taking a call. Nothing that was accepted is lost by any of them; `Display` says what happens
/// meanwhile and what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no connection.
    Away,
    /// There is a connection and no answer.
    Silent,
    /// It reads its data after a start.
    Loading,
    /// It is a replica: writes belong to its master.
    ReadOnly,
    /// It has as much data as it may have.
    Full,
    /// It cannot write its data to disk.
    Disk,
    /// A script or a save holds it up.
    Busy,
    /// Fewer replicas follow it than it was told to require.
    Replicas,
    /// It has as many clients as it may have.
    Crowded,
    /// Its cluster has no master for the queue's slot.
    Cluster,
    /// Its cluster is moving the queue's slot to another node.
    Moving,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, meaning) = match self {
            Self::Away => ("no connection to redis", "calls are repeated until it is back"),
            Self::Silent => ("redis does not answer in time", "the connection is made anew and calls are repeated"),
            Self::Loading => ("redis is loading its data", "it answers when all of it is read"),
            Self::ReadOnly => {
                ("redis is a read-only replica", "name its master, or wait until the failover has made it one")
            }
            Self::Full => (
                "redis' memory is full",
                "new jobs are refused and those accepted go on; raise maxmemory, or keep fewer ended jobs",
            ),
            Self::Disk => {
                ("redis cannot write to its disk", "it takes nothing until it can; look at its disk and its log")
            }
            Self::Busy => ("a script or a save keeps redis busy", "calls are repeated until it is done"),
            Self::Replicas => {
                ("redis lost the replicas it requires", "it takes nothing until min-replicas-to-write are back")
            }
            Self::Crowded => ("redis has no connection left", "raise maxclients, or stop what uses them up"),
            Self::Cluster => (
                "no master serves the queue's part of the redis cluster",
                "calls are repeated until the cluster has chosen one (redis-cli --cluster check)",
            ),
            Self::Moving => {
                ("the redis cluster is moving the queue to another node", "calls are repeated until all of it is there")
            }
        };
        write!(formatter, "{what} ({meaning})")
    }
}

/// Why Redis refuses whatever is asked again; `Display` says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The user or the password is wrong or missing.
    Credentials,
    /// The user lacks a permission.
    Permission,
    /// The server takes no strangers.
    Protected,
    /// The encrypted connection failed.
    Encryption,
    /// The address does not fit the server.
    Address,
    /// Anything else: a key of another type, a bug.
    Other,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Credentials => {
                "user or password are wrong or missing (redis://user:password@host, as in the server's ACL)"
            }
            Self::Permission => {
                "its user lacks a permission (compare ACL GETUSER with .docker/redis.conf; ACL LOG names what was denied)"
            }
            Self::Protected => {
                "the server is in protected mode (give it a password or users; then name them in the address)"
            }
            Self::Encryption => {
                "the encrypted connection failed (rediss:// needs a server with TLS, and ?ca=FILE for an authority of \
                 your own)"
            }
            Self::Address => "the address does not fit the server (rediss:// is for a port with TLS; a cluster has only database 0)",
            Self::Other => "redis answered with an error of its own",
        })
    }
}

impl From<RedisError> for QueueError {
    fn from(error: RedisError) -> Self {
        match Fault::of(&error) {
            Some(fault) => Self::Unreachable { fault, source: error },
            None => Self::Refused { refusal: Refusal::of(&error), source: error },
        }
    }
}

impl Fault {
    fn of(error: &RedisError) -> Option<Self> {
        let text = error.detail().unwrap_or_default();
        Some(match error.kind() {
            // a handshake that failed fails again
            ErrorKind::Io if is_encryption(error) => return None,
            ErrorKind::Io if error.is_timeout() => Self::Silent,
            ErrorKind::Io | ErrorKind::Parse => Self::Away,
            ErrorKind::Server(Server::BusyLoading) => Self::Loading,
            ErrorKind::Server(Server::ReadOnly) => Self::ReadOnly,
            ErrorKind::Server(Server::MasterDown | Server::ClusterDown) => Self::Cluster,
            ErrorKind::Server(Server::TryAgain | Server::Ask | Server::Moved) => Self::Moving,
            // what a script says when its cluster's state changed under it
            ErrorKind::Server(Server::ResponseError) if text.contains("cluster is down") => Self::Cluster,
            _ => match error.code() {
                Some("ERR") if text.contains("max number of clients") => Self::Crowded,
                Some("OOM") => Self::Full,
                Some("MISCONF") => Self::Disk,
                Some("BUSY") => Self::Busy,
                // the server got to it after we had given it up, twice in a row
                Some("LATE") => Self::Silent,
                Some("NOREPLICAS") => Self::Replicas,
                // a call that blocked on a master that became a replica
                Some("UNBLOCKED") => Self::ReadOnly,
                _ => return None,
            },
        })
    }
}

impl Refusal {
    fn of(error: &RedisError) -> Self {
        let text = error.detail().unwrap_or_default();
        match error.kind() {
            ErrorKind::Io => Self::Encryption,
            ErrorKind::AuthenticationFailed => Self::Credentials,
            ErrorKind::Server(Server::NoPerm) => Self::Permission,
            // a script's own command was denied: worded by version
            ErrorKind::Server(Server::ResponseError)
                if text.contains("ACL failure") || text.contains("The user executing the script") =>
            {
                Self::Permission
            }
            ErrorKind::Server(Server::ResponseError)
                if text.contains("SELECT is not allowed") || text.contains("DB index") =>
            {
                Self::Address
            }
            ErrorKind::InvalidClientConfig | ErrorKind::Server(Server::CrossSlot) => Self::Address,
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::Credentials,
                Some("DENIED") => Self::Protected,
                _ => Self::Other,
            },
        }
    }
}

/// Whether the peer was there and TLS was what failed.
fn is_encryption(error: &RedisError) -> bool {
    let io = error.source().and_then(|source| {
        let shared = source.downcast_ref::<Arc<dyn Error + Send + Sync>>();
        shared.map_or_else(|| source.downcast_ref(), |shared| shared.downcast_ref::<std::io::Error>())
    });
    io.and_then(std::io::Error::get_ref).is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>)
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
