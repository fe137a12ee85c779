//! `atelier queue limit`: shows limits and retention, or sets them.

use atelier_console::LimitChange;
use atelier_queue::Setting;

use super::{Acting, tell};
use crate::amounts::{duration, or_none, size};
use crate::config::{model, whole};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Limit {
    /// Most jobs of a model running at once, over all workers; may be given several times.
    #[arg(long = "model", num_args = 2, value_names = ["MODEL", "N|none"])]
    models: Vec<String>,
    /// Most jobs of one user running at once, for each user.
    #[arg(long, value_name = "N|none", value_parser = running)]
    user: Option<Bound>,
    /// Most jobs of one group chat running at once, for each chat.
    #[arg(long, value_name = "N|none", value_parser = running)]
    chat: Option<Bound>,
    /// How long records of ended jobs are kept, such as 7d; none brings the usual time back, as in the next two.
    #[arg(long, value_name = "AGE|none", value_parser = kept_for)]
    keep: Option<Bound>,
    /// How many records of ended jobs are kept, and as many of dead ones.
    #[arg(long, value_name = "N|none", value_parser = kept)]
    keep_jobs: Option<Bound>,
    /// How many bytes of Redis' memory the records of ended jobs may take, such as 256MiB.
    #[arg(long, value_name = "SIZE|none", value_parser = kept_size)]
    keep_bytes: Option<Bound>,
    #[command(flatten)]
    acting: Acting,
}

/// A bound, or none.
#[derive(Debug, Clone, Copy)]
struct Bound(Option<u64>);

impl Limit {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let changes = self.changes()?;
        let (console, view) = (self.acting.console()?, self.acting.view());
        if changes.is_empty() {
            tell(console.limits().await, view)
        } else {
            tell(console.limit(&changes, &self.acting.actor()).await, view)
        }
    }

    fn changes(&self) -> Result<Vec<LimitChange>, Failure> {
        let mut changes = Vec::new();
        for pair in self.models.chunks_exact(2) {
            let wrong = |value: &str, wish: String| {
                Failure::usage(format!("invalid value '{value}' for '--model <MODEL> <N|none>': {wish}"))
            };
            let id = model(&pair[0]).map_err(|wish| wrong(&pair[0], wish))?;
            let Bound(value) = running(&pair[1]).map_err(|wish| wrong(&pair[1], wish))?;
            changes.push(LimitChange::model(id, value));
        }
        for (setting, bound) in [
            (Setting::UserLimit, self.user),
            (Setting::ChatLimit, self.chat),
            (Setting::KeepMs, self.keep),
            (Setting::KeepJobs, self.keep_jobs),
            (Setting::KeepBytes, self.keep_bytes),
        ] {
            changes.extend(bound.map(|Bound(value)| LimitChange { setting, value }));
        }
        Ok(changes)
    }
}

/// None at all would be a pause that nobody sees.
fn running(text: &str) -> Result<Bound, String> {
    or_none(text, whole::<1, 1_000_000>).map(Bound)
}

fn kept(text: &str) -> Result<Bound, String> {
    or_none(text, whole::<100, 100_000_000>).map(Bound)
}

/// A chat may be told of an end a minute late: its record must be there by then.
fn kept_for(text: &str) -> Result<Bound, String> {
    let least = |text: &str| {
        let age = duration(text)?;
        let milliseconds = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        if milliseconds < 600_000 { Err("at least 10m".to_owned()) } else { Ok(milliseconds) }
    };
    or_none(text, least).map(Bound)
}

fn kept_size(text: &str) -> Result<Bound, String> {
    let least = |text: &str| {
        let bytes = size(text)?;
        if bytes < 1 << 20 { Err("at least 1MiB".to_owned()) } else { Ok(bytes) }
    };
    or_none(text, least).map(Bound)
}
