//! A Redis server for one measurement, with a look at what it spends.
//!
//! The server is the one that the product would start for itself: append-only file, `everysec`. One thing differs, for
//! all sides alike: the file is not rewritten in the background, since that happens to whoever is measured just then.

use std::time::Duration;

use atelier_queue::{PrivateRedis, PrivateSettings, Queue, Setting};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Value, cmd};
use tempfile::TempDir;

/// An empty server at first; gone when dropped.
pub(crate) struct Server {
    redis: PrivateRedis,
    queue: Queue,
    link: MultiplexedConnection,
    _directory: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = PrivateSettings { data: directory.path().join("redis"), port: None, program: None };
        let redis = PrivateRedis::start(settings).await.expect("redis-server starts");
        let queue = Queue::connect(redis.url()).await.expect("a queue");
        // seeding and reading the slow log take longer than the library's 500 ms
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(60)));
        let client = redis::Client::open(redis.address()).expect("an address");
        let link = client.get_multiplexed_async_connection_with_config(&config).await.expect("a connection");
        let server = Self { redis, queue, link, _directory: directory };
        server.set("auto-aof-rewrite-percentage", "0").await;
        server
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.redis.address()
    }

    /// Our queue on it.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// A link to it for plain commands.
    pub(crate) fn link(&self) -> MultiplexedConnection {
        self.link.clone()
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.redis.port()
    }

    /// Waits until our queue knows so many living workers.
    pub(crate) async fn workers(&self, count: usize) {
        while self.queue.stats().await.expect("the queue counts").workers.len() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets so many jobs of a model be in flight.
    pub(crate) async fn limit(&self, model: &str, most: u64) {
        let setting = Setting::ModelLimit(model.parse().expect("a model"));
        self.queue.limit(&setting, "bench", Some(most)).await.expect("it is set");
    }

    /// Time on a processor so far, all threads.
    pub(crate) async fn processor(&self) -> Duration {
        let info = self.info("cpu").await;
        Duration::from_secs_f64(number(&info, "used_cpu_user:") + number(&info, "used_cpu_sys:"))
    }

    /// Bytes held.
    pub(crate) async fn memory(&self) -> f64 {
        number(&self.info("memory").await, "used_memory:")
    }

    /// Commands so far, those inside scripts counted one by one.
    pub(crate) async fn commands(&self) -> f64 {
        number(&self.info("stats").await, "total_commands_processed:")
    }

    /// Time inside scripts so far.
    pub(crate) async fn scripts(&self) -> Duration {
        let info = self.info("commandstats").await;
        // ours are functions, the floors' are not
        let lines = SCRIPTS.iter().filter_map(|name| {
            let start = format!("cmdstat_{name}:");
            info.lines().find_map(|line| line.strip_prefix(start.as_str()))
        });
        let times = lines.filter_map(|line| line.split(',').find_map(|field| field.strip_prefix("usec=")));
        Duration::from_micros(times.map(|time| time.parse::<u64>().expect("a number")).sum())
    }

    /// Notes from now on every script that takes longer than [`Self::SHORTEST`].
    pub(crate) async fn watch_scripts(&self) {
        self.set("slowlog-max-len", "100000").await;
        self.set("slowlog-log-slower-than", &Self::SHORTEST.as_micros().to_string()).await;
        let _: Value = self.ask(cmd("SLOWLOG").arg("RESET")).await;
    }

    /// Shorter scripts are not noted, so that the many short commands inside them cost nothing.
    pub(crate) const SHORTEST: Duration = Duration::from_micros(25);

    /// The scripts noted since the watch began, which starts anew.
    pub(crate) async fn watched(&self) -> Vec<Duration> {
        let entries: Vec<Value> = self.ask(cmd("SLOWLOG").arg("GET").arg(-1)).await;
        let _: Value = self.ask(cmd("SLOWLOG").arg("RESET")).await;
        entries.into_iter().filter_map(script_time).collect()
    }

    pub(crate) async fn set(&self, setting: &str, value: &str) {
        let _: Value = self.ask(cmd("CONFIG").arg("SET").arg(setting).arg(value)).await;
    }

    async fn info(&self, section: &str) -> String {
        self.ask(cmd("INFO").arg(section)).await
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut self.link.clone()).await.expect("Redis answers")
    }
}

/// The commands that run Lua.
const SCRIPTS: [&str; 2] = ["fcall", "evalsha"];

fn number(info: &str, name: &str) -> f64 {
    let value = info.lines().find_map(|line| line.strip_prefix(name)).expect("a line of INFO");
    value.trim().parse().expect("a number")
}

/// The time of an entry of the slow log that is a script.
fn script_time(entry: Value) -> Option<Duration> {
    let Value::Array(fields) = entry else { return None };
    let mut fields = fields.into_iter().skip(2);
    let microseconds = u64::from_redis_value(fields.next()?).ok()?;
    let words: Vec<Vec<u8>> = FromRedisValue::from_redis_value(fields.next()?).ok()?;
    let name = String::from_utf8_lossy(words.first()?).to_lowercase();
    SCRIPTS.contains(&name.as_str()).then(|| Duration::from_micros(microseconds))
}
