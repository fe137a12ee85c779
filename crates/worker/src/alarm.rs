//! The operator's own trouble, said to those who run the bots: once when an account closes, once when it works again.
//!
//! A closed account is tried again every so often and may close again: that is the same trouble, and no news. It is over
//! when a creation succeeded. One mark says how it stands, another what was said last; one worker at a time speaks, until
//! they agree. Invariant: the two messages alternate, however refusals and successes of several workers follow one another,
//! and the last one is true; each is said at most once. A worker that dies in between keeps its news to itself, and the
//! operators' views still show it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atelier_domain::{BotId, ChatId, FailureClass, Language, Tell};
use atelier_queue::{QueueError, Spend, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Post};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::{Shop, slot};

/// Trouble that lasts is said again a day later, in seconds.
const AGAIN: u64 = 24 * 3600;
/// An account that nobody used for so long is not said to be closed any more. Whoever meets the trouble again says it anew.
const FORGOTTEN: u64 = 30 * AGAIN;
/// Who tells is taken for dead after so long, in seconds: each message has its turn within that.
const TELLING: u64 = 60;

/// What this process knows of its accounts.
#[derive(Debug, Default)]
pub(crate) struct Alarms(Mutex<HashMap<String, Known>>);

#[derive(Debug, Default, Clone, Copy)]
struct Known {
    /// It is marked as closed.
    closed: bool,
    /// When something was last created there.
    worked: Option<Instant>,
}

impl Alarms {
    fn learn<T>(&self, account: &str, learn: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get_mut(account) {
            return learn(known);
        }
        learn(known.entry(account.to_owned()).or_default())
    }
}

/// The account refused a creation.
pub(crate) async fn raise(shop: &Arc<Shop>, bot: BotId, account: &str, class: FailureClass) {
    let raised = async {
        let closed = Closed { class: class.name().to_owned(), since_ms: shop.queue.clock_ms().await? };
        shop.queue.mark_anew(&name(account), &closed.text(), FORGOTTEN).await
    };
    match raised.await {
        Ok(()) => {
            shop.alarms.learn(account, |known| known.closed = true);
            speak(shop, bot, account);
        }
        Err(error) => warn!(account, %error, "the operators could not be told of a closed account"),
    }
}

/// Something was created there.
pub(crate) async fn works(shop: &Arc<Shop>, bot: BotId, account: &str) {
    let closed = shop.alarms.learn(account, |known| {
        known.worked = Some(Instant::now());
        known.closed
    });
    if closed {
        reopen(shop, bot, account).await;
    }
}

async fn reopen(shop: &Arc<Shop>, bot: BotId, account: &str) {
    match shop.queue.unmark(&name(account)).await {
        Ok(first) => {
            shop.alarms.learn(account, |known| known.closed = false);
            if first {
                info!(account, "the account works again");
                speak(shop, bot, account);
            }
        }
        Err(error) => warn!(account, %error, "the operators could not be told that an account works again"),
    }
}

/// Learns of what other workers have met, and says what nobody has said.
pub(crate) async fn look(shop: &Arc<Shop>, account: &str) -> Result<(), QueueError> {
    let closed = marked(shop, account).await?;
    let worked = shop.alarms.learn(account, |known| {
        known.closed = closed.is_some();
        known.worked
    });
    let Some(bot) = shop.telegrams.keys().next().copied() else { return Ok(()) };
    if let (Some(closed), Some(worked)) = (&closed, worked)
        && Duration::from_millis(shop.queue.clock_ms().await?.saturating_sub(closed.since_ms)) > worked.elapsed()
    {
        // it worked here after it was closed elsewhere
        reopen(shop, bot, account).await;
    } else if closed.is_some() != shop.queue.marked(&told(account)).await?.is_some() {
        speak(shop, bot, account);
    }
    Ok(())
}

/// What is marked while an account is closed.
#[derive(Debug, Serialize, Deserialize)]
struct Closed {
    class: String,
    since_ms: u64,
}

impl Closed {
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn news(&self) -> News {
        if self.class == FailureClass::OutOfCredit.name() { News::Empty } else { News::Refused }
    }
}

async fn marked(shop: &Shop, account: &str) -> Result<Option<Closed>, QueueError> {
    let value = shop.queue.marked(&name(account)).await?;
    Ok(value.and_then(|value| serde_json::from_str(&value).ok()))
}

#[derive(Debug, Clone, Copy)]
enum News {
    Empty,
    Refused,
    Back,
}

/// Says what is new, on a task of its own: jobs do not wait for it.
fn speak(shop: &Arc<Shop>, bot: BotId, account: &str) {
    let (shop, account) = (shop.clone(), account.to_owned());
    tokio::spawn(async move {
        if let Err(error) = say_all(&shop, bot, &account).await {
            warn!(account, %error, "what is new of an account is said later");
        }
    });
}

/// One at a time, over all workers, until what was said last is what is marked.
async fn say_all(shop: &Shop, bot: BotId, account: &str) -> Result<(), QueueError> {
    let queue = &shop.queue;
    while let Some(news) = news(shop, account).await? {
        // whoever tells looks again afterwards
        if !queue.mark(&telling(account), &shop.holder, TELLING).await? {
            return Ok(());
        }
        let mut next = Some(news);
        while let Some(news) = next {
            // before it is said: a worker that dies in between costs the message, never a second one
            match news {
                News::Empty | News::Refused => queue.mark_anew(&told(account), &shop.holder, AGAIN).await?,
                News::Back => drop(queue.unmark(&told(account)).await?),
            }
            for admin in &shop.settings.admins {
                tell(shop, bot, ChatId(admin.0), account, news).await;
            }
            next = self::news(shop, account).await?;
        }
        // and after this: what was marked meanwhile was left to us
        queue.unmark_if(&telling(account), &shop.holder).await?;
    }
    Ok(())
}

/// What those who run the bots were not told yet.
async fn news(shop: &Shop, account: &str) -> Result<Option<News>, QueueError> {
    let (closed, told) = (marked(shop, account).await?, shop.queue.marked(&told(account)).await?);
    Ok(match (closed, told) {
        (Some(closed), None) => Some(closed.news()),
        (None, Some(_)) => Some(News::Back),
        _ => None,
    })
}

/// One message, from the bot that met the trouble; from another one where that may not write.
async fn tell(shop: &Shop, first: BotId, chat: ChatId, account: &str, news: News) {
    let others = shop.telegrams.keys().copied().filter(|bot| *bot != first);
    for bot in std::iter::once(first).chain(others) {
        let Some(telegram) = shop.telegrams.get(&bot) else { continue };
        let prefs = shop.queue.prefs(bot, chat).await.unwrap_or_default();
        let text = prefs.language.unwrap_or(Language::English).tell(&match news {
            News::Empty => Tell::AccountEmpty { account },
            News::Refused => Tell::AccountRefused { account },
            News::Back => Tell::AccountBack { account },
        });
        let post = Post { chat, thread: None, reply_to: None };
        let send = || telegram.send_text(&post, &text, &Keyboard::none());
        match shop.queue.paced(Spend::send(bot, chat), Urgency::Answer, slot::flood, send).await {
            Ok(_) => return,
            // twice is worse than not at all
            Err(DeliveryError::Unknown { detail }) => {
                warn!(account, chat = chat.0, detail, "an operator may not have been told");
                return;
            }
            Err(error) => warn!(account, chat = chat.0, bot = bot.0, %error, "an operator could not be told"),
        }
    }
}

fn name(account: &str) -> String {
    format!("alarm:{account}")
}

/// The mark that it was said to be closed, and not yet that it works.
fn told(account: &str) -> String {
    format!("alarm-told:{account}")
}

/// The mark of whoever is telling.
fn telling(account: &str) -> String {
    format!("alarm-telling:{account}")
}
