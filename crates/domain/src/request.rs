//! One wish, ready to be generated: prompt, model, ratio, seed, and its finer points. Values that exist are valid.

mod options;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalogue::ModelId;
pub use options::{
    BadFileId, BadQuality, BadResolution, BadSize, BadStyle, FileId, InputImage, Options, Quality, Resolution, Size,
    Style,
};

/// Longest prompt in characters; a Telegram message is at most 4,096 UTF-16 units.
pub const PROMPT_CHARS: usize = 4096;

/// A prompt: trimmed, not empty, without control characters other than line breaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prompt(String);

/// Why a text is no prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPrompt {
    /// Nothing is left after trimming.
    #[error("the prompt is empty")]
    Empty,
    /// More than [`PROMPT_CHARS`] characters.
    #[error("the prompt is longer than {PROMPT_CHARS} characters")]
    TooLong,
}

impl Prompt {
    /// The prompt's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Prompt {
    type Err = BadPrompt;

    fn from_str(text: &str) -> Result<Self, BadPrompt> {
        let kept: String =
            text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|&c| c == '\n' || !c.is_control()).collect();
        let trimmed = kept.trim();
        if trimmed.is_empty() {
            Err(BadPrompt::Empty)
        } else if trimmed.chars().count() > PROMPT_CHARS {
            Err(BadPrompt::TooLong)
        } else {
            Ok(Self(trimmed.to_owned()))
        }
    }
}

impl TryFrom<String> for Prompt {
    type Error = BadPrompt;

    fn try_from(text: String) -> Result<Self, BadPrompt> {
        text.parse()
    }
}

impl From<Prompt> for String {
    fn from(prompt: Prompt) -> Self {
        prompt.0
    }
}

/// A width to height ratio, kept as it was written (`16:10` is not `8:5`: models name theirs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AspectRatio {
    width: u16,
    height: u16,
}

/// The text is not two whole numbers of 1 to 99 with `:`, `x` or `/` between them, nor a known name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ratio is written like 16:9")]
pub struct BadRatio;

impl AspectRatio {
    /// One to one.
    pub const SQUARE: Self = Self { width: 1, height: 1 };

    /// Width divided by height.
    pub fn value(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }

    /// The picture size nearest to `pixels` in all with this ratio, both sides multiples of eight.
    pub fn size(self, pixels: u32) -> (u32, u32) {
        let width = (f64::from(pixels) * self.value()).sqrt();
        let side = |length: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 64..=4096")]
            let eights = (length / 8.0).round().clamp(8.0, 512.0) as u32;
            eights * 8
        };
        (side(width), side(width / self.value()))
    }
}

impl FromStr for AspectRatio {
    type Err = BadRatio;

    fn from_str(text: &str) -> Result<Self, BadRatio> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "square" | "квадрат" => return Ok(Self::SQUARE),
            "wide" | "landscape" | "широкий" | "альбом" => return Ok(Self { width: 16, height: 9 }),
            "tall" | "portrait" | "vertical" | "портрет" | "вертикаль" => {
                return Ok(Self { width: 9, height: 16 });
            }
            _ => {}
        }
        // a phone's keyboard offers the Cyrillic letter and the multiplication sign as readily as the Latin x
        let (width, height) = text.split_once([':', 'x', '/', '×', 'х', '∶']).ok_or(BadRatio)?;
        let side = |part: &str| match part.trim().parse::<u16>() {
            Ok(number @ 1..=99) => Ok(number),
            _ => Err(BadRatio),
        };
        Ok(Self { width: side(width)?, height: side(height)? })
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.width, self.height)
    }
}

impl TryFrom<String> for AspectRatio {
    type Error = BadRatio;

    fn try_from(text: String) -> Result<Self, BadRatio> {
        text.parse()
    }
}

impl From<AspectRatio> for String {
    fn from(ratio: AspectRatio) -> Self {
        ratio.to_string()
    }
}

/// A seed: 0 to 2,147,483,647, the range that every seeded model of the catalogue takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Seed(u32);

/// The seed is negative, too large or no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a seed is a whole number from 0 to {}", Seed::MAX)]
pub struct BadSeed;

impl Seed {
    /// The largest seed.
    pub const MAX: u32 = 2_147_483_647;

    /// Takes the low 31 bits of a random number.
    pub const fn from_random(random: u32) -> Self {
        Self(random & Self::MAX)
    }

    /// The `index`-th seed after this one, wrapping: variants of one prompt get neighbouring seeds.
    #[must_use]
    pub const fn plus(self, index: u32) -> Self {
        Self(self.0.wrapping_add(index) & Self::MAX)
    }

    /// The seed as a number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Seed {
    type Error = BadSeed;

    fn try_from(number: u32) -> Result<Self, BadSeed> {
        if number <= Self::MAX { Ok(Self(number)) } else { Err(BadSeed) }
    }
}

impl From<Seed> for u32 {
    fn from(seed: Seed) -> Self {
        seed.0
    }
}

impl FromStr for Seed {
    type Err = BadSeed;

    fn from_str(text: &str) -> Result<Self, BadSeed> {
        text.trim().parse::<u32>().map_err(|_| BadSeed)?.try_into()
    }
}

/// How many pictures of one prompt: 1 to [`Count::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(u8);

/// The count is no number from 1 to [`Count::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a count is a whole number from 1 to {}", Count::MAX)]
pub struct BadCount;

impl Count {
    /// One picture.
    pub const ONE: Self = Self(1);
    /// The most pictures of one prompt.
    pub const MAX: u8 = 10;

    /// The count as a number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl FromStr for Count {
    type Err = BadCount;

    fn from_str(text: &str) -> Result<Self, BadCount> {
        match text.trim().trim_start_matches(['x', '×']).parse::<u8>() {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(BadCount),
        }
    }
}

/// Everything a provider needs to know to make one picture or video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What to draw.
    pub prompt: Prompt,
    /// Which model draws it.
    pub model: ModelId,
    /// A ratio the model allows.
    pub ratio: AspectRatio,
    /// The seed, for models that take one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<Seed>,
    /// What else was asked for.
    #[serde(skip_serializing_if = "Options::is_empty", default)]
    pub options: Options,
}

impl Request {
    /// A wish without seed and finer points.
    pub fn new(prompt: Prompt, model: ModelId, ratio: AspectRatio) -> Self {
        Self { prompt, model, ratio, seed: None, options: Options::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_as_people_type_them() {
        for text in ["16:9", "16x9", "16/9", " 16 : 9 ", "16х9", "wide"] {
            assert_eq!(text.parse::<AspectRatio>().unwrap().to_string(), "16:9", "{text}");
        }
        for text in ["", "16", "0:1", "1:0", "100:1", "a:b", "1:1:1", "-1:1"] {
            assert_eq!(text.parse::<AspectRatio>(), Err(BadRatio), "{text}");
        }
    }

    #[test]
    fn sizes_keep_ratio_and_area() {
        let wide: AspectRatio = "16:9".parse().unwrap();
        assert_eq!(wide.size(1024 * 1024), (1368, 768));
        assert_eq!(AspectRatio::SQUARE.size(1024 * 1024), (1024, 1024));
    }

    #[test]
    fn prompts_lose_control_characters_only() {
        assert_eq!("  a\u{0}cat\u{7}\n🐈\t! ".parse::<Prompt>().unwrap().as_str(), "acat\n🐈 !");
        assert_eq!("\u{0} \n".parse::<Prompt>(), Err(BadPrompt::Empty));
        assert_eq!("é".repeat(PROMPT_CHARS + 1).parse::<Prompt>(), Err(BadPrompt::TooLong));
    }
}
