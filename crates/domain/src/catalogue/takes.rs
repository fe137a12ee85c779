//! Which of our words a model understands, and by which names.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::request::{Quality, Resolution, Size, Style};

/// Our words, each with the model's input for it. A word that stands here in no form is not taken.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Takes {
    /// The prompt's input; `prompt` unless said otherwise.
    pub prompt: Option<String>,
    /// The most characters of a prompt.
    pub prompt_chars: Option<usize>,
    /// The ratio's input. The ratios themselves stand beside the model's name, the default first.
    pub ratio: Option<RatioInput>,
    /// The seed's input.
    pub seed: Option<String>,
    /// The input for what must not be seen.
    pub negative: Option<String>,
    /// Named sizes.
    pub size: Option<Choice<Size>>,
    /// Sizes in pixels.
    pub pixels: Option<Pixels>,
    /// Styles that the model itself knows.
    pub style: Option<Choice<Style>>,
    /// Qualities.
    pub quality: Option<Choice<Quality>>,
    /// Lengths of a video.
    pub seconds: Option<Numbers>,
    /// Resolutions of a video.
    pub resolution: Option<Choice<Resolution>>,
    /// Frame rates of a video.
    pub fps: Option<Numbers>,
    /// Pictures to start from.
    pub images: Option<Images>,
}

impl Takes {
    /// The name of the prompt's input.
    pub fn prompt_input(&self) -> &str {
        self.prompt.as_deref().unwrap_or("prompt")
    }
}

/// How a ratio is said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioInput {
    /// The input.
    pub input: String,
    /// What stands for a ratio, when it is not the ratio itself.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// How the model is told to keep the shape of an input picture, if it can.
    #[serde(default)]
    pub keep: Option<Keep>,
}

/// How a model keeps the shape of an input picture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// By being told no ratio.
    Omit,
    /// By this value.
    Send(String),
}

/// An input with a fixed list of values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(deserialize = "K: Ord + serde::de::DeserializeOwned"))]
pub struct Choice<K> {
    /// The input.
    pub input: String,
    /// What stands for each of our words.
    pub values: BTreeMap<K, Value>,
    /// What is sent when nothing is asked for; without one the model decides.
    #[serde(default)]
    pub default: Option<K>,
}

/// An input that takes one of several numbers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// The input.
    pub input: String,
    /// The numbers, rising.
    pub values: Vec<u16>,
    /// What is sent when nothing is asked for; without one the model decides.
    #[serde(default)]
    pub default: Option<u16>,
}

/// A size in pixels, in two inputs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    /// The width's input.
    pub width: String,
    /// The height's input.
    pub height: String,
    /// The shortest side.
    pub least: u16,
    /// The longest side.
    pub most: u16,
    /// Sides are multiples of this.
    #[serde(default = "one")]
    pub multiple: u16,
    /// What is sent along.
    #[serde(default)]
    pub with: Map<String, Value>,
}

const fn one() -> u16 {
    1
}

impl Pixels {
    /// Whether a side may be that long.
    pub fn allows(&self, side: u16) -> bool {
        (self.least..=self.most).contains(&side) && side.is_multiple_of(self.multiple)
    }

    /// The allowed length closest to `side`.
    pub fn nearest(&self, side: u16) -> u16 {
        let clamped = side.clamp(self.least, self.most);
        let down = clamped - clamped % self.multiple;
        let up = down.saturating_add(self.multiple);
        let nearest = if up <= self.most && up - clamped < clamped - down { up } else { down };
        if nearest < self.least { up } else { nearest }
    }
}

/// Pictures that a model starts from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The input.
    pub input: String,
    /// Whether the input is a list.
    #[serde(default)]
    pub list: bool,
    /// The input of the second picture (a video's last frame), where each has its own.
    #[serde(default)]
    pub second: Option<String>,
    /// The fewest.
    #[serde(default)]
    pub least: usize,
    /// The most.
    pub most: usize,
}
