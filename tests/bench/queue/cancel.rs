//! How soon a running job of another process stops: from the call of cancel to the word in the job's hands.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::options::Options;
use crate::queue::clock;
use crate::queue::load::{Door, job};
use crate::queue::process::{Line, Worker};
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};
use crate::sample::Sample;

pub(crate) async fn measure(options: Options) -> Vec<Row> {
    let count = options.full(300, 100);
    let server = Server::start().await;
    let door = Door::open(Kind::Ours, &server).await;
    let spec = Spec { concurrency: count, labour: Labour::Cancel, watched: true, ..Spec::default() };
    let mut worker = Worker::start(&server, &spec);
    let mut ids = Vec::new();
    for user in 0..u32::try_from(count).unwrap_or_default() {
        let job = job(user, "sketch", 0);
        ids.push(job.id.clone());
        door.submit(&[job]).await;
    }
    for _ in 0..count {
        worker.started().await;
    }
    let mut cancels = JoinSet::new();
    for id in ids {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let queue = server.queue().clone();
        cancels.spawn(async move {
            let at = clock::now();
            queue.cancel(&id, "bench", None).await.expect("it is cancelled");
            (id.to_string(), at)
        });
    }
    let asked: HashMap<String, u64> = cancels.join_all().await.into_iter().collect();
    let mut sample = Sample::default();
    while sample.len() < count {
        if let Line::Cancelled(at, id) = worker.line().await.expect("the jobs stop") {
            sample.push(clock::between(asked[&id], at));
        }
    }
    worker.stop().await;
    let [p50, p99] = [50, 99].map(|per_cent| sample.percentile(per_cent) / 1000.0);
    vec![
        Row::new(format!("running job cancelled from another process, p99, s ({count})"))
            .ours(p99)
            .target("<= 1 s")
            .key("cancel_p99_s", p99),
        Row::new("  p50, s").ours(p50),
    ]
}
