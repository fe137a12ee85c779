//! One update, whichever way it came: read, handed over, and what became of it.

use std::panic::AssertUnwindSafe;

use atelier_domain::{BotId, UpdateId};
use futures::FutureExt;
use tracing::error;

use super::observer::Event;
use super::{Handler, Hold, read};

/// Hands an update over. Everything but a [`Hold`] lets it pass.
pub(super) async fn hand_over(
    handler: &Handler,
    id: UpdateId,
    update: &str,
    bot: BotId,
    username: &str,
) -> Result<Event, Hold> {
    let incoming = match read::incoming(update, bot, username) {
        Ok(Some(incoming)) => incoming,
        Ok(None) => return Ok(Event::Ignored),
        Err(error) => {
            // The error's own text may quote what a user wrote.
            let (category, column) = (error.classify(), error.column());
            error!(update = id.0, ?category, column, "an update cannot be read and is stepped over");
            return Ok(Event::Unreadable);
        }
    };
    // The call is inside, too: a handler may panic before its future exists.
    let handled = AssertUnwindSafe(async { handler(incoming).await }).catch_unwind().await;
    match handled {
        Ok(Ok(())) => Ok(Event::Handled),
        Ok(Err(hold)) => Err(hold),
        Err(_) => {
            error!(update = id.0, "the handler panicked; the update is stepped over");
            Ok(Event::Panicked)
        }
    }
}
