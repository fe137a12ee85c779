//! What only the tests of faults do to a server: ask it anything, stop its clock, read its mind.

use std::ffi::OsString;
use std::time::Duration;

use redis::{FromRedisValue, RedisResult, Value};
use rustix::process::{Pid, Signal, kill_process};

use crate::server::{READY, Server, program};

/// For something that a server does by itself, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    pub(crate) fn start_on(port: u16, extra: &[&str]) -> Self {
        Self::start_as(program(), port, extra)
    }

    /// A server behind another program, which becomes it.
    pub(crate) fn start_as(program: OsString, port: u16, extra: &[&str]) -> Self {
        Self::try_start(program, port, extra).expect(READY)
    }

    pub(crate) async fn tell<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let told = self.try_tell(words).await;
        T::from_redis_value(told.unwrap()).unwrap()
    }

    /// A command on a connection of its own, for a server of whatever state.
    pub(crate) async fn try_tell(&self, words: &[&str]) -> RedisResult<Value> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port))?;
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).query_async(&mut connection).await
    }

    /// A field of `INFO`, or of another command's answer of that form.
    pub(crate) async fn field(&self, words: &[&str], name: &str) -> String {
        let text: String = self.tell(words).await;
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().to_owned()
    }

    /// Waits until a field has a value. A server tells nobody when it changes its mind: it is asked.
    pub(crate) async fn until(&self, words: &[&str], name: &str, value: &str) {
        let asked = async {
            while self.field(words, name).await != value {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, asked).await;
        assert!(reached.is_ok(), "{words:?} never said {name}:{value}");
    }

    /// Waits until one replica has all that was written until now. `WAIT` waits for the writes of its own connection.
    pub(crate) async fn copied(&self) {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
        let mut both = redis::pipe();
        both.cmd("SET").arg("{atelier:0}:copied").arg(1).ignore().cmd("WAIT").arg(1).arg(10_000);
        let (replicas,): (u32,) = both.query_async(&mut connection).await.unwrap();
        assert!(replicas >= 1, "no replica follows");
    }

    /// Stops the process where it is, as a stalled machine does; its sockets stay open.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}
