//! A worker process of a run: the queue's own loop, and a handler that takes the real worker's steps.

mod attempt;
mod journal;

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use atelier_queue::{Claimed, Handler, Herald, Notice, Queue, RunOptions, Teller, run};
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::effects::Client;
use crate::options::{LEASE, SLOTS, WorkerSettings};
use crate::plan::LANE;
use attempt::{Shop, attempt};
use journal::Journal;

/// Works until `SIGTERM`, or until the driver is gone.
pub(crate) fn main(settings: WorkerSettings) -> ExitCode {
    follow_parent();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(settings));
    // not waiting for anything that is still under way
    std::process::exit(0)
}

/// The driver's end is ours: its end of our input closes, and a stopped process is killed by the system.
fn follow_parent() {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    std::thread::spawn(|| {
        let mut bytes = [0; 16];
        while matches!(std::io::stdin().read(&mut bytes), Ok(1..)) {}
        std::process::exit(3);
    });
}

async fn work(settings: WorkerSettings) {
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
    let stop = shutdown.clone();
    tokio::spawn(async move {
        terminate.recv().await;
        stop.cancel();
    });
    let queue = Queue::open(&settings.redis.parse().expect("an address")).expect("a queue");
    let effects = Client::new(settings.effects.clone(), settings.name.clone());
    let options = RunOptions {
        worker: settings.name.clone(),
        concurrency: SLOTS,
        models: settings.models.iter().map(|model| model.parse().expect("a model")).collect(),
        lease: LEASE,
        grace: LEASE / 2,
        lanes: LANE.1.iter().map(|model| (model.parse().expect("a model"), LANE.0.to_owned())).collect(),
        herald: Some(Herald::new(teller(effects.clone()))),
        ..RunOptions::default()
    };
    let journal = Journal::open(&settings.journal, &settings.name);
    let shop = Arc::new(Shop { seed: settings.seed, effects, journal });
    let handler: Handler = Arc::new(move |claimed: Claimed| Box::pin(attempt(shop.clone(), claimed)));
    if let Err(error) = run(queue, options, handler, shutdown).await {
        panic!("the worker ended by itself: {error}");
    }
}

fn teller(effects: Client) -> Teller {
    Arc::new(move |notice: Notice| {
        let effects = effects.clone();
        Box::pin(async move {
            let what = match notice {
                Notice::Ended(id) => format!("job:{id}"),
                Notice::Joined(id) => format!("batch:{id}"),
                // nobody presses buttons here
                Notice::Album(id) => format!("album:{id}"),
                Notice::Errand(errand) => errand.to_string(),
            };
            effects.tell(&what).await.is_ok()
        })
    })
}
