//! What happened, as three sides wrote it down: the queue, the workers, and whatever the workers did outside of Redis.

use std::collections::BTreeMap;

use atelier_queue::Event;

/// All that is known about a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// The queue's side, and what was asked of it.
    pub(crate) jobs: Vec<JobHistory>,
    /// The batches as the queue has them at the end.
    pub(crate) batches: Vec<BatchHistory>,
    /// What operators did, as the queue logged it, oldest first.
    pub(crate) actions: Vec<Event>,
    /// Most jobs of one user that may not have ended when another is accepted.
    pub(crate) pending_limit: u32,
    /// The provider's account behind each model that shares one.
    pub(crate) lanes: BTreeMap<String, String>,
    /// The workers' side.
    pub(crate) words: Vec<Word>,
    /// What was done outside of Redis, in the order in which it happened.
    pub(crate) effects: Vec<Effect>,
    /// Answers of the queue that no order of events explains.
    pub(crate) oddities: Vec<String>,
    /// Times between which acknowledged writes were lost with a killed Redis, by the witness.
    pub(crate) gaps: Vec<(u64, u64)>,
    /// What Redis holds at the end.
    pub(crate) rest: Rest,
}

/// One job.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobHistory {
    /// Its id.
    pub(crate) id: String,
    /// `bot:user`.
    pub(crate) owner: String,
    /// Its model.
    pub(crate) model: String,
    /// `bot:chat` of a group chat.
    pub(crate) chat: Option<String>,
    /// When the submission's answer came.
    pub(crate) answered_ms: u64,
    /// When it was accepted, by its record; `None` when there is no record.
    pub(crate) accepted_ms: Option<u64>,
    /// Its state, by its record.
    pub(crate) state: String,
    /// What happened to it, by its trail.
    pub(crate) trail: Vec<Event>,
}

/// The jobs of one message.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchHistory {
    /// Its name: the id of the first.
    pub(crate) id: String,
    /// The ids of its jobs.
    pub(crate) jobs: Vec<String>,
    /// How many have not ended, by its record; `None` when there is no record.
    pub(crate) left: Option<u32>,
    /// When the last ended, by its record.
    pub(crate) joined_ms: Option<u64>,
}

/// A line of a worker's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// When it was written.
    pub(crate) at_ms: u64,
    /// Who wrote it.
    pub(crate) worker: String,
    /// What happened: `claimed`, `kept` (a checkpoint was acknowledged), `stale`, `taken` (one was refused).
    pub(crate) kind: String,
    /// The job.
    pub(crate) job: String,
    /// The token of the hold.
    pub(crate) fence: u64,
    /// The checkpoint's name, or the handle found at the claim.
    pub(crate) what: String,
}

/// What was done outside of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    /// A prediction was created: it costs money.
    Create,
    /// The result was edited into the chat: doing it twice changes nothing.
    Edit,
    /// A chat was told of a job's or a batch's end that no worker held.
    Tell,
}

/// Something done outside of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    /// When it took effect.
    pub(crate) at_ms: u64,
    /// What it was.
    pub(crate) deed: Deed,
    /// The job; what was told.
    pub(crate) job: String,
    /// The token it was done under; 0 for what is told.
    pub(crate) fence: u64,
    /// Who did it.
    pub(crate) worker: String,
    /// The prediction created.
    pub(crate) handle: String,
}

/// What Redis holds when everything has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rest {
    /// Every key below the prefix, with its content.
    pub(crate) keys: BTreeMap<String, Content>,
    /// The keys left after the records of all jobs were dropped too.
    pub(crate) forgotten: BTreeMap<String, Content>,
}

/// A key's content as text, and whether it will go by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Members with their scores, fields with their values, elements, or the string itself as the only value.
    pub(crate) pairs: Vec<(String, String)>,
    /// Whether it expires.
    pub(crate) expires: bool,
}

impl Content {
    /// The value of a field, or the score of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl Word {
    /// Reads a line; a killed worker may leave half of one.
    pub(crate) fn parse(line: &str, worker: &str) -> Option<Self> {
        let mut parts = line.split('\t');
        let word = Self {
            at_ms: parts.next()?.parse().ok()?,
            worker: worker.to_owned(),
            kind: parts.next()?.to_owned(),
            job: parts.next()?.to_owned(),
            fence: parts.next()?.parse().ok()?,
            what: parts.next()?.to_owned(),
        };
        (parts.next()? == ".").then_some(word)
    }

    /// The line of it, with the mark of its end.
    pub(crate) fn line(&self) -> String {
        format!("{}\t{}\t{}\t{}\t{}\t.\n", self.at_ms, self.kind, self.job, self.fence, self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_none() {
        let word = Word {
            at_ms: 5,
            worker: "w0-1".to_owned(),
            kind: "kept".to_owned(),
            job: "j".to_owned(),
            fence: 7,
            what: "intent".to_owned(),
        };
        let line = word.line();
        assert_eq!(Word::parse(line.trim_end(), "w0-1"), Some(word));
        for length in 0..line.len() - 1 {
            assert_eq!(Word::parse(&line[..length], "w0-1"), None, "{length}");
        }
    }
}
