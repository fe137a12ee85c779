//! Whether a Redis server is fit to hold paid-for work.

use std::collections::HashMap;
use std::time::SystemTime;

use serde::Serialize;

use crate::error::{ConnectError, QueueError};
use crate::lease::milliseconds;
use crate::link::Queue;

/// What a look at the server found.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// The server's version.
    pub version: String,
    /// One finding per question asked.
    pub findings: Vec<Finding>,
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

/// `ZRANGEBYSCORE … LIMIT`, `LPOP count` and writes after `TIME` in scripts work in older ones, but 6.2 is the oldest
/// line that distributions still ship.
const OLDEST: (u32, u32) = (6, 2);

impl Queue {
    /// Looks at version, eviction, persistence and clock.
    pub async fn health(&self) -> Result<Health, QueueError> {
        let info = self.info().await?;
        let get = |name: &str| info.get(name).map_or("?", String::as_str);
        let version = get("redis_version").to_owned();
        let policy = get("maxmemory_policy");
        let (aof, save) = (get("aof_enabled") == "1", get("rdb_last_bgsave_status"));
        let written = get("aof_last_write_status") == "ok";
        let drift = self.drift_ms().await?;
        let findings = vec![
            Finding {
                name: "redis version",
                good: is_new_enough(&version),
                found: version.clone(),
                advice: "install Redis 6.2 or newer",
            },
            Finding {
                name: "redis eviction",
                good: policy == "noeviction",
                found: policy.to_owned(),
                advice: "set maxmemory-policy to noeviction: any other drops accepted jobs when memory is full",
            },
            Finding {
                name: "redis persistence",
                good: aof && written,
                found: if aof {
                    format!("append-only file, last write {}", get("aof_last_write_status"))
                } else {
                    format!("no append-only file (last snapshot {save})")
                },
                advice: "set appendonly to yes: without it a restart of Redis forgets the jobs since the last snapshot",
            },
            Finding {
                name: "redis clock",
                good: drift.abs() < 2000,
                found: format!("{drift} ms from this machine's"),
                advice: "let both machines follow NTP: leases use the server's clock, deadlines this machine's",
            },
        ];
        Ok(Health { version, findings })
    }

    pub(crate) async fn require_safe_server(&self) -> Result<(), ConnectError> {
        let info = self.info().await?;
        let version = info.get("redis_version").cloned().unwrap_or_default();
        if !is_new_enough(&version) {
            return Err(ConnectError::Version { found: version });
        }
        match info.get("maxmemory_policy") {
            Some(policy) if policy != "noeviction" => Err(ConnectError::Eviction { policy: policy.clone() }),
            _ => Ok(()),
        }
    }

    async fn info(&self) -> Result<HashMap<String, String>, QueueError> {
        let text: String = redis::cmd("INFO").query_async(&mut self.link()).await?;
        let pair = |line: &str| line.trim().split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(text.lines().filter_map(pair).collect())
    }

    async fn drift_ms(&self) -> Result<i64, QueueError> {
        let before = milliseconds(SystemTime::now());
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut self.link()).await?;
        let after = milliseconds(SystemTime::now());
        let theirs = seconds * 1000 + micros / 1000;
        Ok(theirs.cast_signed() - before.midpoint(after).cast_signed())
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}
