//! What was asked for.

use std::str::FromStr;

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// Pictures to ask for.
    pub(crate) jobs: u32,
    /// Chats that ask, a fifth of them groups.
    pub(crate) chats: u32,
    /// Jobs at once, over all worker processes.
    pub(crate) workers: u32,
    /// Bots that share the workers.
    pub(crate) bots: u32,
    /// Pictures asked for in a second, on average.
    pub(crate) rate: f64,
    /// What the traffic is drawn from.
    pub(crate) seed: u64,
    /// Faults meanwhile.
    pub(crate) faults: u32,
    /// End with one JSON object on the last line.
    pub(crate) json: bool,
}

const HELP: &str = "usage: soak [--jobs N] [--chats N] [--workers SLOTS] [--bots N] [--rate JOBS_PER_SECOND] [--seed S] \
                    [--faults N] [--json]";

impl Options {
    /// Reads the command line; the error is what to show instead.
    pub(crate) fn from_words(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { jobs: 20_000, chats: 5000, workers: 50, bots: 2, rate: 20.0, seed: 1, faults: 200, json: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--jobs" => options.jobs = number(words.next())?,
                "--chats" => options.chats = number(words.next())?,
                "--workers" => options.workers = number(words.next())?,
                "--bots" => options.bots = number(words.next())?,
                "--rate" => options.rate = number(words.next())?,
                "--seed" => options.seed = number(words.next())?,
                "--faults" => options.faults = number(words.next())?,
                "--json" => options.json = true,
                _ => return Err(HELP.to_owned()),
            }
        }
        let sound = options.jobs > 0 && options.chats > 0 && options.workers > 0 && options.bots > 0;
        if sound && options.rate > 0.0 { Ok(options) } else { Err(HELP.to_owned()) }
    }
}

fn number<T: FromStr>(word: Option<String>) -> Result<T, String> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| HELP.to_owned())
}
