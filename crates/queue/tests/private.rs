//! The private server: its settings, its ownership, its end.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::Path;

use atelier_queue::{PrivateError, PrivateRedis, PrivateSettings, Queue};

fn settings(data: &Path) -> PrivateSettings {
    // another server than the one found by itself, as in the other tests
    let program = std::env::var_os("ATELIER_REDIS_SERVER").map(Into::into);
    PrivateSettings { data: data.to_owned(), port: None, program }
}

fn lives(pid: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::test_kill_process(pid).is_ok()
}

async fn command(server: &PrivateRedis, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(server.address()).unwrap();
    let mut link = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut link).await.unwrap()
}

#[tokio::test]
async fn it_is_fit_for_paid_work_and_gone_when_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let server = PrivateRedis::start(settings(&directory.path().join("new/redis"))).await.unwrap();
    let health = Queue::connect(server.url()).await.unwrap().health().await.unwrap();
    assert!(health.findings.iter().all(|finding| finding.good), "{:?}", health.findings);
    let pid = server.pid();
    assert!(lives(pid));
    let data = directory.path().join("new/redis");
    assert_eq!(PrivateRedis::running_on(&data), Some(server.address()));
    server.stop().await;
    assert_eq!(PrivateRedis::running_on(&data), None);
    assert!(!lives(pid), "a stopped server is reaped, too");
}

#[tokio::test]
async fn what_was_written_survives_stop_and_kill() {
    let directory = tempfile::tempdir().unwrap();
    let server = PrivateRedis::start(settings(directory.path())).await.unwrap();
    command(&server, &["SET", "kept", "yes"]).await;
    let port = server.port();
    server.stop().await;
    let again = PrivateSettings { port: Some(port), ..settings(directory.path()) };
    let server = PrivateRedis::start(again.clone()).await.unwrap();
    assert_eq!(command(&server, &["GET", "kept"]).await, redis::Value::BulkString(b"yes".to_vec()));
    server.kill().await;
    let mut server = PrivateRedis::start(again).await.unwrap();
    assert_eq!(command(&server, &["GET", "kept"]).await, redis::Value::BulkString(b"yes".to_vec()));
    // somebody else's kill is noticed
    let pid = rustix::process::Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    server.ended().await;
}

#[tokio::test]
async fn one_owner_at_a_time_and_a_taken_port_is_said() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = PrivateRedis::start(settings(one.path())).await.unwrap();
    let error = PrivateRedis::start(settings(one.path())).await.unwrap_err();
    let PrivateError::Busy { owner, .. } = &error else { panic!("{error}") };
    assert_eq!(*owner, std::process::id().to_string());
    let taken = PrivateSettings { port: Some(server.port()), ..settings(other.path()) };
    let error = PrivateRedis::start(taken).await.unwrap_err();
    assert!(matches!(error, PrivateError::PortTaken(port) if port == server.port()), "{error}");
    assert!(lives(server.pid()), "the stranger's server was left alone");
}

#[tokio::test]
async fn a_server_left_behind_is_replaced_with_its_data() {
    let directory = tempfile::tempdir().unwrap();
    let server = PrivateRedis::start(settings(directory.path())).await.unwrap();
    command(&server, &["SET", "kept", "yes"]).await;
    let orphan = server.pid();
    server.abandon();
    assert!(lives(orphan));
    let server = PrivateRedis::start(settings(directory.path())).await.unwrap();
    assert_ne!(server.pid(), orphan);
    assert_eq!(command(&server, &["GET", "kept"]).await, redis::Value::BulkString(b"yes".to_vec()));
}
