//! What a chat has chosen once, so that nobody has to say it again.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::catalogue::ModelId;
use crate::request::{AspectRatio, Count, Quality, Style};
use crate::texts::Language;

/// The choices of one chat. Nothing chosen is what the model does by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefs {
    /// The model for prompts that name none.
    pub model: Option<ModelId>,
    /// The shape.
    pub ratio: Option<AspectRatio>,
    /// The style.
    pub style: Option<Style>,
    /// How many pictures of one prompt.
    pub count: Option<Count>,
    /// How much trouble the model takes.
    pub quality: Option<Quality>,
    /// The language the bot speaks.
    pub language: Option<Language>,
    /// Whether a message says that something that took long is ready; edits notify nobody.
    pub notify: Option<Switch>,
    /// Whether the files that pictures were made from come unasked.
    pub originals: Option<Switch>,
    /// Most pictures of one message, in a group.
    pub most: Option<Cap>,
    /// Most pictures that one person asks for on one day (UTC), in a group.
    pub daily: Option<Cap>,
}

/// A number of pictures that a group allows: 1 to [`Cap::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cap(u32);

/// The text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cap is a whole number from 1 to {}", Cap::MAX)]
pub struct BadCap;

impl Cap {
    /// The largest.
    pub const MAX: u32 = 10_000;

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for Cap {
    type Err = BadCap;

    fn from_str(text: &str) -> Result<Self, BadCap> {
        match text.parse::<u32>() {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(BadCap),
        }
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

impl Switch {
    /// Both.
    pub const ALL: [Self; 2] = [Self::On, Self::Off];

    /// Its name in records and buttons.
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// One of the choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// [`Prefs::model`].
    Model,
    /// [`Prefs::ratio`].
    Ratio,
    /// [`Prefs::style`].
    Style,
    /// [`Prefs::count`].
    Count,
    /// [`Prefs::quality`].
    Quality,
    /// [`Prefs::language`].
    Language,
    /// [`Prefs::notify`].
    Notify,
    /// [`Prefs::originals`].
    Originals,
    /// [`Prefs::most`].
    Most,
    /// [`Prefs::daily`].
    Daily,
}

impl Field {
    /// All choices, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Model,
        Self::Ratio,
        Self::Style,
        Self::Count,
        Self::Quality,
        Self::Language,
        Self::Notify,
        Self::Originals,
        Self::Most,
        Self::Daily,
    ];

    /// Whether it is a limit, which only groups have.
    pub const fn is_cap(self) -> bool {
        matches!(self, Self::Most | Self::Daily)
    }

    /// Its name in records and buttons.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Ratio => "ratio",
            Self::Style => "style",
            Self::Count => "count",
            Self::Quality => "quality",
            Self::Language => "language",
            Self::Notify => "notify",
            Self::Originals => "originals",
            Self::Most => "most",
            Self::Daily => "daily",
        }
    }

    /// The choice of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

impl Prefs {
    /// Reads what was kept, by the names of the choices. A value that means nothing to this build counts as none.
    pub fn read(kept: &BTreeMap<String, String>) -> Self {
        let text = |field: Field| kept.get(field.name()).map(String::as_str);
        let switch = |field: Field| Switch::ALL.into_iter().find(|switch| Some(switch.name()) == text(field));
        Self {
            model: text(Field::Model).and_then(|text| text.parse().ok()),
            ratio: text(Field::Ratio).and_then(|text| text.parse().ok()),
            style: text(Field::Style).and_then(|text| text.parse().ok()),
            count: text(Field::Count).and_then(|text| text.parse().ok()),
            quality: text(Field::Quality).and_then(|text| text.parse().ok()),
            language: text(Field::Language)
                .and_then(|code| Language::ALL.into_iter().find(|language| language.code() == code)),
            notify: switch(Field::Notify),
            originals: switch(Field::Originals),
            most: text(Field::Most).and_then(|text| text.parse().ok()),
            daily: text(Field::Daily).and_then(|text| text.parse().ok()),
        }
    }

    /// A choice as it is kept; `None` when nothing was chosen.
    pub fn value(&self, field: Field) -> Option<String> {
        match field {
            Field::Model => self.model.as_ref().map(ToString::to_string),
            Field::Ratio => self.ratio.map(|ratio| ratio.to_string()),
            Field::Style => self.style.as_ref().map(ToString::to_string),
            Field::Count => self.count.map(|count| count.get().to_string()),
            Field::Quality => self.quality.map(|quality| quality.to_string()),
            Field::Language => self.language.map(|language| language.code().to_owned()),
            Field::Notify => self.notify.map(|switch| switch.name().to_owned()),
            Field::Originals => self.originals.map(|switch| switch.name().to_owned()),
            Field::Most => self.most.map(|cap| cap.get().to_string()),
            Field::Daily => self.daily.map(|cap| cap.get().to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_nonsense_counts_as_none() {
        let prefs = Prefs {
            model: Some("imagen".parse().unwrap()),
            ratio: Some("16:9".parse().unwrap()),
            style: Some("pixel-art".parse().unwrap()),
            count: Some("4".parse().unwrap()),
            quality: Some(Quality::High),
            language: Some(Language::Russian),
            notify: Some(Switch::Off),
            originals: Some(Switch::On),
            most: Some("4".parse().unwrap()),
            daily: Some("100".parse().unwrap()),
        };
        let kept: BTreeMap<String, String> =
            Field::ALL.into_iter().filter_map(|field| Some((field.name().to_owned(), prefs.value(field)?))).collect();
        assert_eq!((kept.len(), Prefs::read(&kept)), (10, prefs));
        let broken = Field::ALL.map(|field| (field.name().to_owned(), "\u{0}?".to_owned())).into();
        assert_eq!(Prefs::read(&broken), Prefs::default());
        assert_eq!(["0", "-1", "10001", "x"].map(str::parse::<Cap>), [Err(BadCap); 4]);
    }
}
