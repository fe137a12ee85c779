//! The handle on the queue: one shared connection that finds its server again after every fault, and connections of
//! their own for calls that block and for published messages.

mod address;
mod blocking;
mod resolve;
mod route;

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use redis::aio::PubSub;
use redis::{Client, FromRedisValue, RedisResult};
use tracing::{debug, info};

pub use self::address::RedisUrl;
pub(crate) use self::blocking::Blocking;
pub(crate) use self::route::Link;
use crate::error::{ConnectError, QueueError, is_unknown_function};
use crate::keys;
use crate::lease::milliseconds;
use crate::scripts::{Scripts, Verb};
use crate::turns::Turns;

/// How often the library is loaded once more for one call.
const LOADS: u32 = 3;
/// Libraries of that many builds stay in a server.
const BUILDS: isize = 4;

/// The queue: a cheap handle on a link to Redis, to be cloned freely.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    link: Link,
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
    /// Makes a link that connects on its first use and again after every fault, for ever.
    pub fn open(url: &RedisUrl) -> Result<Self, ConnectError> {
        let inner =
            Inner { link: Link::new(url.clone()), url: url.clone(), scripts: Scripts::new(), turns: Turns::default() };
        Ok(Self { inner: Arc::new(inner) })
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
        let mut link = self.link();
        let mut loads = 0;
        loop {
            let asked = Instant::now();
            let mut call = redis::cmd("FCALL");
            call.arg(self.inner.scripts.function(verb)).arg(2).arg(keys::PREFIX);
            if verb.expires() {
                call.arg(format!("{}:{}", keys::NEVER, link.deadline().await?));
            } else {
                call.arg(keys::NEVER);
            }
            call.arg(arguments);
            match call.query_async(&mut link).await {
                // Late by the server's clock, which we know now. It is for the caller to call again: what it said of the
                // time before may not hold any more.
                Err(error) if error.code() == Some("LATE") => {
                    link.set_clock(asked, error.detail().and_then(|now| now.parse().ok()));
                    return Err(error.into());
                }
                // Nobody has loaded it there yet, or somebody removed it. More than once: the slot may move in between.
                Err(error) if is_unknown_function(&error) && loads < LOADS => {
                    loads += 1;
                    self.load().await?;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Loads the library.
    async fn load(&self) -> Result<(), QueueError> {
        let scripts = &self.inner.scripts;
        let mut load = redis::cmd("FUNCTION");
        load.arg("LOAD").arg("REPLACE").arg(scripts.text());
        load.query_async::<String>(&mut self.link()).await?;
        info!(library = scripts.name(), "loaded the library into redis");
        if let Err(error) = self.drop_old_libraries().await {
            // whoever loads the next one does it
            debug!(%error, "libraries of older builds were not dropped");
        }
        Ok(())
    }

    /// Drops the libraries that other builds loaded long before this one: a server keeps them for ever. One whose build
    /// is still at work is loaded again by it.
    async fn drop_old_libraries(&self) -> RedisResult<()> {
        let (mut link, scripts, loaded) = (self.link(), &self.inner.scripts, keys::key("libraries"));
        let mut pipeline = redis::pipe();
        let now = milliseconds(SystemTime::now());
        pipeline.cmd("ZADD").arg(&loaded).arg(now).arg(scripts.name()).ignore();
        pipeline.cmd("ZRANGE").arg(&loaded).arg(0).arg(-(BUILDS + 1));
        let (old,): (Vec<String>,) = pipeline.query_async(&mut link).await?;
        for name in &old {
            // another node of a cluster may have had it
            let gone: RedisResult<()> = redis::cmd("FUNCTION").arg("DELETE").arg(name).query_async(&mut link).await;
            debug!(library = name, gone = gone.is_ok(), "a library that other builds loaded is old");
            let _: u32 = redis::cmd("ZREM").arg(&loaded).arg(name).query_async(&mut link).await?;
        }
        Ok(())
    }

    /// The moment when the server's clock showed these milliseconds, or one shortly before it; `None` when that clock was
    /// not asked for since the connection stands.
    pub(crate) fn moment(&self, server_ms: u64) -> Option<Instant> {
        self.inner.link.moment(server_ms)
    }

    /// What the server's clock shows, in milliseconds.
    pub(crate) async fn server_now(&self) -> RedisResult<u64> {
        self.inner.link.server_now().await
    }

    /// Waits until a call would be sent at once.
    pub(crate) async fn ready(&self) -> Result<(), QueueError> {
        Ok(self.inner.link.ready().await?)
    }

    /// Who waits for a bot's budget in this process.
    pub(crate) fn turns(&self) -> &Turns {
        &self.inner.turns
    }

    /// The shared link, for plain commands and pipelines.
    pub(crate) fn link(&self) -> Link {
        self.inner.link.clone()
    }

    /// A connection of its own for published messages. It falls with the link: see [`Queue::link_given_up`].
    pub(crate) async fn pubsub(&self) -> RedisResult<PubSub> {
        let client = Client::open(self.inner.link.server().await?)?;
        match tokio::time::timeout(resolve::CONNECT, client.get_async_pubsub()).await {
            Ok(connection) => connection,
            Err(elapsed) => Err(std::io::Error::from(elapsed).into()),
        }
    }

    /// Resolves when the shared connection is given up after this call: one that only listens cannot tell by itself
    /// that the wire is cut.
    pub(crate) fn link_given_up(&self) -> impl Future<Output = ()> + use<> {
        let mut given_up = self.inner.link.given_up();
        async move {
            // an error would mean that the queue itself is gone
            let _ = given_up.changed().await;
        }
    }

    /// A connection of its own for blocking pops: on the shared link one would hold up everybody.
    pub(crate) async fn blocking_link(&self) -> Result<Blocking, QueueError> {
        Ok(Blocking::open(&self.inner.link).await?)
    }
}
