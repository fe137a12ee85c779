//! One job from claim to picture in the chat, resumable at every step.
//!
//! The steps, each on record before or after it happens: intent → creation → handle → outputs → sending → delivered.
//! Whoever claims a job goes on from the last of them, so a killed worker costs its lease's length and nothing else.
//!
//! Invariants: a creation that may have happened is looked for before another one is made; nothing is shown in the
//! chat without a fenced write before it; a job that fails for good has told the user why. Deliberately absent: user
//! texts (they stand in the message catalogue), and apalis (the queue's run loop takes a plain function).

mod alarm;
mod albums;
mod cards;
mod commons;
mod deliver;
mod failing;
mod generate;
mod herald;
mod hooks;
mod inputs;
mod line;
mod money;
mod once;
mod originals;
mod orphan;
mod panel;
mod pictures;
mod progress;
mod ready;
mod rest;
mod safety;
mod slot;
mod stand_in;
mod stories;
mod stray;
mod trouble;
mod usual;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atelier_domain::safety::Rules;
use atelier_domain::{BotId, Catalogue, ModelId, UserId};
use atelier_media::{Limits, Studio};
use atelier_provider::{Providers, Questions};
use atelier_queue::{Claimed, Handler, Queue, RunError, RunOptions};
use atelier_telegram::Telegram;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use crate::hooks::Doorbell;
use crate::hooks::Rings;
use crate::usual::Times;

/// What a worker process works with.
pub struct Worker {
    /// The bots whose chats it posts to, one connection each.
    pub telegrams: Vec<Telegram>,
    /// Where the jobs come from.
    pub queue: Queue,
    /// Who makes the pictures.
    pub providers: Providers,
    /// How it runs; without models it serves those that its providers serve.
    pub options: RunOptions,
    /// Where Replicate's webhooks come in, if they do.
    pub doorbell: Option<Doorbell>,
    /// Finer points.
    pub settings: Settings,
}

/// Finer points of a worker.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The models it knows.
    pub catalogue: Catalogue,
    /// How long a finished job waits for the bot to post its slot before it posts one itself.
    pub slot_wait: Duration,
    /// At least this long between two progress edits of a job.
    pub progress_every: Duration,
    /// After so many lost workers a job is given up: it may be what kills them. Three times as many when it is paid for.
    pub most_lost: u32,
    /// How long an account that is out of credit or whose key is refused stays closed before it is tried again.
    pub trouble_pause: Duration,
    /// Who is told of trouble with an account.
    pub admins: Vec<UserId>,
    /// A result that took at least this long, from the moment it was asked for, is told by a message of its own; a film
    /// always is.
    pub notify_after: Duration,
    /// What prompts may not ask for.
    pub rules: Rules,
    /// What the chats take.
    pub media: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            catalogue: Catalogue::builtin().clone(),
            slot_wait: Duration::from_millis(1500),
            progress_every: Duration::from_secs(3),
            most_lost: 5,
            trouble_pause: Duration::from_secs(60),
            admins: Vec::new(),
            notify_after: Duration::from_secs(60),
            rules: Rules::builtin().clone(),
            media: Limits::default(),
        }
    }
}

/// Why a worker ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It could not serve a single model.
    #[error("no provider is configured for any of the models asked for")]
    NothingToServe,
    /// The run loop ended.
    #[error("the run loop ended")]
    Run(#[from] RunError),
}

/// What every job of the process shares.
pub(crate) struct Shop {
    pub(crate) telegrams: HashMap<BotId, Telegram>,
    pub(crate) queue: Queue,
    pub(crate) providers: Providers,
    pub(crate) studio: Studio,
    /// When it began, and its polls since.
    pub(crate) questions: (Instant, Mutex<Questions>),
    /// This start of the process, as the holder of what it is about to post.
    pub(crate) holder: String,
    /// How long its models take.
    pub(crate) usual: Times,
    pub(crate) alarms: alarm::Alarms,
    /// Whose breakers are to hear of what works.
    pub(crate) stumbled: commons::Stumbled,
    /// Who waits for a webhook.
    pub(crate) rings: Arc<Rings>,
    pub(crate) settings: Settings,
}

/// Works until `shutdown`, then finishes or hands over what it holds.
pub fn run(worker: Worker, shutdown: CancellationToken) -> BoxFuture<'static, Result<(), WorkerError>> {
    async move {
        let Worker { telegrams, queue, providers, mut options, doorbell, settings } = worker;
        options.models = served(&settings.catalogue, &providers, &options.models)?;
        let models: Vec<&str> = options.models.iter().map(ModelId::as_str).collect();
        tracing::info!(worker = %options.worker, concurrency = options.concurrency, ?models, "worker started");
        let shop = Arc::new(Shop {
            telegrams: telegrams.into_iter().map(|telegram| (telegram.bot(), telegram)).collect(),
            queue: queue.clone(),
            providers,
            studio: Studio::default(),
            questions: (Instant::now(), Mutex::default()),
            holder: options.worker.clone(),
            usual: Times::default(),
            alarms: alarm::Alarms::default(),
            stumbled: commons::Stumbled::default(),
            rings: Arc::default(),
            settings,
        });
        let lane = |id: &ModelId| {
            let model = shop.settings.catalogue.get(id);
            (id.clone(), model.map_or_else(|| id.to_string(), |model| model.provider.to_string()))
        };
        options.lanes = options.models.iter().map(lane).collect();
        options.herald = Some(herald::herald(shop.clone()));
        let watched = AbortOnDropHandle::new(tokio::spawn(trouble::watch(shop.clone(), shutdown.clone())));
        // heard until the last job has ended
        let hearing = CancellationToken::new();
        let heard = doorbell.map(|doorbell| doorbell.listen(queue.clone(), shop.rings.clone(), &hearing));
        let handler: Handler = Arc::new(move |claimed: Claimed| line::walk(shop.clone(), claimed).boxed());
        let ended = atelier_queue::run(queue, options, handler, shutdown).await;
        drop((watched, heard));
        Ok(ended?)
    }
    .boxed()
}

/// The models to claim: those asked for (all, when none is named) that a configured provider runs.
fn served(catalogue: &Catalogue, providers: &Providers, wish: &[ModelId]) -> Result<Vec<ModelId>, WorkerError> {
    let wanted = |id: &ModelId| wish.is_empty() || wish.contains(id);
    let models: Vec<ModelId> = catalogue
        .models()
        .iter()
        .filter(|model| wanted(&model.id) && providers.serves(model))
        .map(|model| model.id.clone())
        .collect();
    if models.is_empty() { Err(WorkerError::NothingToServe) } else { Ok(models) }
}
