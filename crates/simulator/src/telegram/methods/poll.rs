//! How a bot gets its updates: `getUpdates` and the webhook's settings.
//!
//! Invariants: only an offset confirms; one poll at a time, the newer wins; a poll whose client went away no longer
//! counts as a listening bot.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::telegram::model::Webhook;
use crate::telegram::params::Params;
use crate::telegram::reply::{ApiError, Outcome};
use crate::telegram::server::Server;
use crate::telegram::webhook;
use crate::telegram::wire::Call;

/// The server never holds a poll longer.
const MAX_TIMEOUT: i64 = 50;

/// A poll under way; dropping it (also when the client vanishes) ends the bot's presence.
struct Polling<'a> {
    server: &'a Server,
    bot: i64,
    generation: u64,
}

impl<'a> Polling<'a> {
    fn begin(server: &'a Server, bot: i64) -> Self {
        let generation = server.write(|world, _| {
            let queue = world.queues.entry(bot).or_default();
            queue.generation += 1;
            queue.pollers += 1;
            let generation = queue.generation;
            world.announce_presence(bot);
            generation
        });
        Self { server, bot, generation }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.server.write(|world, now_ms| {
            let queue = world.queues.entry(self.bot).or_default();
            queue.pollers = queue.pollers.saturating_sub(1);
            queue.last_poll_ms = Some(now_ms);
            world.announce_presence(self.bot);
        });
    }
}

/// Long poll with Telegram's offset rules.
pub(super) async fn get_updates(server: &Arc<Server>, call: &Call) -> Outcome {
    let has_webhook = server.read(|world| world.bots.get(&call.bot).is_some_and(|bot| bot.webhook.is_some()));
    if has_webhook {
        return Err(ApiError::conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        ));
    }
    let params = &call.params;
    let limit = usize::try_from(params.integer("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let timeout = u64::try_from(params.integer("timeout").unwrap_or(0).clamp(0, MAX_TIMEOUT)).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(timeout);
    set_allowed(server, call.bot, params)?;

    let mut changes = server.changes();
    let polling = Polling::begin(server, call.bot);
    server.write(|world, _| {
        let offset = params.integer("offset").unwrap_or(0);
        let queue = world.queues.entry(call.bot).or_default();
        let offset = if offset < 0 {
            queue.offset_of_last(usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX)).unwrap_or(0)
        } else {
            offset
        };
        if offset > 0 {
            world.confirm(call.bot, offset);
        }
    });
    loop {
        changes.mark_unchanged();
        let batch = server.write_quietly(|world, now_ms| {
            let has_webhook = world.bots.get(&call.bot).is_some_and(|bot| bot.webhook.is_some());
            let queue = world.queues.entry(call.bot).or_default();
            if has_webhook {
                return Err(ApiError::conflict("terminated by setWebhook request"));
            }
            if queue.generation != polling.generation {
                return Err(ApiError::conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running",
                ));
            }
            let batch = queue.batch(limit, now_ms);
            for update in batch.iter().filter(|update| update.kind == "callback_query") {
                let press = update.payload["id"].as_str().and_then(|id| world.presses.get_mut(id));
                if let Some(press) = press {
                    press.delivered_ms.get_or_insert(now_ms);
                }
            }
            Ok(batch.iter().map(super::super::updates::Update::wire).collect::<Vec<Value>>())
        })?;
        if !batch.is_empty() {
            return Ok(Value::Array(batch));
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(json!([])) },
            () = sleep_until(deadline) => return Ok(json!([])),
            () = server.shutdown.cancelled() => return Ok(json!([])),
        }
    }
}

fn set_allowed(server: &Server, bot: i64, params: &Params) -> Result<(), ApiError> {
    let Some(allowed) = params.json("allowed_updates", "allowed updates")? else { return Ok(()) };
    let list = allowed.as_array().ok_or_else(|| ApiError::bad("expected an Array of String as allowed updates"))?;
    let list: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let wanted = Some(list).filter(|list| !list.is_empty());
    server.write(|world, _| {
        let Some(profile) = world.bots.get_mut(&bot) else { return };
        if profile.allowed_updates != wanted {
            profile.allowed_updates = wanted;
            world.save_bot(bot);
        }
    });
    Ok(())
}

/// Sets a webhook; plain HTTP is taken to loopback addresses only, where the real server wants HTTPS throughout.
pub(super) fn set_webhook(server: &Arc<Server>, call: &Call) -> Outcome {
    let Some(address) = call.params.text("url") else { return delete_webhook(server, call) };
    let secret = call.params.text("secret_token");
    if let Some(secret) = &secret {
        if secret.len() > 256 {
            return Err(ApiError::bad("secret token is too long"));
        }
        if !secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return Err(ApiError::bad("secret token contains unallowed characters"));
        }
    }
    let url = url::Url::parse(&address).map_err(|_| ApiError::bad("invalid webhook URL specified"))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(ApiError::bad("invalid webhook URL specified")),
    };
    if !loopback && url.scheme() != "https" {
        return Err(ApiError::bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    if !loopback && !matches!(url.port_or_known_default(), Some(443 | 80 | 88 | 8443)) {
        return Err(ApiError::bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"));
    }
    set_allowed(server, call.bot, &call.params)?;
    let drop_pending = call.params.flag("drop_pending_updates");
    server.write(|world, _| {
        if drop_pending {
            let next = world.bots.get(&call.bot).map_or(0, |bot| bot.next_update);
            world.confirm(call.bot, next);
        }
        if let Some(bot) = world.bots.get_mut(&call.bot) {
            bot.webhook = Some(Webhook { url: address, secret, last_error: None });
        }
        world.queues.entry(call.bot).or_default().webhook_generation += 1;
        world.save_bot(call.bot);
    });
    webhook::start(server, call.bot);
    super::done()
}

/// Removes the webhook.
pub(super) fn delete_webhook(server: &Server, call: &Call) -> Outcome {
    server.write(|world, _| {
        if call.params.flag("drop_pending_updates") {
            let next = world.bots.get(&call.bot).map_or(0, |bot| bot.next_update);
            world.confirm(call.bot, next);
        }
        if let Some(bot) = world.bots.get_mut(&call.bot)
            && bot.webhook.take().is_some()
        {
            world.queues.entry(call.bot).or_default().webhook_generation += 1;
            world.save_bot(call.bot);
        }
    });
    super::done()
}

/// Tells what is set.
#[expect(clippy::unnecessary_wraps, reason = "the shape all methods share")]
pub(super) fn get_webhook_info(server: &Server, call: &Call) -> Outcome {
    Ok(server.read(|world| {
        let bot = world.bots.get(&call.bot);
        let hook = bot.and_then(|bot| bot.webhook.as_ref());
        let mut info = json!({
            "url": hook.map_or("", |hook| &hook.url),
            "has_custom_certificate": false,
            "pending_update_count": world.queues.get(&call.bot).map_or(0, |queue| queue.pending().count()),
        });
        if let Some((at, message)) = hook.and_then(|hook| hook.last_error.as_ref()) {
            info["last_error_date"] = json!(at);
            info["last_error_message"] = json!(message);
        }
        if let Some(allowed) = bot.and_then(|bot| bot.allowed_updates.as_ref()) {
            info["allowed_updates"] = json!(allowed);
        }
        info
    }))
}
