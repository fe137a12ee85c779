//! What people write, drawn from a seed: single prompts, lists of them, and bursts of several messages.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::options::Options;

/// A chat that asks for pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The bot in it.
    pub(crate) bot: i64,
    /// Who writes.
    pub(crate) user: i64,
    /// The user's number, or a group's, which is negative.
    pub(crate) chat: i64,
    /// The topic that is written in.
    pub(crate) thread: Option<i64>,
}

impl Place {
    /// The chat of that number: every fifth is a group, every other group has topics.
    pub(crate) fn of(number: u32, bots: &[i64]) -> Self {
        let index = i64::from(number);
        let group = number % 5 == 4;
        let chat = if group { -1_001_000_100_000 - index } else { 10_000 + index };
        // groups are every fifth: their bot must not follow from the same remainder
        let bot = bots[(number as usize / 5 + number as usize) % bots.len()];
        Self { bot, user: 10_000 + index, chat, thread: (group && number % 10 == 9).then_some(7) }
    }

    /// Whether several people may be in it.
    pub(crate) fn is_group(&self) -> bool {
        self.chat < 0
    }
}

/// A message: the numbers of the pictures asked for in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) place: Place,
    pub(crate) numbers: Vec<u32>,
    /// Whether the model takes seconds, so that there is progress to show.
    pub(crate) slowly: bool,
}

impl Wish {
    /// What is typed.
    pub(crate) fn text(&self) -> String {
        let command = if self.place.is_group() { "/imagine " } else { "" };
        let pace = if self.slowly { " slowly" } else { "" };
        match self.numbers.as_slice() {
            [only] => format!("{command}{}{pace}", prompt(*only)),
            several => {
                let lines: Vec<String> = several.iter().map(|one| format!("- {}{pace}", prompt(*one))).collect();
                format!("{command}\n{}", lines.join("\n")).trim_start().to_owned()
            }
        }
    }
}

/// A prompt that no other picture has.
fn prompt(number: u32) -> String {
    format!("a harbour n{number:06}")
}

/// The picture that a text is about.
pub(crate) fn number_in(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once(" n")?;
    rest.get(..6)?.parse().ok()
}

/// All messages of a run, in order.
pub(crate) fn draw(options: &Options, bots: &[i64]) -> Vec<Wish> {
    let mut dice = StdRng::seed_from_u64(options.seed);
    let mut wishes = Vec::new();
    let mut next = 0;
    while next < options.jobs {
        let place = Place::of(dice.random_range(0..options.chats), bots);
        // somebody who writes several messages at once runs into the limits of the chat
        let messages = if dice.random_ratio(1, 12) { dice.random_range(3..=6) } else { 1 };
        for _ in 0..messages {
            let pictures = if dice.random_ratio(1, 10) { dice.random_range(2..=6) } else { 1 };
            let numbers: Vec<u32> = (next..options.jobs.min(next + pictures)).collect();
            next += pictures;
            if !numbers.is_empty() {
                wishes.push(Wish { place, numbers, slowly: dice.random_ratio(1, 5) });
            }
        }
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_asked_for_once_and_found_again() {
        let options = Options::from_words(["--jobs", "500", "--chats", "50"].map(str::to_owned).into_iter()).unwrap();
        let wishes = draw(&options, &[1, 2]);
        let numbers: Vec<u32> = wishes.iter().flat_map(|wish| wish.numbers.clone()).collect();
        assert_eq!(numbers, (0..500).collect::<Vec<_>>());
        assert!(wishes.iter().any(|wish| wish.place.is_group() && wish.numbers.len() > 1));
        assert_eq!(number_in(&wishes[0].text()), Some(0));
        assert_eq!(number_in("made by AI"), None);
    }
}
