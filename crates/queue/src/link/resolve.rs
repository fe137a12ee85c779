//! Finding the one server that holds the queue: the server named, or the master of our slot in a cluster.
//!
//! All keys of a shard share a hash tag, so even in a cluster one node at a time holds all of it: what is needed is
//! not a map of the cluster but the answer to "who has our slot now?", asked again after every fault. Several nodes
//! are asked, each a little after the one before, and the first good answer counts: a dead node costs a moment, not a
//! time limit.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, RedisError, RedisResult,
    ServerErrorKind, Value,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::address::RedisUrl;
use crate::keys;

/// Longer than any script takes, short enough that a cut connection is noticed while a lease is still held.
pub(super) const RESPONSE: Duration = Duration::from_secs(2);
/// For a connection to stand, TLS and credentials included.
pub(super) const CONNECT: Duration = Duration::from_secs(1);
/// How much later than the node before it the next one is asked.
const STAGGER: Duration = Duration::from_millis(100);

/// The server that holds the queue.
pub(super) struct Found {
    pub(super) connection: MultiplexedConnection,
    pub(super) server: ConnectionInfo,
    /// All nodes of its cluster; empty when it is in none.
    pub(super) nodes: Vec<ConnectionInfo>,
}

/// What one server says about itself and its cluster.
enum Word {
    /// It is in no cluster.
    Alone,
    /// It knows the master of our slot: itself, when `own`.
    Master { own: bool, master: Box<ConnectionInfo>, nodes: Vec<ConnectionInfo> },
}

/// Connects to a server. Its answers may take as long as `response` says; `None` is for calls that block.
pub(super) async fn connect(server: &ConnectionInfo, response: Option<Duration>) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(response);
    Client::open(server.clone())?.get_multiplexed_async_connection_with_config(&config).await
}

/// What a server says to a client that it turns away, or that comes to the wrong door. The driver does not hear it: it
/// takes the former for a broken connection or a wrong password, and waits for the latter.
async fn words_at_the_door(server: &ConnectionInfo) -> Option<RedisError> {
    let (host, port, greeting) = match server.addr() {
        ConnectionAddr::Tcp(host, port) => (host, *port, &b""[..]),
        ConnectionAddr::TcpTls { host, port, .. } => (host, *port, &b"PING\r\n"[..]),
        _ => return None,
    };
    let listened = async {
        let mut connection = TcpStream::connect((host.as_str(), port)).await.ok()?;
        connection.write_all(greeting).await.ok()?;
        let mut words = [0; 512];
        let length = connection.read(&mut words).await.ok()?;
        let line = String::from_utf8_lossy(&words[..length]).lines().next()?.to_owned();
        if !greeting.is_empty() {
            let plain = line.starts_with(['+', '-']);
            return plain.then(|| (ErrorKind::InvalidClientConfig, "the server speaks no TLS at this port").into());
        }
        let line = line.strip_prefix('-')?;
        let (code, detail) = line.split_once(' ').unwrap_or((line, ""));
        Some(redis::make_extension_error(code.to_owned(), Some(detail.to_owned())))
    };
    tokio::time::timeout(STAGGER, listened).await.ok().flatten()
}

/// Finds the server that holds the queue, asking those in `candidates` first.
pub(super) async fn find(url: &RedisUrl, candidates: &[ConnectionInfo]) -> RedisResult<Found> {
    let mut asked: FuturesUnordered<_> =
        (0u32..).zip(candidates).map(|(rank, server)| ask(url, server, rank)).collect();
    let mut unreachable: Vec<ConnectionAddr> = Vec::new();
    let mut problem = None;
    while let Some((server, word)) = asked.next().await {
        let outcome = match word {
            Ok((connection, Word::Alone)) if url.seeds().len() == 1 => {
                return Ok(Found { connection, server, nodes: Vec::new() });
            }
            Ok((_, Word::Alone)) => return Err(alone(&server)),
            Ok((connection, Word::Master { own: true, nodes, .. })) => return Ok(Found { connection, server, nodes }),
            // another node named it already, and it did not answer
            Ok((_, Word::Master { master, .. })) if unreachable.contains(master.addr()) => continue,
            Ok((_, Word::Master { master, nodes, .. })) => match connect(&master, Some(RESPONSE)).await {
                Ok(connection) => return Ok(Found { connection, server: *master, nodes }),
                Err(error) => {
                    unreachable.push(master.addr().clone());
                    error
                }
            },
            Err(error) => error,
        };
        problem = Some(worse(problem, outcome));
    }
    Err(problem.unwrap_or_else(|| (ErrorKind::InvalidClientConfig, "no server to ask").into()))
}

async fn ask(
    url: &RedisUrl,
    server: &ConnectionInfo,
    rank: u32,
) -> (ConnectionInfo, RedisResult<(MultiplexedConnection, Word)>) {
    tokio::time::sleep(STAGGER * rank).await;
    let asked = async {
        let mut connection = connect(server, Some(RESPONSE)).await?;
        let word = word_of(url, server, &mut connection).await?;
        Ok((connection, word))
    };
    let mut answer: RedisResult<_> = asked.await;
    if let Err(error) = &answer
        && (error.kind() == ErrorKind::AuthenticationFailed || error.is_io_error() && !error.is_connection_refusal())
        && let Some(words) = words_at_the_door(server).await
    {
        answer = Err(words);
    }
    (server.clone(), answer)
}

async fn word_of(url: &RedisUrl, server: &ConnectionInfo, connection: &mut MultiplexedConnection) -> RedisResult<Word> {
    let mut question = redis::pipe();
    question.cmd("CLUSTER").arg("KEYSLOT").arg(keys::PREFIX).cmd("CLUSTER").arg("MYID").cmd("CLUSTER").arg("SLOTS");
    let answers = connection.send_packed_commands(&question, 0, 3).await?.into_iter().map(Value::extract_error);
    let mut answers = match answers.collect::<RedisResult<Vec<Value>>>() {
        Ok(answers) => answers.into_iter(),
        // "cluster support disabled", or a command that a provider hides or an ACL withholds
        Err(error)
            if matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm)) =>
        {
            return Ok(Word::Alone);
        }
        Err(error) => return Err(error),
    };
    let (slot, own): (u16, String) = (next(&mut answers)?, next(&mut answers)?);
    let ranges: Vec<Vec<Value>> = next(&mut answers)?;
    let mut nodes = Vec::new();
    let mut master = None;
    for range in ranges {
        let mut parts = range.into_iter();
        let (first, last): (u16, u16) = (next(&mut parts)?, next(&mut parts)?);
        for (place, node) in parts.enumerate() {
            let mut node = Vec::<Value>::from_redis_value(node)?.into_iter();
            let (host, port, id): (Option<String>, u16, String) =
                (next(&mut node)?, next(&mut node)?, next(&mut node)?);
            let info = at(url, server, host.as_deref().unwrap_or(""), port);
            if place == 0 && (first..=last).contains(&slot) {
                master = Some((id == own, info.clone()));
            }
            if !nodes.iter().any(|known: &ConnectionInfo| known.addr() == info.addr()) {
                nodes.push(info);
            }
        }
    }
    match master {
        Some((own, master)) => Ok(Word::Master { own, master: Box::new(master), nodes }),
        None => Err(RedisError::from((
            ErrorKind::Server(ServerErrorKind::ClusterDown),
            "no node serves the queue's slot",
            server.addr().to_string(),
        ))),
    }
}

/// The node that `server` speaks of; one without a host is reached where `server` is.
pub(super) fn at(url: &RedisUrl, server: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    match (host, server.addr()) {
        ("" | "?", ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. }) => url.node(host, port),
        _ => url.node(host, port),
    }
}

fn next<T: FromRedisValue>(values: &mut impl Iterator<Item = Value>) -> RedisResult<T> {
    Ok(T::from_redis_value(values.next().unwrap_or(Value::Nil))?)
}

/// Of two problems the one that tells an operator more: a server's own words before its silence.
fn worse(one: Option<RedisError>, other: RedisError) -> RedisError {
    match one {
        Some(one) if !one.is_io_error() || other.is_io_error() => one,
        _ => other,
    }
}

fn alone(server: &ConnectionInfo) -> RedisError {
    let detail = format!("{} is not one", server.addr());
    RedisError::from((
        ErrorKind::InvalidClientConfig,
        "several servers were named, which must be nodes of a cluster",
        detail,
    ))
}
