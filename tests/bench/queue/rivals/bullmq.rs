//! `bullmq-official`: the port of BullMQ, with its scripts.

use atelier_domain::Job;
use bullmq::options::RedisConnectionOptions;
use bullmq::{BulkJob, Queue, QueueOptions, Worker, WorkerOptions};
use tokio_util::sync::CancellationToken;

use crate::queue::worker::Perform;

const NAME: &str = "bench";

/// The submitting side.
#[derive(Clone)]
pub(crate) struct Door(Queue);

impl Door {
    pub(crate) async fn open(url: &str) -> Self {
        let options = QueueOptions { connection: connection(url), ..QueueOptions::default() };
        Self(Queue::with_options(NAME, options).await.expect("a queue"))
    }

    pub(crate) async fn submit(&self, jobs: &[Job]) {
        if let [job] = jobs {
            self.0.add("job", job).await.expect("it is queued");
        } else {
            let jobs = jobs.iter().map(|job| BulkJob::new("job", job)).collect();
            self.0.add_bulk(jobs).await.expect("they are queued");
        }
    }

    pub(crate) async fn done(&self) -> u64 {
        self.0.get_completed_count().await.expect("it counts")
    }
}

/// The working side, until `stop`.
pub(crate) async fn serve(url: String, concurrency: usize, perform: Perform, stop: CancellationToken) {
    let options = WorkerOptions { connection: connection(&url), concurrency, ..WorkerOptions::default() };
    let processor = move |job: bullmq::Job, _: bullmq::worker::CancellationToken| {
        let perform = perform.clone();
        async move {
            let id = job.data()["id"].as_str().unwrap_or_default().to_owned();
            let seed = job.data()["request"]["seed"].as_u64().and_then(|seed| seed.try_into().ok());
            perform(id, seed.unwrap_or(0)).await;
            Ok(serde_json::Value::Null)
        }
    };
    let worker = Worker::with_options(NAME, processor, options).await.expect("a worker");
    stop.cancelled().await;
    worker.close(5_000).await.expect("it ends");
}

fn connection(url: &str) -> RedisConnectionOptions {
    RedisConnectionOptions { url: url.to_owned(), ..RedisConnectionOptions::default() }
}
