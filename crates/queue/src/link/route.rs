//! The shared connection: always to the server that holds the queue now, made anew after every fault.
//!
//! Invariants: a call is repeated here only when the server said that it did not run it (`MOVED`, `ASK`); whether a
//! call ran whose answer is missing is for the caller to know. One connection is made at a time, and those who wait
//! for it share its outcome. A connection that did not answer in time is given up: what is sent after a silence would
//! run when nobody waits for it any more, and a cut wire says nothing at all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{
    Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, ServerErrorKind,
    Value,
};
use tokio::sync::watch;
use tracing::{debug, info};

use super::address::RedisUrl;
use super::resolve::{self, Found, RESPONSE};
use crate::lease::millis;

/// Most servers that one call is sent to, one after another.
const HOPS: usize = 5;
/// For so long after an attempt to connect failed, its error is the answer.
const BREATH: Duration = Duration::from_millis(50);

/// After this long the server's clock is asked for again: it drifts away from this machine's.
const CLOCK: Duration = Duration::from_secs(60);

/// The connection that everybody shares; a cheap handle.
#[derive(Clone)]
pub(crate) struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    url: RedisUrl,
    state: Mutex<State>,
    /// Held while a connection is being made; the last failure.
    making: tokio::sync::Mutex<Option<(Instant, RedisError)>>,
    /// How many connections were given up.
    given_up: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    live: Option<Arc<Live>>,
    made: u64,
    /// The nodes of the cluster as it was last seen.
    nodes: Vec<ConnectionInfo>,
    /// Where the slot is said to be.
    hint: Option<ConnectionInfo>,
    /// A server that was reached and could not do its work: others are asked before it.
    suspect: Option<ConnectionAddr>,
    /// To the node that our slot is moving to.
    beside: Option<(ConnectionAddr, MultiplexedConnection)>,
    clock: Option<Clock>,
}

/// What the server's clock said, in milliseconds, between two moments.
#[derive(Clone, Copy)]
struct Clock {
    asked: Instant,
    answered: Instant,
    said: u64,
}

struct Live {
    number: u64,
    connection: MultiplexedConnection,
    server: ConnectionInfo,
}

/// What an error says about the connection it came over.
enum Turn {
    /// The slot lives elsewhere.
    Moved(String, u16),
    /// The slot is moving, and what was asked for may have moved already.
    Ask(String, u16),
    /// The connection is of no use any more.
    Broken,
    /// The server is not the one to write to.
    Unfit,
    /// The error is the call's own.
    Own,
}

impl Link {
    pub(super) fn new(url: RedisUrl) -> Self {
        let shared = Shared {
            url,
            state: Mutex::default(),
            making: tokio::sync::Mutex::default(),
            given_up: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The server that holds the queue now; connects when nothing is connected.
    pub(super) async fn server(&self) -> RedisResult<ConnectionInfo> {
        Ok(self.live().await?.server.clone())
    }

    /// The count of connections given up, for those whose own connections stand and fall with this one.
    pub(super) fn given_up(&self) -> watch::Receiver<u64> {
        self.shared.given_up.subscribe()
    }

    /// Waits for a connection, if there is none: what is said in a call may depend on how long that took.
    pub(super) async fn ready(&self) -> RedisResult<()> {
        self.live().await?;
        self.deadline().await.map(drop)
    }

    /// The moment, by the server's clock, when whoever calls now will have given up.
    pub(super) async fn deadline(&self) -> RedisResult<u64> {
        let known = self.state().clock.filter(|clock| clock.answered.elapsed() < CLOCK);
        let clock = if let Some(clock) = known { clock } else { self.ask_clock().await? };
        Ok(clock.said + millis(clock.answered.elapsed() + RESPONSE))
    }

    /// The moment when the server's clock showed these milliseconds, or one shortly before it.
    pub(super) fn moment(&self, server_ms: u64) -> Option<Instant> {
        let clock = self.state().clock?;
        let (later, earlier) = (server_ms.saturating_sub(clock.said), clock.said.saturating_sub(server_ms));
        clock.asked.checked_add(Duration::from_millis(later))?.checked_sub(Duration::from_millis(earlier))
    }

    /// What the server's clock shows.
    pub(super) async fn server_now(&self) -> RedisResult<u64> {
        Ok(self.ask_clock().await?.said)
    }

    async fn ask_clock(&self) -> RedisResult<Clock> {
        let asked = Instant::now();
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut self.clone()).await?;
        let clock = Clock { asked, answered: Instant::now(), said: seconds * 1000 + micros / 1000 };
        self.state().clock = Some(clock);
        Ok(clock)
    }

    /// Takes the server's word, asked for at that moment, for what time it is; without one it is asked again.
    pub(super) fn set_clock(&self, asked: Instant, now: Option<u64>) {
        self.state().clock = now.map(|said| Clock { asked, answered: Instant::now(), said });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn live(&self) -> RedisResult<Arc<Live>> {
        if let Some(live) = self.state().live.clone() {
            return Ok(live);
        }
        let mut failed = self.shared.making.lock().await;
        if let Some(live) = self.state().live.clone() {
            return Ok(live);
        }
        if let Some((at, error)) = failed.as_ref()
            && at.elapsed() < BREATH
        {
            return Err(error.clone());
        }
        let candidates = self.candidates();
        match resolve::find(&self.shared.url, &candidates).await {
            Ok(found) => {
                *failed = None;
                Ok(self.install(found))
            }
            Err(error) => {
                *failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Whom to ask, the likeliest first, each once.
    fn candidates(&self) -> Vec<ConnectionInfo> {
        let state = self.state();
        let named = state.hint.iter().chain(&state.nodes).chain(self.shared.url.seeds());
        let mut candidates: Vec<ConnectionInfo> = Vec::new();
        for server in named {
            if !candidates.iter().any(|known| known.addr() == server.addr()) {
                candidates.push(server.clone());
            }
        }
        candidates.sort_by_key(|server| Some(server.addr()) == state.suspect.as_ref());
        candidates
    }

    fn install(&self, found: Found) -> Arc<Live> {
        let Found { connection, server, nodes } = found;
        let mut state = self.state();
        state.made += 1;
        let live = Arc::new(Live { number: state.made, connection, server });
        info!(server = %live.server.addr(), nodes = nodes.len(), "connected to redis");
        state.hint = Some(live.server.clone());
        state.nodes = nodes;
        state.suspect = None;
        state.live = Some(live.clone());
        live
    }

    /// Gives a connection up if the error says so, unless that happened already.
    fn give_up_for(&self, live: &Live, error: &RedisError, turn: &Turn) {
        let mut state = self.state();
        if matches!(turn, Turn::Own | Turn::Ask(..))
            || state.live.as_ref().is_none_or(|current| current.number != live.number)
        {
            return;
        }
        debug!(server = %live.server.addr(), %error, "the connection to redis is given up");
        state.live = None;
        // the next server may have another
        state.clock = None;
        if let Turn::Moved(host, port) = turn {
            state.hint = Some(resolve::at(&self.shared.url, &live.server, host, *port));
        } else {
            state.suspect = Some(live.server.addr().clone());
        }
        drop(state);
        self.shared.given_up.send_modify(|count| *count += 1);
    }

    async fn request(&self, command: &Cmd) -> RedisResult<Value> {
        let mut last = None;
        for _ in 0..HOPS {
            let live = self.live().await?;
            let answer = live.connection.clone().send_packed_command(command).await.and_then(Value::extract_error);
            let Err(error) = answer else { return answer };
            let turn = Turn::of(&error);
            self.give_up_for(&live, &error, &turn);
            match turn {
                Turn::Moved(..) => last = Some(error),
                Turn::Ask(host, port) => return self.ask(&live, &host, port, command).await,
                Turn::Broken | Turn::Unfit | Turn::Own => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| (ErrorKind::Client, "no server was asked").into()))
    }

    /// Asks the node that our slot is moving to for what has moved there already.
    async fn ask(&self, live: &Live, host: &str, port: u16, command: &Cmd) -> RedisResult<Value> {
        let node = resolve::at(&self.shared.url, &live.server, host, port);
        let open = self.state().beside.clone().filter(|(address, _)| address == node.addr());
        let mut connection = match open {
            Some((_, connection)) => connection,
            None => resolve::connect(&node, Some(RESPONSE)).await?,
        };
        let mut both = redis::pipe();
        both.cmd("ASKING").ignore().add_command(command.clone());
        let answer = connection.send_packed_commands(&both, 0, 2).await;
        self.state().beside = answer.is_ok().then(|| (node.addr().clone(), connection));
        answer?.pop().unwrap_or(Value::Nil).extract_error()
    }

    async fn request_all(&self, pipeline: &Pipeline, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let live = self.live().await?;
        let mut answers = match live.connection.clone().send_packed_commands(pipeline, offset, count).await {
            Ok(answers) => answers,
            Err(error) => {
                self.give_up_for(&live, &error, &Turn::of(&error));
                return Err(error);
            }
        };
        // Those that did not run there are sent one by one to where they do; a transaction is all or nothing. The first
        // error is the pipeline's: the driver's own summary of them has lost their codes.
        let mut commands = pipeline.cmd_iter();
        for answer in &mut answers {
            let command = commands.next().filter(|_| !pipeline.is_transaction());
            if let Value::ServerError(error) = answer {
                let error = error.clone().into();
                match (Turn::of(&error), command) {
                    (Turn::Moved(..) | Turn::Ask(..), Some(command)) => *answer = self.request(command).await?,
                    (turn, _) => {
                        self.give_up_for(&live, &error, &turn);
                        return Err(error);
                    }
                }
            }
        }
        Ok(answers)
    }
}

impl Turn {
    fn of(error: &RedisError) -> Self {
        let place = || {
            let (place, _) = error.redirect_node()?;
            let (host, port) = place.rsplit_once(':')?;
            Some((host.to_owned(), port.parse().ok()?))
        };
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::Moved) => {
                place().map_or(Self::Unfit, |(host, port)| Self::Moved(host, port))
            }
            ErrorKind::Server(ServerErrorKind::Ask) => place().map_or(Self::Own, |(host, port)| Self::Ask(host, port)),
            ErrorKind::Server(
                ServerErrorKind::ReadOnly | ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown,
            ) => Self::Unfit,
            ErrorKind::Io | ErrorKind::Parse => Self::Broken,
            _ => match error.code() {
                // the server's users were changed: a new connection signs in again
                Some("NOAUTH") => Self::Broken,
                Some("READONLY") => Self::Unfit,
                _ => Self::Own,
            },
        }
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.request(command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(self.request_all(pipeline, offset, count))
    }

    fn get_db(&self) -> i64 {
        self.shared.url.seeds()[0].redis_settings().db()
    }
}
