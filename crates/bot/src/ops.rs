//! What those who run the bots see and do in the chat: numbers, pauses, bans, grants, news for everybody.
//!
//! Who may is a list of the configuration. The verbs are those of the command line and leave the same entries on record.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use atelier_domain::{Incoming, Language, Say, Tell, Usd, UserId};
use atelier_queue::{Owner, QueueError, Spend, Steering, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Place};
use tracing::{info, warn};

use crate::Front;
use crate::answers::{self, actor, flood};

/// Answers `/ops`; to everybody else the command does not exist.
pub(crate) async fn answer(front: &Arc<Front>, incoming: &Arc<Incoming>, arguments: &str, language: Language) {
    let said = if front.is_admin(incoming.user.id) {
        serve(front, incoming, arguments, language).await.unwrap_or_else(|error| {
            warn!(%error, "an operator could not be served");
            language.say(&Say::UnavailableLook)
        })
    } else {
        language.say(&Say::UnknownCommand)
    };
    answers::reply(front, incoming, &said, &Keyboard::none()).await;
}

async fn serve(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    arguments: &str,
    language: Language,
) -> Result<String, QueueError> {
    let (verb, rest) = arguments.trim().split_once(char::is_whitespace).unwrap_or((arguments.trim(), ""));
    let (rest, who) = (rest.trim(), actor(incoming));
    let user = || rest.split_whitespace().next().and_then(|id| id.parse::<UserId>().ok());
    let done = |changed: bool| language.tell(if changed { &Tell::OpsDone } else { &Tell::OpsAlready });
    match verb {
        "" => numbers(front, language).await,
        "pause" | "resume" => {
            let Some(model) = front.catalogue.find(rest) else { return Ok(language.tell(&Tell::OpsHelp)) };
            let what = Steering::Model(model.id.clone());
            let changed = if verb == "pause" {
                front.queue.pause(&what, &who, "").await?
            } else {
                front.queue.resume(&what, &who).await?
            };
            Ok(done(changed))
        }
        "ban" | "unban" => {
            let Some(user) = user() else { return Ok(language.tell(&Tell::OpsHelp)) };
            // nothing of theirs runs, and nothing more is paid for
            let (what, owner) = (Steering::User(incoming.bot, user), Owner(incoming.bot, user));
            let changed = if verb == "ban" {
                front.queue.set_own_budget(owner, Some(Usd::ZERO), &who).await?;
                front.queue.pause(&what, &who, "banned").await?
            } else {
                front.queue.set_own_budget(owner, None, &who).await?;
                front.queue.resume(&what, &who).await?
            };
            Ok(done(changed))
        }
        "grant" => {
            let amount = rest.split_whitespace().nth(1).and_then(|text| dollars(text.trim_start_matches('$')));
            let (Some(user), Some(amount)) = (user(), amount) else { return Ok(language.tell(&Tell::OpsHelp)) };
            let reference = format!("chat:{}:{}", incoming.bot, incoming.update);
            let left = front.queue.grant_money(Owner(incoming.bot, user), amount, &reference, &who).await?;
            Ok(language.tell(&Tell::OpsGranted { left }))
        }
        "say" if !rest.is_empty() => {
            let (this, incoming, text) = (front.clone(), incoming.clone(), rest.to_owned());
            front.tasks.spawn(async move { broadcast(&this, &incoming, &text, language).await });
            Ok(language.tell(&Tell::OpsSaying))
        }
        _ => Ok(language.tell(&Tell::OpsHelp)),
    }
}

async fn numbers(front: &Front, language: Language) -> Result<String, QueueError> {
    let stats = front.queue.stats().await?;
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let mut lines = vec![language.tell(&Tell::OpsNumbers {
        waiting: small(stats.waiting + stats.delayed),
        running: small(stats.active),
        failed: small(stats.dead),
        workers: small(stats.workers.len() as u64),
        wait: Duration::from_millis(stats.oldest_waiting_ms.unwrap_or(0)),
        spent: front.queue.spent_today().await?,
    })];
    let busy = |model: &&atelier_queue::ModelStats| model.waiting + model.running > 0 || model.paused.is_some();
    for model in stats.models.iter().filter(busy).take(40) {
        lines.push(language.tell(&Tell::OpsModel {
            model: &model.model,
            waiting: small(model.waiting),
            running: small(model.running),
            paused: if model.paused.is_some() { "yes" } else { "no" },
        }));
    }
    Ok(lines.join("\n"))
}

/// Tells everybody, below whatever else there is to send, and then says how it went.
async fn broadcast(front: &Arc<Front>, incoming: &Arc<Incoming>, text: &str, language: Language) {
    let (mut sent, mut failed, mut blocked) = (0, 0, 0);
    let mut told = HashSet::new();
    let mut cursor = 0;
    loop {
        let chats = match front.queue.people(incoming.bot, cursor).await {
            Ok((next, chats)) => {
                cursor = next;
                chats
            }
            Err(error) => {
                warn!(%error, "the people to tell could not be read");
                break;
            }
        };
        for chat in chats {
            // a set that changes while it is read may give somebody twice
            if !told.insert(chat) {
                continue;
            }
            let post = Place::from(chat).post();
            let send = || front.telegram.send_text(&post, text, &Keyboard::none());
            match front.queue.paced(Spend::send(incoming.bot, chat), Urgency::News, flood, send).await {
                Ok(_) => sent += 1,
                Err(DeliveryError::Unreachable(_)) => {
                    blocked += 1;
                    if let Err(error) = front.queue.part(incoming.bot, chat).await {
                        warn!(%error, "a chat that is gone could not be forgotten");
                    }
                }
                Err(error) => {
                    warn!(chat = chat.0, outcome = error.name(), %error, "somebody could not be told");
                    failed += 1;
                }
            }
        }
        if cursor == 0 {
            break;
        }
    }
    info!(sent, failed, blocked, "everybody was told");
    let said = language.tell(&Tell::OpsSaid { sent, failed, blocked });
    answers::reply(front, incoming, &said, &Keyboard::none()).await;
}

/// An amount as people type it, `5` or `0.25`.
fn dollars(text: &str) -> Option<Usd> {
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if part.len() > 6 || whole.len() > 6 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros = format!("{part:0<6}").parse::<u64>().ok()?;
    Some(Usd::from_micros(whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?))
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        let micros = |text: &str| dollars(text).map(atelier_domain::Usd::micros);
        assert_eq!(
            [micros("5"), micros("0.25"), micros("1,000001")],
            [Some(5_000_000), Some(250_000), Some(1_000_001)]
        );
        for text in ["", "-1", "1.2.3", "1e9", "x", "0.0000001", "9999999"] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
