//! A run: everything started, the plan's steps taken, everything ended, the history read and judged.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use atelier_queue::{Queue, Setting};
use harness::Proxy;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::check::check;
use crate::collect;
use crate::crew::Crew;
use crate::effects::Effects;
use crate::faults::{Scene, insist, named};
use crate::options::Options;
use crate::plan::{CHAT_LIMIT, MODEL_LIMITS, Plan, Step, USER_LIMIT};
use crate::report::Report;
use crate::server::Server;
use crate::submitters::{Submitters, Wish};
use crate::witness::Witness;

/// Jobs that have not ended while more are submitted.
const BACKLOG: u64 = 500;
/// Between two looks at how many have ended.
const LOOK: Duration = Duration::from_millis(50);
/// So long without a job's end, with nothing broken, means that it will not come.
const STUCK: Duration = Duration::from_secs(60);

/// Makes a run of it; the exit code says whether the history is good.
pub(crate) async fn run(options: &Options) -> ExitCode {
    let plan = Plan::draw(options.seed, options.jobs, options.faults, options.losses);
    if options.plan {
        plan.steps.iter().for_each(|step| println!("{step:?}"));
        return ExitCode::SUCCESS;
    }
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a signal handler");
    let report = tokio::select! {
        report = act(options, plan) => report,
        // dropping the run kills its processes
        _ = terminate.recv() => return ExitCode::from(143),
        _ = interrupt.recv() => return ExitCode::from(130),
    };
    println!("{}", report.text());
    if options.json {
        println!("{}", report.json());
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn act(options: &Options, plan: Plan) -> Report {
    let began = Instant::now();
    let temporary = tempfile::tempdir().expect("a directory");
    let directory = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&directory).expect("a directory");
    let directory = directory.canonicalize().expect("a directory");
    let effects = Effects::serve(temporary.path(), options.seed);
    let scene = Arc::new(set_up(options.seed, directory.clone(), &effects).await);
    let submitters = Submitters::start(&scene.submitters.address());

    let mut report = Report::new(options);
    let mut faults = JoinSet::new();
    let steps = plan.steps.clone();
    let (mut submitted, mut shown, mut room) = (0, 0, 0);
    for step in plan.steps {
        match step {
            Step::Submit(order) => {
                while room < order.models.len() as u64 {
                    room = room_for_more(&scene.queue, &submitters).await;
                }
                room -= order.models.len() as u64;
                submitted = order.first;
                submitters.ask(Wish::Submit(order)).await;
            }
            Step::Cancel { job, operator } => {
                let user =
                    orders(&steps).find(|order| (order.first..).take(order.models.len()).any(|each| each == job));
                let user = user.map(|order| order.user).filter(|_| !operator);
                submitters.ask(Wish::Cancel(job, user)).await;
            }
            Step::Retry { job } => submitters.ask(Wish::Retry(job)).await,
            Step::Break(fault) => {
                shown += 1;
                eprintln!("{:>6.1} s  job {submitted:>6}  fault {shown:>4}: {fault}", began.elapsed().as_secs_f64());
                report.count_fault(&fault);
                let scene = scene.clone();
                faults.spawn(async move { scene.suffer(fault).await });
            }
        }
    }
    let desk = submitters.end().await;
    while let Some(mended) = faults.join_next().await {
        mended.expect("a fault that ends well");
    }
    report.submitted_s = began.elapsed().as_secs_f64();
    eprintln!("{:>6.1} s  everything is submitted and mended", report.submitted_s);
    report.settled = settle(&scene.queue).await;
    report.settled_s = began.elapsed().as_secs_f64();
    eprintln!("{:>6.1} s  everything has ended", report.settled_s);

    let mut history = collect::read(&scene, &steps, &desk, report.settled).await;
    eprintln!("{:>6.1} s  the history is read", began.elapsed().as_secs_f64());
    history.words = collect::journals(&directory);
    history.effects = effects.all();
    history.oddities.extend(scene.crew.oddities());
    history.gaps.clone_from(&scene.gaps.lock().unwrap_or_else(PoisonError::into_inner));
    report.take(check(&history), &history);
    report.duration_s = began.elapsed().as_secs_f64();
    report
}

async fn set_up(seed: u64, directory: PathBuf, effects: &Effects) -> Scene {
    let server = Server::start(directory.join("redis")).await;
    let port = server.port();
    let direct = format!("redis://127.0.0.1:{port}/");
    let queue = Queue::connect(&direct.parse().expect("an address")).await.expect("a queue");
    let witness = Witness::start(port);
    let scene = Scene {
        submitters: Proxy::start(port).await,
        crew: Crew::start(&directory, seed, port, effects.path()).await,
        server: Mutex::new(server),
        queue,
        witness,
        gaps: std::sync::Mutex::default(),
    };
    for (model, to) in MODEL_LIMITS {
        scene.limit(&Setting::ModelLimit(named(model)), Some(to)).await;
    }
    scene.limit(&Setting::UserLimit, Some(USER_LIMIT)).await;
    scene.limit(&Setting::ChatLimit, Some(CHAT_LIMIT)).await;
    // nothing is dropped before it was judged
    scene.limit(&Setting::KeepJobs, Some(100_000_000)).await;
    scene.limit(&Setting::KeepBytes, Some(1 << 40)).await;
    scene
}

pub(crate) fn orders(steps: &[Step]) -> impl Iterator<Item = &crate::plan::Order> {
    steps.iter().filter_map(|step| if let Step::Submit(order) = step { Some(order) } else { None })
}

/// Jobs that have not ended.
async fn left(queue: &Queue) -> u64 {
    let stats = insist(|| queue.stats()).await;
    stats.waiting + stats.delayed + stats.active
}

/// How many more jobs may be submitted; waits until it is worth while.
async fn room_for_more(queue: &Queue, submitters: &Submitters) -> u64 {
    loop {
        // a message has six jobs at most
        let room = BACKLOG.saturating_sub(left(queue).await + 6 * submitters.unanswered() as u64);
        if room > BACKLOG / 20 {
            return room;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until every job has ended; false when that does not come.
async fn settle(queue: &Queue) -> bool {
    let (mut least, mut since) = (u64::MAX, Instant::now());
    loop {
        let left = left(queue).await;
        if left == 0 {
            return true;
        }
        if left < least {
            (least, since) = (left, Instant::now());
        } else if since.elapsed() > STUCK {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Where a run keeps its files.
pub(crate) fn journals_of(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(directory).expect("the run's directory");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "journal"))
}
