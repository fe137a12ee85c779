//! A connection of its own for calls that wait on the server.

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, ErrorKind, Pipeline, RedisFuture, RedisResult, Value};
use tokio::sync::watch;

use super::resolve;
use super::route::Link;

/// A connection for calls that block on the server, to the server that the link had found. It falls with the link's
/// own connection: while it waits it cannot find out by itself that the wire is cut.
pub(crate) struct Blocking {
    connection: MultiplexedConnection,
    given_up: watch::Receiver<u64>,
}

impl Blocking {
    pub(super) async fn open(link: &Link) -> RedisResult<Self> {
        let given_up = link.given_up();
        let connection = resolve::connect(&link.server().await?, None).await?;
        Ok(Self { connection, given_up })
    }
}

impl ConnectionLike for Blocking {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            tokio::select! {
                biased;
                answer = self.connection.send_packed_command(command) => answer,
                _ = self.given_up.changed() => Err((ErrorKind::Io, "the link that it belongs to was given up").into()),
            }
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(self.connection.send_packed_commands(pipeline, offset, count))
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }
}
