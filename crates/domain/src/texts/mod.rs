//! The message catalogue: every sentence that a person in a chat can see, in every language.
//!
//! A sentence is a [`Say`] with typed values; its words stand in one Fluent file a language, plural-safe. A third
//! language is one more file and one more line in [`Language::ALL`]. Deliberately absent: texts for operators (logs,
//! command line), and anything a provider or Telegram said.

mod say;
mod tell;
mod unclear;

use std::sync::OnceLock;
use std::time::Duration;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use serde::{Deserialize, Serialize};

pub use say::Say;
pub use tell::Tell;

/// A language that the bot speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English, the default.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Russian.
    #[serde(rename = "ru")]
    Russian,
}

impl Language {
    /// All languages, the default first.
    pub const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// The ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("en.ftl"),
            Self::Russian => include_str!("ru.ftl"),
        }
    }

    /// The language for a tag as Telegram reports it (`ru`, `ru-RU`, `pt-br` …); the default when it is none of ours.
    pub fn from_tag(tag: Option<&str>) -> Self {
        let primary = tag.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary)).unwrap_or_default()
    }

    /// The sentence in this language.
    pub fn say(self, say: &Say<'_>) -> String {
        let (key, arguments) = say.parts(self);
        self.format(key, &arguments)
    }

    /// The sentence of a conversation in this language.
    pub fn tell(self, tell: &Tell<'_>) -> String {
        let (key, arguments) = tell.parts(self);
        self.format(&key, &arguments)
    }

    /// What one picture of a model costs.
    pub fn price(self, model: &crate::catalogue::Model) -> String {
        say::price(model, self)
    }

    /// A duration to the nearest round number: `25 s`, `3 min`; at most a fifth off, and as often too short as too long.
    pub fn eta(self, duration: Duration) -> String {
        let seconds = duration.as_secs_f64().round().max(1.0);
        let (key, count) = match seconds {
            short if short <= 20.0 => ("eta-seconds", short),
            middling if middling <= 60.0 => ("eta-seconds", (middling / 5.0).round() * 5.0),
            longer if longer <= 120.0 => ("eta-seconds", (longer / 10.0).round() * 10.0),
            long => ("eta-minutes", (long / 60.0).round()),
        };
        let mut arguments = FluentArgs::new();
        arguments.set("count", count);
        self.format(key, &arguments)
    }

    fn format(self, key: &str, arguments: &FluentArgs<'_>) -> String {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        // a test renders every sentence in every language: a key cannot be missing in a build that passed it
        let Some(pattern) = pattern else { return key.to_owned() };
        bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned()
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: OnceLock<Vec<FluentBundle<FluentResource>>> = OnceLock::new();
        let bundles = BUNDLES.get_or_init(|| Self::ALL.into_iter().map(Self::read).collect());
        &bundles[self as usize]
    }

    fn read(self) -> FluentBundle<FluentResource> {
        let identifier = self.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // Telegram shows the isolation marks that Fluent puts around values as boxes on some clients
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(self.source().to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
        bundle
    }
}

#[cfg(test)]
mod tests;
