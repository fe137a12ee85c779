//! The verbs that look.

use atelier_domain::JobId;

use super::which::Which;
use super::{Looking, tell};
use crate::config::whole;
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Stats {
    /// The wait, in seconds, that the wanted slots aim at.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = whole::<1, 86400>)]
    target_wait: u64,
    #[command(flatten)]
    looking: Looking,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
    /// At most so many.
    #[arg(long, value_name = "N", default_value = "20", value_parser = whole::<1, 1000>)]
    limit: u64,
    /// Leave out so many first.
    #[arg(long, value_name = "N", default_value = "0", value_parser = whole::<0, 1_000_000_000>)]
    offset: u64,
    /// Show the prompts, too.
    #[arg(long)]
    prompts: bool,
    #[command(flatten)]
    looking: Looking,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The job.
    job: JobId,
    #[command(flatten)]
    looking: Looking,
}

#[derive(Debug, clap::Args)]
pub(super) struct Batch {
    /// The batch, or any of its jobs.
    id: JobId,
    /// Show the prompts, too.
    #[arg(long)]
    prompts: bool,
    #[command(flatten)]
    looking: Looking,
}

#[derive(Debug, clap::Args)]
pub(super) struct Workers {
    #[command(flatten)]
    looking: Looking,
}

#[derive(Debug, clap::Args)]
pub(super) struct Actions {
    /// The last so many.
    #[arg(long, value_name = "N", default_value = "50", value_parser = whole::<1, 1000>)]
    limit: u64,
    #[command(flatten)]
    looking: Looking,
}

impl Stats {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tell(self.looking.console()?.stats(self.target_wait * 1000).await, self.looking.view())
    }
}

impl List {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (offset, limit) = (size(self.offset), size(self.limit));
        let console = self.looking.console()?;
        tell(console.list(&self.which.wish(), offset, limit, self.prompts).await, self.looking.view())
    }
}

impl Show {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tell(self.looking.console()?.show(&self.job).await, self.looking.view())
    }
}

impl Batch {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tell(self.looking.console()?.batch(&self.id, self.prompts).await, self.looking.view())
    }
}

impl Workers {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tell(self.looking.console()?.workers().await, self.looking.view())
    }
}

impl Actions {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tell(self.looking.console()?.actions(size(self.limit)).await, self.looking.view())
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
