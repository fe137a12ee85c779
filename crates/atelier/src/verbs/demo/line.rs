//! The whole line: what is started, in which order it starts, and in which order it stops.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use atelier_process::Exit;
use atelier_queue::{PrivateSettings, Queue};
use atelier_simulator::{Config, Panel, Running, StartError};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::child::{Kept, Role};
use super::control::Control;
use super::tricks;
use crate::failure::{Failure, OrExit};
use crate::private::KeptRedis;
use crate::queue_of::{UP_REDIS, connect};

/// The simulated bot.
pub(super) const BOT: i64 = 4242;
/// The secret part of its token; it opens nothing but the simulator.
const SECRET: &str = "AAdemo-demo-demo-demo-demo-demo-demo";
/// Seconds that running jobs have when the demo stops: they go on at the next start.
pub(super) const GRACE: u64 = 5;
/// For bot and workers to be at work after their start.
const READY: Duration = Duration::from_secs(30);

/// Which port to listen on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Port {
    /// This one or none.
    Exactly(u16),
    /// This one, or another when it is taken.
    Preferably(u16),
    /// Any.
    Free,
}

/// How the line is set up.
#[derive(Debug)]
pub(super) struct Settings {
    /// Where chats, queue and predictions live.
    pub(super) data: PathBuf,
    /// Where the processes' logs go.
    pub(super) logs: PathBuf,
    /// The chat's port; the Replicate server takes the next one.
    pub(super) port: Port,
    /// Worker processes.
    pub(super) workers: u64,
    /// Factor of the simulated latencies.
    pub(super) time_scale: f64,
    /// The program of the private Redis, where it is not found by itself.
    pub(super) redis_server: Option<PathBuf>,
    /// Whether the processes' logs are shown on the screen.
    pub(super) echo: bool,
}

/// A running line.
pub(super) struct Line {
    redis: KeptRedis,
    simulators: Running,
    simulators_stop: CancellationToken,
    bot: Kept,
    workers: Vec<Kept>,
    pub(super) control: Control,
    pub(super) queue: Queue,
}

impl Line {
    /// Starts everything and waits until the bot polls and the workers are at work.
    pub(super) async fn start(settings: Settings) -> Result<Self, Failure> {
        for directory in [&settings.data, &settings.logs] {
            let made = tokio::fs::create_dir_all(directory).await.or_exit(Exit::CannotCreate);
            made.map_err(|failure| failure.about(directory.display()))?;
        }
        let server =
            PrivateSettings { data: settings.data.join(UP_REDIS), port: None, program: settings.redis_server.clone() };
        let redis = KeptRedis::start(server).await?;
        let queue = connect(&redis.url).await?;
        let simulators_stop = CancellationToken::new();
        let (panel, pressed) = tricks::panel();
        let simulators = simulate(&settings, panel, &simulators_stop).await?;
        let control = Control::at(simulators.telegram_addr);
        control.introduce_bot(BOT).await.or_exit(Exit::Software)?;
        let environment = environment(&redis, &simulators);
        let start = |name: String, verb: &'static str| {
            let log = settings.logs.join(format!("{name}.log"));
            Kept::start(Role { name, verb, environment: environment.clone(), log, echo: settings.echo })
        };
        let bot = start("bot".to_owned(), "bot").await.or_exit(Exit::Software)?;
        let mut workers = Vec::new();
        for number in 1..=settings.workers {
            workers.push(start(format!("worker-{number}"), "worker").await.or_exit(Exit::Software)?);
        }
        let victims = workers.iter().map(Kept::victim).collect();
        tokio::spawn(tricks::play(pressed, bot.victim(), victims, redis.away()));
        let line = Self { redis, simulators, simulators_stop, bot, workers, control, queue };
        line.ready(&settings).await?;
        Ok(line)
    }

    /// Where the chat is.
    pub(super) fn chat(&self) -> String {
        format!("http://{}/", self.simulators.telegram_addr)
    }

    /// Where the queue is.
    pub(super) fn redis(&self) -> &str {
        &self.redis.address
    }

    /// Bot and workers, each with its process number.
    pub(super) fn processes(&self) -> impl Iterator<Item = (&str, u32)> {
        std::iter::once(&self.bot).chain(&self.workers).map(Kept::process)
    }

    /// Stops everything, those first that need the others: bot, workers, simulators, Redis.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.bot.stop().await;
        futures::future::join_all(self.workers.into_iter().map(Kept::stop)).await;
        self.simulators_stop.cancel();
        let simulators = self.simulators.finished().await.or_exit(Exit::Software);
        simulators.and(self.redis.stop().await)
    }

    async fn ready(&self, settings: &Settings) -> Result<(), Failure> {
        let late = |who: &str| {
            let logs = settings.logs.display();
            Failure::new(
                Exit::Software,
                format!("{who} did not get ready within {} s; logs are in {logs}", READY.as_secs()),
            )
        };
        let began = Instant::now();
        if !self.control.wait(&format!("bot={BOT}&poller=true"), READY).await.or_exit(Exit::Software)? {
            return Err(late("the bot"));
        }
        // the queue has no event for a worker's first sign of life; it comes a moment after its start
        while self.queue.stats().await.or_exit(Exit::Unavailable)?.workers.len() < self.workers.len() {
            if began.elapsed() > READY {
                return Err(late("the workers"));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// Starts the simulators on the port wished for, or beside it.
async fn simulate(settings: &Settings, panel: Panel, stop: &CancellationToken) -> Result<Running, Failure> {
    let (mut telegram, mut replicate) = match settings.port {
        Port::Exactly(port) | Port::Preferably(port) => (port, port.saturating_add(1)),
        Port::Free => (0, 0),
    };
    loop {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let config = Config {
            telegram_addr: local(telegram),
            replicate_addr: local(replicate),
            data_dir: Some(settings.data.clone()),
            time_scale: settings.time_scale,
            directives: true,
            panel: Some(panel.clone()),
            ..Config::default()
        };
        match atelier_simulator::start(config, stop.clone()).await {
            Ok(running) => return Ok(running),
            Err(StartError::Listen { addr, .. }) if addr == local(replicate) && replicate != 0 => replicate = 0,
            Err(StartError::Listen { addr, .. })
                if addr == local(telegram) && matches!(settings.port, Port::Preferably(_)) && telegram != 0 =>
            {
                telegram = 0;
            }
            Err(error) => return Err(error).or_exit(Exit::Unavailable),
        }
    }
}

/// What tells bot and workers to use this line; empty values keep a `.env` file from interfering.
fn environment(redis: &KeptRedis, simulators: &Running) -> Vec<(&'static str, String)> {
    vec![
        ("TELEGRAM_BOT_TOKEN", format!("{BOT}:{SECRET}")),
        ("TELEGRAM_API_URL", format!("http://{}", simulators.telegram_addr)),
        ("REPLICATE_API_TOKEN", "r8_demo0demo0demo0demo0demo0demo0demo0dem".to_owned()),
        ("REPLICATE_BASE_URL", format!("http://{}/v1", simulators.replicate_addr)),
        ("REDIS_URL", redis.address.clone()),
        ("ATELIER_GRACE", GRACE.to_string()),
        ("ATELIER_CONCURRENCY", String::new()),
        ("ATELIER_LEASE", String::new()),
        ("ATELIER_MODELS", String::new()),
        ("ATELIER_LOG_FORMAT", String::new()),
    ]
}
