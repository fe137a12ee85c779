//! Why there is no private server: every variant says what to do.

use std::path::PathBuf;

/// Why there is no private server.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// The program is not there.
    #[error(
        "{}redis-server was not found; install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: \
         brew install redis), or name it in REDIS_SERVER, or set REDIS_URL to a server that runs already",
        .named.as_ref().map_or_else(String::new, |path| format!("{} is not a program, or ", path.display()))
    )]
    NotInstalled {
        /// The path that was asked for, if one was.
        named: Option<PathBuf>,
    },
    /// The data directory cannot be used.
    #[error("{} cannot be used for Redis' data", .path.display())]
    Directory {
        /// The directory or the file in it.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another process owns the data.
    #[error(
        "{} is in use by another process (pid {owner}); stop that one first, or name another directory",
        .path.display()
    )]
    Busy {
        /// The data directory.
        path: PathBuf,
        /// The owner's process number, as far as it is known.
        owner: String,
    },
    /// A server of an earlier run neither answers nor goes away.
    #[error("a redis-server of an earlier run still holds {} and does not stop (kill it: kill -9 {pid})", .path.display())]
    Stuck {
        /// The data directory.
        path: PathBuf,
        /// Its process number, as far as it is known.
        pid: String,
    },
    /// The port asked for is taken.
    #[error("port {0} is taken; name another one, or none to get a free one")]
    PortTaken(u16),
    /// The program did not start.
    #[error("{} cannot be run", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It ended before it was ready.
    #[error("redis-server ended at once ({said}); its log is {}", .log.display())]
    Ended {
        /// The last line of its log.
        said: String,
        /// Its log file.
        log: PathBuf,
    },
    /// It was not ready in time.
    #[error("redis-server is not ready after {seconds} s; its log is {}", .log.display())]
    Slow {
        /// How long it had.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
    },
}
