//! The verbs that steer the queue as a whole.

use std::time::Duration;

use atelier_console::View;
use atelier_domain::ModelId;
use atelier_queue::{Owner, Steering};

use super::{Acting, tell};
use crate::amounts::duration;
use crate::config::model;
use crate::failure::Failure;
use crate::output::note;

/// What is paused or resumed; the whole queue when neither is given.
#[derive(Debug, clap::Args)]
struct What {
    /// Only this model.
    #[arg(long, value_name = "MODEL", value_parser = model, conflicts_with = "user")]
    model: Option<ModelId>,
    /// Only this user, by bot and user id.
    #[arg(long, value_name = "BOT:USER")]
    user: Option<Owner>,
}

impl What {
    fn steering(self) -> Steering {
        match (self.model, self.user) {
            (Some(model), _) => Steering::Model(model),
            (None, Some(Owner(bot, user))) => Steering::User(bot, user),
            (None, None) => Steering::Queue,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Pause {
    #[command(flatten)]
    what: What,
    /// Why, for other operators.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = reason)]
    why: String,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
pub(super) struct Resume {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
pub(super) struct Drain {
    /// How long to wait, such as 10m; 0s closes the queue and returns [default: until it is empty].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    /// Why, for other operators.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = reason)]
    why: String,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
pub(super) struct Reopen {
    #[command(flatten)]
    acting: Acting,
}

impl Pause {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let console = self.acting.console()?;
        tell(console.pause(self.what.steering(), &self.acting.actor(), &self.why).await, self.acting.view())
    }
}

impl Resume {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let console = self.acting.console()?;
        tell(console.resume(self.what.steering(), &self.acting.actor()).await, self.acting.view())
    }
}

impl Drain {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (console, view, actor) = (self.acting.console()?, self.acting.view(), self.acting.actor());
        let mut first = true;
        let drained = console.drain(&actor, &self.why, self.wait, |left| {
            if view == View::Text {
                if std::mem::take(&mut first) {
                    note("new jobs are refused from now on; Ctrl-C ends the waiting, not the draining");
                }
                note(&left.left());
            }
        });
        tell(drained.await, view)
    }
}

impl Reopen {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tell(self.acting.console()?.reopen(&self.acting.actor()).await, self.acting.view())
    }
}

/// One line of text.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = text.chars().count() <= 200 && !text.contains(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("one line of at most 200 characters".to_owned()) }
}
