//! The thin bot: a command becomes a validated request and one atomic submit.
//!
//! Invariants: the offset of an update moves only after its jobs are in Redis (the handler returns `Ok`); on that path
//! nothing is awaited but Redis, and never for long; everything that is said in a chat is said by tasks beside it.
//! Deliberately absent: providers, pictures, and any state that a restart would lose.

mod albums;
mod answers;
mod intake;
mod ops;
mod orders;
mod pictures;
mod presses;
mod privacy;
mod seat;
mod settings;
mod slots;
mod start;
mod stories;
mod waiting;
mod welcome;

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::buttons::Abilities;
use atelier_domain::safety::Rules;
use atelier_domain::{Catalogue, Job, Language, Model, ModelId, ModelKind, Say, Tell, UserId};
use atelier_queue::{Limits, Queue};
use atelier_telegram::intake::{IntakeEnd, Observer, Webhooks};
use atelier_telegram::{CommandHelp, CommandScope, DeliveryError, Telegram};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// One bot.
pub struct Bot {
    /// Its connection to Telegram.
    pub telegram: Telegram,
    /// Where its jobs go.
    pub queue: Queue,
    /// The models it offers; the first is used when a prompt names none, unless the settings say otherwise.
    pub catalogue: Catalogue,
    /// The port at which its updates are posted; without one it polls for them.
    pub webhooks: Option<Webhooks>,
    /// Finer points.
    pub settings: Settings,
}

/// Finer points of a bot.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Most pictures of one message.
    pub pictures: usize,
    /// How much the queue accepts.
    pub limits: Limits,
    /// The model for prompts that name none.
    pub default_model: Option<ModelId>,
    /// What prompts may not ask for.
    pub rules: Rules,
    /// Who may act on everybody's jobs.
    pub admins: Vec<UserId>,
    /// How long answers under way may take after the stop signal.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pictures: 20,
            limits: Limits::default(),
            default_model: None,
            rules: Rules::builtin().clone(),
            admins: Vec::new(),
            grace: Duration::from_secs(5),
        }
    }
}

/// Why a bot ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The token is no good.
    #[error("{0}")]
    Intake(#[from] IntakeEnd),
    /// The catalogue is empty, or the default model is not in it.
    #[error("there is no model to draw with: configure a provider, or name another default model")]
    NoModel,
}

/// What the handlers share.
pub(crate) struct Front {
    pub(crate) telegram: Telegram,
    pub(crate) queue: Queue,
    pub(crate) catalogue: Catalogue,
    pub(crate) settings: Settings,
    pub(crate) default_model: ModelId,
    /// This start of the process, as the holder of what it is about to post.
    pub(crate) holder: String,
    /// What is said in chats, beside the intake.
    pub(crate) tasks: TaskTracker,
    /// Whose line is kept true here.
    pub(crate) followed: waiting::Followed,
}

impl Front {
    /// Whether this user may act on everybody's jobs.
    pub(crate) fn is_admin(&self, user: UserId) -> bool {
        self.settings.admins.contains(&user)
    }

    /// The model that changes so many pictures into one; when none takes as many, one that takes any.
    pub(crate) fn edit_model(&self, pictures: usize) -> Option<&Model> {
        let made = |kind| self.catalogue.of_kind(kind).filter(|model| model.makes_from_images());
        let able = || made(ModelKind::Edit).chain(made(ModelKind::Image));
        let most = |model: &Model| model.takes.images.as_ref().map_or(0, |images| images.most);
        able().find(|model| most(model) >= pictures).or_else(|| able().next())
    }

    /// The model that makes videos, from a picture or from words.
    pub(crate) fn video_model(&self, from_picture: bool) -> Option<&Model> {
        let able = |model: &&Model| if from_picture { model.makes_from_images() } else { model.makes_from_words() };
        self.catalogue.of_kind(ModelKind::Video).find(able)
    }

    /// What can be done with this job's result.
    pub(crate) fn abilities(&self, job: &Job) -> Abilities {
        Abilities::of(&self.catalogue, &job.request.model)
    }
}

/// Answers updates until `shutdown`.
pub fn run(bot: Bot, shutdown: CancellationToken) -> BoxFuture<'static, Result<(), BotError>> {
    async move {
        let Bot { telegram, queue, catalogue, webhooks, settings } = bot;
        let default_model = match &settings.default_model {
            Some(id) => catalogue.get(id),
            None => catalogue.models().first(),
        };
        let default_model = default_model.map(|model| model.id.clone()).ok_or(BotError::NoModel)?;
        if !identify(&telegram, &shutdown).await? {
            return Ok(());
        }
        let tasks = TaskTracker::new();
        let grace = settings.grace;
        let front = Arc::new(Front {
            telegram: telegram.clone(),
            queue: queue.clone(),
            catalogue,
            settings,
            default_model,
            holder: atelier_process::worker_name(),
            tasks: tasks.clone(),
            followed: waiting::Followed::default(),
        });
        tasks.spawn(introduce(telegram.clone()));
        tokio::spawn(waiting::adopt(front.clone(), shutdown.clone()));
        let observer = Observer::default();
        let handler = intake::Intake::new(front);
        pictures::resume(&handler).await;
        let handler = move |incoming| handler.take(incoming);
        let ended = if let Some(webhooks) = webhooks {
            remember_webhook(&queue, &telegram).await;
            webhooks.pump(telegram, handler, observer.clone(), shutdown).await
        } else {
            remove_own_webhook(&queue, &telegram).await;
            let seat = seat::Seat::of_poller(&queue, &telegram, atelier_process::worker_name());
            seat.poll(&telegram, handler, &observer, &shutdown).await
        };
        tasks.close();
        if tokio::time::timeout(grace, tasks.wait()).await.is_err() {
            warn!(left = tasks.len(), "some answers were cut short; workers post the slots that are missing");
        }
        info!(counts = ?observer.snapshot(), "bot stopped");
        Ok(ended?)
    }
    .boxed()
}

/// Learns who the bot is, waiting out what passes. `false`: stopped meanwhile.
async fn identify(telegram: &Telegram, shutdown: &CancellationToken) -> Result<bool, BotError> {
    let mut wait = Duration::from_millis(200);
    loop {
        let answer = tokio::select! {
            answer = telegram.identify() => answer,
            () = shutdown.cancelled() => return Ok(false),
        };
        match answer {
            Ok(identity) => {
                info!(bot = identity.id.0, username = identity.username, "bot started");
                return Ok(true);
            }
            Err(DeliveryError::Unauthorised) => return Err(IntakeEnd::Unauthorised.into()),
            Err(error) => warn!(%error, wait_ms = wait.as_millis(), "telegram cannot be reached; trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(Duration::from_secs(10)),
            () = shutdown.cancelled() => return Ok(false),
        }
    }
}

/// How long it is known that a bot's webhook is of our making.
const REMEMBERED_S: u64 = 365 * 86_400;

fn webhook_mark(telegram: &Telegram) -> String {
    format!("webhook:{}", telegram.bot())
}

async fn remember_webhook(queue: &Queue, telegram: &Telegram) {
    if let Err(error) = queue.mark(&webhook_mark(telegram), "ours", REMEMBERED_S).await {
        warn!(%error, "a bot that polls later will not know that this webhook may be removed");
    }
}

/// A webhook that an earlier process of ours set stands in the way of polling; one that somebody else set is not touched.
async fn remove_own_webhook(queue: &Queue, telegram: &Telegram) {
    let mark = webhook_mark(telegram);
    if !matches!(queue.marked(&mark).await, Ok(Some(_))) {
        return;
    }
    match telegram.delete_webhook().await {
        Ok(()) => info!(bot = telegram.bot().0, "the webhook is removed; updates come by polling"),
        Err(error) => return warn!(%error, "the webhook could not be removed"),
    }
    if let Err(error) = queue.unmark(&mark).await {
        warn!(%error, "the next start removes the webhook once more");
    }
}

/// Tells Telegram what the bot is and what it can be told; cosmetic, so a failure is only logged.
async fn introduce(telegram: Telegram) {
    register_commands(&telegram).await;
    for language in Language::ALL {
        let code = if language == Language::default() { "" } else { language.code() };
        for (field, text) in [("description", Tell::BotDescription), ("short_description", Tell::BotShort)] {
            let text = language.tell(&text);
            if let Err(error) = describe(&telegram, field, code, &text).await {
                warn!(%error, language = language.code(), field, "what the bot is could not be said");
            }
        }
    }
}

/// Says what the bot is, unless it is said already: Telegram lets that be changed seldom.
async fn describe(telegram: &Telegram, field: &str, code: &str, text: &str) -> Result<(), DeliveryError> {
    let method = |verb: &str| {
        let name: String = field.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        format!("{verb}My{name}")
    };
    let said = telegram.raw(&method("get"), &json!({ "language_code": code })).await?;
    if said[field] != text {
        telegram.raw(&method("set"), &json!({ field: text, "language_code": code })).await?;
    }
    Ok(())
}

/// Tells Telegram the commands to offer, for each kind of chat in every language; cosmetic, so a failure is only logged.
async fn register_commands(telegram: &Telegram) {
    for language in Language::ALL {
        let help = |name: &str, description: String| CommandHelp { name: name.to_owned(), description };
        let common = [
            help("imagine", language.say(&Say::CommandImagine)),
            help("edit", language.tell(&Tell::CommandEdit)),
            help("video", language.tell(&Tell::CommandVideo)),
            help("story", language.tell(&Tell::CommandStory)),
            help("models", language.say(&Say::CommandModels)),
            help("jobs", language.say(&Say::CommandJobs)),
            help("cancel", language.say(&Say::CommandCancel)),
            help("settings", language.tell(&Tell::CommandSettings)),
            help("help", language.say(&Say::CommandHelp)),
        ];
        let private = [
            help("privacy", language.tell(&Tell::CommandPrivacy)),
            help("export", language.tell(&Tell::CommandExport)),
            help("forget", language.tell(&Tell::CommandForget)),
        ];
        let code = (language != Language::default()).then(|| language.code());
        let all: Vec<CommandHelp> = common.iter().chain(&private).cloned().collect();
        for (scope, commands) in [(CommandScope::Private, all.as_slice()), (CommandScope::Everywhere, &common)] {
            if let Err(error) = telegram.set_commands(commands, scope, code).await {
                warn!(%error, language = language.code(), "the commands could not be registered");
            }
        }
    }
}
