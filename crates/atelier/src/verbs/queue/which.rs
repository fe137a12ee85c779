//! Which jobs: the filters that lists and actions share.

use std::time::Duration;

use atelier_console::{Action, Selection, Wish};
use atelier_domain::{JobId, JobState, ModelId};
use atelier_queue::Owner;

use crate::amounts::duration;
use crate::config::model;
use crate::failure::Failure;

/// The filters.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Only this state: waiting, delayed, active, done, dead, cancelled; may be given several times.
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',')]
    states: Vec<JobState>,
    /// Only this model.
    #[arg(long, value_name = "MODEL", value_parser = model)]
    model: Option<ModelId>,
    /// Only this user, by bot and user id.
    #[arg(long, value_name = "BOT:USER")]
    user: Option<Owner>,
    /// Only jobs accepted so long ago or longer, such as 10m or 7d.
    #[arg(long, value_name = "AGE", value_parser = duration)]
    older: Option<Duration>,
}

impl Which {
    pub(super) fn wish(&self) -> Wish {
        let older = self.older.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        Wish {
            states: self.states.clone(),
            model: self.model.clone(),
            user: self.user.map(|Owner(bot, user)| (bot, user)),
            older_ms: older,
        }
    }

    /// The same, when every state named is one of these.
    pub(super) fn wish_among(&self, states: &[JobState], verb: &str) -> Result<Wish, Failure> {
        match self.states.iter().find(|state| !states.contains(state)) {
            None => Ok(self.wish()),
            Some(state) => {
                let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
                Err(Failure::usage(format!(
                    "invalid value '{state}' for '--state <STATE>': {verb} is about jobs that are {}",
                    names.join(", ")
                )))
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.states.is_empty() && self.model.is_none() && self.user.is_none() && self.older.is_none()
    }

    /// The jobs an action is about: named ones, or those of a batch, or all that fit, and never two of these.
    pub(super) fn selection(
        &self,
        action: Action,
        jobs: Vec<JobId>,
        batch: Option<JobId>,
        all: bool,
    ) -> Result<Selection, Failure> {
        let verb = action.name();
        let filtered = all || !self.is_empty();
        if usize::from(!jobs.is_empty()) + usize::from(batch.is_some()) + usize::from(filtered) > 1 {
            return Err(Failure::usage(format!(
                "{verb}: name jobs, or a batch, or filters with --all, but one of these"
            )));
        }
        if !jobs.is_empty() {
            return Ok(Selection::Jobs(jobs));
        }
        if let Some(batch) = batch {
            return Ok(Selection::Batch(batch));
        }
        if !filtered {
            return Err(Failure::usage(format!(
                "{verb}: which jobs? Name them, or a --batch, or say --all with filters (--state, --model, --user, --older)"
            )));
        }
        let wish = self.wish_among(action.states(), verb)?;
        if !all {
            return Err(Failure::usage(format!(
                "{verb}: say --all to {verb} every job that fits (`atelier queue ls` with the same filters lists them)"
            )));
        }
        Ok(Selection::All(wish))
    }
}
