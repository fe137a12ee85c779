//! What prompts may not ask for: patterns of whole words in one data file, which an operator may replace.
//!
//! Invariant: a pattern meets whole words only, so that a skyscraper, a grape or a classic never meets one by accident;
//! a word is not hidden by its case, by marks that cannot be seen, or by letters borrowed from another alphabet.

mod words;

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;

use words::{Pattern, Text};

const DATA: &str = include_str!("safety.toml");
/// More would make a check slow, and no file by hand comes near.
const MOST_PATTERNS: usize = 20_000;

/// What a rule is about: the key of the sentence that users read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Sexual content.
    Sexual,
    /// Children in a sexual context.
    Minors,
    /// Graphic violence.
    Violence,
    /// Suicide and self-harm.
    SelfHarm,
    /// Symbols and calls of hate.
    Hate,
    /// Whatever else the operator does not want.
    Other,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 6] = [Self::Sexual, Self::Minors, Self::Violence, Self::SelfHarm, Self::Hate, Self::Other];

    /// The name used in files, records and sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sexual => "sexual",
            Self::Minors => "minors",
            Self::Violence => "violence",
            Self::SelfHarm => "self_harm",
            Self::Hate => "hate",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Why a prompt is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// What the rule is about.
    pub topic: Topic,
    /// The words that met it, as they were written.
    pub words: String,
}

/// Why a file of rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    /// It is not TOML of the documented form.
    #[error("the safety rules cannot be read: {0}")]
    Malformed(#[source] Box<toml::de::Error>),
    /// A pattern without a letter, or with `*` elsewhere than at a word's end.
    #[error("the safety rules hold the pattern `{pattern}`: write words, with `*` only at the end of one")]
    Pattern {
        /// As it stands in the file.
        pattern: String,
    },
    /// A rule that would stop every prompt.
    #[error("a safety rule about {0} lists no pattern in `any`")]
    Empty(Topic),
    /// Too many patterns for a check that every message waits for.
    #[error("the safety rules hold more than {MOST_PATTERNS} patterns")]
    TooMany,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "rule")]
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    topic: Topic,
    #[serde(default)]
    #[expect(dead_code, reason = "for the reader of the file: every rule is tried on every prompt")]
    language: String,
    any: Vec<String>,
    #[serde(default)]
    and: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
}

/// The rules in force.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    topic: Topic,
    any: Patterns,
    and: Patterns,
    except: Patterns,
}

/// Patterns by the first two letters of their first word, so that a check looks at few.
#[derive(Debug, Clone, Default)]
struct Patterns {
    by_start: HashMap<[char; 2], Vec<Pattern>>,
    short: Vec<Pattern>,
    empty: bool,
}

impl Rules {
    /// The rules of this build.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Rules> = OnceLock::new();
        // the file is part of the build and a test reads it
        BUILTIN.get_or_init(|| Self::from_toml(DATA).unwrap_or(Self { rules: Vec::new() }))
    }

    /// Reads a file of rules. One without rules is allowed: it says that nothing is checked.
    pub fn from_toml(text: &str) -> Result<Self, BadRules> {
        let file: File = toml::from_str(text).map_err(|error| BadRules::Malformed(Box::new(error)))?;
        let count: usize = file.rules.iter().map(|rule| rule.any.len() + rule.and.len() + rule.except.len()).sum();
        if count > MOST_PATTERNS {
            return Err(BadRules::TooMany);
        }
        let rules = file.rules.into_iter().map(|raw| {
            if raw.any.is_empty() {
                return Err(BadRules::Empty(raw.topic));
            }
            Ok(Rule {
                topic: raw.topic,
                any: Patterns::read(&raw.any)?,
                and: Patterns::read(&raw.and)?,
                except: Patterns::read(&raw.except)?,
            })
        });
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }

    /// What stops this text, if anything does; the gravest rule first is the file's order.
    pub fn check(&self, text: &str) -> Option<Blocked> {
        let text = Text::read(text);
        self.rules.iter().find_map(|rule| rule.check(&text))
    }
}

impl Rule {
    fn check(&self, text: &Text<'_>) -> Option<Blocked> {
        let spared = self.except.all(text);
        let counts = |range: &(usize, usize)| !spared.iter().any(|spared| spared.0 <= range.0 && range.1 <= spared.1);
        let found = self.any.all(text).into_iter().find(counts)?;
        if !self.and.empty && !self.and.all(text).iter().any(counts) {
            return None;
        }
        Some(Blocked { topic: self.topic, words: text.written(found) })
    }
}

impl Patterns {
    fn read(texts: &[String]) -> Result<Self, BadRules> {
        let mut patterns = Self { empty: texts.is_empty(), ..Self::default() };
        for text in texts {
            let pattern = Pattern::read(text).ok_or_else(|| BadRules::Pattern { pattern: text.clone() })?;
            match pattern.start() {
                Some(start) => patterns.by_start.entry(start).or_default().push(pattern),
                None => patterns.short.push(pattern),
            }
        }
        Ok(patterns)
    }

    /// Where the patterns stand, as ranges of words.
    fn all(&self, text: &Text<'_>) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for at in 0..text.len() {
            let starting = text.starts(at).into_iter().filter_map(|start| self.by_start.get(&start)).flatten();
            let longest = starting.chain(&self.short).filter(|pattern| pattern.meets(text, at)).map(Pattern::len).max();
            found.extend(longest.map(|length| (at, at + length)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> Option<Topic> {
        Rules::builtin().check(text).map(|blocked| blocked.topic)
    }

    #[test]
    fn the_data_file_is_whole() {
        assert!(Rules::from_toml(DATA).unwrap().rules.len() >= 8);
    }

    #[test]
    fn nothing_harmless_is_stopped() {
        // what the reference bot refuses with its list of stems, and more of the kind
        for text in [
            "a skyscraper at night",
            "a glass of water",
            "tall grass",
            "a classic car",
            "a massive whale",
            "a brass compass",
            "a passport on a table",
            "a skilled carpenter",
            "climate change",
            "Shanghai skyline",
            "a hanging lantern",
            "an old manuscript",
            "the rings of Uranus",
            "a bunch of grapes",
            "silk drapery",
            "a torpedo boat",
            "a village in Essex",
            "a blood orange",
            "children playing in the park",
            "Sussex downs",
            "a cockerel and a peacock",
            "a scunthorpe street",
            "an assassin in a cloak",
            "the analysis of a canal",
            "a sextant",
            "the therapist's office",
            "grapefruit juice",
            "a bass guitar",
            "document scanner",
            "cucumber salad",
            "cumulus clouds",
            "naked mole-rat",
            "nude lipstick advert",
            "a corpse flower in bloom",
            "оскорбленная невинность",
            "гололёд на дороге",
            "голубь",
            "команда гольфа",
            "секстант капитана",
            "трупиал на ветке",
            "дети играют в парке",
            "стеклянный небоскреб",
            "голые деревья зимой",
            "виноград",
            "портной",
            "теракотовая армия",
            "пытливый ум",
            "наготове",
            "a kid flying a kite",
            "девочка с воздушным шаром",
            "the Kremlin",
        ] {
            assert_eq!(topic(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_meant_is_stopped() {
        use Topic::{Hate, Minors, SelfHarm, Sexual, Violence};
        for (text, expected) in [
            ("a NAKED woman", Sexual),
            ("Porn!", Sexual),
            ("pornographic scene", Sexual),
            ("rape", Sexual),
            ("обнажённая девушка", Sexual),
            ("голая женщина на пляже", Sexual),
            ("a child in lingerie", Minors),
            ("beheading of a king", Violence),
            ("расчленённое тело", Violence),
            ("a suicide scene", SelfHarm),
            ("самоубийство героя", SelfHarm),
            ("a swastika flag", Hate),
        ] {
            assert_eq!(topic(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn words_do_not_hide() {
        // zero-width marks, a Cyrillic о among Latin letters, a Latin o among Cyrillic ones, full width, an underscore
        for text in
            ["po\u{200b}rn", "p\u{43e}rn", "п\u{6f}рно", "ｐｏｒｎ", "my_porn_pic", "por\u{ad}n", "NSFW.jpg", "p0rn"]
        {
            assert_eq!(topic(text), Some(Topic::Sexual), "{text}");
        }
        let blocked = Rules::builtin().check("Draw a Severed  head, please").unwrap();
        assert_eq!(blocked.words, "Severed head");
    }

    #[test]
    fn a_file_of_the_operator_takes_the_place_of_ours() {
        let rules = "[[rule]]\ntopic = \"other\"\nlanguage = \"en\"\nany = [\"cat*\"]\nexcept = [\"catalog*\"]\n";
        let rules = Rules::from_toml(rules).unwrap();
        assert_eq!(rules.check("two Cats").unwrap().topic, Topic::Other);
        assert!(rules.check("a catalogue").is_none() && rules.check("naked").is_none());
        assert!(Rules::from_toml("").unwrap().check("naked").is_none(), "no rules, no check");
    }

    #[test]
    fn a_wrong_file_says_what_is_wrong() {
        let said = |text: &str| Rules::from_toml(text).unwrap_err().to_string();
        assert!(said("[[rule]]\ntopic = \"weather\"\nany = []").contains("weather"));
        assert!(said("[[rule]]\ntopic = \"other\"\nany = []").contains("`any`"));
        assert!(said("[[rule]]\ntopic = \"other\"\nany = [\"a*b\"]").contains("`a*b`"));
        assert!(said("[[rule]]\ntopic = \"other\"\nany = [\" * \"]").contains("pattern"));
        assert!(said("[[rules]]\n").contains("rules"));
    }
}
