//! The connection to Redis: one multiplexed link that reconnects by itself, and a second one for blocking calls.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, IntoConnectionInfo};

use crate::error::{ConnectError, QueueError};
use crate::keys;
use crate::scripts::{Scripts, Verb};
use crate::turns::Turns;

/// Longer than any script takes, short enough that a cut connection is noticed while a lease is still held.
const RESPONSE: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(1);

/// The address of a Redis server; `Display` and `Debug` hide user name and password.
#[derive(Clone)]
pub struct RedisUrl {
    client: Client,
    shown: String,
}

impl FromStr for RedisUrl {
    type Err = ConnectError;

    fn from_str(text: &str) -> Result<Self, ConnectError> {
        let info = text.into_connection_info().map_err(ConnectError::Address)?;
        let shown = format!("redis://{}", info.addr());
        Ok(Self { client: Client::open(info).map_err(ConnectError::Address)?, shown })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// The queue: a cheap handle on a link to Redis, to be cloned freely.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    manager: ConnectionManager,
    url: RedisUrl,
    scripts: Scripts,
    turns: Turns,
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Queue").field(&self.inner.url).finish()
    }
}

impl Queue {
    /// Makes a link that connects on its first use and reconnects for ever.
    pub fn open(url: &RedisUrl) -> Result<Self, ConnectError> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE))
            .set_connection_timeout(Some(CONNECT))
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(500))
            .set_number_of_retries(1);
        let manager =
            ConnectionManager::new_lazy_with_config(url.client.clone(), config).map_err(ConnectError::Address)?;
        Ok(Self {
            inner: Arc::new(Inner {
                manager,
                url: url.clone(),
                scripts: Scripts::load(),
                turns: Turns::default(),
            }),
        })
    }

    /// Like [`Queue::open`], and refuses a server that would lose jobs: too old, or evicting.
    pub async fn connect(url: &RedisUrl) -> Result<Self, ConnectError> {
        let queue = Self::open(url)?;
        queue.require_safe_server().await?;
        Ok(queue)
    }

    /// The server's address, without credentials.
    pub fn url(&self) -> &RedisUrl {
        &self.inner.url
    }

    /// Runs a verb with its arguments.
    pub(crate) async fn call<T: FromRedisValue>(&self, verb: Verb, arguments: &[&[u8]]) -> Result<T, QueueError> {
        let script = self.inner.scripts.get(verb);
        let mut invocation = script.prepare_invoke();
        invocation.key(keys::PREFIX);
        for argument in arguments {
            invocation.arg(*argument);
        }
        let mut link = self.inner.manager.clone();
        Ok(invocation.invoke_async(&mut link).await?)
    }

    /// Who waits for a bot's budget in this process.
    pub(crate) fn turns(&self) -> &Turns {
        &self.inner.turns
    }

    /// The shared link, for plain commands and pipelines.
    pub(crate) fn link(&self) -> ConnectionManager {
        self.inner.manager.clone()
    }

    /// A connection of its own for published messages.
    pub(crate) async fn pubsub(&self) -> redis::RedisResult<redis::aio::PubSub> {
        self.inner.url.client.get_async_pubsub().await
    }

    /// A connection of its own for blocking pops: on the shared link one would hold up everybody.
    pub(crate) async fn blocking_link(&self) -> Result<redis::aio::MultiplexedConnection, QueueError> {
        let config =
            redis::AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None);
        Ok(self.inner.url.client.get_multiplexed_async_connection_with_config(&config).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_shows_its_password() {
        let url: RedisUrl = "redis://bob:hunter2@example.org:6380/3".parse().unwrap();
        assert!(!format!("{url} {url:?}").contains("hunter2"));
        assert!("http://example.org".parse::<RedisUrl>().is_err());
        assert!("".parse::<RedisUrl>().is_err());
    }
}
