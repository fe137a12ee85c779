//! The operator's own trouble, said to those who run the bots: once when an account closes, once when it works again.
//!
//! A closed account is tried again every so often and may close again: that is the same trouble, and no news. It is over
//! when a creation succeeded. Invariant: whoever sets or takes the mark speaks, so that of all workers one does, and at
//! most once; a worker that dies in between keeps its news to itself, and the operators' views still show it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::{BotId, ChatId, FailureClass, Language, Tell};
use atelier_queue::{QueueError, Spend, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Post};
use tracing::{info, warn};

use crate::{Shop, slot};

/// Trouble that lasts is said again a day later.
const AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Accounts that were said to be closed, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Alarms(Mutex<HashSet<String>>);

impl Alarms {
    fn know(&self, account: &str, raised: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if raised {
            known.insert(account.to_owned());
        } else {
            known.remove(account);
        }
    }

    fn has(&self, account: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(account)
    }
}

/// The account has closed.
pub(crate) async fn raise(shop: &Arc<Shop>, bot: BotId, account: &str, class: FailureClass) {
    match shop.queue.mark(&name(account), class.name(), AGAIN.as_secs()).await {
        Ok(first) => {
            shop.alarms.know(account, true);
            if first {
                let out_of_credit = class == FailureClass::OutOfCredit;
                speak(shop, bot, account, if out_of_credit { News::Empty } else { News::Refused });
            }
        }
        Err(error) => warn!(account, %error, "the operators could not be told of a closed account"),
    }
}

/// Something was created there.
pub(crate) async fn works(shop: &Arc<Shop>, bot: BotId, account: &str) {
    if !shop.alarms.has(account) {
        return;
    }
    match shop.queue.unmark(&name(account)).await {
        Ok(first) => {
            shop.alarms.know(account, false);
            if first {
                info!(account, "the account works again");
                speak(shop, bot, account, News::Back);
            }
        }
        Err(error) => warn!(account, %error, "the operators could not be told that an account works again"),
    }
}

/// Learns of what other workers have said.
pub(crate) async fn look(shop: &Shop, account: &str) -> Result<(), QueueError> {
    shop.alarms.know(account, shop.queue.marked(&name(account)).await?.is_some());
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum News {
    Empty,
    Refused,
    Back,
}

/// Tells every administrator, on a task of its own: jobs do not wait for it.
fn speak(shop: &Arc<Shop>, bot: BotId, account: &str, news: News) {
    let (shop, account) = (shop.clone(), account.to_owned());
    tokio::spawn(async move {
        for admin in &shop.settings.admins {
            tell(&shop, bot, ChatId(admin.0), &account, news).await;
        }
    });
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
