//! Reading the history: every job's record and trail, the workers' journals, and what Redis holds at the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use atelier_queue::Queue;
use atelier_queue::keys::PREFIX;
use redis::aio::MultiplexedConnection;
use tokio::task::JoinSet;

use crate::drive::{journals_of, orders};
use crate::faults::{Scene, insist};
use crate::history::{BatchHistory, Content, History, JobHistory, Word};
use crate::plan::{LANE, Order, PENDING, Step, bot_of, job_id, user_id};
use crate::submitters::Desk;

/// Until everything is gone that goes by itself: a notice comes again after 30 s, a dead worker is forgotten after 15.
const CALM: Duration = Duration::from_secs(60);
/// Messages read at once.
const TOGETHER: usize = 32;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// Reads the queue's side, lets it come to rest, and reads what is left.
pub(crate) async fn read(scene: &Scene, steps: &[Step], desk: &Desk, settled: bool) -> History {
    let mut history = History {
        pending_limit: PENDING,
        lanes: LANE.1.iter().map(|model| ((*model).to_owned(), LANE.0.to_owned())).collect(),
        oddities: desk.oddities.clone(),
        ..History::default()
    };
    // one worker stays, and does what is still to be told
    scene.crew.dismiss(1).await;
    let mut link = scene.server.lock().await.connect().await.expect("a connection");
    let (jobs, ()) = tokio::join!(read_jobs(&scene.queue, steps, desk), async {
        if settled {
            calm(&mut link).await;
        }
    });
    (history.jobs, history.batches) = jobs;
    scene.crew.dismiss(0).await;
    history.actions = insist(|| scene.queue.actions()).await;
    history.rest.keys = contents(&mut link).await;
    let ids: Vec<_> = history.jobs.iter().map(|job| job.id.parse().expect("an id")).collect();
    insist(|| scene.queue.forget(&ids, "operator")).await;
    history.rest.forgotten = contents(&mut link).await;
    history
}

async fn read_jobs(queue: &Queue, steps: &[Step], desk: &Desk) -> (Vec<JobHistory>, Vec<BatchHistory>) {
    let (mut jobs, mut batches, mut reads) = (Vec::new(), Vec::new(), JoinSet::new());
    for order in orders(steps) {
        let answered_ms = desk.answered.get(&order.update).copied().unwrap_or(0);
        reads.spawn(read_order(queue.clone(), order.clone(), answered_ms));
        while reads.len() >= TOGETHER {
            take(&mut reads, &mut jobs, &mut batches).await;
        }
    }
    while !reads.is_empty() {
        take(&mut reads, &mut jobs, &mut batches).await;
    }
    jobs.sort_by(|one, other| one.id.cmp(&other.id));
    (jobs, batches)
}

type Read = (Vec<JobHistory>, Option<BatchHistory>);

async fn take(reads: &mut JoinSet<Read>, jobs: &mut Vec<JobHistory>, batches: &mut Vec<BatchHistory>) {
    let read = reads.join_next().await.expect("one under way").expect("a read that ends well");
    jobs.extend(read.0);
    batches.extend(read.1);
}

async fn read_order(queue: Queue, order: Order, answered_ms: u64) -> Read {
    let owner = format!("{}:{}", bot_of(order.user), user_id(order.user));
    let (mut jobs, mut ids) = (Vec::new(), Vec::new());
    for (number, model) in (order.first..).zip(&order.models) {
        let id = job_id(number);
        let record = insist(|| queue.record(&id)).await;
        jobs.push(JobHistory {
            id: id.to_string(),
            owner: owner.clone(),
            model: (*model).to_owned(),
            chat: order.group.map(|_| format!("{}:{}", bot_of(order.user), order.chat())),
            answered_ms,
            accepted_ms: record.as_ref().and_then(|record| record.accepted_ms),
            state: record.map_or_else(String::new, |record| record.state.name().to_owned()),
            trail: insist(|| queue.trail(&id)).await,
        });
        ids.push(id);
    }
    let [first, _, ..] = ids.as_slice() else { return (jobs, None) };
    let batch = insist(|| queue.batch(first)).await;
    let batch = BatchHistory {
        id: first.to_string(),
        jobs: ids.iter().map(ToString::to_string).collect(),
        left: batch.as_ref().map(|batch| batch.left),
        joined_ms: batch.and_then(|batch| batch.joined_ms),
    };
    (jobs, Some(batch))
}

/// What the workers wrote down.
pub(crate) fn journals(directory: &Path) -> Vec<Word> {
    let mut words = Vec::new();
    for path in journals_of(directory) {
        let worker = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // a killed worker may have left half a character
        let text = std::fs::read(&path).expect("a journal");
        words.extend(String::from_utf8_lossy(&text).lines().filter_map(|line| Word::parse(line, &worker)));
    }
    words
}

/// Waits until every notice is told, no model waits for its account, and the dead workers are forgotten.
async fn calm(link: &mut MultiplexedConnection) {
    let began = Instant::now();
    loop {
        let mut looks = redis::pipe();
        for set in ["notices", "gates", "alive"] {
            looks.zcard(format!("{PREFIX}{set}"));
        }
        let (notices, gates, alive): (u64, u64, u64) = looks.query_async(link).await.expect("an answer");
        if (notices, gates) == (0, 0) && alive <= 1 || began.elapsed() > CALM {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Every key below the prefix.
async fn contents(link: &mut MultiplexedConnection) -> BTreeMap<String, Content> {
    let mut keys = Vec::new();
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("COUNT").arg(1000);
        let (next, some): (u64, Vec<String>) = scan.query_async(link).await.expect("an answer");
        keys.extend(some.into_iter().filter_map(|key| key.strip_prefix(PREFIX).map(str::to_owned)));
        if next == 0 {
            break;
        }
        cursor = next;
    }
    let mut contents = BTreeMap::new();
    for name in keys {
        // what belongs to one job was read as its record; that it is there is all that counts here
        let plain = ["job:", "trail:"].iter().any(|family| name.starts_with(family));
        let content = if plain { Content::default() } else { content(link, &format!("{PREFIX}{name}")).await };
        if matches!(name.as_str(), "jobs" | "holds") {
            contents.extend(content.pairs.into_iter().map(|(id, _)| (format!("{name}:{id}"), Content::default())));
        } else {
            contents.insert(name, content);
        }
    }
    contents
}

async fn content(link: &mut MultiplexedConnection, key: &str) -> Content {
    let mut looks = redis::pipe();
    looks.cmd("TYPE").arg(key).pttl(key);
    let (kind, left): (String, i64) = looks.query_async(link).await.expect("an answer");
    let mut read = redis::cmd(match kind.as_str() {
        "string" => "GET",
        "list" => "LRANGE",
        "set" => "SMEMBERS",
        "zset" => "ZRANGE",
        _ => "HGETALL",
    });
    read.arg(key);
    match kind.as_str() {
        "list" => read.arg(0).arg(-1),
        "zset" => read.arg(0).arg(-1).arg("WITHSCORES"),
        _ => &mut read,
    };
    let values: redis::Value = read.query_async(link).await.expect("an answer");
    let texts: Vec<String> = match values {
        redis::Value::Nil => Vec::new(),
        value @ (redis::Value::BulkString(_) | redis::Value::SimpleString(_)) => {
            vec![redis::from_redis_value(value).expect("text")]
        }
        value => redis::from_redis_value(value).expect("texts"),
    };
    let pairs = match kind.as_str() {
        "zset" | "hash" => texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
        _ => texts.into_iter().map(|text| (text, String::new())).collect(),
    };
    Content { pairs, expires: left >= 0 }
}
