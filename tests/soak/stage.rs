//! What runs: the world, bot and worker processes, each with a way to Redis that can be cut.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_queue::{Queue, Setting};
use harness::{Process, Proxy, World};
use serde_json::json;

use crate::options::Options;
use crate::traffic::Place;

/// Most jobs at once of one worker process.
const AT_ONCE: u32 = 10;
/// Seconds after which the jobs of a killed worker go to others.
const LEASE: u32 = 2;
/// Seconds that a prediction takes: usually, and when it is asked for slowly.
const RUNS: (f64, f64) = (0.4, 7.0);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Bot,
    Worker,
}

/// A process and its way to Redis.
pub(crate) struct Member {
    pub(crate) role: Role,
    pub(crate) proxy: Proxy,
    slots: u32,
    process: Process,
}

/// Something that befell a process, which excuses what it does late for a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mishap {
    /// Its number.
    pub(crate) process: u32,
    /// When, in Unix milliseconds.
    pub(crate) at_ms: i64,
}

/// Everything that runs.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) queue: Queue,
    pub(crate) bots: Vec<i64>,
    pub(crate) crew: Vec<Member>,
    pub(crate) mishaps: Vec<Mishap>,
}

impl Stage {
    /// Starts everything and waits until it is at work.
    pub(crate) async fn set(options: &Options) -> Self {
        let mut world = World::with(|config| (config.largest_side, config.rate_limits) = (64, true)).await;
        let bots: Vec<i64> = (0..options.bots).map(|index| 4242 + i64::from(index)).collect();
        let tokens: Vec<String> = bots.iter().map(|bot| format!("{bot}:AAtesttokentesttokentesttokentest")).collect();
        world.variables.push(("TELEGRAM_BOT_TOKEN", tokens.join(",")));
        world.variables.push(("ATELIER_LEASE", LEASE.to_string()));
        world.variables.push(("ATELIER_LOG", "warn".to_owned()));
        let unlimited = json!({
            "enabled": false, "creates_per_minute": 600, "others_per_minute": 3000, "low_credit_below": 5.0,
        });
        world.replicate.limits(unlimited, 1_000_000.0).await;
        let runs = |seconds: f64| json!({ "run_seconds": seconds });
        world.replicate.rule(json!({ "on": "create", "prompt": "slowly", "do": runs(RUNS.1) })).await;
        world.replicate.rule(json!({ "on": "create", "do": runs(RUNS.0) })).await;
        let queue = world.queue();
        // nothing is dropped before it was judged
        for (setting, to) in [(Setting::KeepJobs, 100_000_000), (Setting::KeepBytes, 1 << 40)] {
            queue.limit(&setting, "soak", Some(to)).await.expect("the queue answers");
        }
        let mut stage = Self { world, queue, bots, crew: Vec::new(), mishaps: Vec::new() };
        stage.join(Role::Bot, 0).await;
        for bot in stage.bots.clone() {
            stage.world.telegram.wait(&format!("bot={bot}&poller=true")).await;
        }
        let processes = options.workers.div_ceil(AT_ONCE);
        for index in 0..processes {
            stage
                .join(Role::Worker, options.workers / processes + u32::from(index < options.workers % processes))
                .await;
        }
        while stage.queue.stats().await.expect("the queue answers").workers.len() < processes as usize {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stage
    }

    async fn join(&mut self, role: Role, slots: u32) {
        let port = self.world.redis_url().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        let proxy = Proxy::start(port.expect("the server's port")).await;
        let process = start(&self.world, role, slots, &proxy);
        self.crew.push(Member { role, proxy, slots, process });
    }

    /// The groups, with their bots in them.
    pub(crate) async fn open_groups(&self, places: impl Iterator<Item = Place>) {
        for place in places.filter(Place::is_group) {
            let group = json!({
                "id": place.chat, "title": "A group", "members": [place.user], "bots": [place.bot], "kind": "supergroup",
            });
            self.world.telegram.post("/_sim/groups", &group).await;
        }
    }

    /// `kill -9` of a process, and a new one in its place.
    pub(crate) async fn kill(&mut self, index: usize) {
        self.note(index);
        let member = &mut self.crew[index];
        member.process.kill().await;
        member.process = start(&self.world, member.role, member.slots, &member.proxy);
    }

    /// The process lost its connections to Redis.
    pub(crate) fn cut(&mut self, index: usize) {
        self.note(index);
        self.crew[index].proxy.cut();
    }

    fn note(&mut self, index: usize) {
        self.mishaps.push(Mishap { process: self.crew[index].process.id(), at_ms: now_ms() });
    }
}

fn start(world: &World, role: Role, slots: u32, proxy: &Proxy) -> Process {
    let redis = proxy.address();
    let slots = slots.to_string();
    let (verb, arguments) = match role {
        Role::Bot => ("bot", Vec::new()),
        Role::Worker => ("worker", vec!["--concurrency", &slots]),
    };
    world.process(verb, &arguments, &[("REDIS_URL", &redis)])
}

/// Unix milliseconds, as the simulator and Redis count them on the same machine.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
