//! What became of the prompts, one line per job.

use std::path::PathBuf;

use atelier_console::{Timings, seconds};
use atelier_queue::Record;
use serde::Serialize;

/// One job, or one prompt that became none.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    job: Option<String>,
    prompt: String,
    model: Option<String>,
    state: String,
    waiting_s: Option<f64>,
    generating_s: Option<f64>,
    posting_s: Option<f64>,
    attempts: u32,
    pub(super) file: Option<PathBuf>,
    pub(super) failure: Option<String>,
    #[serde(skip)]
    timings: Timings,
}

impl Entry {
    /// A job as its record has it.
    pub(super) fn of(prompt: &str, record: &Record) -> Self {
        let timings = Timings::of(record);
        let exact = |milliseconds: Option<u64>| milliseconds.map(|number| number as f64 / 1000.0);
        let failure = record.class.as_ref().filter(|_| record.state != atelier_domain::JobState::Done);
        Self {
            job: Some(record.id.to_string()),
            prompt: prompt.to_owned(),
            model: Some(record.model.clone()),
            state: record.state.to_string(),
            waiting_s: exact(timings.waiting_ms),
            generating_s: exact(timings.generating_ms),
            posting_s: exact(timings.posting_ms),
            attempts: record.attempt,
            file: None,
            failure: failure.map(|class| format!("{class}: {}", record.detail.as_deref().unwrap_or(""))),
            timings,
        }
    }

    /// A prompt that the bot did not accept, with what it said.
    pub(super) fn refused(prompt: &str, said: Option<String>) -> Self {
        Self {
            job: None,
            prompt: prompt.to_owned(),
            model: None,
            state: "refused".to_owned(),
            waiting_s: None,
            generating_s: None,
            posting_s: None,
            attempts: 0,
            file: None,
            failure: Some(said.unwrap_or_else(|| "the bot did not answer in time".to_owned())),
            timings: Timings { waiting_ms: None, generating_ms: None, posting_ms: None },
        }
    }

    fn line(&self) -> String {
        let part = |name: &str, time: Option<u64>| time.map(|time| format!("{name} {}", seconds(time)));
        let Timings { waiting_ms, generating_ms, posting_ms } = self.timings;
        let times = [part("waiting", waiting_ms), part("generating", generating_ms), part("posting", posting_ms)];
        let file = self.file.as_ref().map(|file| file.display().to_string());
        let failure = self.failure.as_ref().map(|failure| failure.replace('\n', " "));
        let words = [self.job.clone(), Some(self.state.clone()), self.model.clone()];
        let facts: Vec<String> = words.into_iter().chain(times).chain([file, failure]).flatten().collect();
        facts.join("  ")
    }
}

/// What became of all prompts.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    wanted: usize,
    arrived: usize,
    jobs: Vec<Entry>,
}

impl Report {
    pub(super) fn new(wanted: usize) -> Self {
        Self { wanted, arrived: 0, jobs: Vec::new() }
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.arrived += usize::from(entry.file.is_some());
        self.jobs.push(entry);
    }

    pub(super) fn entries(&self) -> usize {
        self.jobs.len()
    }

    /// Whether every picture wished for is in a file.
    pub(super) fn is_complete(&self) -> bool {
        self.arrived >= self.wanted && self.jobs.iter().all(|entry| entry.file.is_some())
    }

    pub(super) fn text(&self) -> String {
        let lines: Vec<String> = self.jobs.iter().map(Entry::line).collect();
        format!("{}\n{} of {} pictures arrived", lines.join("\n"), self.arrived, self.wanted)
    }

    pub(super) fn json(&self) -> String {
        // plain strings and numbers: serialising them cannot fail
        serde_json::to_string(self).unwrap_or_default()
    }
}
