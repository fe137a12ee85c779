//! What was asked for.

/// How to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// End with one JSON object on the last line.
    pub(crate) json: bool,
    /// Shorter: a look, not a figure to quote.
    pub(crate) quick: bool,
    /// Updates a second.
    pub(crate) rate: u32,
    /// Bots that share them.
    pub(crate) bots: u32,
    /// Only the groups whose name contains one of these; all when empty.
    pub(crate) only: Vec<String>,
}

const HELP: &str = "usage: bench chat [--quick] [--json] [--rate UPDATES_PER_SECOND] [--bots N] [--only GROUP]…  (groups: \
                    webhook polling heavy eta)";

impl Options {
    /// Reads the command line; the error is what to show instead.
    pub(crate) fn from_words(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { json: false, quick: false, rate: 1000, bots: 40, only: Vec::new() };
        while let Some(word) = words.next() {
            let number = |word: Option<String>| word.and_then(|word| word.parse().ok()).filter(|number| *number > 0);
            match word.as_str() {
                "--json" => options.json = true,
                "--quick" => options.quick = true,
                "--rate" => options.rate = number(words.next()).ok_or(HELP)?,
                "--bots" => options.bots = number(words.next()).ok_or(HELP)?,
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

    /// Seconds of load.
    pub(crate) fn seconds(&self) -> u32 {
        if self.quick { 5 } else { 30 }
    }
}
