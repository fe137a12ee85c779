//! The run's own Redis server: append-only file, synced every second, on a port and a directory of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use atelier_queue::PrivateRedis;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use tokio::process::{Child, Command};

/// A running server, or a dead one that can be started again.
pub(crate) struct Server {
    child: Child,
    port: u16,
    data: PathBuf,
}

/// To answer after a start.
const READY: Duration = Duration::from_secs(30);
/// Between two looks at a server that starts.
const LOOK: Duration = Duration::from_millis(5);

/// Becomes the server, which then dies with the driver, however that one dies.
pub(crate) fn become_redis(data: &Path, port: u16) -> ExitCode {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let program = match PrivateRedis::program(None) {
        Ok(program) => program,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let error = std::process::Command::new(program)
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--daemonize", "no"])
        .args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""])
        .args(["--maxmemory-policy", "noeviction"])
        // rewritten several times in a run, so that some kills meet a rewrite
        .args(["--auto-aof-rewrite-min-size", "4mb", "--auto-aof-rewrite-percentage", "60"])
        .arg("--dir")
        .arg(data)
        .exec();
    eprintln!("redis-server cannot be run: {error}");
    ExitCode::FAILURE
}

impl Server {
    /// Starts a server on an empty directory.
    pub(crate) async fn start(data: PathBuf) -> Self {
        std::fs::create_dir_all(&data).expect("a directory");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let mut server = Self { child: spawn(&data, port), port, data };
        server.ready().await;
        server
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `kill -9`; returns when it is gone.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().await.expect("the end of a child");
    }

    /// Takes that many bytes from the end of what a killed server wrote.
    pub(crate) fn lose(&self, bytes: u64) {
        // the file written now is the one with the highest number; a start makes the next one only when it rewrites
        let number = |path: &PathBuf| path.to_string_lossy().rsplit('.').nth(2)?.parse::<u64>().ok();
        let entries = std::fs::read_dir(self.data.join("appendonlydir")).expect("the server's files");
        let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let last = files.filter(|path| path.to_string_lossy().ends_with(".incr.aof")).max_by_key(number);
        let file = last.and_then(|path| std::fs::OpenOptions::new().write(true).open(path).ok());
        let file = file.expect("the file of what was written last");
        let length = file.metadata().expect("its length").len();
        file.set_len(length.saturating_sub(bytes)).expect("a shorter file");
    }

    /// Starts it again on its data.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(&self.data, self.port);
        self.ready().await;
    }

    /// `kill -STOP`.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// `kill -CONT`.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// A connection of its own, not through a proxy.
    pub(crate) async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        connect(self.port).await
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(pid.expect("a running server"), signal).expect("a signal can be sent to a child");
    }

    async fn ready(&mut self) {
        let answers = async {
            loop {
                if let Ok(Some(status)) = self.child.try_wait() {
                    panic!("redis-server ended: {status}; its log: {}", self.log());
                }
                let Ok(mut link) = connect(self.port).await else {
                    tokio::time::sleep(LOOK).await;
                    continue;
                };
                if redis::cmd("PING").exec_async(&mut link).await.is_ok() {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(READY, answers).await.expect("redis-server answers");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("log")).unwrap_or_default()
    }
}

/// A connection to the server on that port. A machine that has too much to do may take its time.
pub(crate) async fn connect(port: u16) -> redis::RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(READY)).set_response_timeout(Some(READY));
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    client.get_multiplexed_async_connection_with_config(&config).await
}

fn spawn(data: &Path, port: u16) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("log")).expect("a log file");
    let mut command = Command::new(std::env::current_exe().expect("the own path"));
    command.arg("redis").arg(data).arg(port.to_string()).stdin(Stdio::null()).stdout(log).kill_on_drop(true);
    command.spawn().expect("this executable starts again")
}
