//! A user with the least permissions: those of `.docker/redis.conf`, which are enough for everything and no more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atelier_domain::{BotId, Catalogue, ChatId, JobState, MessageId, UserId};
use atelier_queue::{
    Cancelling, Checkpoint, Filter, Outcome, Queue, QueueError, RedisUrl, Refusal, Retrying, Setting, Spend, Steering,
    Urgency,
};

use tempfile::TempDir;

use crate::server::Server;
use crate::work::{BOT, Worker, submit, try_submit, until};

const FILE: &str = "../../.docker/redis.conf";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE).canonicalize().unwrap()
}

/// The user of the file, as one line.
fn user() -> String {
    let text = std::fs::read_to_string(file()).unwrap();
    text.lines().find(|line| line.starts_with("user atelier ")).unwrap().to_owned()
}

/// A server with the settings of the file, but for the default user: the test itself goes on being it.
fn start() -> (Server, TempDir) {
    let text = std::fs::read_to_string(file()).unwrap();
    assert!(text.contains("\nuser default off\n"));
    let directory = tempfile::tempdir().unwrap();
    let changed = directory.path().join("redis.conf");
    std::fs::write(&changed, text.replace("\nuser default off\n", "\n")).unwrap();
    (Server::start_with(&["--include", changed.to_str().unwrap()]), directory)
}

fn url(server: &Server, user: &str) -> RedisUrl {
    format!("redis://{user}127.0.0.1:{}/", server.port).parse().unwrap()
}

fn refusal(error: &QueueError) -> Refusal {
    match error {
        QueueError::Refused { refusal, .. } => *refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_verb_works_under_the_documented_user() {
    let (server, _directory) = start();
    let queue = Queue::connect(&url(&server, "atelier:change-me@")).await.unwrap();
    let health = queue.health().await.unwrap();
    assert!(health.is_good(), "{health:?}");
    assert!(health.findings.iter().any(|finding| finding.found == "not encrypted, as user atelier"), "{health:?}");

    let mut worker = Worker::start(&queue, "w1");
    let (first, second, third) = (submit(&queue, 1).await, submit(&queue, 2).await, submit(&queue, 3).await);
    let owner = (BOT, UserId(9));
    let hands = [worker.next().await, worker.next().await, worker.next().await];
    let standing = queue.standing(&second, Catalogue::builtin()).await.unwrap().unwrap();
    assert_eq!(standing.state, JobState::Active);
    let [one, two, three] = hands;
    for checkpoint in [
        Checkpoint::Handle("p1".to_owned()),
        Checkpoint::Outputs("[]".to_owned()),
        Checkpoint::Sending,
        Checkpoint::Delivered(MessageId(2)),
    ] {
        one.claimed.lease.checkpoint(&checkpoint).await.unwrap();
    }
    assert_eq!(queue.record_slot(&first, MessageId(4), None).await.unwrap(), Some(MessageId(4)));
    one.done();
    until(&queue, &first, JobState::Done).await;
    let asked = std::time::Instant::now();
    assert_eq!(queue.cancel(&second, "op", Some(owner)).await.unwrap(), Cancelling::Asked);
    two.claimed.lease.cancelled().await;
    assert!(asked.elapsed() < Duration::from_millis(400), "the channel is not heard: {:?}", asked.elapsed());
    two.end_with(Outcome::Cancelled);
    until(&queue, &second, JobState::Cancelled).await;
    let failure = atelier_domain::Failure::new(atelier_domain::FailureClass::Fatal, "no");
    three.end_with(Outcome::Dead(failure));
    until(&queue, &third, JobState::Dead).await;
    assert!(matches!(queue.retry(&third, "op", None).await.unwrap(), Retrying::Waiting));
    worker.next().await.done();
    until(&queue, &third, JobState::Done).await;

    for what in [Steering::Queue, Steering::Model("sketch".parse().unwrap()), Steering::User(BOT, UserId(9))] {
        assert!(queue.pause(&what, "op", "a test").await.unwrap());
        queue.standing(&third, Catalogue::builtin()).await.unwrap();
        assert!(queue.resume(&what, "op").await.unwrap());
    }
    queue.close("op", "a test").await.unwrap();
    queue.reopen("op").await.unwrap();
    for setting in [Setting::UserLimit, Setting::ChatLimit, Setting::ModelLimit("sketch".parse().unwrap())] {
        queue.limit(&setting, "op", Some(3)).await.unwrap();
    }
    queue.pace(Spend::send(BOT, ChatId(5)), Urgency::Result).await.unwrap();
    queue.park(BotId(1), Some(ChatId(5)), Duration::from_secs(1)).await.unwrap();
    queue.stats().await.unwrap();
    assert_eq!(queue.trail(&first).await.unwrap().last().unwrap().kind, "done");
    assert!(!queue.actions().await.unwrap().is_empty());
    assert_eq!(queue.jobs_of(BOT, UserId(9), 10).await.unwrap().len(), 3);
    queue.batch(&first).await.unwrap();
    let all =
        [JobState::Waiting, JobState::Delayed, JobState::Active, JobState::Done, JobState::Dead, JobState::Cancelled];
    let listing = queue.list(&Filter { states: all.to_vec(), ..Filter::default() }, 0, 10).await.unwrap();
    assert_eq!(listing.jobs.len(), 3);
    assert_eq!(queue.matching(&Filter::default()).await.unwrap().len(), 3);
    assert!(queue.paused_users().await.unwrap().is_empty());
    queue.note_action("op", "test", "a note").await.unwrap();
    assert_eq!(queue.forget(&[first, second, third], "op").await.unwrap(), 3);
    worker.end().await;
    let denied: Vec<redis::Value> = server.tell(&["ACL", "LOG"]).await;
    assert!(denied.is_empty(), "{denied:?}");
}

#[tokio::test]
async fn whatever_is_missing_is_said() {
    let (server, _directory) = start();
    let open = |user: &str| Queue::open(&url(&server, user)).unwrap();
    for user in ["atelier:wrong@", "nobody:change-me@", ":wrong@"] {
        let error = try_submit(&open(user), 1).await.unwrap_err();
        // a server whose default user has no password takes any
        if user != ":wrong@" {
            assert_eq!(refusal(&error), Refusal::Credentials, "{user}: {error}");
            assert!(error.to_string().contains("redis://user:password@host"), "{error}");
        }
    }
    let queue = open("atelier:change-me@");
    submit(&queue, 1).await;
    let _: String = server.tell(&["ACL", "SETUSER", "default", "off"]).await;
    let error = try_submit(&open(""), 1).await.unwrap_err();
    assert_eq!(refusal(&error), Refusal::Credentials, "{error}");
}

#[tokio::test]
async fn a_missing_permission_is_said_with_what_to_do() {
    let (server, _directory) = start();
    let queue = Queue::open(&url(&server, "atelier:change-me@")).unwrap();
    let mut worker = Worker::start(&queue, "w1");
    let id = submit(&queue, 1).await;
    let held = worker.next().await;
    let say = |error: QueueError| {
        assert_eq!(refusal(&error), Refusal::Permission, "{error:?}");
        let said = error.to_string();
        assert!(said.contains("ACL LOG") && said.contains(".docker/redis.conf"), "{said}");
    };
    // the function itself, a command in it, a command of its own
    // one that spares a job a way, and that lists of before do not have
    let _: String = server.tell(&["ACL", "SETUSER", "atelier", "-pubsub"]).await;
    let other = submit(&queue, 7).await;
    let next = worker.next().await;
    assert_eq!(next.claimed.job.id, other);
    next.done();
    for (rule, back) in [("-fcall", "+fcall"), ("-hset", "+hset"), ("-@read", "")] {
        let _: String = server.tell(&["ACL", "SETUSER", "atelier", rule]).await;
        match rule {
            "-@read" => say(queue.record(&id).await.unwrap_err()),
            _ => say(try_submit(&queue, 2).await.unwrap_err()),
        }
        if !back.is_empty() {
            let _: String = server.tell(&["ACL", "SETUSER", "atelier", back]).await;
        }
    }
    let line = user();
    let rules: Vec<&str> = ["ACL", "SETUSER"].into_iter().chain(line.split(' ').skip(1)).collect();
    let _: String = server.tell(&rules).await;
    held.done();
    worker.end().await;
}

/// The file lists what the sources use: no more, and nothing that a test happens not to reach is missing.
#[test]
fn the_documented_permissions_are_those_that_are_used() {
    let line = user();
    let granted: BTreeSet<String> =
        line.split(' ').filter_map(|word| word.strip_prefix('+')).map(str::to_owned).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut texts = Vec::new();
    let mut folders = vec![root.join("lua"), root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // the differential run has a server of its own
                folders.extend(Some(path).filter(|path| !path.ends_with("differential")));
            } else {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    for text in &texts {
        for (start, quote) in [("redis.call('", '\''), ("redis.pcall('", '\''), ("cmd(\"", '"'), (".cmd(\"", '"')] {
            for after in text.split(start).skip(1) {
                used.insert(after.split(quote).next().unwrap().to_lowercase());
            }
        }
    }
    // said by other words in the sources, or by the driver
    used.extend(["subscribe", "unsubscribe", "zrevrange"].map(str::to_owned));
    let plain: BTreeSet<String> = granted.iter().map(|name| name.split('|').next().unwrap().to_owned()).collect();
    // only for the test's own server, or needing no permission of its own
    let free = ["asking", "ping"];
    let missing: Vec<&String> =
        used.iter().filter(|name| !plain.contains(*name) && !free.contains(&name.as_str())).collect();
    let spare: Vec<&String> = plain.iter().filter(|name| !used.contains(*name)).collect();
    assert!(missing.is_empty() && spare.is_empty(), "missing {missing:?}, spare {spare:?}");
}
