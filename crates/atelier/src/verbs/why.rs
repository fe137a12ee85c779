//! `atelier why JOB`.

use atelier_domain::JobId;

use crate::failure::Failure;
use crate::verbs::queue::{Looking, tell};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The job, as `atelier queue ls` and the chat's captions name it.
    job: JobId,
    #[command(flatten)]
    looking: Looking,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let console = arguments.looking.console()?;
    tell(console.why(&arguments.job).await, arguments.looking.view())
}
