//! Originals that somebody asked for: any worker fetches and sends them.
//!
//! An errand is a notice among the others: taken with a step, again after half a minute until somebody confirms it. A
//! send cannot be repeated without harm, so whoever is about to send marks the errand first.

use atelier_domain::{JobId, UpdateId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;

/// How long it is known that an errand was done, in seconds: as long as its update may come again.
const KNOWN_S: u64 = 2 * 24 * 3600;

/// A wish to have the file that a job's picture was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// The job.
    pub job: JobId,
    /// The button's press: each is one wish.
    pub update: UpdateId,
}

impl Errand {
    /// Reads what stands behind `file:` in a notice.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (job, update) = text.split_once(':')?;
        Some(Self { job: job.parse().ok()?, update: UpdateId(update.parse().ok()?) })
    }

    fn mark(&self) -> String {
        format!("sent:{}:{}", self.job, self.update)
    }
}

impl Queue {
    /// Has originals sent; a wish that is under way already is not doubled.
    pub async fn send_originals(&self, errands: &[Errand]) -> Result<(), QueueError> {
        if errands.is_empty() {
            return Ok(());
        }
        let now = self.clock_ms().await?;
        let mut pipeline = redis::pipe();
        for Errand { job, update } in errands {
            let what = format!("file:{job}:{update}");
            pipeline.cmd("ZADD").arg(key("notices")).arg("NX").arg(now).arg(what).ignore();
        }
        // one entry wakes one idle worker, which takes several
        pipeline.cmd("RPUSH").arg(key("news")).arg(1).ignore();
        pipeline.cmd("LTRIM").arg(key("news")).arg(-256).arg(-1).ignore();
        Ok(pipeline.query_async(&mut self.link()).await?)
    }

    /// Whether the caller is the one to send; from then on nobody else is.
    pub async fn claim_errand(&self, errand: &Errand) -> Result<bool, QueueError> {
        self.mark(&errand.mark(), "1", KNOWN_S).await
    }

    /// Gives an errand back: its file was certainly not posted.
    pub async fn release_errand(&self, errand: &Errand) -> Result<(), QueueError> {
        self.unmark(&errand.mark()).await.map(drop)
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
    fn an_errand_is_read_and_nonsense_is_none() {
        let job = JobId::new(1_795_000_000_000, 7);
        let read = Errand::read(&format!("{job}:12"));
        assert_eq!(read, Some(Errand { job, update: UpdateId(12) }));
        for text in ["", "x", "x:1", "06azn34pbsq3g:", "06azn34pbsq3g:x"] {
            assert_eq!(Errand::read(text), None, "{text}");
        }
    }
}
