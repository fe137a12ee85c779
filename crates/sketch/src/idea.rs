//! What the prompt asks for: the word lists, and chance where the prompt is silent.
//!
//! Invariant: every prompt yields an idea; reading looks at a bounded number of words. A word is matched by a stem
//! plus at most three more letters, which covers English plurals and Russian cases.

mod words;

use crate::color::{self, Color};
use crate::figure::Kind;
use crate::rng::Rng;

/// Words beyond these do not change the picture (their hash still does).
const MOST_WORDS: usize = 300;
/// More subjects than this crowd the picture.
const MOST_SUBJECTS: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Hills,
    Forest,
    Mountains,
    Sea,
    City,
    Desert,
    Snow,
    Space,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hour {
    Day,
    Dawn,
    Sunset,
    Night,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Clear,
    Clouds,
    Rain,
    Snow,
    Fog,
    Storm,
    Rainbow,
    Aurora,
}

/// One thing to draw in the scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    /// From a colour word right before it.
    pub(crate) color: Option<Color>,
    /// From a number word right before it or a plural the list knows.
    pub(crate) count: u8,
}

#[derive(Debug, Clone)]
pub(crate) struct Idea {
    pub(crate) place: Place,
    pub(crate) hour: Hour,
    pub(crate) weather: Weather,
    pub(crate) subjects: Vec<Subject>,
    /// A colour word that belongs to no subject tints sky and land.
    pub(crate) tint: Option<Color>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Place(Place),
    Hour(Hour),
    Weather(Weather),
    Subject(Kind),
    Color(u32),
    Count(u8),
    /// The next subject's word is a plural.
    Many,
}

impl Idea {
    pub(crate) fn read(prompt: &str, seed: u64) -> Self {
        let mut rng = Rng::new(prompt, seed, "idea");
        let mut read = Reading::default();
        for meaning in meanings(prompt) {
            read.take(meaning);
        }
        let Reading { place, hour, weather, mut subjects, tint, .. } = read;
        let suggested = subjects.iter().find_map(|subject| subject.kind.home());
        let place = place.or(suggested).unwrap_or_else(|| {
            rng.pick(&[
                Place::Hills,
                Place::Forest,
                Place::Mountains,
                Place::Sea,
                Place::City,
                Place::Desert,
                Place::Hills,
            ])
        });
        let hour = hour.unwrap_or_else(|| match weather {
            Some(Weather::Aurora) => Hour::Night,
            _ if place == Place::Space => Hour::Night,
            _ => rng.pick(&[Hour::Day, Hour::Day, Hour::Dawn, Hour::Sunset, Hour::Sunset, Hour::Night]),
        });
        let weather = weather.unwrap_or_else(|| {
            if place == Place::Space {
                return Weather::Clear;
            }
            rng.pick(&[Weather::Clear, Weather::Clear, Weather::Clouds, Weather::Clouds, Weather::Fog])
        });
        if subjects.is_empty() {
            let choices = words::at_home(place);
            subjects.push(Subject { kind: rng.pick(choices), color: None, count: 1 });
        }
        Self { place, hour, weather, subjects, tint: tint.map(color::rgb) }
    }
}

#[derive(Debug, Default)]
struct Reading {
    place: Option<Place>,
    hour: Option<Hour>,
    weather: Option<Weather>,
    subjects: Vec<Subject>,
    tint: Option<u32>,
    pending_color: Option<u32>,
    pending_count: u8,
}

impl Reading {
    /// The first word of a kind wins; a colour goes to the next subject, or to the whole scene.
    fn take(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Place(place) => {
                self.place.get_or_insert(place);
                self.spend_color_on_scene();
            }
            Meaning::Hour(hour) => {
                self.hour.get_or_insert(hour);
                self.spend_color_on_scene();
            }
            Meaning::Weather(weather) => {
                self.weather.get_or_insert(weather);
            }
            Meaning::Color(value) => {
                self.tint.get_or_insert(value);
                self.pending_color = Some(value);
            }
            Meaning::Count(count) => self.pending_count = count,
            Meaning::Many if self.pending_count == 0 => self.pending_count = 3,
            Meaning::Many => {}
            Meaning::Subject(kind) => self.subject(kind),
        }
    }

    fn subject(&mut self, kind: Kind) {
        let color = self.pending_color.take();
        if color.is_some() && self.tint == color {
            self.tint = None;
        }
        let count = std::mem::take(&mut self.pending_count).max(1);
        if let Some(known) = self.subjects.iter_mut().find(|known| known.kind == kind) {
            // "hot air balloons" are two words for one subject
            known.count = known.count.max(count);
        } else if self.subjects.len() < MOST_SUBJECTS {
            self.subjects.push(Subject { kind, color: color.map(color::rgb), count });
        }
    }

    fn spend_color_on_scene(&mut self) {
        if let Some(color) = self.pending_color.take() {
            self.tint = Some(color);
        }
    }
}

fn meanings(prompt: &str) -> impl Iterator<Item = Meaning> + '_ {
    prompt
        .split(|c: char| c.is_whitespace() || (c.is_ascii_punctuation()) || matches!(c, '«' | '»' | '—' | '–' | '…'))
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .flat_map(|word| {
            let meaning = meaning(word);
            let many = matches!(meaning, Some(Meaning::Subject(_))) && plural(word);
            many.then_some(Meaning::Many).into_iter().chain(meaning)
        })
}

/// Whether a subject's word names several.
fn plural(word: &str) -> bool {
    let lower = word.to_lowercase().replace('ё', "е");
    let singular = lower.strip_suffix('s').is_some_and(|stem| !stem.ends_with('s') && meaning(stem).is_some());
    singular || words::PLURALS.split_whitespace().any(|known| known == lower)
}

fn meaning(word: &str) -> Option<Meaning> {
    if let Some(known) = word.chars().find_map(words::emoji) {
        return Some(known);
    }
    let lower: String =
        word.chars().take(24).flat_map(char::to_lowercase).map(|c| if c == 'ё' { 'е' } else { c }).collect();
    let mut best: Option<(usize, Meaning)> = None;
    for (stems, meaning) in words::LIST {
        for stem in stems.split(' ') {
            let (stem, slack) = match stem.strip_suffix('-') {
                Some(stem) => (stem, 3),
                None => (stem, 0),
            };
            let longer = best.is_none_or(|(length, _)| stem.len() > length);
            if longer && lower.strip_prefix(stem).is_some_and(|rest| rest.chars().count() <= slack) {
                best = Some((stem.len(), *meaning));
            }
        }
    }
    best.map(|(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(prompt: &str) -> Vec<Kind> {
        Idea::read(prompt, 0).subjects.iter().map(|subject| subject.kind).collect()
    }

    #[test]
    fn english_and_russian_say_the_same() {
        let english = Idea::read("a red fox in a snowy forest at night", 1);
        let russian = Idea::read("Рыжая лиса в зимнем лесу ночью", 1);
        assert_eq!(english.hour, Hour::Night);
        assert_eq!(russian.hour, Hour::Night);
        assert_eq!(english.subjects[0].kind, Kind::Fox);
        assert_eq!(russian.subjects[0].kind, Kind::Fox);
        assert!(english.subjects[0].color.is_some() && english.tint.is_none());
    }

    #[test]
    fn every_stem_of_the_list_is_found_again() {
        for (stems, meaning) in words::LIST {
            for stem in stems.split(' ') {
                let word = stem.trim_end_matches('-');
                let found = super::meaning(word);
                assert_eq!(found, Some(*meaning), "{word} means something else");
            }
        }
    }

    #[test]
    fn near_words_stay_apart() {
        assert_eq!(kinds("castle"), [Kind::Castle]);
        assert_eq!(kinds("three white cats"), [Kind::Cat]);
        assert_eq!(Idea::read("four white cats", 0).subjects[0].count, 4);
        assert_eq!(Idea::read("воздушные шары", 0).subjects[0].count, 3);
        assert_eq!(Idea::read("a cactus", 0).subjects[0].count, 1);
        assert_eq!(kinds("лодка и маяк"), [Kind::Boat, Kind::Lighthouse]);
        assert_eq!(kinds("🐱 on the 🌙"), [Kind::Cat]);
    }

    #[test]
    fn a_free_colour_tints_the_scene() {
        let idea = Idea::read("purple sunset over the sea with a white boat", 0);
        assert_eq!((idea.place, idea.hour), (Place::Sea, Hour::Sunset));
        assert!(idea.tint.is_some() && idea.subjects[0].color.is_some());
    }
}
