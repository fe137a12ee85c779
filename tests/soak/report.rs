//! What a run came to, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::faults::Tally;
use crate::judge::Verdict;
use crate::options::Options;

/// Broken claims shown in full, of each kind.
const SHOWN: usize = 12;

/// What a run came to.
pub(crate) struct Report {
    pub(crate) options: Options,
    pub(crate) faults: Tally,
    /// What the simulator counted by itself.
    pub(crate) counts: Value,
    pub(crate) verdict: Verdict,
    pub(crate) seconds: f64,
    pub(crate) settled: bool,
}

impl Report {
    /// Whether every claim held.
    pub(crate) fn is_good(&self) -> bool {
        self.settled && self.verdict.broken.is_empty()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let Options { jobs, chats, workers, bots, seed, .. } = &self.options;
        let (verdict, mut text) = (&self.verdict, String::new());
        // writing to a string cannot fail
        let _ = writeln!(text, "{jobs} pictures, {chats} chats, {workers} jobs at once, {bots} bots, seed {seed}");
        let _ = writeln!(text, "took      {:.0} s", self.seconds);
        let _ = writeln!(text, "ends      {:?}", verdict.ends);
        let _ = writeln!(text, "faults    {:?}", self.faults);
        for (name, count) in &verdict.counts {
            let _ = writeln!(text, "{count:>9} {name}");
        }
        for (name, took) in ["private chats", "groups"].iter().zip(verdict.took) {
            let _ = writeln!(text, "in {name}, p50/p99/most from acceptance to the end: {took:?} ms");
        }
        let _ = writeln!(text, "results waited p50/p99/most       {:?} ms", verdict.waited);
        let _ = writeln!(text, "  of it for other traffic         {:?} ms", verdict.kept);
        let _ = writeln!(text, "early by the simulator's count    {}", self.counts["early"]);
        for (claim, cases) in &verdict.broken {
            let _ = writeln!(text, "BROKEN    {claim}: {} times", cases.len());
            for case in cases.iter().take(SHOWN) {
                let _ = writeln!(text, "            {case}");
            }
        }
        let _ = writeln!(text, "{}", if self.is_good() { "every claim held" } else { "claims were broken" });
        text
    }

    /// For programs, on one line.
    pub(crate) fn json(&self) -> Value {
        let broken: serde_json::Map<String, Value> =
            self.verdict.broken.iter().map(|(claim, cases)| ((*claim).to_owned(), json!(cases.len()))).collect();
        json!({
            "jobs": self.options.jobs,
            "chats": self.options.chats,
            "seed": self.options.seed,
            "seconds": self.seconds,
            "settled": self.settled,
            "ends": self.verdict.ends,
            "faults": self.faults,
            "counts": self.verdict.counts,
            "took_ms": self.verdict.took,
            "waited_ms": self.verdict.waited,
            "kept_ms": self.verdict.kept,
            "broken": broken,
        })
    }
}
