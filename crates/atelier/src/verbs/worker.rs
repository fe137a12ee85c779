//! `atelier worker`: jobs from the queue, pictures into the chats.

use atelier_process::Exit;
use atelier_worker::Worker;

use crate::config::{Common, ProviderArguments, TelegramArguments, WorkArguments};
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
    work: WorkArguments,
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    let telegrams = arguments.telegram.clients()?;
    let providers = arguments.provider.providers()?;
    let catalogue = arguments.provider.catalogue(&providers)?;
    let options = arguments.work.options(&catalogue);
    let settings = arguments.work.settings(&catalogue, arguments.provider.rules()?);
    let stop = common.stop_token()?;
    let queue = arguments.redis.connect().await?;
    let worker = Worker { telegrams, queue, providers, options, settings };
    atelier_worker::run(worker, stop).await.or_exit(Exit::Software)
}
