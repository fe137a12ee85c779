//! What the driver's errors mean: a fault that passes, or a refusal that stays until somebody changes something.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind as Server};

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
            Self::Other => "redis answered with an error of its own (its words follow)",
        })
    }
}

/// Whether a verb was called that the server does not know.
pub(crate) fn is_unknown_function(error: &RedisError) -> bool {
    error.detail().is_some_and(|text| text.starts_with("Function not found"))
}

impl Fault {
    pub(super) fn of(error: &RedisError) -> Option<Self> {
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
            // it moved again and again between loading the library and calling it
            ErrorKind::Server(_) if is_unknown_function(error) => Self::Moving,
            // what a script says when its cluster's state changed under it
            ErrorKind::Server(Server::ResponseError) if text.contains("cluster is down") => Self::Cluster,
            _ => match error.code() {
                // the second: what blocked on a master that became a replica
                Some("READONLY" | "UNBLOCKED") => Self::ReadOnly,
                Some("ERR") if text.contains("max number of clients") => Self::Crowded,
                Some("OOM") => Self::Full,
                Some("MISCONF") => Self::Disk,
                Some("BUSY") => Self::Busy,
                // the server got to it after we had given it up, twice in a row
                Some("LATE") => Self::Silent,
                Some("NOREPLICAS") => Self::Replicas,
                _ => return None,
            },
        })
    }
}

impl Refusal {
    pub(super) fn of(error: &RedisError) -> Self {
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

#[cfg(test)]
mod tests {
    use redis::make_extension_error;

    use super::*;
    use crate::error::QueueError;

    fn said(code: &str, detail: &str) -> QueueError {
        make_extension_error(code.to_owned(), Some(detail.to_owned())).into()
    }

    fn is(error: &QueueError, expected: Fault) -> bool {
        matches!(error, QueueError::Unreachable { fault, .. } if *fault == expected)
    }

    #[test]
    fn what_a_server_says_is_a_fault_that_passes_or_a_refusal_that_stays() {
        for (code, detail, fault) in [
            ("OOM", "command not allowed when used memory > 'maxmemory'.", Fault::Full),
            ("MISCONF", "Errors writing to the AOF file: No space left on device", Fault::Disk),
            ("BUSY", "Redis is busy running a script.", Fault::Busy),
            ("NOREPLICAS", "Not enough good replicas to write.", Fault::Replicas),
            ("UNBLOCKED", "force unblock from blocking operation", Fault::ReadOnly),
            ("ERR", "max number of clients reached", Fault::Crowded),
            ("LATE", "1795000000000", Fault::Silent),
        ] {
            assert!(is(&said(code, detail), fault), "{code}");
        }
        for (code, detail, expected) in [
            ("NOAUTH", "Authentication required.", Refusal::Credentials),
            ("WRONGPASS", "invalid username-password pair or user is disabled.", Refusal::Credentials),
            ("DENIED", "Redis is running in protected mode", Refusal::Protected),
            ("WRONGTYPE", "Operation against a key holding the wrong kind of value", Refusal::Other),
            ("ERR", "unknown command 'FCALL'", Refusal::Other),
        ] {
            let error = said(code, detail);
            assert!(matches!(&error, QueueError::Refused { refusal, .. } if *refusal == expected), "{error:?}");
        }
    }

    #[test]
    fn every_problem_says_what_to_do_in_its_own_words() {
        let faults = [
            Fault::Away,
            Fault::Silent,
            Fault::Loading,
            Fault::ReadOnly,
            Fault::Full,
            Fault::Disk,
            Fault::Busy,
            Fault::Replicas,
            Fault::Crowded,
            Fault::Cluster,
            Fault::Moving,
        ];
        let refusals = [
            Refusal::Credentials,
            Refusal::Permission,
            Refusal::Protected,
            Refusal::Encryption,
            Refusal::Address,
            Refusal::Other,
        ];
        let texts = faults.iter().map(ToString::to_string).chain(refusals.iter().map(ToString::to_string));
        let mut texts: Vec<String> = texts.collect();
        for text in &texts {
            assert!(text.starts_with(char::is_lowercase) && text.ends_with(')'), "{text}");
        }
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), faults.len() + refusals.len());
    }
}
