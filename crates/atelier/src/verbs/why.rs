//! `atelier why JOB`.

use atelier_console::now_ms;
use atelier_domain::{Catalogue, JobId};

use crate::config::ViewArguments;
use crate::failure::Failure;
use crate::queue_of::RedisArguments;
use crate::verbs::queue::answer;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The job, as `atelier queue ls` and the chat's captions name it.
    job: JobId,
    #[command(flatten)]
    redis: RedisArguments,
    #[command(flatten)]
    view: ViewArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let queue = arguments.redis.open()?;
    let view = arguments.view.view();
    answer(atelier_console::why(&queue, Catalogue::builtin(), &arguments.job, now_ms(), view).await)
}
