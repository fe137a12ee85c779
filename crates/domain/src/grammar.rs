//! What a message asks for: one prompt or several, with flags.
//!
//! The grammar, in full:
//!
//! - **A message is one prompt**, over as many lines as it has, unless it says that it is a list. It says so in one
//!   of three ways: every line (after an optional first line) starts with a list mark (`-`, `*`, `•`, `1.`, `1)`);
//!   the flag `--each` stands in it; or `/imagine` stands alone on its line and several lines follow.
//! - **Flags** are words that start with `--` (or with the long dash into which phones turn `--`):
//!   `--model M`, `--ar W:H`, `--n K`, `--seed S`, `--no THINGS`, `--style S`, `--size S`, `--quality Q`, `--seconds N`,
//!   `--res R`, `--fps N`, `--each`; value after a space, `=` or `:`; short and long spellings ([`Flag::named`]). A value
//!   is one word, or several in double quotes; that of `--no` goes on after a comma (`--no text, blur`). In a list, flags of an item are the item's; flags of a line that has nothing else, or of
//!   the heading above the marked items, are everybody's.
//! - **An unknown flag is said, never dropped**; a long dash before an unknown word is punctuation. `--` alone ends
//!   the flags: what follows on that line is prompt.
//! - Limits come from the caller; going over one is an error with the numbers in it.
//!
//! Invariant: parsing never panics, and a text without a dash word and without list marks is its own prompt.

mod flags;
mod lines;

use std::str::FromStr;

use crate::catalogue::{Catalogue, Misfit, Model, ModelKind};
use crate::request::{BadPrompt, Count, InputImage, Options, Prompt, Request, Seed, Size};

pub use flags::Flag;
use flags::Wish;

/// How much one message may ask for, what it comes with, and the model used when it names none.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Most pictures of one message.
    pub pictures: usize,
    /// The model for prompts without `--model`.
    pub default_model: &'a Model,
    /// The pictures that it starts from; all of its requests do.
    pub images: &'a [InputImage],
}

/// Why a message cannot be made into requests. Each variant carries what a helpful answer needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// There is no prompt, only flags or nothing.
    #[error("there is no prompt")]
    NoPrompt,
    /// A prompt is too long.
    #[error("the prompt is too long")]
    TooLong,
    /// A flag that does not exist; the nearest that does.
    #[error("unknown flag {flag}")]
    UnknownFlag {
        /// As the user wrote it.
        flag: String,
        /// The known flag most like it.
        nearest: Option<&'static str>,
    },
    /// A flag without its value.
    #[error("flag {flag} needs a value")]
    MissingValue {
        /// The flag.
        flag: &'static str,
    },
    /// A value that the flag cannot take.
    #[error("flag {flag} cannot be {value}")]
    BadValue {
        /// The flag.
        flag: &'static str,
        /// As the user wrote it.
        value: String,
    },
    /// A model that is not in the catalogue.
    #[error("unknown model {wish}")]
    UnknownModel {
        /// As the user wrote it.
        wish: String,
        /// The models there are.
        known: Vec<String>,
    },
    /// The model cannot serve it.
    #[error(transparent)]
    Misfit(Misfit),
    /// More pictures than one message may ask for.
    #[error("{wish} pictures, at most {most}")]
    TooMany {
        /// How many were asked for.
        wish: usize,
        /// How many are allowed.
        most: usize,
    },
}

/// Reads a message (or a command's arguments) into one request per picture, in the order written.
///
/// A prompt with `--n 3` becomes three requests; with a seed they get neighbouring seeds, without one the seed stays
/// open, to be drawn at submission.
pub fn parse(text: &str, catalogue: &Catalogue, limits: &Limits<'_>) -> Result<Vec<Request>, Unclear> {
    let wishes = lines::wishes(text)?;
    if wishes.is_empty() {
        return Err(Unclear::NoPrompt);
    }
    let mut requests = Vec::new();
    let mut total = 0_usize;
    for wish in &wishes {
        let count = wish.count.unwrap_or(Count::ONE);
        total += usize::from(count.get());
        if total <= limits.pictures {
            resolve(wish, count, catalogue, limits, &mut requests)?;
        }
    }
    if total > limits.pictures {
        return Err(Unclear::TooMany { wish: total, most: limits.pictures });
    }
    Ok(requests)
}

fn resolve(
    wish: &Wish,
    count: Count,
    catalogue: &Catalogue,
    limits: &Limits<'_>,
    requests: &mut Vec<Request>,
) -> Result<(), Unclear> {
    let prompt = Prompt::from_str(&wish.prompt).map_err(|bad| match bad {
        BadPrompt::Empty => Unclear::NoPrompt,
        BadPrompt::TooLong => Unclear::TooLong,
    })?;
    let model = match &wish.model {
        None => limits.default_model,
        // a text model makes no picture: it is asked by commands of its own
        Some(name) => {
            catalogue.find(name).filter(|model| model.kind != ModelKind::Text).ok_or_else(|| Unclear::UnknownModel {
                wish: name.clone(),
                known: catalogue
                    .models()
                    .iter()
                    .filter(|model| model.kind != ModelKind::Text)
                    .map(|model| model.id.to_string())
                    .collect(),
            })?
        }
    };
    let style = match &wish.style {
        None => None,
        Some(name) => {
            let bad = || Unclear::BadValue { flag: Flag::Style.shown(), value: name.clone() };
            Some(catalogue.style(name).ok_or_else(bad)?)
        }
    };
    let shape = match (wish.size, limits.images.first().and_then(InputImage::shape)) {
        (Some(Size::Pixels { width, height }), _) => Some(f64::from(width) / f64::from(height)),
        (_, shape) => shape,
    };
    let usual = || shape.map_or_else(|| model.default_ratio(), |shape| model.nearest_shape(shape));
    let sized = matches!(wish.size, Some(Size::Pixels { .. }));
    let request = Request {
        prompt,
        model: model.id.clone(),
        ratio: wish.ratio.unwrap_or_else(usual),
        seed: wish.seed,
        options: Options {
            negative: wish.negative.clone(),
            style,
            size: wish.size,
            quality: wish.quality,
            seconds: wish.seconds,
            resolution: wish.resolution,
            fps: wish.fps,
            images: limits.images.to_vec(),
            keep_shape: !limits.images.is_empty() && wish.ratio.is_none() && !sized && model.keeps_shape(),
            task: None,
        },
    };
    catalogue.check(&request).map_err(Unclear::Misfit)?;
    requests.extend(
        (0..u32::from(count.get()))
            .map(|index| Request { seed: wish.seed.map(|seed: Seed| seed.plus(index)), ..request.clone() }),
    );
    Ok(())
}

#[cfg(test)]
mod tests;
