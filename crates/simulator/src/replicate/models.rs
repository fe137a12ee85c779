//! The models on offer: inputs with their allowed values, output shape and format, price and latency.
//!
//! Input tables follow the public model pages as of 2026-11, as far as those say; where a price or a latency was not to be
//! found, it is a guess of the right size.

mod films;
mod inputs;
mod schema;
mod size;
mod table;

pub(super) use schema::{document, version};
pub(super) use size::size;

/// One model of the catalogue.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) slug: &'static str,
    pub(super) description: &'static str,
    pub(super) inputs: &'static [Input],
    pub(super) output: Output,
    pub(super) media: Media,
    /// Typical seconds in `processing`.
    pub(super) seconds: f64,
    /// What it costs.
    pub(super) price: Price,
    pub(super) run_count: u64,
}

#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Default,
}

#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Choice(&'static [&'static str]),
    Integer(i64, i64),
    Number(f64, f64),
    Flag,
    Uri,
    Uris(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Default {
    Required,
    None,
    Text(&'static str),
    Integer(i64),
    Number(f64),
    Flag(bool),
}

/// Dollars.
#[derive(Debug, Clone, Copy)]
pub(super) enum Price {
    /// An output.
    Output(f64),
    /// A second of film, by resolution.
    Second(&'static [(&'static str, f64)]),
}

/// Shape of `output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    One,
    Many,
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// Always this extension.
    Fixed(&'static str),
    /// As `output_format` says.
    Chosen,
    Svg,
    /// A short MP4, however long the film that was asked for.
    Video,
}

impl Model {
    pub(super) fn all() -> impl Iterator<Item = &'static Self> {
        table::PICTURES.iter().chain(films::FILMS)
    }

    pub(super) fn find(slug: &str) -> Option<&'static Model> {
        Self::all().find(|model| model.slug == slug)
    }

    pub(super) fn owner(&self) -> &'static str {
        self.slug.split_once('/').map_or(self.slug, |(owner, _)| owner)
    }

    pub(super) fn name(&self) -> &'static str {
        self.slug.split_once('/').map_or(self.slug, |(_, name)| name)
    }

    /// A stable made-up version hash of 64 hex digits.
    pub(super) fn version(&self) -> String {
        use sha2::{Digest, Sha256};
        super::problem::hex(&Sha256::digest(self.slug.as_bytes()))
    }

    /// The model meant by the `version` field of `POST /v1/predictions`.
    pub(super) fn by_version(version: &str) -> Option<&'static Model> {
        let (slug, hash) = match version.split_once(':') {
            Some((slug, hash)) => (Some(slug), Some(hash)),
            None if version.contains('/') => (Some(version), None),
            None => (None, Some(version)),
        };
        Self::all()
            .find(|model| slug.is_none_or(|slug| slug == model.slug) && hash.is_none_or(|hash| hash == model.version()))
    }
}

impl Model {
    /// Dollars for so many outputs of this input.
    pub(super) fn charge(&self, input: &serde_json::Map<String, serde_json::Value>, outputs: usize) -> f64 {
        match self.price {
            Price::Output(price) => price * outputs as f64,
            Price::Second(prices) => {
                let resolution = self.text(input, "resolution");
                let known = prices.iter().find(|(name, _)| Some(*name) == resolution);
                let seconds = input.get("duration").and_then(serde_json::Value::as_f64).unwrap_or(5.0);
                known.map_or(0.0, |(_, price)| price * seconds) * outputs.min(1) as f64
            }
        }
    }

    /// A text input as given, or its default.
    pub(super) fn text<'a>(
        &self,
        input: &'a serde_json::Map<String, serde_json::Value>,
        name: &str,
    ) -> Option<&'a str> {
        let default = self.inputs.iter().find(|known| known.name == name).and_then(|known| match known.default {
            Default::Text(text) => Some(text),
            _ => None,
        });
        input.get(name).and_then(serde_json::Value::as_str).or(default)
    }
}
