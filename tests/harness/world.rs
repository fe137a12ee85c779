//! Everything one test runs against.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use atelier_domain::{BotId, JobId, JobState, UserId};
use atelier_queue::{PrivateRedis, PrivateSettings, Queue, Record};
use atelier_simulator::{Config, start};
use tempfile::TempDir;
use tokio::process::Command;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{BotApi, Breakpoint, PATIENCE, Process, Replicate};

/// The simulated bot and its token.
const BOT: BotId = BotId(4242);
const TOKEN: &str = "4242:AAtesttokentesttokentesttokentest";

/// A private Redis server and the simulators; processes of the executable are started on them.
pub struct World {
    /// The chats.
    pub telegram: BotApi,
    /// The provider.
    pub replicate: Replicate,
    redis: Option<PrivateRedis>,
    port: u16,
    directory: TempDir,
    started: AtomicU32,
    /// Further settings of every process, as variables.
    pub variables: Vec<(&'static str, String)>,
    _stop: DropGuard,
}

/// The executable, in the directory of the profile: binaries stand there, tests in `deps` below it.
pub fn executable() -> PathBuf {
    let own = std::env::current_exe().expect("the test's own path");
    let found = own.ancestors().skip(1).take(2).map(|directory| directory.join("atelier")).find(|path| path.exists());
    found.expect("the executable is built: run cargo build --bins, or cargo xtask test")
}

/// An address of this machine that nothing listens at.
pub fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

impl World {
    /// Starts Redis and the simulators; providers answer at once unless a test holds them.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another configuration of the simulators.
    pub async fn with(adapt: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let stop = CancellationToken::new();
        let mut config = Config { time_scale: 0.0, largest_side: 256, rate_limits: false, ..Config::default() };
        adapt(&mut config);
        let simulators = start(config, stop.clone()).await.expect("the simulators start");
        let settings = PrivateSettings { data: directory.path().join("redis"), port: None, program: None };
        let redis = PrivateRedis::start(settings).await.expect("redis-server starts");
        Self {
            telegram: BotApi::new(simulators.telegram_addr),
            replicate: Replicate::new(simulators.replicate_addr),
            port: redis.port(),
            redis: Some(redis),
            directory,
            started: AtomicU32::new(0),
            variables: Vec::new(),
            _stop: stop.drop_guard(),
        }
    }

    /// The test's own directory, removed with the world.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Address of the Redis server.
    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The queue, as an operator's tool sees it.
    pub fn queue(&self) -> Queue {
        Queue::open(&self.redis_url().parse().expect("an address")).expect("a queue")
    }

    /// Kills the Redis server.
    pub async fn kill_redis(&mut self) {
        self.redis.take().expect("a running server").kill().await;
    }

    /// Starts the Redis server again on the same data and port.
    pub async fn restart_redis(&mut self) {
        let data = self.directory.path().join("redis");
        let settings = PrivateSettings { data, port: Some(self.port), program: None };
        self.redis = Some(PrivateRedis::start(settings).await.expect("redis-server starts again"));
    }

    /// A bot process, polling.
    pub async fn bot(&self) -> Process {
        let bot = self.run("bot", &[], None);
        self.telegram.wait("poller=true").await;
        bot
    }

    /// A bot process that stops at a breakpoint.
    pub async fn bot_stopping_at(&self, breakpoint: &Breakpoint) -> Process {
        let bot = self.run("bot", &[], Some(breakpoint));
        self.telegram.wait("poller=true").await;
        bot
    }

    /// A bot process with further arguments, which has said that in its log.
    pub async fn bot_with(&self, arguments: &[&str], said: &str) -> Process {
        let bot = self.run("bot", arguments, None);
        bot.until_said(said).await;
        bot
    }

    /// A second bot process, which waits for the first to fall silent.
    pub async fn standby(&self) -> Process {
        self.bot_with(&[], "standing by").await
    }

    /// A worker process with defaults.
    pub fn worker(&self) -> Process {
        self.run("worker", &[], None)
    }

    /// A worker process with further arguments.
    pub fn worker_with(&self, arguments: &[&str]) -> Process {
        self.run("worker", arguments, None)
    }

    /// The same with arguments made on the way.
    pub fn worker_of(&self, arguments: &[String]) -> Process {
        self.worker_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A worker process that stops at a breakpoint.
    pub fn worker_stopping_at(&self, breakpoint: &Breakpoint) -> Process {
        self.run("worker", &[], Some(breakpoint))
    }

    /// The same with further arguments.
    pub fn worker_stopping_with(&self, breakpoint: &Breakpoint, arguments: &[&str]) -> Process {
        self.run("worker", arguments, Some(breakpoint))
    }

    /// A process of the executable with further variables, which override those of the world.
    pub fn process(&self, verb: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Process {
        let mut command = self.command(verb, arguments);
        command.envs(variables.iter().copied());
        self.spawn(command, verb)
    }

    /// A command of the executable in this world's environment.
    pub fn command(&self, verb: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(executable());
        command
            .arg(verb)
            .args(arguments)
            .current_dir(self.directory.path())
            .env("TELEGRAM_BOT_TOKEN", TOKEN)
            .env("TELEGRAM_API_URL", self.telegram.url())
            .env("REPLICATE_API_TOKEN", "r8_testtesttesttesttesttesttesttest")
            .env("REPLICATE_BASE_URL", self.replicate.url())
            .env("REDIS_URL", self.redis_url())
            .env("ATELIER_LOG", "info")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run(&self, verb: &str, arguments: &[&str], breakpoint: Option<&Breakpoint>) -> Process {
        let mut command = self.command(verb, arguments);
        if let Some(breakpoint) = breakpoint {
            command.env("ATELIER_BREAKPOINT", breakpoint.setting());
        }
        self.spawn(command, verb)
    }

    fn spawn(&self, command: Command, verb: &str) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        Process::spawn(command, verb, self.directory.path().join(format!("{number}-{verb}.log")))
    }

    /// The only job's id.
    pub async fn only_job(&self, user: i64) -> JobId {
        let jobs = self.jobs(user).await;
        assert_eq!(jobs.len(), 1, "one job: {jobs:?}");
        jobs[0].id.clone()
    }

    /// A user's jobs, newest first.
    pub async fn jobs(&self, user: i64) -> Vec<Record> {
        self.queue().jobs_of(BOT, UserId(user), 100).await.expect("records")
    }

    /// Waits until a job is in a state.
    pub async fn until(&self, id: &JobId, state: JobState) -> Record {
        let queue = self.queue();
        let reached = async {
            // the queue has no subscription for this yet: each look is a round trip on loopback
            loop {
                match queue.record(id).await {
                    Ok(Some(record)) if record.state == state => return record,
                    _ => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{id} does not become {state}"))
    }
}
