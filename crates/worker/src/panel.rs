//! The message under the albums of a message with several pictures: how far they are together.
//!
//! Progress is thinned over all workers and dropped rather than queued; the end is told by the herald, again until it is
//! confirmed. A progress edit that was under way when the last job ended would cover the end, so whoever made it looks
//! again afterwards.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::JobId;
use atelier_queue::{Panel, Part, Spend, Urgency};
use atelier_telegram::{DeliveryError, Keyboard, Place, Post, Telegram};
use tracing::debug;

use crate::{Shop, slot};

/// How long after a progress edit that was left out the message is brought up to date: pictures that come together would
/// otherwise leave it behind until the next one.
const LATER: Duration = Duration::from_millis(2600);

/// Shows progress: at once, or a little later when somebody has just done so.
pub(crate) async fn progress(shop: &Arc<Shop>, telegram: &Telegram, batch: &JobId) {
    match shop.queue.may_show(batch).await {
        Ok(true) => return show(shop, telegram, batch).await,
        Ok(false) => {}
        Err(_) => return,
    }
    // the mark is gone before that edit is made, so whatever it misses has one of its own
    if !matches!(shop.queue.mark(&format!("panel:{batch}"), "later", 2).await, Ok(true)) {
        return;
    }
    let (shop, telegram, batch) = (shop.clone(), telegram.clone(), batch.clone());
    tokio::spawn(async move {
        tokio::time::sleep(LATER).await;
        if matches!(shop.queue.may_show(&batch).await, Ok(true)) {
            show(&shop, &telegram, &batch).await;
        }
    });
}

async fn show(shop: &Shop, telegram: &Telegram, batch: &JobId) {
    let Ok(Some(panel)) = shop.queue.panel(batch, &shop.settings.catalogue).await else { return };
    // the herald tells the end
    if panel.joined || !edit(shop, telegram, batch, &panel, Urgency::Progress).await {
        return;
    }
    if let Ok(Some(panel)) = shop.queue.panel(batch, &shop.settings.catalogue).await
        && panel.joined
    {
        edit(shop, telegram, batch, &panel, Urgency::Result).await;
    }
}

/// Shows that all have ended; whether the chat was told, or need not be.
pub(crate) async fn ended(shop: &Shop, batch: &JobId) -> bool {
    let panel = match shop.queue.panel(batch, &shop.settings.catalogue).await {
        Ok(Some(panel)) => panel,
        Ok(None) => return true,
        Err(_) => return false,
    };
    // another worker may have the token
    let Some(telegram) = shop.telegrams.get(&panel.job.place.bot) else { return false };
    edit(shop, telegram, batch, &panel, Urgency::Result).await
}

/// Edits the message, or posts it when nobody has; false when it is worth another try.
async fn edit(shop: &Shop, telegram: &Telegram, batch: &JobId, panel: &Panel, urgency: Urgency) -> bool {
    let Ok(album) = shop.queue.album(batch).await else { return false };
    let (place, keyboard) = (panel.job.place, Keyboard::of(&panel.rows));
    let Some(message) = album.control else {
        return urgency != Urgency::Result || post(shop, telegram, batch, panel).await;
    };
    let (here, spend) =
        (Place { chat: place.chat, thread: place.thread }, Spend::edit(place.bot, place.chat).before(panel.left));
    let edited = shop
        .queue
        .paced(spend, urgency, slot::flood, || telegram.edit_text(here, message, &panel.text, &keyboard))
        .await;
    match edited {
        Ok(done) => done.is_some(),
        Err(DeliveryError::NotPosted { .. } | DeliveryError::Unknown { .. }) => false,
        Err(error) => {
            debug!(batch = %batch, outcome = error.name(), "the message under an album could not be edited");
            true
        }
    }
}

/// A bot that died before it posted the message left the pictures without buttons.
async fn post(shop: &Shop, telegram: &Telegram, batch: &JobId, panel: &Panel) -> bool {
    let (place, keyboard) = (panel.job.place, Keyboard::of(&panel.rows));
    let target = Post { chat: place.chat, thread: place.thread, reply_to: None };
    let spend = Spend::send(place.bot, place.chat);
    let part = (batch, Part::Control, shop.holder.as_str());
    let certain = |error: &DeliveryError| !error.may_be_done();
    let call = || telegram.send_text(&target, &panel.text, &keyboard);
    let sent = shop.queue.post_part(part, (spend, Urgency::Result), slot::flood, certain, call).await;
    match sent {
        Ok(Some(message)) => shop.queue.posted_control(batch, message).await.is_ok(),
        // somebody else posts it, and looks again afterwards; whoever dies before leaves a notice
        Ok(None) => true,
        Err(error) => !matches!(error, DeliveryError::NotPosted { .. }),
    }
}
