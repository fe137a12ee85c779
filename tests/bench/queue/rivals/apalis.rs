//! `apalis-redis`: the Redis backend of the worker runtime that ours runs under as well.

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{BoxDynError, TaskSink as _, WorkerBuilder};
use apalis_redis::{Config, ConnectionManager, RedisStorage, connect};
use atelier_domain::Job;
use tokio_util::sync::CancellationToken;

use crate::queue::worker::Perform;

const NAME: &str = "bench";

/// The submitting side.
#[derive(Clone)]
pub(crate) struct Door {
    storage: RedisStorage<Job>,
    link: ConnectionManager,
}

impl Door {
    pub(crate) async fn open(url: &str) -> Self {
        Self { storage: storage(url).await, link: connect(url).await.expect("a connection") }
    }

    pub(crate) async fn submit(&self, jobs: &[Job]) {
        let mut storage = self.storage.clone();
        if let [job] = jobs {
            storage.push(job.clone()).await.expect("it is queued");
        } else {
            storage.push_bulk(jobs.to_vec()).await.expect("they are queued");
        }
    }

    pub(crate) async fn done(&self) -> u64 {
        let mut count = redis::cmd("ZCARD");
        count.arg(format!("{NAME}:done")).query_async(&mut self.link.clone()).await.expect("it counts")
    }
}

/// The working side, until `stop`.
pub(crate) async fn serve(url: String, concurrency: usize, perform: Perform, stop: CancellationToken) {
    let name = format!("bench-{}", std::process::id());
    let worker = WorkerBuilder::new(name.as_str()).backend(storage(&url).await).concurrency(concurrency).build(
        move |job: Job| {
            let perform = perform.clone();
            async move {
                let seed = job.request.seed.map_or(0, u32::from);
                perform(job.id.to_string(), seed).await;
                Ok::<_, BoxDynError>(())
            }
        },
    );
    tokio::select! {
        ended = worker.run() => ended.expect("the worker runs"),
        () = stop.cancelled() => {}
    }
}

async fn storage(url: &str) -> RedisStorage<Job> {
    RedisStorage::new(connect(url).await.expect("a connection")).with_config(Config::default().queue(NAME))
}
