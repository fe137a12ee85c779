//! `atelier queue stats|ls|show`.

use atelier_console::{ConsoleError, Wish, now_ms};
use atelier_domain::{JobId, JobState, ModelId};
use atelier_process::Exit;
use clap::Subcommand;

use crate::config::{ViewArguments, model, whole};
use crate::failure::{Failure, OrExit};
use crate::output::say;
use crate::queue_of::RedisArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// The numbers: waiting, running, per model, the living workers.
    Stats {
        #[command(flatten)]
        redis: RedisArguments,
        #[command(flatten)]
        view: ViewArguments,
    },
    /// A list of jobs: those that have not ended, or those in one state.
    Ls {
        #[command(flatten)]
        redis: RedisArguments,
        #[command(flatten)]
        view: ViewArguments,
        /// Only this state: waiting, delayed, active, done, dead, cancelled.
        #[arg(long, value_name = "STATE")]
        state: Option<JobState>,
        /// Only this model.
        #[arg(long, value_name = "MODEL", value_parser = model)]
        model: Option<ModelId>,
        /// At most so many of each state.
        #[arg(long, value_name = "N", default_value = "20", value_parser = whole::<1, 1000>)]
        limit: u64,
        /// Show the prompts, too.
        #[arg(long)]
        prompts: bool,
    },
    /// All that is on record about one job, its prompt included.
    Show {
        /// The job.
        job: JobId,
        #[command(flatten)]
        redis: RedisArguments,
        #[command(flatten)]
        view: ViewArguments,
    },
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let text = match arguments.look {
        Look::Stats { redis, view } => atelier_console::stats(&redis.open()?, view.view()).await,
        Look::Ls { redis, view, state, model, limit, prompts } => {
            let wish = Wish { state, model, user: None, older_ms: None, limit: usize::try_from(limit).unwrap_or(1), prompts };
            atelier_console::list(&redis.open()?, &wish, now_ms(), view.view()).await
        }
        Look::Show { job, redis, view } => atelier_console::show(&redis.open()?, &job, view.view()).await,
    };
    answer(text)
}

/// Prints an answer of the console, or says why there is none.
pub(crate) fn answer(text: Result<String, ConsoleError>) -> Result<(), Failure> {
    let exit = match &text {
        Err(ConsoleError::Unknown(_)) => Exit::Failure,
        Err(ConsoleError::Queue(_)) => Exit::Unavailable,
        Err(ConsoleError::Json(_)) | Ok(_) => Exit::Software,
    };
    say(&text.or_exit(exit)?);
    Ok(())
}
