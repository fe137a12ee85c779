//! `kill -9` with sixteen jobs of three seconds in flight and another worker at once, on defaults: until all are done.

use std::collections::HashMap;
use std::time::Duration;

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, Shape};
use crate::queue::process::{Line, Worker};
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};

const JOBS: u32 = 16;
const LENGTH: u32 = 3_000;
/// After the last end: whatever is done twice shows within a lease.
const WATCHED: Duration = Duration::from_secs(8);

/// Longer than our queue takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a crash came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    pub(crate) seconds: f64,
    pub(crate) again: usize,
}

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let mut worst: f64 = 0.0;
    let rounds = options.full(3, 1);
    for _ in 0..rounds {
        let crash = round(Kind::Ours, PATIENCE).await.expect("all are done");
        assert_eq!(crash.again, 0, "no job is done twice");
        worst = worst.max(crash.seconds);
    }
    vec![
        Row::new(format!("kill -9 with 16 x 3 s in flight, all done, s (worst of {rounds})"))
            .ours(worst)
            .target("<= 10 s, none lost or twice")
            .key("crash16_s", worst),
    ]
}

/// One crash: the seconds until all were done, and how many ended more than once. `None`: not within the patience.
pub(crate) async fn round(kind: Kind, patience: Duration) -> Option<Crash> {
    let server = Server::start().await;
    let door = Door::open(kind, &server).await;
    let spec = Spec { kind, labour: Labour::Seed, watched: true, ..Spec::default() };
    let mut first = Worker::start(&server, &spec);
    door.fill(JOBS, &Shape { together: 1, seed: |_| LENGTH, ..Shape::default() }).await;
    for _ in 0..JOBS {
        first.started().await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let killed = clock::now();
    first.kill().await;
    let mut second = Worker::start(&server, &spec);
    let (mut ends, mut last) = (HashMap::new(), killed);
    let all = async {
        while ends.len() < JOBS as usize {
            if let Line::Ended(at, id) = second.next().await.expect("the jobs end") {
                *ends.entry(id).or_insert(0) += 1;
                last = last.max(at);
            }
        }
    };
    tokio::time::timeout(patience, all).await.ok()?;
    let seconds = clock::between(killed, last).as_secs_f64();
    while let Ok(Some(line)) = tokio::time::timeout(WATCHED, second.next()).await {
        if let Line::Ended(_, id) = line {
            *ends.entry(id).or_insert(0) += 1;
        }
    }
    door.settled(JOBS as usize).await;
    second.stop().await;
    Some(Crash { seconds, again: ends.values().filter(|&&times| times > 1).count() })
}
