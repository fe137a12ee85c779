//! Telling a client by webhook: signed, a few times when it does not listen, never following a redirect.
//!
//! The signature is Standard Webhooks' as Replicate uses it: HMAC-SHA256 over `id.timestamp.body`. Source:
//! <https://replicate.com/docs/topics/webhooks/verify-webhook>.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::prediction::{Status, new_id};
use super::state::World;
use super::time;

/// The secret of the account; `GET /v1/webhooks/default/secret` tells it.
pub(super) const SECRET: &str = "whsec_c2ltdWxhdGVkIHNlY3JldCBvZiBhIHNpbXVsYXRvcg==";
/// Pauses before a terminal event is told again.
const AGAIN: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];

/// Where a client wants to be told of what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hook {
    url: String,
    events: Vec<String>,
}

impl Hook {
    /// What a create asks for.
    pub(super) fn of(fields: &Map<String, Value>) -> Option<Self> {
        let url = fields.get("webhook")?.as_str()?.to_owned();
        let events = fields.get("webhook_events_filter").and_then(Value::as_array);
        let events = events.map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        Some(Self { url, events: events.unwrap_or_default() })
    }

    fn wants(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == event)
    }
}

/// Tells of a prediction's start or end, on a task of its own. The addresses in the body are those of the hook's own
/// server's view, which nothing depends on.
pub(super) fn tell(world: &Arc<World>, id: &str) {
    let (lifetime, now) = (world.lifetime(), time::now());
    let found = world.read(|state| {
        let known = state.predictions.get(id)?;
        Some((known.hook.clone()?, known.status, known.wire("http://replicate.simulated", now, lifetime)))
    });
    let Some((hook, status, body)) = found else { return };
    let event = if status.terminal() { "completed" } else { "start" };
    if !hook.wants(event) {
        return;
    }
    let (world, (copies, delay)) = (world.clone(), world.read(|state| (state.webhook_copies, state.webhook_delay)));
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(delay)) => {}
            () = world.shutdown.cancelled() => return,
        }
        for _ in 0..copies {
            send(&world, &hook, status, &body.to_string()).await;
        }
    });
}

async fn send(world: &World, hook: &Hook, status: Status, body: &str) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let Ok(client) = client else { return };
    let id = format!("msg_{}", new_id());
    let pauses = if status.terminal() { &AGAIN[..] } else { &[] };
    for pause in pauses.iter().map(Some).chain([None]) {
        let stamp = (time::now() / 1000).to_string();
        let call = client
            .post(&hook.url)
            .timeout(Duration::from_secs(5))
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &stamp)
            .header("webhook-signature", format!("v1,{}", signature(SECRET, &id, &stamp, body)))
            .body(body.to_owned());
        let heard = call.send().await.is_ok_and(|answer| answer.status().is_success());
        let Some(pause) = pause.filter(|_| !heard) else { return };
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            () = world.shutdown.cancelled() => return,
        }
    }
}

fn signature(secret: &str, id: &str, stamp: &str, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    STANDARD.encode(hmac(&key, format!("{id}.{stamp}.{body}").as_bytes()))
}

/// RFC 2104 over SHA-256.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::problem::hex;
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, case 2
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&hmac(b"Jefe", b"what do ya want for nothing?")), known);
    }
}
