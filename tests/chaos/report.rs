//! What a run came to, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::check::{Verdict, Violation};
use crate::history::History;
use crate::options::Options;
use crate::plan::Fault;

/// Violations shown in full.
const SHOWN: usize = 40;

/// What a run came to.
pub(crate) struct Report {
    seed: u64,
    jobs: usize,
    ends: BTreeMap<String, u64>,
    faults: BTreeMap<&'static str, u64>,
    counts: BTreeMap<&'static str, u64>,
    violations: Vec<Violation>,
    /// Whether every job ended.
    pub(crate) settled: bool,
    /// When everything was submitted and mended, in seconds since the beginning.
    pub(crate) submitted_s: f64,
    /// When everything had ended.
    pub(crate) settled_s: f64,
    /// When the history was judged.
    pub(crate) duration_s: f64,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            seed: options.seed,
            jobs: 0,
            ends: BTreeMap::new(),
            faults: BTreeMap::new(),
            counts: BTreeMap::new(),
            violations: Vec::new(),
            settled: false,
            submitted_s: 0.0,
            settled_s: 0.0,
            duration_s: 0.0,
        }
    }

    pub(crate) fn count_fault(&mut self, fault: &Fault) {
        *self.faults.entry(fault.kind()).or_default() += 1;
    }

    pub(crate) fn take(&mut self, verdict: Verdict, history: &History) {
        self.jobs = history.jobs.len();
        for job in &history.jobs {
            *self.ends.entry(job.state.clone()).or_default() += 1;
        }
        self.counts = verdict.counts;
        self.violations = verdict.violations;
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.settled && self.violations.is_empty()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let list = |numbers: &BTreeMap<&str, u64>| {
            numbers.iter().map(|(name, number)| format!("{name} {number}")).collect::<Vec<_>>().join(", ")
        };
        let ends: BTreeMap<&str, u64> = self.ends.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        let _ = writeln!(text, "seed      {}", self.seed);
        let _ = writeln!(text, "jobs      {} ({})", self.jobs, list(&ends));
        let _ = writeln!(text, "faults    {} ({})", self.faults.values().sum::<u64>(), list(&self.faults));
        let _ = writeln!(text, "counted   {}", list(&self.counts));
        let (submitted, settled, all) = (self.submitted_s, self.settled_s, self.duration_s);
        let _ = writeln!(text, "duration  {all:.1} s (submitted after {submitted:.1}, ended after {settled:.1})");
        for violation in self.violations.iter().take(SHOWN) {
            let _ = writeln!(text, "VIOLATION {violation}");
        }
        let verdict = match self.violations.len() {
            0 if self.settled => "the history is good".to_owned(),
            0 => "not every job ended".to_owned(),
            number => format!("{number} violations"),
        };
        text + &verdict
    }

    pub(crate) fn json(&self) -> Value {
        let violations: Vec<String> = self.violations.iter().take(SHOWN).map(ToString::to_string).collect();
        json!({
            "seed": self.seed, "jobs": self.jobs, "ends": self.ends, "faults": self.faults, "counted": self.counts,
            "settled": self.settled, "violations": self.violations.len(), "shown": violations,
            "submitted_s": self.submitted_s, "settled_s": self.settled_s, "duration_s": self.duration_s,
        })
    }
}
