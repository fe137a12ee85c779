//! A redis-server of the test's own: own port, own directory, gone with the test. `ATELIER_REDIS_SERVER` names another
//! program, so that the same tests run on Valkey or on an older Redis.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a harness fails its test by panicking")]

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use atelier_queue::{Queue, RedisUrl};
use tempfile::TempDir;

/// Most ports that one start tries.
const PORTS: usize = 5;
pub(crate) const READY: &str = "the server ended before it was ready";

pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) directory: TempDir,
    pub(crate) extra: Vec<String>,
    program: OsString,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(extra: &[&str]) -> Self {
        // a port that was free a moment ago may be another process' by now: then another one will do
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        (0..PORTS).find_map(|_| Self::try_start(program(), free(), extra)).expect("redis-server starts on a free port")
    }

    pub(crate) fn try_start(program: OsString, port: u16, extra: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let extra: Vec<String> = extra.iter().map(|word| (*word).to_owned()).collect();
        let child = spawn(&program, port, &directory, &extra)?;
        Some(Self { child, port, directory, extra, program })
    }

    pub(crate) fn url(&self) -> RedisUrl {
        format!("redis://127.0.0.1:{}/", self.port).parse().unwrap()
    }

    pub(crate) fn open(&self) -> Queue {
        Queue::open(&self.url()).unwrap()
    }

    pub(crate) async fn queue(&self) -> Queue {
        Queue::connect(&self.url()).await.unwrap()
    }

    /// Kills it when what it answered is in its file: while the disk is busy, it answers before it writes.
    pub(crate) fn kill(&mut self) {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        if let Ok(mut link) = client.get_connection() {
            let mut unwritten = || redis::cmd("INFO").arg("persistence").query::<String>(&mut link);
            while unwritten().is_ok_and(|info| !info.contains("aof_buffer_length:0\r")) {}
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.program, self.port, &self.directory, &self.extra).expect(READY);
    }

    /// Number of fields of a hash of the queue.
    pub(crate) async fn count(&self, name: &str) -> u64 {
        self.run("HLEN", &[name]).await
    }

    /// Runs a command on a key of the queue, named first.
    pub(crate) async fn run<T: redis::FromRedisValue>(&self, verb: &str, arguments: &[&str]) -> T {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        let mut link = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(verb);
        command.arg(format!("{}{}", atelier_queue::keys::PREFIX, arguments[0])).arg(&arguments[1..]);
        command.query_async(&mut link).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server that the tests run on.
pub(crate) fn program() -> OsString {
    std::env::var_os("ATELIER_REDIS_SERVER").unwrap_or_else(|| "redis-server".into())
}

/// Nothing when it ended before it was ready.
fn spawn(program: &OsStr, port: u16, directory: &TempDir, extra: &[String]) -> Option<Child> {
    let mut child = Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""])
        .arg("--dir")
        .arg(directory.path())
        .args(extra)
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is installed, or ATELIER_REDIS_SERVER names a program");
    // it says so itself when it is ready: no guessing, no polling
    let output = child.stdout.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(output));
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Ready to accept connections"));
    if !ready {
        child.wait().unwrap();
        return None;
    }
    std::thread::spawn(move || lines.for_each(drop));
    Some(child)
}
