//! The floor: the least that a queue with visible jobs must do, against which ours is held.
//!
//! One script queues, one settles all that just ended and claims for all free slots in the same call; a hash per job
//! says queued, running or done and is kept for an hour; a blocking pop wakes. No lease, no fence, no retry, no
//! dedupe, no order between users: what ours costs more is what these cost.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use atelier_domain::Job;
use redis::Script;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

const KEPT_SECONDS: u32 = 3600;

/// What a job does; it is told what it was claimed under.
pub(crate) type Work = Arc<dyn Fn(&str) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The scripts of a least queue. Its claims are pairs of what a job is settled under and its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Least {
    pub(crate) prefix: &'static str,
    pub(crate) submit: &'static str,
    pub(crate) step: &'static str,
}

impl Least {
    /// The floor itself.
    pub(crate) const STATE: Self =
        Self { prefix: "{floor}:", submit: include_str!("floor/submit.lua"), step: include_str!("floor/step.lua") };
}

/// The submitting side.
pub(crate) struct Floor {
    link: MultiplexedConnection,
    prefix: &'static str,
    submit: Script,
}

impl Floor {
    pub(crate) async fn open(url: &str, least: Least) -> Self {
        Self { link: link(url).await, prefix: least.prefix, submit: Script::new(least.submit) }
    }

    pub(crate) async fn submit(&self, jobs: &[Job]) {
        let mut call = self.submit.prepare_invoke();
        call.key(self.prefix);
        for job in jobs {
            call.arg(job.id.as_str()).arg(job.to_json().expect("a job is JSON"));
        }
        let queued: usize = call.invoke_async(&mut self.link.clone()).await.expect("the floor queues");
        assert_eq!(queued, jobs.len());
    }

    /// Jobs done so far.
    pub(crate) async fn done(&self) -> u64 {
        let done: Option<u64> = redis::cmd("GET")
            .arg(format!("{}done", self.prefix))
            .query_async(&mut self.link.clone())
            .await
            .expect("the floor counts");
        done.unwrap_or(0)
    }
}

/// The working side, until `stop`.
pub(crate) async fn serve(url: String, least: Least, concurrency: usize, work: Work, stop: CancellationToken) {
    let mut link = link(&url).await;
    let step = Script::new(least.step);
    let woken = Arc::new(Notify::new());
    let _bell = AbortOnDropHandle::new(tokio::spawn(ring(url, least.prefix, woken.clone())));
    let (mut running, mut ended) = (JoinSet::new(), Vec::new());
    loop {
        while let Some(id) = running.try_join_next() {
            ended.push(id.expect("work does not panic"));
        }
        let free = concurrency - running.len();
        let mut call = step.prepare_invoke();
        call.key(least.prefix).arg(KEPT_SECONDS).arg(free).arg(std::mem::take(&mut ended));
        let claimed: Vec<(String, Vec<u8>)> = call.invoke_async(&mut link).await.expect("the floor steps");
        for (id, _body) in claimed {
            let working = work(&id);
            running.spawn(async move {
                working.await;
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
async fn ring(url: String, prefix: &str, woken: Arc<Notify>) {
    let mut link = link(&url).await;
    loop {
        let mut pop = redis::cmd("BLPOP");
        pop.arg(format!("{prefix}wake")).arg(5);
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
