//! Progress in the slot: the latest line only, thinned, dropped rather than queued. What the chat had no room for is tried
//! again at the next turn, as the latest line then is: a model that says nothing of its progress has only the first.
//!
//! Invariant: after [`Progress::stop`] no progress edit is under way or will be sent, so none can overwrite a result;
//! and none is sent while the lease is not certain.

use std::sync::Arc;

use atelier_domain::{Job, JobId, MessageId, Say, Tell, buttons, caption};
use atelier_queue::{Claimed, Lease, Spend, Urgency};
use atelier_telegram::{Action, DeliveryError, Keyboard, Place, Telegram};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

use crate::{Shop, panel, slot};

/// The progress of one job.
pub(crate) struct Progress {
    latest: watch::Sender<Option<String>>,
    job: Arc<Job>,
    /// What is said first: how long it usually takes, and what it costs.
    first: String,
    stop: CancellationToken,
    /// Taken when stopped: the task is awaited once.
    task: Mutex<Option<AbortOnDropHandle<()>>>,
}

struct Shower {
    shop: Arc<Shop>,
    telegram: Telegram,
    job: Arc<Job>,
    lease: Lease,
    slot: Option<MessageId>,
    /// The message with several pictures that the job belongs to, once it was looked up.
    batch: Option<JobId>,
    /// Whether the slot is an item of an album: its progress is shown under the album.
    tile: bool,
}

impl Progress {
    pub(crate) fn start(shop: &Arc<Shop>, telegram: &Telegram, claimed: &Claimed) -> Self {
        let (latest, lines) = watch::channel(None);
        let stop = CancellationToken::new();
        let shower = Shower {
            shop: shop.clone(),
            telegram: telegram.clone(),
            job: claimed.job.clone(),
            lease: claimed.lease.clone(),
            slot: None,
            batch: None,
            tile: false,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(shower.run(lines, stop.clone())));
        let job = claimed.job.clone();
        let say = shop.settings.catalogue.get(&job.request.model).map_or(Say::Working, |model| {
            let eta = shop.usual.of(model, &job.request).time;
            Say::WorkingFor { eta, price: model.estimate(&job.request) }
        });
        let first = job.language.say(&say);
        Self { latest, job, first, stop, task: Mutex::new(Some(task)) }
    }

    /// The job is being worked on, again after a failure, or so many per cent done.
    pub(crate) fn working(&self, again: bool, percent: Option<u8>) {
        let language = self.job.language;
        let line = match percent {
            _ if self.job.request.options.task.is_some() => language.tell(&Tell::Writing),
            Some(percent) => language.say(&Say::WorkingPercent { percent }),
            None if again => language.say(&Say::WorkingAgain),
            None => self.first.clone(),
        };
        let line = caption::slot(&self.job, &line);
        self.latest.send_if_modified(|latest| {
            let grew = percent.is_some() || latest.is_none();
            grew && latest.replace(line.clone()).as_ref() != Some(&line)
        });
    }

    /// Ends the showing, after an edit that is under way.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take() {
            let _ = task.await;
        }
    }
}

impl Shower {
    async fn run(mut self, mut lines: watch::Receiver<Option<String>>, stop: CancellationToken) {
        let mut behind = false;
        loop {
            if !behind {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    changed = lines.changed() => if changed.is_err() { return },
                }
            }
            let line = lines.borrow_and_update().clone();
            if let Some(line) = line {
                behind = !self.show(&line).await;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.shop.settings.progress_every) => {}
            }
        }
    }

    /// Looks the slot up, and what it is.
    async fn look(&mut self) {
        let queue = &self.shop.queue;
        let Ok(Some(record)) = queue.record(&self.job.id).await else { return };
        (self.slot, self.batch) = (record.slot, record.batch);
        if let (Some(slot), Some(batch)) = (self.slot, &self.batch) {
            match queue.album(batch).await {
                Ok(album) => self.tile = album.is_tile(slot),
                // what it is will be asked again
                Err(_) => self.slot = None,
            }
        }
    }

    /// Shows what the bot is doing: cosmetic, so it costs no budget, and nobody is told when it fails.
    async fn act(&self, place: Place) {
        let spend = Spend::free(self.job.place.bot, self.job.place.chat, "action");
        let act = || self.telegram.chat_action(place, Action::UploadPhoto);
        let _ = self.shop.queue.paced(spend, Urgency::Progress, slot::flood, act).await;
    }

    /// Whether the line stands there, or cannot.
    async fn show(&mut self, line: &str) -> bool {
        let place = Place { chat: self.job.place.chat, thread: self.job.place.thread };
        if !self.lease.is_certain() {
            return false;
        }
        if self.slot.is_none() {
            self.look().await;
        }
        if let (Some(batch), true) = (&self.batch, self.tile) {
            panel::progress(&self.shop, &self.telegram, batch).await;
            self.act(place).await;
            return true;
        }
        let Some(slot) = self.slot else { return false };
        let buttons = Keyboard::of(&buttons::waiting(self.job.language, &self.job.id));
        let spend = Spend::edit(self.job.place.bot, self.job.place.chat);
        let shown = self
            .shop
            .queue
            .paced(spend, Urgency::Progress, slot::flood, || self.telegram.edit_text(place, slot, line, &buttons))
            .await;
        match shown {
            Ok(Some(())) => self.act(place).await,
            Ok(None) => return false,
            Err(DeliveryError::SlotGone | DeliveryError::OtherKind) => self.slot = None,
            Err(error) => {
                debug!(job.id = %self.job.id, outcome = error.name(), "progress was not shown");
                return !matches!(error, DeliveryError::NotPosted { .. } | DeliveryError::Unknown { .. });
            }
        }
        true
    }
}
