//! `atelier bot`: messages in, jobs into the queue. One process receives for all tokens it is given; another one stands by
//! when they poll, or shares the work when updates are posted.

use atelier_bot::Bot;
use atelier_domain::Catalogue;
use atelier_process::Exit;
use atelier_queue::Queue;
use atelier_telegram::Telegram;
use atelier_telegram::intake::Webhooks;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{AdminArguments, Common, IntakeArguments, ProviderArguments, TelegramArguments};
use crate::failure::{Failure, OrExit};
use crate::queue_of::RedisArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    telegram: TelegramArguments,
    #[command(flatten)]
    intake: IntakeArguments,
    #[command(flatten)]
    redis: RedisArguments,
    #[command(flatten)]
    provider: ProviderArguments,
    #[command(flatten)]
    admins: AdminArguments,
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    let telegrams = arguments.telegram.clients()?;
    // the bot makes no call to a provider; what is set up decides what it offers
    let catalogue = arguments.provider.catalogue(&arguments.provider.providers()?)?;
    let rules = arguments.provider.rules()?;
    let stop = common.stop_token()?;
    let queue = arguments.redis.connect().await?;
    let settings = arguments.admins.bots(rules);
    let webhooks = arguments.intake.open(&arguments.telegram, &stop).await?;
    serve(telegrams, &queue, &catalogue, webhooks, &settings, &stop).await
}

/// Runs a bot for every token until `stop`; the first that fails stops the others.
pub(crate) async fn serve(
    telegrams: Vec<Telegram>,
    queue: &Queue,
    catalogue: &Catalogue,
    webhooks: Option<Webhooks>,
    settings: &atelier_bot::Settings,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let stop = stop.child_token();
    let mut bots = JoinSet::new();
    for telegram in telegrams {
        let settings = settings.clone();
        let (queue, catalogue, webhooks) = (queue.clone(), catalogue.clone(), webhooks.clone());
        let bot = Bot { telegram, queue, catalogue, webhooks, settings };
        bots.spawn(atelier_bot::run(bot, stop.clone()));
    }
    let mut outcome = Ok(());
    while let Some(ended) = bots.join_next().await {
        stop.cancel();
        let ended = ended.or_exit(Exit::Software).and_then(|ended| ended.or_exit(Exit::Unavailable));
        outcome = outcome.and(ended);
    }
    if let Some(webhooks) = webhooks {
        webhooks.closed().await;
    }
    outcome
}
