//! Settings shared by the verbs: parsed by clap, checked here, handed to the rooms as their own types.
//!
//! Invariant: every variable is named once, here or in the one verb that takes it; secrets are wrapped when they are
//! read and shown nowhere.

mod hooks;
mod services;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use atelier_domain::safety::Rules;
use atelier_domain::{Catalogue, ModelId, UserId};
use atelier_process::breakpoint::BreakpointSettings;
use atelier_process::telemetry::{LogFilter, LogFormat};
use atelier_process::{Exit, breakpoint, shutdown, telemetry};
use atelier_telegram::Telegram;
use atelier_telegram::intake::Webhooks;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::failure::{Failure, OrExit};
pub(crate) use hooks::HookArguments;
pub(crate) use services::{ProviderArguments, catalogue_of};

/// Settings of every verb.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// What is logged: a level, or levels per module such as `info,atelier_worker=debug` [default: info; warn for
    /// verbs that only answer].
    #[arg(long, global = true, env = "ATELIER_LOG", value_name = "FILTER")]
    log: Option<LogFilter>,
    /// How log lines look: text or json.
    #[arg(long, global = true, env = "ATELIER_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// Stops at a named place and tells a test, `name@127.0.0.1:port`.
    #[arg(long, global = true, hide = true, env = "ATELIER_BREAKPOINT", value_name = "PLACE")]
    breakpoint: Option<BreakpointSettings>,
    /// Stops when standard input ends.
    #[arg(long, global = true, hide = true)]
    with_parent: bool,
}

impl Common {
    /// Sets logging and breakpoint up and makes the runtime; `usual` is the level when none was asked for.
    pub(crate) fn start(&self, usual: &str) -> Result<Runtime, Failure> {
        let filter = self.log.clone().map_or_else(|| usual.parse().or_exit(Exit::Software), Ok)?;
        telemetry::init(&telemetry::Settings { format: self.log_format, filter }).or_exit(Exit::Software)?;
        breakpoint::install(self.breakpoint.clone());
        tokio::runtime::Builder::new_multi_thread().enable_all().build().or_exit(Exit::Software)
    }

    /// The token that stops a serving verb.
    pub(crate) fn stop_token(&self) -> Result<CancellationToken, Failure> {
        let token = shutdown::on_signals().or_exit(Exit::Software)?;
        if self.with_parent {
            shutdown::when_parent_dies(token.clone());
        }
        Ok(token)
    }
}

/// Which bots, on which server.
#[derive(Debug, Args)]
pub(crate) struct TelegramArguments {
    /// The bot's token from BotFather; several, separated by commas, share queue and workers.
    #[arg(long, env = "TELEGRAM_BOT_TOKEN", hide_env_values = true, value_name = "TOKEN", value_parser = secret)]
    telegram_token: Option<SecretString>,
    /// Another Bot API server than Telegram's own.
    #[arg(long, env = "TELEGRAM_API_URL", value_name = "URL", value_parser = web_address)]
    telegram_api: Option<Url>,
}

impl TelegramArguments {
    /// A client for each token; none is a failure that says how to get one.
    pub(crate) fn clients(&self) -> Result<Vec<Telegram>, Failure> {
        let clients = self.clients_or_none()?;
        if clients.is_empty() {
            return Err(Failure::usage(
                "there is no bot token: talk to @BotFather in Telegram (/newbot), then set TELEGRAM_BOT_TOKEN; to try \
                 everything without one, run `atelier demo`",
            ));
        }
        Ok(clients)
    }

    /// A client for each token.
    pub(crate) fn clients_or_none(&self) -> Result<Vec<Telegram>, Failure> {
        let tokens = self.telegram_token.as_ref().map_or("", |token| token.expose_secret());
        let mut clients: Vec<Telegram> = Vec::new();
        for token in tokens.split(',').map(str::trim).filter(|token| !token.is_empty()) {
            let mut settings = atelier_telegram::Settings::new(token.into());
            settings.api_url.clone_from(&self.telegram_api);
            let client = Telegram::new(settings)
                .map_err(|error| Failure::usage(format!("TELEGRAM_BOT_TOKEN or TELEGRAM_API_URL: {error}")))?;
            if clients.iter().any(|known| known.bot() == client.bot()) {
                return Err(Failure::usage(format!("TELEGRAM_BOT_TOKEN names bot {} twice", client.bot())));
            }
            clients.push(client);
        }
        Ok(clients)
    }
}

/// How updates come: by polling, or posted by Telegram.
#[derive(Debug, Args)]
pub(crate) struct IntakeArguments {
    /// The public address below which Telegram posts updates, such as `https://bot.example.com/updates`; without it the bot
    /// polls. Any number of bot processes may serve it.
    #[arg(long, env = "ATELIER_WEBHOOK_URL", value_name = "URL", value_parser = web_address)]
    webhook_url: Option<Url>,
    /// Where this process listens for them, behind whatever ends TLS.
    #[arg(long, env = "ATELIER_WEBHOOK_LISTEN", value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    webhook_listen: SocketAddr,
}

/// Who runs the bots.
#[derive(Debug, Args)]
pub(crate) struct AdminArguments {
    /// Telegram ids of those who run the bots: they may use /ops, act on everybody's jobs, and are told when an account at a
    /// service is out of credit; several, separated by commas.
    #[arg(long = "admin", env = "ATELIER_ADMINS", value_name = "USER", value_delimiter = ',')]
    pub(crate) admins: Vec<UserId>,
}

/// The ports to which Telegram posts (<https://core.telegram.org/bots/api#setwebhook>).
const WEBHOOK_PORTS: [u16; 4] = [443, 80, 88, 8443];

impl AdminArguments {
    /// The bots' finer points.
    pub(crate) fn bots(&self, rules: Rules) -> atelier_bot::Settings {
        atelier_bot::Settings { rules, admins: self.admins.clone(), ..atelier_bot::Settings::default() }
    }
}

impl IntakeArguments {
    /// Opens the port, when updates are posted.
    pub(crate) async fn open(
        &self,
        telegram: &TelegramArguments,
        stop: &CancellationToken,
    ) -> Result<Option<Webhooks>, Failure> {
        let Some(url) = &self.webhook_url else { return Ok(None) };
        let port = url.port_or_known_default().unwrap_or(0);
        // a server of one's own takes any address
        if telegram.telegram_api.is_none() && (url.scheme() != "https" || !WEBHOOK_PORTS.contains(&port)) {
            return Err(Failure::usage(
                "ATELIER_WEBHOOK_URL: Telegram posts to https addresses on the ports 443, 80, 88 and 8443 only",
            ));
        }
        let opened = Webhooks::open(url.clone(), self.webhook_listen, stop.clone()).await;
        opened.map(Some).map_err(|error| {
            Failure::usage(format!("ATELIER_WEBHOOK_LISTEN: {} cannot be opened: {error}", self.webhook_listen))
        })
    }
}

/// How a worker works.
#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// Jobs run at once.
    #[arg(long, env = "ATELIER_CONCURRENCY", value_name = "N", default_value = "16", value_parser = whole::<1, 1000>)]
    concurrency: u64,
    /// Seconds that running jobs have to finish after the stop signal, before they are handed over.
    #[arg(long, env = "ATELIER_GRACE", value_name = "SECONDS", default_value = "20", value_parser = whole::<0, 3600>)]
    grace: u64,
    /// Seconds after which the jobs of a worker that fell silent are given to others.
    #[arg(long, env = "ATELIER_LEASE", value_name = "SECONDS", default_value = "6", value_parser = whole::<2, 300>)]
    lease: u64,
    /// Seconds for which a provider's account stays closed after it was out of credit or refused its key.
    #[arg(long, env = "ATELIER_ACCOUNT_PAUSE", value_name = "SECONDS", default_value = "60", value_parser = whole::<1, 3600>)]
    account_pause: u64,
    /// Seconds from which on a wait ends with a message of its own, since an edit notifies nobody; a video always does.
    #[arg(long, env = "ATELIER_NOTIFY_AFTER", value_name = "SECONDS", default_value = "60", value_parser = whole::<0, 86_400>)]
    notify_after: u64,
    /// The largest video that the Bot API server takes, in MB: 50 at Telegram's own, 2000 at a local one.
    #[arg(long, env = "ATELIER_TELEGRAM_FILE_MB", value_name = "MB", default_value = "50", value_parser = whole::<1, 2000>)]
    telegram_file_mb: u64,
}

impl WorkArguments {
    /// The worker's finer points.
    pub(crate) fn settings(
        &self,
        catalogue: &Catalogue,
        rules: Rules,
        admins: &AdminArguments,
    ) -> atelier_worker::Settings {
        let (catalogue, admins) = (catalogue.clone(), admins.admins.clone());
        let mut settings = atelier_worker::Settings { catalogue, rules, admins, ..atelier_worker::Settings::default() };
        settings.trouble_pause = Duration::from_secs(self.account_pause);
        settings.notify_after = Duration::from_secs(self.notify_after);
        settings.media.film_bytes = self.telegram_file_mb * 1_000_000;
        settings
    }

    /// The options of the run loop, for this start of the process.
    pub(crate) fn options(&self, catalogue: &Catalogue) -> atelier_queue::RunOptions {
        let models: Vec<ModelId> = catalogue.models().iter().map(|model| model.id.clone()).collect();
        let about = serde_json::json!({
            "host": atelier_process::host_name(),
            "pid": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
            "models": models,
        });
        atelier_queue::RunOptions {
            worker: atelier_process::worker_name(),
            about: about.to_string(),
            concurrency: usize::try_from(self.concurrency).unwrap_or(1),
            models,
            lease: Duration::from_secs(self.lease),
            grace: Duration::from_secs(self.grace),
            ..atelier_queue::RunOptions::default()
        }
    }
}

/// The private Redis server's program.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArguments {
    /// The redis-server program, where it is not found by itself.
    #[arg(long, env = "REDIS_SERVER", value_name = "PATH")]
    pub(crate) redis_server: Option<PathBuf>,
}

/// For whom a reading verb answers.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ViewArguments {
    /// Answer in JSON: one value on one line.
    #[arg(long)]
    pub(crate) json: bool,
}

impl ViewArguments {
    pub(crate) fn view(self) -> atelier_console::View {
        if self.json { atelier_console::View::Json } else { atelier_console::View::Text }
    }
}

/// Whether any model of a list comes from a service.
pub(crate) fn offers_services(catalogue: &Catalogue) -> bool {
    catalogue.models().iter().any(|model| !model.provider.is_sketch())
}

/// A whole number within bounds.
pub(crate) fn whole<const LEAST: u64, const MOST: u64>(text: &str) -> Result<u64, String> {
    let number = text.trim().parse::<u64>().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| format!("a whole number from {LEAST} to {MOST}"))
}

/// A model of the catalogue, by any of its names.
pub(crate) fn model(text: &str) -> Result<ModelId, String> {
    let catalogue = Catalogue::builtin();
    let known = || catalogue.models().iter().map(|model| model.id.as_str()).collect::<Vec<_>>().join(", ");
    // an operator's file may name more, and is read later: then any name that could be one is taken
    let named = || std::env::var_os("ATELIER_CATALOGUE").and_then(|_| text.parse().ok());
    catalogue
        .find(text)
        .map(|model| model.id.clone())
        .or_else(named)
        .ok_or_else(|| format!("the models are {}", known()))
}

fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| "an address like https://host or http://host:8081".to_owned())
}

/// Never fails, so that clap has no reason to show the value.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a clap parser")]
fn secret(text: &str) -> Result<SecretString, String> {
    Ok(SecretString::from(text))
}
