//! A Redis server of our own, for one machine: started, watched and stopped by this process.
//!
//! Invariants: it listens on 127.0.0.1 only, writes every change to its append-only file and never evicts; at most one
//! server runs on a data directory, and at most one process owns it ([`lock`]); a server left behind by an owner that
//! was killed is stopped and replaced, which loses nothing. It does not get the terminal's Ctrl-C: its owner stops it
//! last. Deliberately absent: any setting that would make it weaker than the servers of the README.

mod error;
mod lock;
mod program;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use redis::{Client, ConnectionAddr, IntoConnectionInfo};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

pub use self::error::PrivateError;
use self::lock::Locks;
use crate::link::RedisUrl;

/// What to start and where.
#[derive(Debug, Clone)]
pub struct PrivateSettings {
    /// Where the data lives; made when missing.
    pub data: PathBuf,
    /// The port to listen on; `None` takes a free one.
    pub port: Option<u16>,
    /// The program; `None` looks for `redis-server` (or `valkey-server`) where programs usually are.
    pub program: Option<PathBuf>,
}

/// A running private server. Dropping it stops it and waits until it is gone.
#[derive(Debug)]
pub struct PrivateRedis {
    child: Child,
    pid: Pid,
    port: u16,
    url: RedisUrl,
    data: PathBuf,
    locks: Locks,
    abandoned: bool,
}

/// To answer at all. A server that loads its data answers, and has [`LOADING`] for it.
const READY: Duration = Duration::from_secs(10);
/// To load its data: about a gigabyte a second, so this means a fault.
const LOADING: Duration = Duration::from_secs(300);
/// To write its last second to disk and go.
const GONE: Duration = Duration::from_secs(10);
/// Between two looks at a server that starts: it is usually ready in 20 ms.
const LOOK: Duration = Duration::from_millis(5);

impl PrivateRedis {
    /// Starts a server and waits until it answers.
    pub async fn start(settings: PrivateSettings) -> Result<Self, PrivateError> {
        let program = program::find(settings.program.as_deref())?;
        let data = settings.data.clone();
        let directory = |source| PrivateError::Directory { path: settings.data.clone(), source };
        let data = off_thread(move || std::fs::create_dir_all(&data).and_then(|()| data.canonicalize())).await;
        let data = data.map_err(directory)?;
        let locks = Locks::own(&data)?;
        replace_stale(&locks).await?;
        let mut tries = 0;
        loop {
            tries += 1;
            let port = settings.port.map_or_else(free_port, Ok).map_err(directory)?;
            let (child, pid) = spawn(&program, &locks, port)?;
            // from here on an early return drops the guard, which stops the child
            let (url, locks) = (loopback(port)?, locks.again()?);
            let mut server = Self { child, pid, port, url, data: data.clone(), locks, abandoned: false };
            match server.ready().await {
                Ok(()) => {
                    server.locks.note_port(port)?;
                    info!(port, pid = pid.as_raw_nonzero().get(), data = %server.data.display(), "private redis ready");
                    return Ok(server);
                }
                // somebody was faster on the free port
                Err(PrivateError::PortTaken(_)) if settings.port.is_none() && tries < 5 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where the program is that would be started.
    pub fn program(named: Option<&Path>) -> Result<PathBuf, PrivateError> {
        program::find(named)
    }

    /// The address of the server that runs on a data directory now, whoever owns it.
    pub fn running_on(data: &Path) -> Option<String> {
        lock::noted_port(data).map(address)
    }

    /// Its address.
    pub fn url(&self) -> &RedisUrl {
        &self.url
    }

    /// Its address as text, for the environment of a child process. It holds no secret.
    pub fn address(&self) -> String {
        address(self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits until it has ended without having been asked to. Safe to drop and call again.
    pub async fn ended(&mut self) {
        // an error would mean that somebody else has waited for it: it is gone either way
        let _ = self.child.wait().await;
    }

    /// Stops it: it writes what it holds to disk and goes. This returns when it is gone.
    pub async fn stop(mut self) {
        self.end(Signal::TERM).await;
    }

    /// Kills it as a power failure would, and returns when it is gone. For tests of what happens then.
    pub async fn kill(mut self) {
        self.end(Signal::KILL).await;
    }

    async fn end(&mut self, first: Signal) {
        self.signal(first);
        if timeout(GONE, self.child.wait()).await.is_err() {
            warn!(pid = self.pid(), "redis-server does not stop; killing it");
            self.signal(Signal::KILL);
            self.ended().await;
        }
    }

    /// A child that was waited for gets no signal: its number may be another process' by now.
    fn signal(&self, wanted: Signal) {
        if self.child.id().is_some() {
            signal(self.pid, wanted);
        }
    }

    /// Leaves it running without an owner, as a killed owner does. For tests of what happens then.
    pub fn abandon(mut self) {
        self.abandoned = true;
    }

    async fn ready(&mut self) -> Result<(), PrivateError> {
        let started = Instant::now();
        let mut limit = READY;
        while started.elapsed() < limit {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return Err(self.why_it_ended());
            }
            match timeout(READY, look(self.port)).await {
                Ok(Ok(Look { pid, .. })) if pid != self.pid() => return Err(PrivateError::PortTaken(self.port)),
                Ok(Ok(Look { loading: false, .. })) => return Ok(()),
                Ok(Ok(Look { loading: true, .. })) => limit = LOADING,
                Ok(Err(_)) | Err(_) => {}
            }
            sleep(LOOK).await;
        }
        Err(PrivateError::Slow { seconds: limit.as_secs(), log: lock::log(&self.data) })
    }

    fn why_it_ended(&self) -> PrivateError {
        let log = lock::log(&self.data);
        // at most the start of one short-lived server: a few kilobytes
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last = text.lines().rev().take(5).collect::<Vec<_>>();
        if last.iter().any(|line| line.contains("Address already in use")) {
            return PrivateError::PortTaken(self.port);
        }
        let said = last.first().map_or("no word in its log", |line| line.trim()).to_owned();
        PrivateError::Ended { said, log }
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        if self.abandoned || self.child.id().is_none() {
            return;
        }
        self.signal(Signal::TERM);
        if !self.locks.wait_for_server_end(GONE) {
            warn!(pid = self.pid(), "redis-server does not stop; killing it");
            self.signal(Signal::KILL);
        }
    }
}

/// A server that outlived its owner is asked to go: its data is on disk, and a fresh start of it has our settings.
async fn replace_stale(locks: &Locks) -> Result<(), PrivateError> {
    let Some(pid) = locks.stale_server() else { return Ok(()) };
    info!(pid = %pid, "stopping a redis-server left behind by an earlier run");
    if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
        signal(pid, Signal::TERM);
    }
    let (waiting, path) = (locks.again()?, locks.data().to_owned());
    if off_thread(move || waiting.wait_for_server_end(GONE)).await {
        Ok(())
    } else {
        Err(PrivateError::Stuck { path, pid })
    }
}

fn spawn(program: &Path, locks: &Locks, port: u16) -> Result<(Child, Pid), PrivateError> {
    let failed = |source| PrivateError::Spawn { program: program.to_owned(), source };
    // a fresh log for every start: the last line says why a start failed
    let log = lock::log(locks.data());
    std::fs::write(&log, []).map_err(|source| PrivateError::Directory { path: log.clone(), source })?;
    let child = Command::new(program)
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--daemonize", "no"])
        .args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""])
        .args(["--maxmemory-policy", "noeviction"])
        .arg("--dir")
        .arg(locks.data())
        .arg("--pidfile")
        .arg(lock::pid_file(locks.data()))
        .arg("--logfile")
        .arg(&log)
        // secrets of our environment are none of its business
        .env_clear()
        .stdin(locks.for_server()?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    match child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        Some(pid) => Ok((child, pid)),
        None => Err(failed(std::io::Error::other("it has no process number"))),
    }
}

struct Look {
    pid: u32,
    loading: bool,
}

/// Who answers on the port. `INFO` is answered while the data is loaded, other commands are not.
async fn look(port: u16) -> redis::RedisResult<Look> {
    let client = Client::open(info_of(port)?)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let text: String = redis::cmd("INFO").query_async(&mut connection).await?;
    let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    let pid = field("process_id").and_then(|value| value.parse().ok()).unwrap_or(0);
    Ok(Look { pid, loading: field("loading") == Some("1") })
}

fn info_of(port: u16) -> redis::RedisResult<redis::ConnectionInfo> {
    ConnectionAddr::Tcp(Ipv4Addr::LOCALHOST.to_string(), port).into_connection_info()
}

fn address(port: u16) -> String {
    format!("redis://127.0.0.1:{port}/0")
}

fn loopback(port: u16) -> Result<RedisUrl, PrivateError> {
    address(port).parse().map_err(|_| PrivateError::PortTaken(port))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A process that is gone already needs no signal.
fn signal(pid: Pid, signal: Signal) {
    let _ = kill_process(pid, signal);
}

/// Runs file work where blocking is allowed. A panic in it is passed on.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
