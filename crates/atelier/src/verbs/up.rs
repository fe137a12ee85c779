//! `atelier up`: everything for one machine in one process.

use std::path::PathBuf;

use atelier_process::Exit;
use atelier_queue::PrivateSettings;
use atelier_worker::Worker;
use tracing::{info, warn};

use crate::config::{
    AdminArguments, Common, HookArguments, IntakeArguments, ProviderArguments, ServerArguments, TelegramArguments,
    WorkArguments, offers_services,
};
use crate::failure::{Failure, OrExit};
use crate::private::KeptRedis;
use crate::queue_of::{DATA, RedisArguments, UP_REDIS, connect};
use crate::verbs::bot;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    telegram: TelegramArguments,
    #[command(flatten)]
    intake: IntakeArguments,
    #[command(flatten)]
    redis: RedisArguments,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    provider: ProviderArguments,
    #[command(flatten)]
    hooks: HookArguments,
    #[command(flatten)]
    work: WorkArguments,
    #[command(flatten)]
    admins: AdminArguments,
    /// Where the private Redis keeps its data.
    #[arg(long, env = "ATELIER_DATA", value_name = "DIR", default_value = DATA)]
    data: PathBuf,
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    // everything that can be wrong with the settings is said before anything is started
    let telegrams = arguments.telegram.clients()?;
    let hooks = arguments.hooks.hooks(arguments.provider.has_own_replicate())?;
    let providers = arguments.provider.providers_told_at(hooks.as_ref().map(|hooks| hooks.public().clone()))?;
    let catalogue = arguments.provider.catalogue(&providers)?;
    let rules = arguments.provider.rules()?;
    let given = arguments.redis.given()?;
    let stop = common.stop_token()?;
    let webhooks = arguments.intake.open(&arguments.telegram, &stop).await?;
    let doorbell = arguments.hooks.open(hooks).await?;
    if !offers_services(&catalogue) {
        warn!("neither REPLICATE_API_TOKEN nor ATELIER_CATALOGUE is set: only the offline model sketch is offered");
    }
    let private = match given {
        Some(_) => None,
        None => Some(
            KeptRedis::start(PrivateSettings {
                data: arguments.data.join(UP_REDIS),
                port: None,
                program: arguments.server.redis_server.clone(),
            })
            .await?,
        ),
    };
    let outcome = match given.as_ref().or(private.as_ref().map(|private| &private.url)) {
        None => Ok(()),
        Some(url) => {
            let queue = connect(url).await?;
            // the workers stop after the bots: what was accepted last may still be finished within the grace time
            let (bots_stop, work_stop) = (stop.child_token(), tokio_util::sync::CancellationToken::new());
            let options = arguments.work.options(&catalogue);
            info!(redis = %url, bots = telegrams.len(), models = catalogue.models().len(), worker = options.worker, "up");
            let bot_settings = arguments.admins.bots(rules.clone());
            let settings = arguments.work.settings(&catalogue, rules, &arguments.admins);
            let (telegrams_too, queue_too) = (telegrams.clone(), queue.clone());
            let worker = Worker { telegrams: telegrams_too, queue: queue_too, providers, options, doorbell, settings };
            let bots = async {
                let outcome = bot::serve(telegrams, &queue, &catalogue, webhooks, &bot_settings, &bots_stop).await;
                work_stop.cancel();
                outcome
            };
            let work = async {
                let outcome = atelier_worker::run(worker, work_stop.clone()).await.or_exit(Exit::Software);
                bots_stop.cancel();
                outcome
            };
            let (bots, work) = tokio::join!(bots, work);
            bots.and(work)
        }
    };
    match private {
        Some(private) => outcome.and(private.stop().await),
        None => outcome,
    }
}
