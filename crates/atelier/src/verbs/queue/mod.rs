//! `atelier queue …`: the operator's verbs, each a thin line from flags to the console.

mod act;
mod limit;
mod look;
mod steer;
mod which;

use atelier_console::{Actor, Answer, Console, ConsoleError, View};
use atelier_process::Exit;
use clap::Subcommand;

use crate::config::ViewArguments;
use crate::failure::{Failure, OrExit};
use crate::output::say;
use crate::queue_of::RedisArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The numbers: waiting, running, per model, workers, limits; what is paused or closed comes first.
    Stats(look::Stats),
    /// A list of jobs: those that have not ended, or those that fit.
    Ls(look::List),
    /// All that is on record about one job, its prompt included.
    Show(look::Show),
    /// The jobs of one message together: where each stands, and what has come of it.
    Batch(look::Batch),
    /// The living workers and what they have in hand.
    Workers(look::Workers),
    /// What operators did to the queue, oldest first.
    Actions(look::Actions),
    /// Stop jobs, waiting or running: those named, or all that fit.
    Cancel(act::Cancel),
    /// Run failed jobs again: those named, those of a batch, or all that fit.
    Retry(act::Retry),
    /// Drop the records of ended jobs that fit. Without --yes it only says which.
    Purge(act::Purge),
    /// Start no more jobs of the whole queue, a model or a user; running ones go on.
    Pause(steer::Pause),
    /// End a pause.
    Resume(steer::Resume),
    /// Refuse new jobs and wait until those accepted are done.
    Drain(steer::Drain),
    /// Accept jobs again after a drain.
    Reopen(steer::Reopen),
    /// Show limits and retention, or set them.
    Limit(limit::Limit),
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Stats(verb) => verb.run().await,
        Verb::Ls(verb) => verb.run().await,
        Verb::Show(verb) => verb.run().await,
        Verb::Batch(verb) => verb.run().await,
        Verb::Workers(verb) => verb.run().await,
        Verb::Actions(verb) => verb.run().await,
        Verb::Cancel(verb) => verb.run().await,
        Verb::Retry(verb) => verb.run().await,
        Verb::Purge(verb) => verb.run().await,
        Verb::Pause(verb) => verb.run().await,
        Verb::Resume(verb) => verb.run().await,
        Verb::Drain(verb) => verb.run().await,
        Verb::Reopen(verb) => verb.run().await,
        Verb::Limit(verb) => verb.run().await,
    }
}

/// What every verb that looks takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Looking {
    /// The operator's file of accounts and models, for their names, prices and times.
    #[arg(long, env = "ATELIER_CATALOGUE", value_name = "FILE")]
    catalogue: Option<std::path::PathBuf>,
    #[command(flatten)]
    redis: RedisArguments,
    #[command(flatten)]
    view: ViewArguments,
}

impl Looking {
    pub(crate) fn console(&self) -> Result<Console, Failure> {
        Ok(Console::new(self.redis.open()?, crate::config::catalogue_of(self.catalogue.as_deref())?))
    }

    pub(crate) fn view(&self) -> View {
        self.view.view()
    }
}

/// What every verb that acts takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Acting {
    #[command(flatten)]
    looking: Looking,
    /// The name under which this is recorded [default: login name and machine].
    #[arg(long = "as", value_name = "NAME")]
    actor: Option<Actor>,
}

impl Acting {
    pub(crate) fn console(&self) -> Result<Console, Failure> {
        self.looking.console()
    }

    pub(crate) fn view(&self) -> View {
        self.looking.view()
    }

    pub(crate) fn actor(&self) -> Actor {
        self.actor.clone().unwrap_or_else(crate::actor::operator)
    }
}

/// Prints an answer of the console, or says why there is none. An answer that is a no ends with code 1.
pub(crate) fn tell<A: Answer>(answer: Result<A, ConsoleError>, view: View) -> Result<(), Failure> {
    let exit = match &answer {
        Err(ConsoleError::Unknown(_) | ConsoleError::UnknownBatch(_)) => Exit::Failure,
        Err(ConsoleError::Queue(_) | ConsoleError::Interrupted { .. }) => Exit::Unavailable,
        Err(ConsoleError::Json(_)) | Ok(_) => Exit::Software,
    };
    let answer = answer.or_exit(exit)?;
    say(&answer.shown(view).or_exit(Exit::Software)?);
    if answer.is_yes() { Ok(()) } else { Err(Failure::said()) }
}
