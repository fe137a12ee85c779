//! Updates into one bot process at a steady rate: how soon each is acknowledged, and how soon the chat is answered.
//!
//! Open loop: every update is due at its moment, whether earlier ones were acknowledged or not, and times count from that
//! moment. Each is a prompt of a new user: it becomes a job in Redis before it is acknowledged, and a slot in the chat.
//! No worker runs: the jobs stay in line.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use harness::World;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::chat::server::Server;
use crate::observe;
use crate::options::Options;
use crate::sample::Sample;

/// Telegram's own number of connections to a webhook, unless it is told otherwise.
const CONNECTIONS: usize = 40;
/// For answers that are still to come when the load ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the updates come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Webhook,
    Polling,
}

impl Door {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Polling => "polling",
        }
    }
}

/// Seconds of load.
pub(crate) fn seconds(options: &Options) -> u32 {
    if options.quick { 5 } else { 30 }
}

/// The figures of one door.
pub(crate) async fn measure(options: &Options, door: Door) -> Value {
    let server = Server::start().await;
    let floor = floor(&server).await;
    let mut world = World::start().await;
    let bots: Vec<i64> = (0..i64::from(options.bots)).map(|index| 1000 + index).collect();
    let tokens: Vec<String> = bots.iter().map(|bot| format!("{bot}:AAtesttokentesttokentesttokentest")).collect();
    world.variables.push(("TELEGRAM_BOT_TOKEN", tokens.join(",")));
    world.variables.push(("TELEGRAM_API_URL", server.url.clone()));
    world.variables.push(("ATELIER_LOG", "error".to_owned()));
    let address = free_address();
    let public = format!("http://{address}/updates");
    let arguments = ["--webhook-url", public.as_str(), "--webhook-listen", address.as_str()];
    let bot = world.process("bot", if door == Door::Webhook { &arguments } else { &[] }, &[]);
    let secrets = if door == Door::Webhook { server.secrets(bots.len()).await } else { HashMap::new() };
    // the first updates find everything open
    load(options, door, &server, &public, &bots, &secrets, 1, 1).await;
    server.all_answered(PATIENCE).await;
    server.take();
    let (before, _) = observe::memory(bot.id());
    let worked = observe::processor_time(bot.id());
    let began = Instant::now();
    let posted = load(options, door, &server, &public, &bots, &secrets, 2, seconds(options)).await;
    let took = began.elapsed().as_secs_f64();
    let busy = observe::processor_time(bot.id()).saturating_sub(worked).as_secs_f64() / took;
    let unanswered = server.all_answered(PATIENCE).await;
    let (confirmed, answered) = server.take();
    let acknowledged = if door == Door::Webhook { posted } else { confirmed };
    // what the load left behind settles
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (after, peak) = observe::memory(bot.id());
    let updates = u64::from(options.rate) * u64::from(seconds(options));
    let figures = |sample: &Sample| [50, 95, 99, 100].map(|per_cent| sample.percentile(per_cent).round());
    println!(
        "{}: {updates} updates at {}/s for {} bots in {took:.1} s, the bot {:.0} % of one processor",
        door.name(),
        options.rate,
        bots.len(),
        busy * 100.0
    );
    println!(
        "  acknowledged, ms p50/p95/p99/max  {:?} ({}), target p99 <= 100",
        figures(&acknowledged),
        acknowledged.len()
    );
    println!(
        "  first answer, ms p50/p95/p99/max  {:?} ({}, {unanswered} never), target p95 <= 1000",
        figures(&answered),
        answered.len()
    );
    println!("  floor: the server alone answers   {floor:.0} calls/s");
    println!("  memory before/after/highest, MB   {before:.0} / {after:.0} / {peak:.0}");
    json!({
        "rate": options.rate, "bots": bots.len(), "seconds": seconds(options),
        "acknowledged_ms": figures(&acknowledged), "answered_ms": figures(&answered), "unanswered": unanswered,
        "floor_calls_per_s": floor.round(), "memory_mb": [before.round(), after.round(), peak.round()],
        "bot_processor": busy,
    })
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// How many calls a second the server answers with as many connections as the load has.
async fn floor(server: &Server) -> f64 {
    let (client, mut callers, began) = (Client::new(), JoinSet::new(), Instant::now());
    let until = began + Duration::from_secs(1);
    for chat in 0..CONNECTIONS {
        let (client, url) = (client.clone(), format!("{}/bot1:A/SendMessage", server.url));
        callers.spawn(async move {
            let mut calls = 0_u32;
            while Instant::now() < until {
                let sent = client.post(&url).body(json!({ "chat_id": chat, "text": "…" }).to_string()).send().await;
                sent.expect("an answer").bytes().await.expect("a body");
                calls += 1;
            }
            calls
        });
    }
    f64::from(callers.join_all().await.into_iter().sum::<u32>()) / began.elapsed().as_secs_f64()
}

/// Offers updates on schedule; the times from their moments to the webhook's 200.
#[expect(clippy::too_many_arguments, reason = "the parts of one load, handed over once")]
async fn load(
    options: &Options,
    door: Door,
    server: &Server,
    public: &str,
    bots: &[i64],
    secrets: &HashMap<i64, String>,
    round: i64,
    seconds: u32,
) -> Sample {
    let client = Client::builder().pool_max_idle_per_host(CONNECTIONS).build().expect("a client");
    let (began, mut posts) = (Instant::now(), JoinSet::new());
    for number in 0..options.rate * seconds {
        let due = began + Duration::from_secs(1).mul_f64(f64::from(number) / f64::from(options.rate));
        tokio::time::sleep_until(due.into()).await;
        let bot = bots[number as usize % bots.len()];
        let id = round * 100_000_000 + i64::from(number);
        let update = update(id);
        server.typed(id, due);
        if door == Door::Polling {
            server.offer(bot, id, due, update);
            continue;
        }
        let secret = secrets.get(&bot).cloned().unwrap_or_default();
        let post =
            client.post(format!("{public}/{bot}")).header("X-Telegram-Bot-Api-Secret-Token", secret).json(&update);
        posts.spawn(async move {
            let answer = post.send().await.expect("an answer");
            assert!(answer.status().is_success(), "{}", answer.status());
            due.elapsed()
        });
    }
    let mut sample = Sample::default();
    for took in posts.join_all().await {
        sample.push(took);
    }
    sample
}

/// A prompt in the private chat of a user of its own.
fn update(id: i64) -> Value {
    let person = json!({ "id": id, "is_bot": false, "first_name": "Ada", "language_code": "en" });
    json!({
        "update_id": id,
        "message": {
            "message_id": 1, "date": 1_700_000_000, "from": person, "text": "a harbour at dawn",
            "chat": { "id": id, "type": "private", "first_name": "Ada" },
        },
    })
}
