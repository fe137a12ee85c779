//! The verbs that act on jobs.

use atelier_console::Action;
use atelier_domain::{JobId, JobState};

use super::which::Which;
use super::{Acting, tell};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Cancel {
    /// The jobs.
    #[arg(value_name = "JOB")]
    jobs: Vec<JobId>,
    /// All jobs of this batch that have not ended.
    #[arg(long, value_name = "ID")]
    batch: Option<JobId>,
    /// Every job that fits the filters; without filters every job that has not ended.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
pub(super) struct Retry {
    /// The jobs: dead or cancelled ones, or ones that wait for their next attempt.
    #[arg(value_name = "JOB")]
    jobs: Vec<JobId>,
    /// The dead jobs of this batch.
    #[arg(long, value_name = "ID")]
    batch: Option<JobId>,
    /// Every job that fits the filters; without --state the dead ones.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
pub(super) struct Purge {
    #[command(flatten)]
    which: Which,
    /// Do it.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    acting: Acting,
}

/// The states of jobs whose records can be dropped.
const ENDED: [JobState; 3] = [JobState::Done, JobState::Dead, JobState::Cancelled];

impl Cancel {
    pub(super) async fn run(self) -> Result<(), Failure> {
        act(Action::Cancel, self.jobs, self.batch, self.all, &self.which, &self.acting).await
    }
}

impl Retry {
    pub(super) async fn run(self) -> Result<(), Failure> {
        act(Action::Retry, self.jobs, self.batch, self.all, &self.which, &self.acting).await
    }
}

async fn act(
    action: Action,
    jobs: Vec<JobId>,
    batch: Option<JobId>,
    all: bool,
    which: &Which,
    acting: &Acting,
) -> Result<(), Failure> {
    let selection = which.selection(action, jobs, batch, all)?;
    tell(acting.console()?.act(action, &selection, &acting.actor()).await, acting.view())
}

impl Purge {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let wish = self.which.wish_among(&ENDED, "purge")?;
        if wish.states.is_empty() {
            return Err(Failure::usage("purge: which records? Say --state done, dead or cancelled"));
        }
        let console = self.acting.console()?;
        let purged = if self.yes {
            console.purge(&wish, &self.acting.actor()).await
        } else {
            console.purge_preview(&wish).await
        };
        tell(purged, self.acting.view())
    }
}
