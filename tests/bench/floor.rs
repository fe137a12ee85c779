//! The floor: the least that a queue with visible jobs must do, against which ours is held.
//!
//! One script queues, one settles all that just ended and claims for all free slots in the same call; a hash per job
//! says queued, running or done and is kept for an hour; a blocking pop wakes. No lease, no fence, no retry, no
//! dedupe, no order between users: what ours costs more is what these cost.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::Job;
use redis::Script;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::contender::Work;

const PREFIX: &str = "{floor}:";
const KEPT_SECONDS: u32 = 3600;

/// The submitting side.
pub(crate) struct Floor {
    link: MultiplexedConnection,
    submit: Script,
}

impl Floor {
    pub(crate) async fn open(url: &str) -> Self {
        Self { link: link(url).await, submit: Script::new(include_str!("floor/submit.lua")) }
    }

    pub(crate) async fn submit(&self, jobs: &[Job]) {
        let mut call = self.submit.prepare_invoke();
        call.key(PREFIX);
        for job in jobs {
            call.arg(job.id.as_str()).arg(job.to_json().expect("a job is JSON"));
        }
        let queued: usize = call.invoke_async(&mut self.link.clone()).await.expect("the floor queues");
        assert_eq!(queued, jobs.len());
    }

    /// Jobs done so far.
    pub(crate) async fn done(&self) -> u64 {
        let done: Option<u64> = redis::cmd("GET")
            .arg(format!("{PREFIX}done"))
            .query_async(&mut self.link.clone())
            .await
            .expect("the floor counts");
        done.unwrap_or(0)
    }
}

/// The working side, until `stop`.
pub(crate) async fn serve(url: String, concurrency: usize, work: Work, stop: CancellationToken) {
    let mut link = link(&url).await;
    let step = Script::new(include_str!("floor/step.lua"));
    let woken = Arc::new(Notify::new());
    let _bell = AbortOnDropHandle::new(tokio::spawn(ring(url, woken.clone())));
    let (mut running, mut ended) = (JoinSet::new(), Vec::new());
    loop {
        while let Some(id) = running.try_join_next() {
            ended.push(id.expect("work does not panic"));
        }
        let free = concurrency - running.len();
        let mut call = step.prepare_invoke();
        call.key(PREFIX).arg(KEPT_SECONDS).arg(free).arg(std::mem::take(&mut ended));
        let claimed: Vec<(String, Vec<u8>)> = call.invoke_async(&mut link).await.expect("the floor steps");
        for (id, _body) in claimed {
            let work = work.clone();
            running.spawn(async move {
                work().await;
                id
            });
        }
        tokio::select! {
            Some(id) = running.join_next() => ended.push(id.expect("work does not panic")),
            () = woken.notified(), if running.len() < concurrency => {}
            () = stop.cancelled() => return,
        }
    }
}

/// The blocking pop, on a connection of its own.
async fn ring(url: String, woken: Arc<Notify>) {
    let mut link = link(&url).await;
    loop {
        let mut pop = redis::cmd("BLPOP");
        pop.arg(format!("{PREFIX}wake")).arg(5);
        let popped: redis::RedisResult<redis::Value> = pop.query_async(&mut link).await;
        popped.expect("the floor waits");
        woken.notify_one();
    }
}

async fn link(url: &str) -> MultiplexedConnection {
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
    let client = redis::Client::open(url).expect("an address");
    client.get_multiplexed_async_connection_with_config(&config).await.expect("a connection")
}
