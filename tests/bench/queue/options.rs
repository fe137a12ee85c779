//! What was asked for.

/// How to measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// End with one JSON object on the last line.
    pub(crate) json: bool,
    /// Smaller and fewer: a look, not figures to quote.
    pub(crate) quick: bool,
    /// Only these groups; all when empty.
    pub(crate) only: Vec<String>,
    /// Measure other queues as well.
    pub(crate) rivals: bool,
}

const HELP: &str = "usage: bench queue [--quick] [--json] [--rivals] [--only GROUP,…]  (groups: pickup submit cycle \
                    jain cancel scale idle recovery crash eta rivals)";
const GROUPS: [&str; 11] =
    ["pickup", "submit", "cycle", "jain", "cancel", "scale", "idle", "recovery", "crash", "eta", "rivals"];

impl Options {
    /// Reads the command line; the error is what to show instead.
    pub(crate) fn from_words(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => options.json = true,
                "--quick" => options.quick = true,
                "--rivals" => options.rivals = true,
                "--only" => {
                    let groups = words.next().ok_or(HELP)?;
                    options.only.extend(groups.split(',').map(str::to_owned));
                }
                _ => return Err(HELP.to_owned()),
            }
        }
        if options.only.iter().all(|group| GROUPS.contains(&group.as_str())) {
            Ok(options)
        } else {
            Err(HELP.to_owned())
        }
    }

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
