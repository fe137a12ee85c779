//! Which queue a verb means, and getting hold of it.

use std::path::Path;
use std::time::Duration;

use atelier_process::Exit;
use atelier_queue::{ConnectError, PrivateRedis, Queue, RedisUrl};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::failure::{Failure, OrExit};

/// Where the private servers of `up` and `demo` keep their data, below the data directory.
pub(crate) const UP_REDIS: &str = "redis";
/// Everything of the demo, below the data directory.
pub(crate) const DEMO: &str = "demo";
/// The data directory, in the working directory.
pub(crate) const DATA: &str = ".atelier";

/// The queue's server.
#[derive(Debug, Args)]
pub(crate) struct RedisArguments {
    /// The queue's Redis server, `redis://host:6379/0` [default: the private one of `atelier up` or `atelier demo`
    /// running in this directory].
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", value_parser = secret)]
    redis: Option<SecretString>,
}

/// How long a serving verb waits for a server that is just being started elsewhere.
const PATIENCE: Duration = Duration::from_secs(30);

impl RedisArguments {
    /// The address that was given.
    pub(crate) fn given(&self) -> Result<Option<RedisUrl>, Failure> {
        let parse = |secret: &SecretString| {
            // the value may hold a password: it is not repeated
            let url = secret.expose_secret().parse::<RedisUrl>();
            url.map_err(|error| Failure::usage(format!("'--redis <URL>' (or REDIS_URL in the environment): {error}")))
        };
        self.redis.as_ref().map(parse).transpose()
    }

    /// The address that was given, or that of a private server that runs in this directory.
    pub(crate) fn url(&self) -> Result<RedisUrl, Failure> {
        if let Some(url) = self.given()? {
            return Ok(url);
        }
        let places = [Path::new(DATA).join(UP_REDIS), Path::new(DATA).join(DEMO).join(UP_REDIS)];
        let found = places.iter().find_map(|data| PrivateRedis::running_on(data));
        found.and_then(|address| address.parse().ok()).ok_or_else(|| {
            Failure::usage(
                "no queue is known here: set REDIS_URL (redis://host:6379/0), or start `atelier up` or `atelier demo` \
                 in this directory",
            )
        })
    }

    /// The queue for a reading verb: it answers now or not at all.
    pub(crate) fn open(&self) -> Result<Queue, Failure> {
        Queue::open(&self.url()?).or_exit(Exit::Unavailable)
    }

    /// The queue for a serving verb: a server that is being started is waited for, one that would lose jobs refused.
    pub(crate) async fn connect(&self) -> Result<Queue, Failure> {
        connect(&self.url()?).await
    }
}

/// Connects, patiently.
pub(crate) async fn connect(url: &RedisUrl) -> Result<Queue, Failure> {
    let began = Instant::now();
    loop {
        match Queue::connect(url).await {
            Ok(queue) => return Ok(queue),
            Err(ConnectError::Queue(error)) if error.is_unreachable() && began.elapsed() < PATIENCE => {
                warn!(redis = %url, %error, "waiting for redis");
                sleep(Duration::from_secs(1)).await;
            }
            Err(error) => {
                return Err(error)
                    .or_exit(Exit::Unavailable)
                    .map_err(|failure| failure.about(format!("redis at {url}")));
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of a clap parser")]
fn secret(text: &str) -> Result<SecretString, String> {
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_said_without_its_password() {
        let arguments = RedisArguments { redis: Some(SecretString::from("http://:hunter2@host")) };
        let said = format!("{:?}", arguments.given().unwrap_err());
        assert!(said.contains("REDIS_URL") && !said.contains("hunter2"), "{said}");
    }
}
