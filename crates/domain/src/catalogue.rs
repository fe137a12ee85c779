//! The model catalogue: one data file (`catalogue.toml`), read once, from which every limit and price comes.
//!
//! A value that the file does not allow never reaches a provider, so an impossible wish costs nothing. Operators lay a
//! file of their own over it ([`Catalogue::with`]); what comes out is checked as a whole.

mod fit;
mod price;
mod read;
mod takes;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::failure::FailureClass;
use crate::request::{AspectRatio, Quality, Style};
pub use fit::{Misfit, Word};
pub use price::Price;
pub use read::BadCatalogue;
pub use takes::{Choice, Images, Keep, Numbers, Pixels, RatioInput, Takes};

const DATA: &str = include_str!("catalogue.toml");

/// The short name of a model, as users type it and as it stands in Redis keys: `[a-z0-9-]`, 1 to 32 characters.
///
/// A name need not be in this build's catalogue: an older worker may meet a newer bot's job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId(String);

/// The text is no model name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a model name is 1 to 32 characters of a-z, 0-9 and -")]
pub struct BadModelId;

impl ModelId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelId {
    type Err = BadModelId;

    fn from_str(text: &str) -> Result<Self, BadModelId> {
        let fits =
            (1..=32).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadModelId) }
    }
}

impl TryFrom<String> for ModelId {
    type Error = BadModelId;

    fn try_from(text: String) -> Result<Self, BadModelId> {
        text.parse()
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// A picture from words; with pictures to start from, when it takes any.
    Image,
    /// A picture from another one and words.
    Edit,
    /// A video from words, or from a picture and words.
    Video,
    /// Words from words.
    Text,
}

impl ModelKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Image, Self::Edit, Self::Video, Self::Text];
}

/// A style that any model of pictures can be told in words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonStyle {
    /// Its name.
    pub id: Style,
    /// Other names, lower-case.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What is said after the prompt.
    pub suffix: String,
}

/// Who stands in for a model that does not deliver. Only after the first is known to be over: never two at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fallback {
    /// The models, in the order in which they are asked.
    pub models: Vec<ModelId>,
    /// The kinds of failure after which another model may do better.
    pub after: Vec<FailureClass>,
    /// The tries that the first model has before, where its failure may pass.
    pub tries: u32,
    /// The most that a stand-in may cost, in per cent of the first model's estimate.
    pub price_percent: u64,
    /// Whether the one that was fastest of late goes first, instead of the first of the list.
    pub fastest_first: bool,
}

impl Default for Fallback {
    fn default() -> Self {
        let after = vec![FailureClass::Transient, FailureClass::Deadline, FailureClass::Fatal];
        Self { models: Vec::new(), after, tries: 2, price_percent: 150, fastest_first: false }
    }
}

/// One line of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its short name.
    pub id: ModelId,
    /// Its name for people.
    pub title: String,
    /// The account that runs it.
    pub provider: AccountId,
    /// Its name at the provider.
    pub slug: String,
    /// What it makes.
    pub kind: ModelKind,
    /// Other spellings of the short name.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The ratios it allows; the first is the default.
    #[serde(default)]
    pub ratios: Vec<AspectRatio>,
    /// How it is paid for, in the provider's list.
    pub price: Price,
    /// Whether the price is our estimate: it is shown as one.
    #[serde(default)]
    pub estimated: bool,
    /// The day on which price and inputs were compared with the provider's page, `YYYY-MM-DD`; none, if they never were.
    #[serde(default)]
    pub checked: Option<String>,
    /// Typical seconds from creation to result, until measurements replace it.
    pub seconds: f64,
    /// Seconds after which the provider is told to stop.
    pub deadline_seconds: u64,
    /// Key of the sentence that says what it is good at.
    #[serde(default)]
    pub strength: String,
    /// Our words, by its names for them.
    #[serde(default)]
    pub takes: Takes,
    /// The models of its family by quality, for one that takes none as a word: a chat's choice of quality then chooses among
    /// them.
    #[serde(default)]
    pub grades: BTreeMap<Quality, ModelId>,
    /// Inputs sent with every request of this model.
    #[serde(default)]
    pub inputs: serde_json::Map<String, serde_json::Value>,
    /// Who stands in for it.
    #[serde(default)]
    pub fallback: Fallback,
    /// The common styles, for those that the model does not know by a name of its own.
    #[serde(skip)]
    pub(crate) suffixes: BTreeMap<Style, String>,
}

impl Fallback {
    /// Whether another model may be asked after a failure of this class, on the first one's `attempt`-th try.
    pub fn follows(&self, class: FailureClass, attempt: u32) -> bool {
        // what may have been made and paid for is not known to be over
        let over = class != FailureClass::Unanswered;
        over && self.after.contains(&class) && attempt >= self.tries.min(class.attempts())
    }
}

impl Model {
    /// The ratio used when none is asked for.
    pub fn default_ratio(&self) -> AspectRatio {
        self.ratios.first().copied().unwrap_or(AspectRatio::SQUARE)
    }

    /// Whether the model makes pictures of this ratio.
    pub fn allows(&self, ratio: AspectRatio) -> bool {
        self.ratios.contains(&ratio)
    }

    /// The allowed ratio closest in shape to `wish`.
    pub fn nearest_ratio(&self, wish: AspectRatio) -> AspectRatio {
        self.nearest_shape(wish.value())
    }

    /// Whether it takes a seed, so that the same wish gives the same picture.
    pub fn takes_seed(&self) -> bool {
        self.takes.seed.is_some()
    }

    /// Whether the style can be asked of it, by its own name or in words.
    pub fn knows_style(&self, style: &Style) -> bool {
        self.takes.style.as_ref().is_some_and(|choice| choice.values.contains_key(style))
            || self.suffixes.contains_key(style)
    }

    /// What is said after the prompt for a style that the model has no name of its own for.
    pub fn style_suffix(&self, style: &Style) -> Option<&str> {
        self.suffixes.get(style).map(String::as_str)
    }

    /// The styles that can be asked of it, its own first.
    pub fn styles(&self) -> impl Iterator<Item = &Style> {
        let own = self.takes.style.iter().flat_map(|choice| choice.values.keys());
        own.chain(self.suffixes.keys())
    }

    /// Typical time from creation to picture.
    pub fn typical(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.0, 3600.0))
    }

    /// The time after which a generation counts as failed.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_seconds)
    }
}

/// All models of this build, in the order in which they are shown.
#[derive(Debug, Clone)]
pub struct Catalogue {
    models: Vec<Model>,
    styles: Vec<CommonStyle>,
}

impl Catalogue {
    /// The catalogue of this build.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            // the file is part of the build and a test reads it: an unreadable one cannot be shipped
            Self::read(DATA).unwrap_or(Self { models: Vec::new(), styles: Vec::new() })
        })
    }

    /// The models for which `serves` says yes, in the catalogue's order: those whose provider is configured.
    #[must_use]
    pub fn only(&self, serves: impl Fn(&Model) -> bool) -> Self {
        let models = self.models.iter().filter(|model| serves(model)).cloned().collect();
        Self { models, styles: self.styles.clone() }
    }

    /// All models.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model of that exact id.
    pub fn get(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|model| model.id == *id)
    }

    /// The model a person means: id, alias, slug, title or an unambiguous beginning of an id, in any case.
    pub fn find(&self, text: &str) -> Option<&Model> {
        let wish = text.trim().to_lowercase();
        let named = |model: &&Model| {
            model.id.as_str() == wish
                || model.slug == wish
                || model.title.to_lowercase() == wish
                || model.aliases.contains(&wish)
        };
        self.models.iter().find(named).or_else(|| {
            let begun = || self.models.iter().filter(|model| wish.len() >= 3 && model.id.as_str().starts_with(&wish));
            // `imag` means `imagen`, though `imagen-fast` begins like that too
            let first = begun().min_by_key(|model| model.id.as_str().len())?;
            begun().all(|model| model.id.as_str().starts_with(first.id.as_str())).then_some(first)
        })
    }

    /// The models of a kind, in the catalogue's order.
    pub fn of_kind(&self, kind: ModelKind) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(move |model| model.kind == kind)
    }

    /// The model of the same family that this quality means; the model itself where there is no such choice.
    pub fn graded<'a>(&'a self, model: &'a Model, quality: Option<Quality>) -> &'a Model {
        quality.and_then(|quality| model.grades.get(&quality)).and_then(|id| self.get(id)).unwrap_or(model)
    }

    /// The styles that any model of pictures can be told in words.
    pub fn styles(&self) -> &[CommonStyle] {
        &self.styles
    }

    /// The style a person means: the name or an alias of a common one, or whatever a model may call so.
    pub fn style(&self, text: &str) -> Option<Style> {
        let wish = text.trim().to_lowercase();
        let common = self.styles.iter().find(|style| style.aliases.contains(&wish)).map(|style| style.id.clone());
        common.or_else(|| wish.parse().ok())
    }
}

#[cfg(test)]
mod tests;
