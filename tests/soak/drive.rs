//! A run: everything started, the messages written, the faults let loose, the end waited for, the whole judged.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use harness::BotApi;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::{Fault, Tally};
use crate::judge::{self, Evidence};
use crate::log::Log;
use crate::options::Options;
use crate::report::Report;
use crate::stage::{Stage, now_ms};
use crate::traffic::{Place, Wish, draw};
use crate::{chats, waits};

/// Pictures asked for that have not come while more are asked for.
const BACKLOG: u64 = 400;
/// So long without a picture, with some missing, means that they will not come.
const STUCK: Duration = Duration::from_secs(120);
/// So long without a request that sends or edits, and the chats are as they will stay.
const QUIET_MS: i64 = 5000;

/// A message as it stands in the chat.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) wish: Wish,
    pub(crate) message: i64,
}

/// Makes a run of it; the exit code says whether every claim held.
pub(crate) async fn run(options: &Options) -> ExitCode {
    let began = Instant::now();
    let mut stage = Stage::set(options).await;
    let bots = stage.bots.clone();
    stage.open_groups((0..options.chats).map(|number| Place::of(number, &bots))).await;
    let log = Log::start(&stage.world.telegram);
    eprintln!("{:>6.1} s  everything is at work", began.elapsed().as_secs_f64());
    let (typed, faults) = write(options, &mut stage, began).await;
    eprintln!("{:>6.1} s  everything is asked for", began.elapsed().as_secs_f64());
    let settled = settle(&stage, &log, u64::from(options.jobs)).await;
    eprintln!("{:>6.1} s  everything has ended", began.elapsed().as_secs_f64());
    let counts = stage.world.telegram.get("/_sim/counts").await;
    let requests = log.all().await;
    let shown = chats::read(&stage, &typed).await;
    let results = waits::of(&stage, &typed, &shown, &requests).await;
    let evidence = Evidence {
        typed: &typed,
        requests: &requests,
        shown: &shown,
        results: &results,
        mishaps: &stage.mishaps,
        settled,
    };
    let verdict = judge::judge(&evidence);
    let report =
        Report { options: options.clone(), faults, counts, verdict, seconds: began.elapsed().as_secs_f64(), settled };
    println!("{}", report.text());
    if options.json {
        println!("{}", report.json());
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes all messages on a schedule that does not wait for answers, while things go wrong.
async fn write(options: &Options, stage: &mut Stage, began: Instant) -> (Vec<Typed>, Tally) {
    let mut dice = StdRng::seed_from_u64(options.seed ^ 0x5041);
    let (mut typing, mut faults, mut struck) = (JoinSet::new(), Tally::new(), 0);
    let (mut asked, mut at) = (0_u32, Instant::now());
    for wish in draw(options, &stage.bots) {
        while room(stage, asked).await == 0 {
            at = Instant::now();
        }
        tokio::time::sleep_until(at.into()).await;
        let pictures = u32::try_from(wish.numbers.len()).unwrap_or_default();
        // exponential gaps: people do not take turns
        let gap = -dice.random_range(f64::EPSILON..1.0).ln() * f64::from(pictures) / options.rate;
        at += Duration::from_secs_f64(gap);
        asked += pictures;
        typing.spawn(say(stage.world.telegram.clone(), wish));
        if u64::from(asked) * u64::from(options.faults + 1) > u64::from(struck + 1) * u64::from(options.jobs)
            && struck < options.faults
        {
            let fault = Fault::of(struck);
            struck += 1;
            eprintln!("{:>6.1} s  {asked:>6} asked for  {}", began.elapsed().as_secs_f64(), fault.name());
            *faults.entry(fault.name()).or_default() += 1;
            fault.strike(stage, &mut dice).await;
        }
    }
    (typing.join_all().await, faults)
}

/// How many more may be asked for; waits a moment when none may.
async fn room(stage: &Stage, asked: u32) -> u64 {
    // asked for every tenth only: a look costs Redis more than a message
    if !asked.is_multiple_of(10) {
        return 1;
    }
    let room = BACKLOG.saturating_sub(u64::from(asked).saturating_sub(ended(stage).await));
    if room == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    room
}

async fn ended(stage: &Stage) -> u64 {
    let totals = stage.queue.stats().await.expect("the queue answers").totals;
    ["done", "dead", "cancelled"].iter().filter_map(|end| totals.get(*end)).sum()
}

async fn say(telegram: BotApi, wish: Wish) -> Typed {
    let Place { bot, user, chat, thread } = wish.place;
    let user = json!({ "id": user, "first_name": "Ada", "language_code": "en" });
    let mut body = json!({ "bot": bot, "chat": chat, "user": user, "text": wish.text() });
    if let Some(thread) = thread {
        body["thread"] = json!(thread);
    }
    let answer = telegram.post("/_sim/messages", &body).await;
    let message = answer["message_id"].as_i64().expect("a message");
    Typed { wish, message }
}

/// Waits until every job has ended and the chats have come to rest; false when that does not come.
async fn settle(stage: &Stage, log: &Log, jobs: u64) -> bool {
    let (mut most, mut since) = (0, Instant::now());
    loop {
        let ended = ended(stage).await;
        if ended >= jobs && now_ms() - log.last_ms() > QUIET_MS {
            return true;
        }
        if ended > most {
            (most, since) = (ended, Instant::now());
        } else if since.elapsed() > STUCK {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
