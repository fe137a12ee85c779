//! `atelier worker`: jobs from the queue, pictures into the chats.

use atelier_process::Exit;
use atelier_worker::Worker;

use crate::config::{AdminArguments, Common, HookArguments, ProviderArguments, TelegramArguments, WorkArguments};
use crate::failure::{Failure, OrExit};
use crate::queue_of::RedisArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    telegram: TelegramArguments,
    #[command(flatten)]
    redis: RedisArguments,
    #[command(flatten)]
    provider: ProviderArguments,
    #[command(flatten)]
    hooks: HookArguments,
    #[command(flatten)]
    work: WorkArguments,
    #[command(flatten)]
    admins: AdminArguments,
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    let telegrams = arguments.telegram.clients()?;
    let hooks = arguments.hooks.hooks(arguments.provider.has_own_replicate())?;
    let providers = arguments.provider.providers_told_at(hooks.as_ref().map(|hooks| hooks.public().clone()))?;
    let catalogue = arguments.provider.catalogue(&providers)?;
    let options = arguments.work.options(&catalogue);
    let settings = arguments.work.settings(&catalogue, arguments.provider.rules()?, &arguments.admins);
    let stop = common.stop_token()?;
    let doorbell = arguments.hooks.open(hooks).await?;
    let queue = arguments.redis.connect().await?;
    let worker = Worker { telegrams, queue, providers, options, doorbell, settings };
    atelier_worker::run(worker, stop).await.or_exit(Exit::Software)
}
