//! What was asked for.

/// How to measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// End with one JSON object on the last line.
    pub(crate) json: bool,
    /// Fewer repetitions: a look, not a figure to quote.
    pub(crate) quick: bool,
    /// Only the groups whose name contains one of these; all when empty.
    pub(crate) only: Vec<String>,
}

const HELP: &str = "usage: bench [--quick] [--json] [--only GROUP]…  (groups: queue answers footprint together)";

impl Options {
    /// Reads the command line; the error is what to show instead.
    pub(crate) fn from_words(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => options.json = true,
                "--quick" => options.quick = true,
                "--only" => options.only.push(words.next().ok_or(HELP)?),
                _ => return Err(HELP.to_owned()),
            }
        }
        Ok(options)
    }

    /// Whether a group is to be measured.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| group.contains(wanted.as_str()))
    }

    /// The full number of repetitions, or the quick one.
    pub(crate) fn repeat(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}
