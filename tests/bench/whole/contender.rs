//! The two that are compared, behind one face, so that the same code measures both.
//!
//! The worker has a runtime and connections of its own, as a process has; the submitter never shares its threads.

use std::sync::atomic::{AtomicU32, Ordering};

use atelier_domain::{BotId, ChatId, Job, JobId, Language, MessageId, Place, Request, UserId};
use atelier_queue::{PrivateRedis, PrivateSettings};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::floor::{self, Floor, Least, Work};
use crate::whole::ours::{self, Ours};

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Ours,
    Floor,
}

enum Side {
    Ours(Ours),
    Floor(Floor),
}

/// One of the two on an empty Redis server of its own.
pub(crate) struct Contender {
    side: Side,
    redis: PrivateRedis,
    made: AtomicU32,
    _directory: TempDir,
}

/// A worker at work.
pub(crate) struct Working {
    runtime: Runtime,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Contender {
    pub(crate) async fn start(who: Who) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = PrivateSettings { data: directory.path().join("redis"), port: None, program: None };
        let redis = PrivateRedis::start(settings).await.expect("redis-server starts");
        let url = redis.address();
        let side = match who {
            Who::Ours => Side::Ours(Ours::open(&url).await),
            Who::Floor => Side::Floor(Floor::open(&url, Least::STATE).await),
        };
        Self { side, redis, made: AtomicU32::new(0), _directory: directory }
    }

    /// Queues so many jobs in one call, as one user's message does.
    pub(crate) async fn submit(&self, count: usize) {
        let number = self.made.fetch_add(u32::try_from(count).expect("a small count"), Ordering::Relaxed);
        let jobs: Vec<Job> = (number..).take(count).map(|each| job(each, number)).collect();
        match &self.side {
            Side::Ours(ours) => ours.submit(&jobs).await,
            Side::Floor(floor) => floor.submit(&jobs).await,
        }
    }

    /// Jobs done so far, as the queue itself counts them.
    pub(crate) async fn done(&self) -> u64 {
        match &self.side {
            Side::Ours(ours) => ours.done().await,
            Side::Floor(floor) => floor.done().await,
        }
    }

    /// Waits until the queue counts so many as done; more would be a job done twice.
    pub(crate) async fn settled(&self, jobs: usize) {
        let jobs = jobs as u64;
        let mut done = self.done().await;
        while done < jobs {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            done = self.done().await;
        }
        assert_eq!(done, jobs, "every job is done once");
    }

    /// Starts a worker.
    pub(crate) fn work(&self, concurrency: usize, work: Work) -> Working {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let (url, stop) = (self.redis.address(), CancellationToken::new());
        let task = match &self.side {
            Side::Ours(_) => runtime.spawn(ours::serve(url, concurrency, work, stop.clone())),
            Side::Floor(_) => runtime.spawn(floor::serve(url, Least::STATE, concurrency, work, stop.clone())),
        };
        Working { runtime, stop, task }
    }
}

impl Working {
    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.expect("the worker ends well");
        // a runtime must not be waited for on another one
        self.runtime.shutdown_background();
    }
}

/// Jobs like those of a chat: a prompt of a sentence, about 490 bytes as JSON; a user for each message.
fn job(number: u32, message: u32) -> Job {
    let prompt = "a lighthouse on a basalt cliff at dusk, its beam through thin fog, waves breaking below, oil on canvas \
                  in the manner of the romantics, muted blues with one warm light, wide composition, visible brushwork";
    Job {
        id: JobId::new(1_795_000_000_000 + u64::from(number), number),
        place: Place { bot: BotId(1), chat: ChatId(5), thread: None, reply_to: MessageId(1) },
        user: UserId(i64::from(message % 1000)),
        language: Language::English,
        request: Request {
            prompt: prompt.parse().expect("a prompt"),
            model: "sketch".parse().expect("a model"),
            ratio: "16:9".parse().expect("a ratio"),
            seed: Some(7_u32.try_into().expect("a seed")),
            options: atelier_domain::Options::default(),
        },
        index: 0,
        of: 1,
        accepted_ms: 1_795_000_000_000,
    }
}
