//! Delivers updates to a webhook: one after the other, each until it is answered 2xx.
//!
//! Invariants: an update counts as confirmed only after a 2xx; a failing one is retried and keeps those behind it
//! waiting; setting or removing the webhook ends the old loop. The wait between attempts doubles from a quarter of a
//! second to a minute, where the real server starts slower; `Retry-After` is honoured up to an hour.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;

use super::server::Server;
use super::updates::Update;

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_RETRY_AFTER: u64 = 3600;
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// Starts delivery for every bot whose webhook survived a restart.
pub(crate) fn resume(server: &Arc<Server>) {
    let bots: Vec<i64> =
        server.read(|world| world.bots.values().filter(|bot| bot.webhook.is_some()).map(|bot| bot.id).collect());
    for bot in bots {
        start(server, bot);
    }
}

/// Starts delivery for the webhook that is set now.
pub(crate) fn start(server: &Arc<Server>, bot: i64) {
    let generation = server.read(|world| world.queues.get(&bot).map_or(0, |queue| queue.webhook_generation));
    let server = Arc::clone(server);
    tokio::spawn(async move {
        let stop = server.shutdown.clone();
        tokio::select! {
            () = deliver(&server, bot, generation) => {}
            () = stop.cancelled() => {}
        }
    });
}

struct Target {
    url: String,
    secret: Option<String>,
    update: Option<Update>,
}

async fn deliver(server: &Server, bot: i64, generation: u64) {
    let client = Client::builder().timeout(ANSWER_WITHIN).redirect(Policy::none()).no_proxy().build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(bot, %error, "no http client for the webhook");
            return;
        }
    };
    let mut wait = FIRST_WAIT;
    let mut changes = server.changes();
    loop {
        changes.mark_unchanged();
        let Some(target) = server.write_quietly(|world, now_ms| next(world, bot, generation, now_ms)) else { return };
        let Some(update) = target.update else {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        };
        match attempt(&client, &target.url, target.secret.as_deref(), &update).await {
            Ok(()) => {
                wait = FIRST_WAIT;
                server.write(|world, _| world.confirm(bot, update.id + 1));
            }
            Err(failure) => {
                let pause = failure.retry_after.unwrap_or(wait);
                wait = (wait * 2).min(LONGEST_WAIT);
                tracing::debug!(bot, update = update.id, reason = %failure.reason, "webhook delivery failed");
                server.write(|world, now_ms| {
                    // a repeat ordered by a test would be lost otherwise
                    let queue = world.queues.entry(bot).or_default();
                    if !queue.pending().any(|pending| pending.id == update.id) {
                        queue.repeat(update.id);
                    }
                    if let Some(hook) = world.bots.get_mut(&bot).and_then(|bot| bot.webhook.as_mut()) {
                        hook.last_error = Some((now_ms / 1000, failure.reason));
                    }
                });
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Where to deliver and what; `None` when another webhook took over.
fn next(world: &mut super::world::World, bot: i64, generation: u64, now_ms: i64) -> Option<Target> {
    let hook = world.bots.get(&bot)?.webhook.clone()?;
    let queue = world.queues.entry(bot).or_default();
    if queue.webhook_generation != generation {
        return None;
    }
    let update = queue.batch(1, now_ms).pop();
    if let Some(press) = update.as_ref().and_then(|update| world.presses.get_mut(update.payload["id"].as_str()?)) {
        press.delivered_ms.get_or_insert(now_ms);
    }
    Some(Target { url: hook.url, secret: hook.secret, update })
}

struct Failure {
    reason: String,
    retry_after: Option<Duration>,
}

async fn attempt(client: &Client, url: &str, secret: Option<&str>, update: &Update) -> Result<(), Failure> {
    let mut request = client.post(url).json(&update.wire());
    if let Some(secret) = secret {
        request = request.header(SECRET_HEADER, secret);
    }
    let response = request.send().await.map_err(|error| {
        let reason = if error.is_timeout() { "Read timeout expired" } else { "Connection refused" };
        Failure { reason: reason.to_owned(), retry_after: None }
    })?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let phrase = status.canonical_reason().unwrap_or("Unknown");
    Err(Failure {
        reason: format!("Wrong response from the webhook: {} {phrase}", status.as_u16()),
        retry_after: retry_after.map(|seconds| Duration::from_secs(seconds.min(LONGEST_RETRY_AFTER))),
    })
}
