//! What a benchmark is asked for on its command line.

use std::process::ExitCode;

/// The command line of one of the benchmarks.
pub(crate) struct Usage {
    /// The words that lead to it.
    pub(crate) name: &'static str,
    /// What it can measure alone.
    pub(crate) groups: &'static [&'static str],
    /// Flags that are its own, as the help shows them; empty for none.
    pub(crate) own: &'static str,
}

/// How to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// End with one JSON object on the last line.
    pub(crate) json: bool,
    /// Smaller and fewer: a look, not figures to quote.
    pub(crate) quick: bool,
    /// Only these groups; all when empty.
    pub(crate) only: Vec<String>,
    /// Measure other queues as well.
    pub(crate) rivals: bool,
    /// Updates a second.
    pub(crate) rate: u32,
    /// Bots that share them.
    pub(crate) bots: u32,
}

impl Usage {
    /// Reads the command line. Of one that makes no sense the help is shown, and the exit code returned.
    pub(crate) fn read(&self, words: impl Iterator<Item = String>) -> Result<Options, ExitCode> {
        self.understand(words).ok_or_else(|| {
            let (name, own, groups) = (self.name, self.own, self.groups.join(" "));
            eprintln!("usage: {name} [--quick] [--json]{own} [--only GROUP,…]…  (groups: {groups})");
            ExitCode::from(64)
        })
    }

    fn understand(&self, mut words: impl Iterator<Item = String>) -> Option<Options> {
        let mut options = Options { json: false, quick: false, only: Vec::new(), rivals: false, rate: 1000, bots: 40 };
        let number = |word: Option<String>| word?.parse().ok().filter(|number| *number > 0);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => options.json = true,
                "--quick" => options.quick = true,
                "--only" => options.only.extend(words.next()?.split(',').map(str::to_owned)),
                own if !self.own.split(['[', ' ', ']']).any(|flag| flag == own) => return None,
                "--rivals" => options.rivals = true,
                "--rate" => options.rate = number(words.next())?,
                "--bots" => options.bots = number(words.next())?,
                _ => return None,
            }
        }
        options.only.iter().all(|group| self.groups.contains(&group.as_str())).then_some(options)
    }
}

impl Options {
    /// Whether a group is to be measured.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == group)
    }

    /// The full number, or the quick one.
    pub(crate) fn full(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// The same for numbers of jobs.
    pub(crate) fn count(&self, full: u32, quick: u32) -> u32 {
        if self.quick { quick } else { full }
    }
}
