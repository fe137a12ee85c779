//! A process of the real executable, and the signals that befall it.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::PATIENCE;

/// A running process; killed with the value.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    pub(crate) fn spawn(mut command: Command, name: &str, log: PathBuf) -> Self {
        let file = std::fs::File::create(&log).expect("a log file");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).kill_on_drop(true);
        let child = command.spawn().expect("the executable starts: cargo build --bins makes it");
        Self { child, name: name.to_owned(), log }
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id().expect("a running process")
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a process number");
        kill_process(pid, signal).expect("a signal can be sent to a child");
    }

    /// `kill -9`; returns when it is gone.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().await.expect("the end of a child");
    }

    /// `kill -STOP`.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// `kill -CONT`.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// `kill -TERM`, and how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("{} does not end; its log: {}", self.name, self.log())).expect("an exit status")
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until its log has these words.
    pub async fn until_said(&self, words: &str) {
        let said = async {
            // a file tells nobody when it grows
            while !self.log().contains(words) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        let said = tokio::time::timeout(PATIENCE, said).await;
        assert!(said.is_ok(), "{} does not say {words:?}; its log: {}", self.name, self.log());
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    /// A failing test shows what its processes had to say.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of {} ---\n{}", self.name, self.log());
        }
    }
}
