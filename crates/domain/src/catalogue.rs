//! The model catalogue: one data file (`catalogue.toml`), read once, from which every limit and price comes.
//!
//! A value that the file allows never reaches a provider's validation, so an impossible wish costs nothing.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::money::Usd;
use crate::request::AspectRatio;

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

/// Who runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Replicate over HTTP.
    Replicate,
    /// Drawn by this process, no model at all.
    Sketch,
}

impl ProviderKind {
    /// Its name, which is also that of the account whose rate its models share.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replicate => "replicate",
            Self::Sketch => "sketch",
        }
    }
}

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// One picture from a prompt.
    Image,
}

/// One line of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its short name.
    pub id: ModelId,
    /// Its name for people.
    pub title: String,
    /// Who runs it.
    pub provider: ProviderKind,
    /// Its name at the provider.
    pub slug: String,
    /// What it makes.
    pub kind: ModelKind,
    /// Other spellings of the short name.
    pub aliases: Vec<String>,
    /// The ratios it allows; the first is the default.
    pub ratios: Vec<AspectRatio>,
    /// Whether it takes a seed.
    pub seed: bool,
    /// Price of one picture.
    #[serde(rename = "price_micros")]
    pub price: Usd,
    /// Whether the price is our estimate.
    pub estimated: bool,
    /// The day on which price and inputs were compared with the provider's page, `YYYY-MM-DD`.
    pub checked: String,
    /// Typical seconds from creation to picture, until measurements replace it.
    pub seconds: f64,
    /// Seconds after which the provider is told to stop.
    pub deadline_seconds: u64,
    /// Key of the sentence that says what it is good at.
    pub strength: String,
    /// Inputs sent with every request of this model.
    #[serde(default)]
    pub inputs: serde_json::Map<String, serde_json::Value>,
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
        let distance = |ratio: &AspectRatio| (ratio.value().ln() - wish.value().ln()).abs();
        self.ratios.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(wish)
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
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(rename = "model")]
    models: Vec<Model>,
}

impl Catalogue {
    /// The catalogue of this build.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            // the file is part of the build and a test reads it: an unreadable one cannot be shipped
            toml::from_str(DATA).unwrap_or(Self { models: Vec::new() })
        })
    }

    /// The models for which `serves` says yes, in the catalogue's order: those whose provider is configured.
    #[must_use]
    pub fn only(&self, serves: impl Fn(&Model) -> bool) -> Self {
        Self { models: self.models.iter().filter(|model| serves(model)).cloned().collect() }
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
            let mut begun = self.models.iter().filter(|model| wish.len() >= 3 && model.id.as_str().starts_with(&wish));
            let first = begun.next();
            if begun.next().is_none() { first } else { None }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_whole() {
        let catalogue: Catalogue = toml::from_str(DATA).unwrap();
        let mut names: Vec<&str> = Vec::new();
        for model in catalogue.models() {
            assert!(!model.ratios.is_empty() && model.deadline_seconds >= 30, "{}", model.id);
            names.push(model.id.as_str());
            names.extend(model.aliases.iter().map(String::as_str));
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name means one model only");
        assert!(["ideogram", "seedream", "imagen", "sketch"].iter().all(|id| catalogue.find(id).is_some()));
    }

    #[test]
    fn models_are_found_as_people_write_them() {
        let catalogue = Catalogue::builtin();
        for wish in ["Imagen", "imagen-4-ultra", "google/imagen-4-ultra", "IMAGEN 4 ULTRA", "imag"] {
            assert_eq!(catalogue.find(wish).unwrap().id.as_str(), "imagen", "{wish}");
        }
        assert!(catalogue.find("midjourney").is_none() && catalogue.find("").is_none());
    }

    #[test]
    fn an_impossible_ratio_gets_its_nearest() {
        let imagen = Catalogue::builtin().find("imagen").unwrap();
        assert_eq!(imagen.nearest_ratio("21:9".parse().unwrap()).to_string(), "16:9");
        assert_eq!(imagen.nearest_ratio("4:5".parse().unwrap()).to_string(), "3:4");
    }
}
