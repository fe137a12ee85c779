//! Polling by one process of a bot at a time: a second one stands by and takes over when the first falls silent.
//!
//! Who polls is kept in Redis. While Redis is away nobody stops polling: the bot must answer honestly meanwhile, and
//! Telegram itself lets only one poll through.

use std::time::Duration;

use atelier_queue::Queue;
use atelier_telegram::Telegram;
use atelier_telegram::intake::{self, IntakeEnd, Observer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::intake::Intake;

/// How long the lead is kept without a word from the one who has it.
const KEEP: Duration = Duration::from_secs(4);
/// How often it is kept, and how often those who stand by ask.
const EVERY: Duration = Duration::from_millis(700);

/// Polls whenever nobody else does, until `shutdown`.
pub(crate) async fn run(
    telegram: &Telegram,
    queue: &Queue,
    handler: &Intake,
    observer: &Observer,
    shutdown: &CancellationToken,
) -> Result<(), IntakeEnd> {
    let name = format!("poll:{}", telegram.bot());
    let me = format!("{:016x}", rand::random::<u64>());
    while wait(queue, &name, &me, shutdown).await {
        let turn = shutdown.child_token();
        let keeping = keep(queue.clone(), name.clone(), me.clone(), turn.clone());
        let keeping = AbortOnDropHandle::new(tokio::spawn(keeping));
        let this = handler.clone();
        let take = move |incoming| this.take(incoming);
        let ended = intake::pump(telegram.clone(), take, observer.clone(), turn).await;
        drop(keeping);
        if ended.is_err() || shutdown.is_cancelled() {
            if let Err(error) = queue.follow(&name, &me).await {
                warn!(%error, "the lead could not be given back; it falls to others in a moment");
            }
            return ended;
        }
    }
    Ok(())
}

/// Waits for the lead; false when asked to stop.
async fn wait(queue: &Queue, name: &str, me: &str, shutdown: &CancellationToken) -> bool {
    let mut said = false;
    loop {
        match queue.lead(name, me, KEEP).await {
            Ok(true) => return true,
            Ok(false) if !said => {
                said = true;
                info!("another process polls for this bot; standing by");
            }
            Ok(false) => {}
            Err(error) => {
                warn!(%error, "who polls cannot be asked; polling");
                return true;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return false,
        }
    }
}

/// Keeps the lead; ends the turn when somebody else has it.
async fn keep(queue: Queue, name: String, me: String, turn: CancellationToken) {
    loop {
        tokio::time::sleep(EVERY).await;
        if matches!(queue.lead(&name, &me, KEEP).await, Ok(false)) {
            warn!("another process polls for this bot; standing by");
            turn.cancel();
            return;
        }
    }
}
