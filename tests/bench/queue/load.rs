//! The jobs that are queued, and the doors through which they go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atelier_domain::{BotId, ChatId, Job, JobId, Language, MessageId, Place, Request, UpdateId, UserId};
use atelier_queue::{Limits, Queue, Submission, Submitted};
use tokio::task::JoinSet;

use crate::floor::{Floor, Least};
use crate::queue::fifo;
#[cfg(feature = "rivals")]
use crate::queue::rivals;
use crate::queue::server::Server;
use crate::queue::worker::Kind;

const BOT: BotId = BotId(1);
/// Submits under way at once while a queue is being filled.
const FILLING: u32 = 16;

/// Whose submit is called.
#[derive(Clone)]
pub(crate) enum Door {
    Ours(Queue),
    Least(Arc<Floor>),
    #[cfg(feature = "rivals")]
    Bullmq(rivals::bullmq::Door),
    #[cfg(feature = "rivals")]
    Apalis(rivals::apalis::Door),
}

/// What a queue is filled with.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// Users, one message after the other.
    pub(crate) users: u32,
    /// Jobs of one message.
    pub(crate) together: u32,
    /// Models, in turns from message to message.
    pub(crate) models: Vec<String>,
    /// The seed that each job has, from its number: what the worker makes of it is its business.
    pub(crate) seed: fn(u32) -> u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self { users: 1000, together: 10, models: vec!["sketch".to_owned()], seed: |_| 0 }
    }
}

/// What a queue was filled with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    /// The jobs as JSON.
    pub(crate) bytes: usize,
    /// Every twentieth message's.
    pub(crate) some: Vec<JobId>,
}

/// Numbers of jobs: no two of one run are alike.
static MADE: AtomicU32 = AtomicU32::new(0);
/// Numbers of updates.
static UPDATES: AtomicU32 = AtomicU32::new(0);

/// A job like those of a chat: a prompt of a sentence, about 490 bytes as JSON.
pub(crate) fn job(user: u32, model: &str, seed: u32) -> Job {
    let prompt = "a lighthouse on a basalt cliff at dusk, its beam through thin fog, waves breaking below, oil on canvas \
                  in the manner of the romantics, muted blues with one warm light, wide composition, visible brushwork";
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let user = i64::from(user) + 1;
    Job {
        id: JobId::new(1_795_000_000_000 + u64::from(number), number),
        // a private chat has its user's number
        place: Place { bot: BOT, chat: ChatId(user), thread: None, reply_to: MessageId(1) },
        user: UserId(user),
        language: Language::English,
        request: Request {
            prompt: prompt.parse().expect("a prompt"),
            model: model.parse().expect("a model"),
            ratio: "16:9".parse().expect("a ratio"),
            seed: Some(seed.try_into().expect("a seed")),
            options: atelier_domain::Options::default(),
        },
        index: 0,
        of: 1,
        accepted_ms: 1_795_000_000_000,
    }
}

impl Door {
    /// The door of a kind of worker.
    pub(crate) async fn open(kind: Kind, server: &Server) -> Self {
        match kind {
            Kind::Ours => Self::Ours(server.queue().clone()),
            Kind::Floor => Self::Least(Arc::new(Floor::open(&server.url(), Least::STATE).await)),
            Kind::Fifo => Self::Least(Arc::new(Floor::open(&server.url(), fifo::LEAST).await)),
            #[cfg(feature = "rivals")]
            Kind::Bullmq => Self::Bullmq(rivals::bullmq::Door::open(&server.url()).await),
            #[cfg(feature = "rivals")]
            Kind::Apalis => Self::Apalis(rivals::apalis::Door::open(&server.url()).await),
        }
    }

    /// Queues the jobs of one message; they are one user's.
    pub(crate) async fn submit(&self, jobs: &[Job]) {
        self.submit_expecting(jobs, Duration::from_millis(1)).await;
    }

    /// The same with a predicted length of each.
    pub(crate) async fn submit_expecting(&self, jobs: &[Job], predicted: Duration) {
        match self {
            Self::Ours(queue) => {
                let jobs: Vec<(Job, Duration)> = jobs.iter().map(|job| (job.clone(), predicted)).collect();
                let update = UpdateId(UPDATES.fetch_add(1, Ordering::Relaxed));
                let limits = Limits { pending_per_user: u32::MAX, waiting: u32::MAX };
                let user = jobs[0].0.user;
                let submission = Submission { bot: BOT, user, update, jobs: &jobs, limits, weight: 1, urgent: false };
                assert_eq!(queue.submit(&submission).await.expect("the queue accepts"), Submitted::Accepted);
            }
            Self::Least(floor) => floor.submit(jobs).await,
            #[cfg(feature = "rivals")]
            Self::Bullmq(door) => door.submit(jobs).await,
            #[cfg(feature = "rivals")]
            Self::Apalis(door) => door.submit(jobs).await,
        }
    }

    /// Jobs done so far, as the queue itself counts them.
    pub(crate) async fn done(&self) -> u64 {
        match self {
            Self::Ours(queue) => queue.stats().await.expect("it counts").totals.get("done").copied().unwrap_or(0),
            Self::Least(floor) => floor.done().await,
            #[cfg(feature = "rivals")]
            Self::Bullmq(door) => door.done().await,
            #[cfg(feature = "rivals")]
            Self::Apalis(door) => door.done().await,
        }
    }

    /// Waits until so many are done; more would be a job done twice.
    pub(crate) async fn settled(&self, count: usize) {
        let count = count as u64;
        let settling = async {
            while self.done().await < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), settling).await.expect("every job is done");
        assert_eq!(self.done().await, count, "every job is done once");
    }

    /// Queues many, several messages at a time.
    pub(crate) async fn fill(&self, count: u32, shape: &Shape) -> Filled {
        let (messages, next) = (count / shape.together, Arc::new(AtomicU32::new(0)));
        let mut filling = JoinSet::new();
        for _ in 0..FILLING {
            let (door, shape, next) = (self.clone(), shape.clone(), next.clone());
            filling.spawn(async move {
                let mut filled = Filled::default();
                loop {
                    let message = next.fetch_add(1, Ordering::Relaxed);
                    if message >= messages {
                        return filled;
                    }
                    let model = &shape.models[message as usize % shape.models.len()];
                    let first = message * shape.together;
                    let jobs: Vec<Job> = (first..first + shape.together)
                        .map(|each| job(message % shape.users, model, (shape.seed)(each)))
                        .collect();
                    filled.bytes += jobs.iter().map(|job| job.to_json().map_or(0, |json| json.len())).sum::<usize>();
                    if message % 20 == 0 {
                        filled.some.extend(jobs.iter().map(|job| job.id.clone()));
                    }
                    door.submit(&jobs).await;
                }
            });
        }
        filling.join_all().await.into_iter().fold(Filled::default(), |mut all, part| {
            all.bytes += part.bytes;
            all.some.extend(part.some);
            all
        })
    }
}
