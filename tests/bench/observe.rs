//! What a process and a Redis server cost, from the outside: `/proc` and `INFO`.

use std::time::Duration;

use redis::aio::MultiplexedConnection;

/// Resident memory of a process now, in MB; the second is the highest so far.
pub(crate) fn memory(process: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process of Linux");
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of memory");
        let kilobytes: f64 = line.trim_end_matches("kB").trim().parse().expect("a number");
        kilobytes / 1024.0
    };
    (megabytes("VmRSS:"), megabytes("VmHWM:"))
}

/// Time that all threads of a process have spent on a processor.
pub(crate) fn processor_time(process: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process of Linux");
    let on_processor = |thread: std::io::Result<std::fs::DirEntry>| {
        // a thread may end between the two reads
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    };
    threads.filter_map(on_processor).sum()
}

/// Counters of a Redis server.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Commands {
    /// All commands, those inside scripts counted one by one.
    pub(crate) all: f64,
    /// Calls that clients made: scripts count as one, as do the pops that wait.
    pub(crate) calls: f64,
}

/// A look at the counters that leaves its own commands out.
pub(crate) struct Meter {
    link: MultiplexedConnection,
    looks: f64,
}

impl Meter {
    pub(crate) async fn open(url: &str) -> Self {
        let client = redis::Client::open(url).expect("an address");
        Self { link: client.get_multiplexed_async_connection().await.expect("a connection"), looks: 0.0 }
    }

    pub(crate) async fn read(&mut self) -> Commands {
        let text: String = redis::cmd("INFO").arg("everything").query_async(&mut self.link).await.expect("INFO");
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let all: f64 = value("total_commands_processed:").and_then(|text| text.parse().ok()).expect("a counter");
        let calls = |name: &str| {
            let fields = value(&format!("cmdstat_{name}:calls=")).unwrap_or("0");
            fields.split(',').next().and_then(|calls| calls.parse::<f64>().ok()).expect("a counter")
        };
        // a look is counted after it was answered: this one not yet
        let all = all - self.looks;
        self.looks += 1.0;
        Commands { all, calls: calls("fcall") + calls("blpop") + calls("ping") }
    }
}
