//! Reading the data file, the operator's changes laid over it, and the checks that both have to pass.

use std::collections::HashSet;

use serde::Deserialize;
use toml::{Table, Value};

use super::{Catalogue, Choice, CommonStyle, Model, ModelKind, Numbers, Price};

/// The files' shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default, rename = "model")]
    models: Vec<Model>,
    #[serde(default, rename = "style")]
    styles: Vec<CommonStyle>,
}

/// Why a catalogue cannot be used. The text says which entry is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCatalogue {
    /// It is not TOML, or not the shape of a catalogue.
    #[error("the catalogue cannot be read: {0}")]
    Unreadable(String),
    /// An entry without a name.
    #[error("every [[model]] and [[style]] of the catalogue needs an id, as text")]
    Nameless,
    /// A model contradicts itself.
    #[error("model {model} of the catalogue: {problem}")]
    Model {
        /// Its id.
        model: String,
        /// What is wrong.
        problem: String,
    },
    /// A name stands for two models or styles.
    #[error("the name {0} stands twice in the catalogue; give one of the two another id or alias")]
    Twice(String),
}

impl Catalogue {
    /// Reads a whole catalogue.
    pub(super) fn read(text: &str) -> Result<Self, BadCatalogue> {
        Self::of(parse(text)?)
    }

    /// The built-in catalogue with an operator's changes: a `[[model]]` or `[[style]]` of a known id changes the fields
    /// it names (a list takes the whole place of the old one), one of a new id is added, `hidden = true` takes one away.
    pub fn with(changes: &str) -> Result<Self, BadCatalogue> {
        let mut all = parse(super::DATA)?;
        for (kind, entries) in parse(changes)? {
            // the same file names the accounts, which are the business of who calls them
            if kind == "account" {
                continue;
            }
            let Value::Array(entries) = entries else {
                return Err(BadCatalogue::Unreadable(format!("`{kind}` is not a list; write [[{kind}]]")));
            };
            let known = all.entry(kind).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(known) = known {
                lay_over(known, entries)?;
            }
        }
        Self::of(all)
    }

    fn of(table: Table) -> Result<Self, BadCatalogue> {
        let data: Data = table.try_into().map_err(|error: toml::de::Error| unreadable(&error))?;
        let mut names = HashSet::new();
        let mut models = data.models;
        for model in &mut models {
            if model.kind != ModelKind::Text {
                let unknown = data.styles.iter().filter(|style| !model.knows_style(&style.id));
                model.suffixes = unknown.map(|style| (style.id.clone(), style.suffix.clone())).collect();
            }
            model.proven()?;
            for name in std::iter::once(model.id.as_str()).chain(model.aliases.iter().map(String::as_str)) {
                if !names.insert(name.to_owned()) {
                    return Err(BadCatalogue::Twice(name.to_owned()));
                }
            }
        }
        let mut styles = HashSet::new();
        for style in &data.styles {
            for name in std::iter::once(style.id.as_str()).chain(style.aliases.iter().map(String::as_str)) {
                if !styles.insert(name.to_owned()) {
                    return Err(BadCatalogue::Twice(name.to_owned()));
                }
            }
        }
        Ok(Self { models, styles: data.styles })
    }
}

fn parse(text: &str) -> Result<Table, BadCatalogue> {
    toml::from_str(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &toml::de::Error) -> BadCatalogue {
    BadCatalogue::Unreadable(error.to_string().trim_end().to_owned())
}

fn lay_over(known: &mut Vec<Value>, changes: Vec<Value>) -> Result<(), BadCatalogue> {
    for change in changes {
        let Value::Table(mut change) = change else { return Err(BadCatalogue::Nameless) };
        let id = change.get("id").and_then(Value::as_str).ok_or(BadCatalogue::Nameless)?.to_owned();
        let hidden = change.remove("hidden").and_then(|hidden| hidden.as_bool()).unwrap_or(false);
        let at = known.iter().position(|entry| entry.get("id").and_then(Value::as_str) == Some(&id));
        match at {
            Some(at) if hidden => drop(known.remove(at)),
            Some(at) => merge(&mut known[at], Value::Table(change)),
            None if hidden => {
                return Err(BadCatalogue::Model { model: id, problem: "it is hidden, but there is none".to_owned() });
            }
            None => known.push(Value::Table(change)),
        }
    }
    Ok(())
}

/// Tables are merged, everything else is replaced. A price is one thing: half of another kind would be no price.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Table(old), Value::Table(new)) => {
            for (name, value) in new {
                match old.get_mut(&name) {
                    Some(kept) if name != "price" => merge(kept, value),
                    _ => drop(old.insert(name, value)),
                }
            }
        }
        (old, new) => *old = new,
    }
}

impl Model {
    /// Whether the entry can be worked with.
    fn proven(&self) -> Result<(), BadCatalogue> {
        let takes = &self.takes;
        let says = |problem: &str| BadCatalogue::Model { model: self.id.to_string(), problem: problem.to_owned() };
        if self.ratios.is_empty() && self.kind != ModelKind::Text {
            return Err(says("`ratios` is empty; list at least one, the default first"));
        }
        if !(5..=1800).contains(&self.deadline_seconds) {
            return Err(says("`deadline_seconds` is not from 5 to 1800"));
        }
        if !(self.seconds.is_finite() && self.seconds > 0.0 && self.seconds <= self.deadline_seconds as f64) {
            return Err(says("`seconds` is not between 0 and the deadline"));
        }
        if self.kind == ModelKind::Edit && self.makes_from_words() {
            return Err(says("an edit model takes at least one picture: `takes.images.least = 1`"));
        }
        if let Some(images) = &takes.images
            && (images.most == 0
                || images.least > images.most
                || (images.most > 1 && !images.list && images.second.is_none()))
        {
            return Err(says("`takes.images`: `least` and `most` contradict each other, or several need a list"));
        }
        if let Some(ratio) = &takes.ratio
            && !ratio.values.is_empty()
            && !self.ratios.iter().all(|known| ratio.values.contains_key(&known.to_string()))
        {
            return Err(says("`takes.ratio.values` lacks one of the ratios"));
        }
        if !(takes.seconds.as_ref().is_none_or(whole) && takes.fps.as_ref().is_none_or(whole)) {
            return Err(says("a list of numbers is empty, does not rise or lacks its default"));
        }
        let chosen = takes.size.as_ref().is_none_or(holds)
            && takes.style.as_ref().is_none_or(holds)
            && takes.quality.as_ref().is_none_or(holds)
            && takes.resolution.as_ref().is_none_or(holds);
        if !chosen {
            return Err(says("a choice is empty or lacks its default"));
        }
        if let Some(pixels) = &takes.pixels
            && (pixels.multiple == 0 || pixels.least > pixels.most)
        {
            return Err(says("`takes.pixels`: no side is allowed"));
        }
        let resolutions = || takes.resolution.as_ref().map(|choice| choice.values.keys());
        let priced = match &self.price {
            Price::Second(prices) => {
                takes.seconds.as_ref().is_some_and(|seconds| seconds.default.is_some())
                    && resolutions().is_some_and(|mut known| known.all(|resolution| prices.contains_key(resolution)))
            }
            Price::Quality(prices) => !prices.is_empty(),
            _ => true,
        };
        if !priced {
            return Err(says("`price` names no price for every resolution or quality, or a length has no default"));
        }
        for other in &self.fallback.models {
            if *other == self.id {
                return Err(says("it cannot stand in for itself"));
            }
        }
        Ok(())
    }
}

/// Whether a list of numbers rises and holds its default.
fn whole(numbers: &Numbers) -> bool {
    numbers.values.is_sorted()
        && !numbers.values.is_empty()
        && numbers.default.is_none_or(|default| numbers.values.contains(&default))
}

/// Whether a choice is one, and holds its default.
fn holds<K: Ord>(choice: &Choice<K>) -> bool {
    !choice.values.is_empty() && choice.default.as_ref().is_none_or(|word| choice.values.contains_key(word))
}
