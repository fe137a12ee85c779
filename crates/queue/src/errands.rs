//! What any worker does once, because somebody asked for it or waited long: originals as files, the word that a job ended;
//! or because a job that is over may have left something at its provider.
//!
//! An errand is a notice among the others: taken with a step, again after half a minute until somebody confirms it. A
//! send cannot be repeated without harm, so whoever is about to send marks the message first.

use std::fmt;
use std::time::Duration;

use atelier_domain::{JobId, UpdateId};

use crate::error::QueueError;
use crate::keys::key;
use crate::lease::millis;
use crate::link::Queue;

/// How long it is known that an errand was done, in seconds: as long as its update may come again.
const KNOWN_S: u64 = 2 * 24 * 3600;

/// Something to be done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// The file that a job's picture was made from, for this press of a button.
    Original(JobId, UpdateId),
    /// The files of all pictures of a message, named by its first job.
    Originals(JobId, UpdateId),
    /// The word that a job, the only one of its message, is done: its slot was edited, and nobody hears of that.
    Ready(JobId),
    /// The word that it failed.
    Failed(JobId),
    /// A look at the provider for what a job that is over may have left there.
    Stray(JobId),
}

impl Errand {
    /// The update of originals that nobody pressed a button for: the chat has chosen to keep them.
    pub const UNASKED: UpdateId = UpdateId(0);

    /// Reads a notice of this kind.
    pub(crate) fn read(kind: &str, about: &str) -> Option<Self> {
        let pressed = || {
            let (job, update) = about.split_once(':')?;
            Some((job.parse().ok()?, UpdateId(update.parse().ok()?)))
        };
        match kind {
            "file" => pressed().map(|(job, update)| Self::Original(job, update)),
            "files" => pressed().map(|(job, update)| Self::Originals(job, update)),
            "ready" => about.parse().ok().map(Self::Ready),
            "failed" => about.parse().ok().map(Self::Failed),
            "stray" => about.parse().ok().map(Self::Stray),
            _ => None,
        }
    }
}

/// As it stands among the notices.
impl fmt::Display for Errand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original(job, update) => write!(formatter, "file:{job}:{update}"),
            Self::Originals(batch, update) => write!(formatter, "files:{batch}:{update}"),
            Self::Ready(job) => write!(formatter, "ready:{job}"),
            Self::Failed(job) => write!(formatter, "failed:{job}"),
            Self::Stray(job) => write!(formatter, "stray:{job}"),
        }
    }
}

impl Queue {
    /// Has an errand done by any worker; one that is under way already is not doubled.
    pub async fn send_once(&self, errand: &Errand) -> Result<(), QueueError> {
        self.send_later(errand, Duration::ZERO).await
    }

    /// The same after so long.
    pub async fn send_later(&self, errand: &Errand, after: Duration) -> Result<(), QueueError> {
        let due = self.clock_ms().await?.saturating_add(millis(after));
        let mut pipeline = redis::pipe();
        pipeline.cmd("ZADD").arg(key("notices")).arg("NX").arg(due).arg(errand.to_string()).ignore();
        // one entry wakes one idle worker, which takes several
        pipeline.cmd("RPUSH").arg(key("news")).arg(1).ignore();
        pipeline.cmd("LTRIM").arg(key("news")).arg(-256).arg(-1).ignore();
        Ok(pipeline.query_async(&mut self.link()).await?)
    }

    /// Whether the caller is the one to send a message of that name; from then on nobody else is.
    pub async fn claim_message(&self, name: &str) -> Result<bool, QueueError> {
        self.mark(&format!("sent:{name}"), "1", KNOWN_S).await
    }

    /// Gives it back: the message was certainly not posted.
    pub async fn release_message(&self, name: &str) -> Result<(), QueueError> {
        self.unmark(&format!("sent:{name}")).await.map(drop)
    }

    /// The file that Telegram made of a job's picture, by its name for the job's bot; `None` when it is not known.
    pub async fn file(&self, id: &JobId) -> Result<Option<String>, QueueError> {
        Ok(redis::cmd("HGET").arg(key(&format!("job:{id}"))).arg("file").query_async(&mut self.link()).await?)
    }

    /// Where a job's outputs are, as its worker wrote it; `None` when they had no address, or that is forgotten.
    pub async fn outputs(&self, id: &JobId) -> Result<Option<String>, QueueError> {
        Ok(redis::cmd("HGET").arg(key(&format!("job:{id}"))).arg("outputs").query_async(&mut self.link()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_read_back_and_nonsense_is_none() {
        let (job, update) = (JobId::new(1_795_000_000_000, 7), UpdateId(12));
        let errands = [
            Errand::Original(job.clone(), update),
            Errand::Originals(job.clone(), Errand::UNASKED),
            Errand::Ready(job.clone()),
            Errand::Failed(job),
        ];
        for errand in errands {
            let text = errand.to_string();
            let (kind, about) = text.split_once(':').unwrap();
            assert_eq!(Errand::read(kind, about), Some(errand));
        }
        for text in ["", "x", "x:1", "06azn34pbsq3g:", "06azn34pbsq3g:x"] {
            assert_eq!(["file", "files"].map(|kind| Errand::read(kind, text)), [None, None], "{text}");
        }
        assert_eq!(Errand::read("ready", "x"), None);
    }
}
