//! A worker as a process of its own, so that what it costs and what a kill does to it are what they are in earnest.
//!
//! It is this program again, under a hidden word. It tells what it does line by line on its standard output, and stops
//! as a worker does on a signal when its standard input ends.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use atelier_domain::{Failure, FailureClass};
use atelier_queue::{Claimed, Handler, Outcome, Queue, RunOptions, run};
use tokio_util::sync::CancellationToken;

use crate::floor::{self, Least, Work};
use crate::observe;
use crate::queue::clock;
use crate::queue::fifo;
#[cfg(feature = "rivals")]
use crate::queue::rivals;

/// Whose worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    /// The least that a queue with visible jobs must do.
    Floor,
    /// Ours without fairness.
    Fifo,
    #[cfg(feature = "rivals")]
    Bullmq,
    #[cfg(feature = "rivals")]
    Apalis,
}

impl Kind {
    const ALL: &[Self] = &[
        Self::Ours,
        Self::Floor,
        Self::Fifo,
        #[cfg(feature = "rivals")]
        Self::Bullmq,
        #[cfg(feature = "rivals")]
        Self::Apalis,
    ];
}

/// Does what a job of this id and seed does. For the other queues.
#[cfg(feature = "rivals")]
pub(crate) type Perform = Arc<dyn Fn(String, u32) -> futures::future::BoxFuture<'static, ()> + Send + Sync>;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Labour {
    /// Nothing.
    None,
    /// Sleeps for as many milliseconds as its seed says.
    Seed,
    /// Waits until it is cancelled.
    Cancel,
    /// Fails at once, to be tried again after as many seconds as its seed says.
    Delay,
}

/// What a worker is to do.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) kind: Kind,
    pub(crate) concurrency: usize,
    pub(crate) labour: Labour,
    /// Tells of every start and every end.
    pub(crate) watched: bool,
    /// Marks the start of the job after so many, and the end of the job after `count` more, and stops then; for ever
    /// when `count` is 0.
    pub(crate) warm: usize,
    pub(crate) count: usize,
    /// The models served; all when empty.
    pub(crate) models: Vec<String>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            kind: Kind::Ours,
            concurrency: 16,
            labour: Labour::None,
            watched: false,
            warm: 0,
            count: 0,
            models: Vec::new(),
        }
    }
}

impl Spec {
    /// As words for the command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let number = |value: usize| value.to_string();
        vec![
            format!("{:?}", self.kind),
            format!("{:?}", self.labour),
            number(self.concurrency),
            number(self.warm),
            number(self.count),
            number(usize::from(self.watched)),
            self.models.join(","),
        ]
    }

    fn from_words(words: &[String]) -> Option<Self> {
        let [kind, labour, concurrency, warm, count, watched, models] = words else { return None };
        let labours = [Labour::None, Labour::Seed, Labour::Cancel, Labour::Delay];
        Some(Self {
            kind: *Kind::ALL.iter().find(|each| format!("{each:?}") == *kind)?,
            labour: labours.into_iter().find(|each| format!("{each:?}") == *labour)?,
            concurrency: concurrency.parse().ok()?,
            warm: warm.parse().ok()?,
            count: count.parse().ok()?,
            watched: watched == "1",
            models: models.split(',').filter(|model| !model.is_empty()).map(str::to_owned).collect(),
        })
    }
}

/// Runs as a worker: the address of Redis, then [`Spec::words`].
pub(crate) async fn main(words: Vec<String>) -> ExitCode {
    let Some((url, spec)) = words.split_first().and_then(|(url, rest)| Some((url.clone(), Spec::from_words(rest)?)))
    else {
        return ExitCode::from(64);
    };
    let stop = CancellationToken::new();
    let (told, telling) = Told::start(&spec, stop.clone());
    stop_at_end_of_input(stop.clone());
    match spec.kind {
        Kind::Ours => ours(url, spec, told, stop).await,
        Kind::Floor => floor::serve(url, Least::STATE, spec.concurrency, least(told), stop).await,
        Kind::Fifo => floor::serve(url, fifo::LEAST, spec.concurrency, least(told), stop).await,
        #[cfg(feature = "rivals")]
        Kind::Bullmq => rivals::bullmq::serve(url, spec.concurrency, perform(told, spec.labour), stop).await,
        #[cfg(feature = "rivals")]
        Kind::Apalis => rivals::apalis::serve(url, spec.concurrency, perform(told, spec.labour), stop).await,
    }
    // the last lines are on their way
    let _ = tokio::task::spawn_blocking(move || telling.join()).await;
    ExitCode::SUCCESS
}

async fn ours(url: String, spec: Spec, told: Arc<Told>, stop: CancellationToken) {
    let queue = Queue::connect(&url.parse().expect("an address")).await.expect("a queue");
    let options = RunOptions {
        worker: format!("bench-{}", std::process::id()),
        concurrency: spec.concurrency,
        models: spec.models.iter().map(|model| model.parse().expect("a model")).collect(),
        ..RunOptions::default()
    };
    let labour = spec.labour;
    let handler: Handler = Arc::new(move |claimed: Claimed| {
        let told = told.clone();
        Box::pin(async move { told.job(labour, &claimed).await })
    });
    run(queue, options, handler, stop).await.expect("the worker runs");
}

fn least(told: Arc<Told>) -> Work {
    Arc::new(move |id: &str| {
        told.started(id);
        let (told, id) = (told.clone(), id.to_owned());
        Box::pin(async move { told.ended(&id) })
    })
}

#[cfg(feature = "rivals")]
fn perform(told: Arc<Told>, labour: Labour) -> Perform {
    Arc::new(move |id, seed| {
        let told = told.clone();
        Box::pin(async move {
            told.started(&id);
            if labour == Labour::Seed {
                tokio::time::sleep(Duration::from_millis(u64::from(seed))).await;
            }
            told.ended(&id);
        })
    })
}

/// On a thread that nobody waits for: the read may never return.
fn stop_at_end_of_input(stop: CancellationToken) {
    std::thread::spawn(move || {
        // an error ends it as well
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        stop.cancel();
    });
}

/// What is told, by a thread of its own: a full pipe must not hold up jobs.
struct Told {
    lines: mpsc::Sender<String>,
    begun: AtomicUsize,
    done: AtomicUsize,
    warm: usize,
    count: usize,
    watched: bool,
    stop: CancellationToken,
}

impl Told {
    fn start(spec: &Spec, stop: CancellationToken) -> (Arc<Self>, std::thread::JoinHandle<()>) {
        let (lines, receiver) = mpsc::channel::<String>();
        let telling = std::thread::spawn(move || {
            let mut out = std::io::stdout().lock();
            // whoever listened may be gone: then there is nobody to tell
            while let Ok(line) = receiver.recv() {
                if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
        });
        let told = Self {
            lines,
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            warm: spec.warm,
            count: spec.count,
            watched: spec.watched,
            stop,
        };
        (Arc::new(told), telling)
    }

    async fn job(&self, labour: Labour, claimed: &Claimed) -> Outcome {
        let id = claimed.job.id.as_str();
        self.started(id);
        let seed = u64::from(claimed.job.request.seed.map_or(0, u32::from));
        let outcome = match labour {
            Labour::None => Outcome::Done,
            Labour::Seed => {
                tokio::time::sleep(Duration::from_millis(seed)).await;
                Outcome::Done
            }
            Labour::Cancel => {
                claimed.lease.cancelled().await;
                self.tell("cancelled", id);
                Outcome::Cancelled
            }
            Labour::Delay => {
                Outcome::Retry(Duration::from_secs(seed), Failure::new(FailureClass::Transient, "not yet"))
            }
        };
        self.ended(id);
        outcome
    }

    fn started(&self, id: &str) {
        if self.watched {
            self.tell("started", id);
        }
        if self.begun.fetch_add(1, Ordering::Relaxed) == self.warm {
            self.mark("first");
        }
    }

    fn ended(&self, id: &str) {
        if self.watched {
            self.tell("ended", id);
        }
        if self.done.fetch_add(1, Ordering::Relaxed) + 1 == self.warm + self.count && self.count > 0 {
            self.mark("last");
            self.stop.cancel();
        }
    }

    fn mark(&self, word: &str) {
        let worked = observe::processor_time(std::process::id());
        self.tell(word, &worked.as_nanos().to_string());
    }

    fn tell(&self, word: &str, what: &str) {
        // nobody listens any more: then there is nobody to tell
        let _ = self.lines.send(format!("{word} {} {what}", clock::now()));
    }
}
