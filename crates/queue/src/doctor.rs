//! Whether a Redis server is fit to hold paid-for work, and whether it takes any now.
//!
//! What cannot be asked (a provider may hide a command, an ACL withhold it) is said to be unknown and not held against
//! the server, but the write probe is: a server that answers every question and takes no write is not well.

use std::collections::HashMap;
use std::time::SystemTime;

use redis::{Cmd, FromRedisValue};
use serde::Serialize;

use crate::error::{ConnectError, QueueError};
use crate::keys;
use crate::lease::milliseconds;
use crate::link::Queue;

/// What a look at the server found.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// What kind of server it is: Redis, Valkey, or another that speaks its protocol.
    pub server: String,
    /// The server's version, as it counts its own.
    pub version: String,
    /// One finding per question asked.
    pub findings: Vec<Finding>,
}

impl Health {
    /// Whether all is as it should be.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.good)
    }
}

/// One finding.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was found.
    pub found: String,
    /// What to do when it is not good.
    pub advice: &'static str,
}

/// The verbs are functions of a library, which Redis knows from 7.0 on.
const OLDEST: (u32, u32) = (7, 0);
/// Above this share of its memory a server is about to refuse new jobs.
const NEARLY_FULL: f64 = 0.95;
/// Servers that give their own name and version beside the version of Redis that they are compatible with.
const KINDS: [(&str, &str); 4] = [
    ("valkey_version", "Valkey"),
    ("dragonfly_version", "Dragonfly"),
    ("garnet_version", "Garnet"),
    ("kvrocks_version", "Kvrocks"),
];

/// The fields of `INFO`.
struct Info(HashMap<String, String>);

impl Info {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("?", String::as_str)
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    fn kind(&self) -> (&'static str, &str) {
        let own = KINDS.iter().find_map(|(field, kind)| Some((*kind, self.0.get(*field)?.as_str())));
        own.unwrap_or(("Redis", self.text("redis_version")))
    }
}

impl Queue {
    /// Looks at the server's kind and version, role, memory, persistence, clock, cluster and encryption, and whether it
    /// takes writes. An error means that it could not be asked at all.
    pub async fn health(&self) -> Result<Health, QueueError> {
        let info = self.info().await?;
        let (kind, version) = info.kind();
        let findings = vec![
            server(&info),
            self.connection().await,
            self.writes().await,
            role(&info),
            self.cluster(&info).await,
            memory(&info),
            eviction(&info),
            persistence(&info),
            self.clock().await?,
        ];
        Ok(Health { server: kind.to_owned(), version: version.to_owned(), findings })
    }

    pub(crate) async fn require_safe_server(&self) -> Result<(), ConnectError> {
        let info = self.info().await?;
        let version = info.text("redis_version");
        if !is_new_enough(version) {
            return Err(ConnectError::Version { found: version.to_owned() });
        }
        match info.text("maxmemory_policy") {
            "noeviction" | "?" => Ok(()),
            policy => Err(ConnectError::Eviction { policy: policy.to_owned() }),
        }
    }

    async fn info(&self) -> Result<Info, QueueError> {
        let text: String = redis::cmd("INFO").query_async(&mut self.link()).await?;
        let pair = |line: &str| line.trim().split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Info(text.lines().filter_map(pair).collect()))
    }

    /// The answer to a question that not every server answers to everybody.
    async fn asked<T: FromRedisValue>(&self, question: &Cmd) -> Option<T> {
        question.query_async(&mut self.link()).await.ok()
    }

    async fn connection(&self) -> Finding {
        let user: Option<String> = self.asked(redis::cmd("ACL").arg("WHOAMI")).await;
        let user = user.unwrap_or_else(|| self.url().user().to_owned());
        let wire = if self.url().is_encrypted() { "encrypted" } else { "not encrypted" };
        Finding { name: "redis connection", good: true, found: format!("{wire}, as user {user}"), advice: "" }
    }

    /// A write that changes nothing, but that a server without memory, disk, permission or the role for it refuses.
    async fn writes(&self) -> Finding {
        let mut probe = redis::cmd("ZADD");
        probe.arg(keys::NEVER).arg("XX").arg(0).arg("probe");
        let written = probe.query_async::<u64>(&mut self.link()).await.map_err(QueueError::from);
        let found = match &written {
            Ok(_) => "taken".to_owned(),
            Err(QueueError::Unreachable { fault, .. }) => fault.to_string(),
            Err(QueueError::Refused { refusal, .. }) => refusal.to_string(),
            Err(error @ QueueError::Unreadable(_)) => error.to_string(),
        };
        let advice = "until it takes writes no job is accepted, and those that run end when it does";
        Finding { name: "redis writes", good: written.is_ok(), found, advice }
    }

    async fn cluster(&self, info: &Info) -> Finding {
        let name = "redis cluster";
        let advice = "see redis-cli --cluster check: jobs wait until every part of the cluster has a master again";
        if info.text("cluster_enabled") != "1" {
            return Finding { name, good: true, found: "none".to_owned(), advice };
        }
        let told: Option<String> = self.asked(redis::cmd("CLUSTER").arg("INFO")).await;
        let told = told.unwrap_or_default();
        let field = |name: &str| told.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
        let state = field("cluster_state").unwrap_or("unknown");
        let (nodes, masters) = (field("cluster_known_nodes").unwrap_or("?"), field("cluster_size").unwrap_or("?"));
        let found = format!("state {state}, {masters} masters of {nodes} nodes");
        Finding { name, good: state != "fail", found, advice }
    }

    async fn clock(&self) -> Result<Finding, QueueError> {
        let before = milliseconds(SystemTime::now());
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut self.link()).await?;
        let after = milliseconds(SystemTime::now());
        let theirs = seconds * 1000 + micros / 1000;
        let drift = theirs.cast_signed() - before.midpoint(after).cast_signed();
        Ok(Finding {
            name: "redis clock",
            good: drift.abs() < 2000,
            found: format!("{drift} ms from this machine's"),
            advice: "let both machines follow NTP: leases use the server's clock, deadlines this machine's",
        })
    }
}

fn server(info: &Info) -> Finding {
    let (kind, version) = info.kind();
    let compatible = info.text("redis_version");
    let found = if version == compatible {
        format!("{kind} {version}")
    } else {
        format!("{kind} {version} (compatible with Redis {compatible})")
    };
    Finding {
        name: "redis version",
        good: is_new_enough(compatible),
        found,
        advice: "install Redis 7.0 or newer, or Valkey",
    }
}

fn role(info: &Info) -> Finding {
    let master = info.text("role") != "slave";
    let found = if master {
        format!("master, {} replicas", info.number("connected_slaves"))
    } else {
        format!(
            "replica of {}:{}, link {}",
            info.text("master_host"),
            info.text("master_port"),
            info.text("master_link_status")
        )
    };
    let advice = "name the master in the address: a replica takes no jobs";
    Finding { name: "redis role", good: master, found, advice }
}

fn memory(info: &Info) -> Finding {
    let (used, most) = (info.number("used_memory"), info.number("maxmemory"));
    let megabytes = |bytes: u64| bytes as f64 / 1_048_576.0;
    let found = if most == 0 {
        format!("{:.1} MB used, no limit", megabytes(used))
    } else {
        format!("{:.1} of {:.1} MB used", megabytes(used), megabytes(most))
    };
    Finding {
        name: "redis memory",
        good: most == 0 || (used as f64) < most as f64 * NEARLY_FULL,
        found,
        advice: "raise maxmemory, or keep fewer ended jobs: new jobs are refused when it is full",
    }
}

fn eviction(info: &Info) -> Finding {
    let policy = info.text("maxmemory_policy");
    Finding {
        name: "redis eviction",
        good: policy == "noeviction",
        found: policy.to_owned(),
        advice: "set maxmemory-policy to noeviction: any other drops accepted jobs when memory is full",
    }
}

fn persistence(info: &Info) -> Finding {
    let (aof, written) = (info.text("aof_enabled") == "1", info.text("aof_last_write_status"));
    let found = if aof {
        format!("append-only file, last write {written}")
    } else {
        format!("no append-only file (last snapshot {})", info.text("rdb_last_bgsave_status"))
    };
    Finding {
        name: "redis persistence",
        good: aof && written == "ok",
        found,
        advice: "set appendonly to yes: without it a restart of Redis forgets the jobs since the last snapshot",
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}
