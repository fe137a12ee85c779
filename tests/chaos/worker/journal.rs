//! What a worker writes down about itself, line by line.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use atelier_queue::Lease;

use crate::history::Word;
use crate::time::now_ms;

/// A file that is only added to.
pub(crate) struct Journal {
    file: File,
    worker: String,
}

impl Journal {
    pub(crate) fn open(path: &Path, worker: &str) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path).expect("a journal");
        Self { file, worker: worker.to_owned() }
    }

    /// Adds a line. It is written at once and on the thread that asks: what a killed worker knew must be on record
    /// before it acts on it, and a line of sixty bytes into the system's cache takes microseconds.
    pub(crate) fn note(&self, kind: &str, lease: &Lease, job: &str, what: &str) {
        let (kind, job, what) = (kind.to_owned(), job.to_owned(), what.to_owned());
        let fence = lease.fence().parse().expect("a number");
        let word = Word { at_ms: now_ms(), worker: self.worker.clone(), kind, job, fence, what };
        (&self.file).write_all(word.line().as_bytes()).expect("a line of the journal");
    }
}
