//! What the words after `/story` ask for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Format, Tone};
use crate::request::Prompt;
use crate::texts::{Language, Tell};

/// How a story is told, in the words that a text model is given: the name of a tone, or what a person typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Manner(String);

/// The words are no manner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tone is at most {} characters: letters, digits, spaces, commas, hyphens and apostrophes",
    Manner::CHARACTERS
)]
pub struct BadManner;

impl Manner {
    /// The longest one. It stands in what a text model is told to do, so it is short, and of letters.
    pub const CHARACTERS: usize = 40;

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tone of that name, when it is one.
    pub fn tone(&self) -> Option<Tone> {
        Tone::named(&self.0)
    }

    /// The words, when they are a person's own: safety rules apply to them as to a prompt.
    pub fn own(&self) -> Option<&str> {
        self.tone().is_none().then_some(&self.0)
    }

    /// A tone by its name in any of our languages, or else words.
    fn read(text: &str) -> Result<Self, BadManner> {
        let lower = text.to_lowercase();
        let known = |tone: &Tone| called(&lower, tone.name(), &Tell::ToneName { tone: tone.name() });
        Tone::ALL.into_iter().find(known).map_or_else(|| text.parse(), |tone| Ok(tone.into()))
    }
}

impl From<Tone> for Manner {
    fn from(tone: Tone) -> Self {
        Self(tone.name().to_owned())
    }
}

impl FromStr for Manner {
    type Err = BadManner;

    fn from_str(text: &str) -> Result<Self, BadManner> {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = |letter: char| letter.is_alphanumeric() || " -,'’".contains(letter);
        let sound = words.chars().all(plain) && words.chars().any(char::is_alphabetic);
        if sound && words.chars().count() <= Self::CHARACTERS { Ok(Self(words)) } else { Err(BadManner) }
    }
}

impl TryFrom<String> for Manner {
    type Error = BadManner;

    fn try_from(text: String) -> Result<Self, BadManner> {
        text.parse()
    }
}

impl From<Manner> for String {
    fn from(manner: Manner) -> Self {
        manner.0
    }
}

/// What the words after the command ask for: a topic or a whole text, before or behind it `--format` and `--tone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where it will be shown.
    pub format: Format,
    /// How it is told.
    pub tone: Option<Manner>,
    /// What it is about.
    pub topic: Prompt,
}

/// Why words are no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// There is no topic.
    #[error("there is no topic")]
    NoTopic,
    /// No format is called so.
    #[error("there is no format {0:?}")]
    Format(String),
    /// Nothing can be told like this.
    #[error("{0:?} is no tone")]
    Tone(String),
}

/// What a flag of a plan is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    Format,
    Tone,
}

impl Plan {
    /// Reads what stands after the command. Formats and tones go by their names in any of our languages; a tone may be
    /// any few words. Before the topic one of several words stands in quotes, behind it none are needed.
    pub fn read(text: &str) -> Result<Self, BadPlan> {
        let (mut format, mut tone, mut rest) = (Format::default(), None, text.trim());
        let mut take = |flag, value: &str| {
            match flag {
                Flag::Format => {
                    let lower = value.to_lowercase();
                    let called =
                        |format: &Format| called(&lower, format.name(), &Tell::FormatName { format: format.name() });
                    format = Format::ALL.into_iter().find(called).ok_or(BadPlan::Format(lower))?;
                }
                Flag::Tone => tone = Some(Manner::read(value).map_err(|_| BadPlan::Tone(value.to_owned()))?),
            }
            Ok(())
        };
        while let Some((flag, after)) = flag(rest) {
            let (value, left) = first_value(after.trim_start());
            take(flag, value)?;
            rest = left.trim_start();
        }
        while let Some((flag, value, before)) = last_flag(rest) {
            take(flag, value)?;
            rest = before;
        }
        Ok(Self { format, tone, topic: rest.parse().map_err(|_| BadPlan::NoTopic)? })
    }
}

/// Pairs of quotes that people and phones write.
const QUOTES: [(char, char); 3] = [('"', '"'), ('“', '”'), ('«', '»')];

/// A word, or several in quotes, and what follows.
fn first_value(text: &str) -> (&str, &str) {
    let quoted = QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.split_once(*close));
    quoted.unwrap_or_else(|| text.split_once(char::is_whitespace).unwrap_or((text, "")))
}

/// The flag at the beginning, and what follows it.
fn flag(text: &str) -> Option<(Flag, &str)> {
    // phones make one dash of two
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix(['—', '–']))?;
    let found = |flag, word| Some((flag, name.strip_prefix(word)?.strip_prefix([' ', '=', '\n'])?));
    found(Flag::Format, "format").or_else(|| found(Flag::Tone, "tone"))
}

/// The flag behind all other words, what it says, and the words before it. What is too long for a value is more words.
fn last_flag(text: &str) -> Option<(Flag, &str, &str)> {
    let starts = text.char_indices().rev().filter(|(_, letter)| matches!(letter, '-' | '—' | '–'));
    let behind_words = |at: &usize| text[..*at].ends_with(char::is_whitespace);
    let (at, (flag, after)) =
        starts.map(|(at, _)| at).filter(behind_words).find_map(|at| Some((at, flag(&text[at..])?)))?;
    let value = after.trim();
    let value =
        QUOTES.iter().find_map(|(open, close)| value.strip_prefix(*open)?.strip_suffix(*close)).unwrap_or(value);
    let short = !value.is_empty() && !value.contains('\n') && value.chars().count() <= Manner::CHARACTERS;
    short.then(|| (flag, value, text[..at].trim_end()))
}

fn called(value: &str, name: &str, tell: &Tell<'_>) -> bool {
    value == name || Language::ALL.into_iter().any(|language| language.tell(tell).to_lowercase() == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_topic_with_format_and_tone_in_any_order_and_language() {
        let plan = Plan::read("—tone funny --format tiktok a day of a cat -- and a dog").unwrap();
        assert_eq!((plan.format, plan.tone), (Format::TikTok, Some(Tone::Funny.into())));
        assert_eq!(plan.topic.as_str(), "a day of a cat -- and a dog");
        let russian = Language::Russian.tell(&Tell::ToneName { tone: "dramatic" });
        assert_eq!(Plan::read(&format!("--tone {russian} маяк")).unwrap().tone, Some(Tone::Dramatic.into()));
        let plain = Plan::read(" a cat\nat sea").unwrap();
        assert_eq!((plain.format, plain.tone, plain.topic.as_str()), (Format::Free, None, "a cat\nat sea"));
        for (text, bad) in [
            ("", BadPlan::NoTopic),
            ("--tone funny", BadPlan::NoTopic),
            ("--tone {loud} a cat", BadPlan::Tone("{loud}".to_owned())),
            ("a cat --tone loud; obey", BadPlan::Tone("loud; obey".to_owned())),
            ("--tone 1 a cat", BadPlan::Tone("1".to_owned())),
            ("--format cinema a cat", BadPlan::Format("cinema".to_owned())),
            ("--tone", BadPlan::NoTopic),
        ] {
            // a flag without a value is words like any other
            assert_eq!(Plan::read(text).map_or_else(|bad| bad, |_| BadPlan::NoTopic), bad, "{text}");
        }
    }

    #[test]
    fn a_tone_may_be_any_few_words_before_or_behind_the_topic() {
        let read = |text: &str| {
            let plan = Plan::read(text).unwrap();
            (plan.tone.map(String::from).unwrap_or_default(), plan.topic.as_str().to_owned(), plan.format)
        };
        let told = |tone: &str, topic: &str, format| (tone.to_owned(), topic.to_owned(), format);
        assert_eq!(read("a fox at sea --tone whimsical"), told("whimsical", "a fox at sea", Format::Free));
        assert_eq!(
            read("a fox --tone dry,  and  whimsical --format Reels"),
            told("dry, and whimsical", "a fox", Format::Reels)
        );
        assert_eq!(read("--tone «тихо и грустно» маяк"), told("тихо и грустно", "маяк", Format::Free));
        assert_eq!(read("a fox —tone “Funny”"), told("funny", "a fox", Format::Free));
        // what is too long for a tone, or goes on in the next line, is the person's text
        for text in [format!("a fox --tone {}", "so ".repeat(20)), "a fox --tone dry\nand a dog".to_owned()] {
            assert_eq!(read(&text), told("", text.trim(), Format::Free));
        }
    }
}
