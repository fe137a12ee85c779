//! Worker processes, seen from the one that measures.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::queue::server::Server;
use crate::queue::worker::Spec;

/// Longer than anything that is waited for; reached only when the worker does nothing.
const PATIENCE: Duration = Duration::from_secs(150);

/// A worker process; killed when dropped.
pub(crate) struct Worker {
    child: Child,
    lines: mpsc::UnboundedReceiver<Line>,
}

/// What a worker tells, with the moment in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Started(u64, String),
    Ended(u64, String),
    Cancelled(u64, String),
    /// The counted jobs begin; the time on a processor so far.
    First(u64, Duration),
    /// They have ended.
    Last(u64, Duration),
}

impl Worker {
    pub(crate) fn start(server: &Server, spec: &Spec) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["worker", &server.url()])
            .args(spec.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("this program starts again");
        let out = child.stdout.take().expect("its output");
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut out = BufReader::new(out).lines();
            while let Ok(Some(line)) = out.next_line().await {
                if let Some(line) = Line::read(&line)
                    && sender.send(line).is_err()
                {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// What it tells next, however long that takes; `None` when it has ended.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        self.lines.recv().await
    }

    /// What it tells next, soon; `None` when it has ended.
    pub(crate) async fn line(&mut self) -> Option<Line> {
        tokio::time::timeout(PATIENCE, self.next()).await.expect("the worker works")
    }

    /// Waits for the next start.
    pub(crate) async fn started(&mut self) -> (u64, String) {
        loop {
            if let Line::Started(at, id) = self.line().await.expect("a job starts") {
                return (at, id);
            }
        }
    }

    /// Waits for the beginning of the counted jobs.
    pub(crate) async fn first(&mut self) -> (u64, Duration) {
        loop {
            if let Line::First(at, worked) = self.line().await.expect("the jobs start") {
                return (at, worked);
            }
        }
    }

    /// Waits for their end.
    pub(crate) async fn last(&mut self) -> (u64, Duration) {
        loop {
            if let Line::Last(at, worked) = self.line().await.expect("the jobs end") {
                return (at, worked);
            }
        }
    }

    /// Kills it as a power failure would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("a process of ours");
    }

    /// Stops it as a signal would, and waits until it is gone.
    pub(crate) async fn stop(mut self) {
        drop(self.child.stdin.take());
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        assert!(ended.expect("it stops").expect("a process of ours").success(), "it ends well");
    }
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (word, at, what) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
        let worked = || what.parse().ok().map(Duration::from_nanos);
        Some(match word {
            "started" => Self::Started(at, what.to_owned()),
            "ended" => Self::Ended(at, what.to_owned()),
            "cancelled" => Self::Cancelled(at, what.to_owned()),
            "first" => Self::First(at, worked()?),
            "last" => Self::Last(at, worked()?),
            _ => return None,
        })
    }
}
