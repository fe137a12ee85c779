//! Coming and going: the bot was added to a group or removed from it, blocked or let in again.

use std::sync::Arc;

use atelier_domain::{ChatKind, Incoming, Language, Tell};
use atelier_queue::{Spend, Urgency};
use atelier_telegram::{Keyboard, Place};
use tracing::{info, warn};

use crate::Front;
use crate::answers::flood;

/// Greets a group once; of a chat that is gone there is nothing to say.
pub(crate) fn spawn(front: &Arc<Front>, incoming: Arc<Incoming>, reachable: bool, language: Language) {
    info!(chat = incoming.chat.id.0, reachable, "a chat can be reached, or no longer");
    let this = front.clone();
    front.tasks.spawn(async move {
        if incoming.chat.kind == ChatKind::Private {
            let (bot, chat) = (incoming.bot, incoming.chat.id);
            let noted = if reachable { this.queue.meet(bot, chat).await } else { this.queue.part(bot, chat).await };
            if let Err(error) = noted {
                warn!(%error, "a chat could not be remembered, or forgotten");
            }
        }
        if !reachable || incoming.chat.kind != ChatKind::Group {
            return;
        }
        let name = this.telegram.identity().map_or("", |identity| identity.username.as_str());
        let text = language.tell(&Tell::GroupWelcome { name });
        let post = Place::from(incoming.chat).post();
        let spend = Spend::send(incoming.bot, incoming.chat.id);
        let send = || this.telegram.send_text(&post, &text, &Keyboard::none());
        if let Err(error) = this.queue.paced(spend, Urgency::Answer, flood, send).await {
            warn!(chat = incoming.chat.id.0, outcome = error.name(), %error, "a group could not be greeted");
        }
    });
}
