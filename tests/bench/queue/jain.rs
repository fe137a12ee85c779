//! Whether all who wait get the same: one user with ten thousand jobs among fifty with twenty.

use std::collections::HashMap;
use std::time::Duration;

use crate::options::Options;
use crate::queue::load::{Door, job};
use crate::queue::process::{Line, Worker};
use crate::queue::report::Row;
use crate::queue::server::Server;
use crate::queue::worker::{Kind, Labour, Spec};

const WHALE: usize = 10_000;
const OTHERS: u32 = 50;
const EACH: usize = 20;
/// Milliseconds of a job.
const LENGTH: u32 = 20;

pub(crate) async fn measure(_: Options) -> Vec<Row> {
    let server = Server::start().await;
    let door = Door::open(Kind::Ours, &server).await;
    let predicted = Duration::from_millis(u64::from(LENGTH));
    let mut users = HashMap::new();
    // the whale comes first, in messages of ten like everybody's
    let messages = std::iter::repeat_n(0, WHALE / 10).chain((1..=OTHERS).flat_map(|user| [user; EACH / 10]));
    for user in messages {
        let jobs: Vec<_> = (0..10).map(|_| job(user, "sketch", LENGTH)).collect();
        users.extend(jobs.iter().map(|job| (job.id.to_string(), user)));
        door.submit_expecting(&jobs, predicted).await;
    }
    let spec = Spec { concurrency: 16, labour: Labour::Seed, watched: true, ..Spec::default() };
    let mut worker = Worker::start(&server, &spec);
    // the service of each while all wait: until the first of them has no job left in line
    let (mut begun, mut service) = (HashMap::new(), vec![0.0_f64; OTHERS as usize + 1]);
    let mut starts = vec![0_usize; OTHERS as usize + 1];
    loop {
        match worker.line().await.expect("the jobs run") {
            Line::Started(at, id) => {
                let user = users[&id] as usize;
                starts[user] += 1;
                begun.insert(id, at);
                if user > 0 && starts[user] == EACH {
                    break;
                }
            }
            Line::Ended(at, id) => {
                let user = users[&id] as usize;
                service[user] += crate::queue::clock::between(begun[&id], at).as_secs_f64();
            }
            _ => {}
        }
    }
    worker.kill().await;
    let counts: Vec<f64> = starts.iter().map(|&count| count as f64).collect();
    let jain = index(&counts);
    let most = starts[1..].iter().max().copied().unwrap_or_default();
    vec![
        Row::new("Jain index, one user with 500 times the others' jobs")
            .ours(jain)
            .target(">= 0.999")
            .key("jain", jain),
        Row::new("  of the worker's time").ours(index(&service)),
        Row::new("  jobs of the large user; of the others, fewest to most").note(format!(
            "{}; {}-{most}",
            starts[0],
            starts[1..].iter().min().copied().unwrap_or_default()
        )),
    ]
}

/// 1 when all have the same, 1/n when one has everything.
fn index(shares: &[f64]) -> f64 {
    let (sum, squares) = shares.iter().fold((0.0, 0.0), |(sum, squares), share| (sum + share, squares + share * share));
    sum * sum / (shares.len() as f64 * squares)
}
