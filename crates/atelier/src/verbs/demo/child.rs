//! Processes of the demo: real children of the same executable, kept alive and stopped in order.
//!
//! Invariants: a child has a process group of its own, so that the terminal's Ctrl-C reaches it through its parent only;
//! it holds a pipe from its parent as standard input and stops when that ends, so that none outlives a parent that was
//! killed.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::output::aside;

/// A process to keep alive.
#[derive(Debug, Clone)]
pub(super) struct Role {
    /// What it is called on the screen and in its log's name.
    pub(super) name: String,
    /// The verb of the executable.
    pub(super) verb: &'static str,
    /// What its environment says, besides ours.
    pub(super) environment: Vec<(&'static str, String)>,
    /// Where its log goes.
    pub(super) log: PathBuf,
    /// Whether its log is shown on the screen, too.
    pub(super) echo: bool,
}

/// A process that is started again when it ends by itself.
#[derive(Debug)]
pub(super) struct Kept {
    name: String,
    pid: watch::Receiver<u32>,
    stop: CancellationToken,
    keeping: JoinHandle<()>,
}

/// A running child with the pipe that tells it of our end; waiting for a child would close a pipe left inside it.
type Alive = (Child, Option<ChildStdin>);

/// Before a process that ended is started again; long enough to see the others take over its work.
const PAUSE: Duration = Duration::from_secs(3);
/// After the stop signal: the demo's grace time, the last call for a hand-over, and a little.
const STOPPED: Duration = Duration::from_secs(super::line::GRACE + 6);

impl Kept {
    /// Starts it.
    pub(super) async fn start(role: Role) -> anyhow::Result<Self> {
        let first = spawn(&role).await?;
        let (pid_sender, pid) = watch::channel(first.0.id().unwrap_or(0));
        let (name, stop) = (role.name.clone(), CancellationToken::new());
        let keeping = tokio::spawn(keep(role, first, pid_sender, stop.clone()));
        Ok(Self { name, pid, stop, keeping })
    }

    /// Its name and its process number of the moment.
    pub(super) fn process(&self) -> (&str, u32) {
        (&self.name, *self.pid.borrow())
    }

    /// By which it can be killed, now or after later starts.
    pub(super) fn victim(&self) -> Victim {
        Victim(self.pid.clone())
    }

    /// Asks it to stop, and waits until it is gone.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // a panic in the keeper has been reported by the runtime; the child ends with its pipe
        let _ = self.keeping.await;
    }
}

/// A process that may be killed to see what happens then.
#[derive(Debug, Clone)]
pub(super) struct Victim(watch::Receiver<u32>);

impl Victim {
    /// `kill -9`.
    pub(super) fn kill(&self) {
        let pid = i32::try_from(*self.0.borrow()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // one that is gone is as dead as it can be
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

async fn keep(role: Role, (mut child, mut pipe): Alive, pid: watch::Sender<u32>, stop: CancellationToken) {
    loop {
        let status = tokio::select! {
            status = child.wait() => status,
            () = stop.cancelled() => return end(child).await,
        };
        let number = *pid.borrow();
        let how = status.map_or_else(|error| error.to_string(), how_it_ended);
        tell(&format!("{} (pid {number}) {how}; it is started again in {} s", role.name, PAUSE.as_secs()));
        drop(pipe);
        (child, pipe) = loop {
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = stop.cancelled() => return,
            }
            match spawn(&role).await {
                Ok(alive) => break alive,
                Err(error) => tell(&format!("{} does not start: {error:#}", role.name)),
            }
        };
        let number = child.id().unwrap_or(0);
        tell(&format!("{} runs again (pid {number})", role.name));
        pid.send_replace(number);
    }
}

async fn end(mut child: Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // gone already is as good as told
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(STOPPED, child.wait()).await.is_err() {
        tell("a process does not stop; killing it");
        let _ = child.kill().await;
    }
}

async fn spawn(role: &Role) -> anyhow::Result<Alive> {
    let program = std::env::current_exe().context("this executable's own path is unknown")?;
    let log = OpenOptions::new().create(true).append(true).open(&role.log).await;
    let log = log.with_context(|| format!("{} cannot be written", role.log.display()))?;
    let mut child = Command::new(program)
        .args([role.verb, "--with-parent"])
        .envs(role.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", role.name))?;
    if let Some(lines) = child.stderr.take() {
        tokio::spawn(copy(lines, log, role.echo.then(|| role.name.clone())));
    }
    let pipe = child.stdin.take();
    Ok((child, pipe))
}

/// Copies lines into the log and, with a name in front, to the screen.
async fn copy(lines: impl AsyncRead + Unpin, mut log: File, echo: Option<String>) {
    let mut lines = BufReader::new(lines);
    let mut line = Vec::new();
    while matches!(lines.read_until(b'\n', &mut line).await, Ok(1..)) {
        if let Some(name) = &echo {
            aside(name, String::from_utf8_lossy(&line).trim_end());
        }
        // a full disk must not stop the processes: their log is lost, they are not
        let _ = log.write_all(&line).await;
        line.clear();
    }
    let _ = log.flush().await;
}

fn how_it_ended(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("ended with code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

fn tell(what: &str) {
    aside("demo", what);
}
