//! Small facts about a job beside its record: what a worker decided on the way and the next one must know.
//!
//! The first writer wins, so two holders of one job, of whom one is stale, agree on what holds. Notes need no fence: each
//! is true whoever wrote it. They are gone two days later, when no job that they are about can still be under way.

use atelier_domain::JobId;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::scripts::Verb;

/// How long a note is kept, in seconds.
const KEPT_S: u64 = 2 * 24 * 3600;

impl Queue {
    /// Notes a fact unless one of that name is known; what holds from now on. `name` is ours, of `[a-z0-9_-]`.
    pub async fn note(&self, id: &JobId, name: &str, value: &str) -> Result<String, QueueError> {
        let key = key(&format!("note:{id}:{name}"));
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(&key).arg(value).arg("NX").arg("EX").arg(KEPT_S).ignore();
        // `SET … NX GET` is of Redis 7
        pipe.cmd("GET").arg(&key);
        let (holds,): (Option<String>,) = pipe.query_async(&mut self.link()).await?;
        Ok(holds.unwrap_or_else(|| value.to_owned()))
    }

    /// The fact of that name, if one is known.
    pub async fn noted(&self, id: &JobId, name: &str) -> Result<Option<String>, QueueError> {
        Ok(redis::cmd("GET").arg(key(&format!("note:{id}:{name}"))).query_async(&mut self.link()).await?)
    }

    /// Gives a provider's prediction to a job that is over and may have begun it; false when it belongs to another job.
    /// A job that runs owns its predictions by its checkpoints instead.
    pub async fn own(&self, id: &JobId, handle: &str) -> Result<bool, QueueError> {
        self.call(Verb::Own, &[id.as_str().as_bytes(), handle.as_bytes()]).await
    }

    /// Marks something for a while, for all processes; false when it is marked already. Whoever marked it does what has to
    /// be done once.
    pub async fn mark(&self, name: &str, value: &str, seconds: u64) -> Result<bool, QueueError> {
        let mut set = redis::cmd("SET");
        set.arg(key(&format!("mark:{name}"))).arg(value).arg("NX").arg("EX").arg(seconds.max(1));
        let set: Option<String> = set.query_async(&mut self.link()).await?;
        Ok(set.is_some())
    }

    /// The same whether or not it is marked already: from now on it says this, for so long.
    pub async fn mark_anew(&self, name: &str, value: &str, seconds: u64) -> Result<(), QueueError> {
        let mut set = redis::cmd("SET");
        set.arg(key(&format!("mark:{name}"))).arg(value).arg("EX").arg(seconds.max(1));
        Ok(set.query_async(&mut self.link()).await?)
    }

    /// Takes a mark away; false when there was none. Of several who try, one hears true.
    pub async fn unmark(&self, name: &str) -> Result<bool, QueueError> {
        let gone: u32 = redis::cmd("DEL").arg(key(&format!("mark:{name}"))).query_async(&mut self.link()).await?;
        Ok(gone > 0)
    }

    /// Takes a mark away if it still says `value`; false when it says something else by now, or is gone.
    pub async fn unmark_if(&self, name: &str, value: &str) -> Result<bool, QueueError> {
        self.call(Verb::Unmark, &[name.as_bytes(), value.as_bytes()]).await
    }

    /// What was marked under that name and still holds.
    pub async fn marked(&self, name: &str) -> Result<Option<String>, QueueError> {
        Ok(redis::cmd("GET").arg(key(&format!("mark:{name}"))).query_async(&mut self.link()).await?)
    }
}
