//! What chats must be told although no worker holds the job: handed to any worker, again until one confirms.
//!
//! A notice is taken with a step and comes back after half a minute unless it was confirmed, so a worker that dies in
//! between loses nothing; telling is an edit, which may happen twice without harm.

use std::fmt;
use std::sync::Arc;

use atelier_domain::JobId;
use futures::future::BoxFuture;
use tracing::{debug, warn};

use crate::errands::Errand;
use crate::link::Queue;
use crate::scripts::Verb;

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The job ended without a worker: cancelled by an operator, or given up by the queue.
    Ended(JobId),
    /// The last job of a message ended: the batch, by the id of its first job.
    Joined(JobId),
    /// Whoever was about to post messages that the jobs of this batch share does not say so any more.
    Album(JobId),
    /// Something is to be sent.
    Errand(Errand),
}

impl Notice {
    /// Reads one as it stands in Redis; `None` when it was written by a newer version.
    fn read(what: &str) -> Option<Self> {
        let (kind, about) = what.split_once(':')?;
        match kind {
            "job" => about.parse().ok().map(Self::Ended),
            "album" => about.parse().ok().map(Self::Album),
            "batch" => about.parse().ok().map(Self::Joined),
            kind => Errand::read(kind, about).map(Self::Errand),
        }
    }
}

/// Tells; true when the chat was told, or need not be.
pub type Teller = Arc<dyn Fn(Notice) -> BoxFuture<'static, bool> + Send + Sync>;

/// A worker's teller.
#[derive(Clone)]
pub struct Herald(Teller);

impl fmt::Debug for Herald {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Herald")
    }
}

impl Herald {
    /// A herald that tells like this.
    pub fn new(teller: Teller) -> Self {
        Self(teller)
    }

    /// Tells on a task of its own, and confirms.
    pub(crate) fn tell(&self, queue: &Queue, what: &str) {
        let Some(notice) = Notice::read(what) else {
            debug!(notice = what, "a notice that this version does not know is left to another worker");
            return;
        };
        let (queue, what, teller) = (queue.clone(), what.to_owned(), self.0.clone());
        tokio::spawn(async move {
            if teller(notice).await {
                let confirmed = queue.call::<u32>(Verb::Told, &[what.as_bytes()]).await;
                if let Err(error) = confirmed {
                    warn!(notice = what, %error, "a notice could not be confirmed; it will be told again");
                }
            }
        });
    }
}
