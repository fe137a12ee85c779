//! One line's flags, in tolerant spelling.

use std::str::FromStr;

use super::Unclear;
use crate::request::{AspectRatio, Count, Prompt, Quality, Resolution, Seed, Size};

/// The flags there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// `--model M`
    Model,
    /// `--ar W:H`
    Ratio,
    /// `--n K`
    Count,
    /// `--seed S`
    Seed,
    /// `--no THINGS`
    Negative,
    /// `--style S`
    Style,
    /// `--size S`
    Size,
    /// `--quality Q`
    Quality,
    /// `--seconds N`
    Seconds,
    /// `--res R`
    Resolution,
    /// `--fps N`
    Fps,
    /// `--each`
    Each,
}

/// Every spelling; the first of each flag is the one shown to people.
const SPELLINGS: &[(&str, Flag)] = &[
    ("model", Flag::Model),
    ("m", Flag::Model),
    ("модель", Flag::Model),
    ("ar", Flag::Ratio),
    ("aspect", Flag::Ratio),
    ("aspect-ratio", Flag::Ratio),
    ("aspect_ratio", Flag::Ratio),
    ("ratio", Flag::Ratio),
    ("формат", Flag::Ratio),
    ("n", Flag::Count),
    ("num", Flag::Count),
    ("count", Flag::Count),
    ("outcnt", Flag::Count),
    ("seed", Flag::Seed),
    ("s", Flag::Seed),
    ("сид", Flag::Seed),
    ("no", Flag::Negative),
    ("negative", Flag::Negative),
    ("neg", Flag::Negative),
    ("без", Flag::Negative),
    ("style", Flag::Style),
    ("стиль", Flag::Style),
    ("size", Flag::Size),
    ("размер", Flag::Size),
    ("quality", Flag::Quality),
    ("q", Flag::Quality),
    ("качество", Flag::Quality),
    ("seconds", Flag::Seconds),
    ("sec", Flag::Seconds),
    ("duration", Flag::Seconds),
    ("dur", Flag::Seconds),
    ("секунд", Flag::Seconds),
    ("длительность", Flag::Seconds),
    ("res", Flag::Resolution),
    ("resolution", Flag::Resolution),
    ("разрешение", Flag::Resolution),
    ("fps", Flag::Fps),
    ("each", Flag::Each),
    ("lines", Flag::Each),
    ("list", Flag::Each),
];

impl Flag {
    /// The flag of that spelling, dashes taken off, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        SPELLINGS.iter().find(|(spelling, _)| *spelling == name).map(|&(_, flag)| flag)
    }

    /// The spelling shown to people.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Model => "--model",
            Self::Ratio => "--ar",
            Self::Count => "--n",
            Self::Seed => "--seed",
            Self::Negative => "--no",
            Self::Style => "--style",
            Self::Size => "--size",
            Self::Quality => "--quality",
            Self::Seconds => "--seconds",
            Self::Resolution => "--res",
            Self::Fps => "--fps",
            Self::Each => "--each",
        }
    }
}

/// One prompt as asked for, before the catalogue is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) prompt: String,
    pub(super) model: Option<String>,
    pub(super) ratio: Option<AspectRatio>,
    pub(super) count: Option<Count>,
    pub(super) seed: Option<Seed>,
    pub(super) negative: Option<Prompt>,
    pub(super) style: Option<String>,
    pub(super) size: Option<Size>,
    pub(super) quality: Option<Quality>,
    pub(super) seconds: Option<u16>,
    pub(super) resolution: Option<Resolution>,
    pub(super) fps: Option<u16>,
    pub(super) each: bool,
}

impl Wish {
    /// Takes from `common` what is not said here.
    pub(super) fn inherit(mut self, common: &Self) -> Self {
        self.model = self.model.or_else(|| common.model.clone());
        self.ratio = self.ratio.or(common.ratio);
        self.count = self.count.or(common.count);
        self.seed = self.seed.or(common.seed);
        self.negative = self.negative.or_else(|| common.negative.clone());
        self.style = self.style.or_else(|| common.style.clone());
        self.size = self.size.or(common.size);
        self.quality = self.quality.or(common.quality);
        self.seconds = self.seconds.or(common.seconds);
        self.resolution = self.resolution.or(common.resolution);
        self.fps = self.fps.or(common.fps);
        self
    }
}

/// A word as it stands in the text, with where it starts and ends.
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

fn words(line: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, character) in line.char_indices().chain([(line.len(), ' ')]) {
        match (character.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                found.push(Word { text: &line[from..at], start: from, end: at });
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// A word that looks like a flag: its name without dashes, and the value glued to it.
enum Looks<'a> {
    Plain,
    EndOfFlags,
    Flag { name: &'a str, glued: Option<&'a str>, certain: bool },
}

fn look(word: &str) -> Looks<'_> {
    let (rest, certain) = if let Some(rest) = word.strip_prefix("--") {
        (rest, true)
    } else if let Some(rest) = word.strip_prefix(['—', '–', '―']) {
        (rest, false)
    } else {
        return Looks::Plain;
    };
    if word == "--" {
        return Looks::EndOfFlags;
    }
    let rest = rest.trim_start_matches(['-', '—', '–']);
    if !rest.starts_with(char::is_alphabetic) {
        return Looks::Plain;
    }
    match rest.split_once(['=', ':']) {
        Some((name, value)) if !value.is_empty() => Looks::Flag { name, glued: Some(value), certain },
        Some((name, _)) => Looks::Flag { name, glued: None, certain },
        None => Looks::Flag { name: rest, glued: None, certain },
    }
}

/// Takes the flags out of a text; what is left, with its inner white space as written, is the prompt.
pub(super) fn wish(text: &str) -> Result<Wish, Unclear> {
    let words = words(text);
    let mut wish = Wish::default();
    let mut kept = String::new();
    let mut copied = 0;
    let mut index = 0;
    while let Some(word) = words.get(index) {
        index += 1;
        let (name, glued, certain) = match look(word.text) {
            Looks::Plain => continue,
            Looks::EndOfFlags => {
                kept.push_str(&text[copied..word.start]);
                copied = word.end;
                break;
            }
            Looks::Flag { name, glued, certain } => (name, glued, certain),
        };
        let Some(flag) = Flag::named(name) else {
            if certain {
                return Err(Unclear::UnknownFlag { flag: word.text.to_owned(), nearest: nearest(name) });
            }
            continue;
        };
        let mut end = word.end;
        if flag == Flag::Each {
            wish.each = true;
        } else {
            let begin = if let Some(value) = glued {
                // the value is the end of the word
                word.end - value.len()
            } else {
                let next = words.get(index).filter(|next| matches!(look(next.text), Looks::Plain));
                let next = next.ok_or(Unclear::MissingValue { flag: flag.shown() })?;
                index += 1;
                end = next.end;
                next.start
            };
            // a value in quotes, and a list of things not to be seen, go on over several words
            while let Some(next) = words.get(index).filter(|next| matches!(look(next.text), Looks::Plain)) {
                let so_far = &text[begin..end];
                let list = flag == Flag::Negative && so_far.ends_with(',');
                if !(list || opens(so_far) && text[end..].contains(QUOTES)) || text[end..next.start].contains('\n') {
                    break;
                }
                index += 1;
                end = next.end;
            }
            set(&mut wish, flag, &text[begin..end])?;
        }
        kept.push_str(&text[copied..word.start]);
        copied = end;
    }
    kept.push_str(&text[copied..]);
    wish.prompt = tidy(&kept);
    Ok(wish)
}

/// The marks around a value of several words.
const QUOTES: [char; 6] = ['"', '“', '”', '«', '»', '„'];

/// Whether a value begins with a quotation mark that is not closed yet.
fn opens(value: &str) -> bool {
    let mut characters = value.chars();
    characters.next().is_some_and(|first| QUOTES.contains(&first))
        && !characters.as_str().trim_end_matches([',', ';', '.']).ends_with(QUOTES)
}

fn set(wish: &mut Wish, flag: Flag, value: &str) -> Result<(), Unclear> {
    let value = value.trim_matches(|c| matches!(c, '\'' | ',' | ';') || QUOTES.contains(&c));
    let bad = || Unclear::BadValue { flag: flag.shown(), value: value.to_owned() };
    match flag {
        Flag::Model => wish.model = Some(value.to_owned()),
        Flag::Ratio => wish.ratio = Some(AspectRatio::from_str(value).map_err(|_| bad())?),
        Flag::Count => wish.count = Some(Count::from_str(value).map_err(|_| bad())?),
        Flag::Seed => wish.seed = Some(Seed::from_str(value).map_err(|_| bad())?),
        Flag::Negative => wish.negative = Some(Prompt::from_str(value).map_err(|_| bad())?),
        Flag::Style => wish.style = Some(value.to_owned()),
        Flag::Size => wish.size = Some(Size::from_str(value).map_err(|_| bad())?),
        Flag::Quality => wish.quality = Some(Quality::from_str(value).map_err(|_| bad())?),
        Flag::Seconds => wish.seconds = Some(number(value, &["seconds", "sec", "s", "с", "сек"]).ok_or_else(bad)?),
        Flag::Resolution => wish.resolution = Some(Resolution::from_str(value).map_err(|_| bad())?),
        Flag::Fps => wish.fps = Some(number(value, &["fps"]).ok_or_else(bad)?),
        Flag::Each => wish.each = true,
    }
    Ok(())
}

/// A small number, with or without its unit.
fn number(value: &str, units: &[&str]) -> Option<u16> {
    let value = value.to_lowercase();
    let bare = units.iter().find_map(|unit| value.strip_suffix(unit)).unwrap_or(&value);
    bare.trim().parse().ok().filter(|number| (1..=600).contains(number))
}

/// Removes the holes that flags leave: spaces at the ends of lines and empty lines at the ends of the text.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

/// The known spelling at most two edits away.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let (distance, flag) = SPELLINGS
        .iter()
        .map(|(spelling, flag)| (edits(&name, spelling), *flag))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 && distance < name.chars().count()).then(|| flag.shown())
}

/// Levenshtein's distance, in characters; the names compared are short.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let substitute = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
