//! Whether a model can serve a wish, before it costs anything; and what the same wish is for another model.

use std::fmt;

use super::{Catalogue, Model, ModelKind};
use crate::request::{AspectRatio, InputImage, Request, Size};

/// One of our words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of a request's parts")]
pub enum Word {
    Ratio,
    Seed,
    Negative,
    Style,
    Size,
    Quality,
    Seconds,
    Resolution,
    Fps,
    Images,
}

impl Word {
    /// The flag by which people say it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Ratio => "--ar",
            Self::Seed => "--seed",
            Self::Negative => "--no",
            Self::Style => "--style",
            Self::Size => "--size",
            Self::Quality => "--quality",
            Self::Seconds => "--seconds",
            Self::Resolution => "--res",
            Self::Fps => "--fps",
            Self::Images => "📷",
        }
    }
}

/// Why a model cannot serve a wish, and what it could.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The word is taken, the value is not.
    #[error("{model} does not take {} {wish}", .word.flag())]
    Value {
        /// The model's title.
        model: String,
        /// The word.
        word: Word,
        /// As it was asked for.
        wish: String,
        /// The allowed value most like it.
        nearest: Option<String>,
        /// All that is allowed.
        allowed: Vec<String>,
    },
    /// The model does not know the word at all.
    #[error("{model} does not take {}", .word.flag())]
    Untaken {
        /// The model's title.
        model: String,
        /// The word.
        word: Word,
        /// The models that do, by their short names.
        others: Vec<String>,
    },
    /// The model works on a picture, and there is none.
    #[error("{model} needs a picture to start from")]
    NeedsImage {
        /// The model's title.
        model: String,
        /// The models of the catalogue that need none, by their short names.
        others: Vec<String>,
    },
    /// More pictures than the model takes.
    #[error("{model} starts from at most {most} pictures")]
    TooManyImages {
        /// The model's title.
        model: String,
        /// How many it takes.
        most: usize,
    },
    /// A prompt longer than the model reads.
    #[error("{model} reads at most {most} characters")]
    PromptTooLong {
        /// The model's title.
        model: String,
        /// How many it reads.
        most: usize,
    },
    /// The model is not in this catalogue.
    #[error("there is no model {0}")]
    NoModel(String),
}

impl Catalogue {
    /// Refuses a request that its model cannot serve, with what could.
    pub fn check(&self, request: &Request) -> Result<&Model, Misfit> {
        let model = self.get(&request.model).ok_or_else(|| Misfit::NoModel(request.model.to_string()))?;
        let others = |able: &dyn Fn(&Model) -> bool| {
            self.models().iter().filter(|other| able(other)).map(|other| other.id.to_string()).collect()
        };
        model.check(request).map_err(|misfit| match misfit {
            Misfit::Untaken { model: title, word, .. } => {
                Misfit::Untaken { model: title, word, others: others(&|other| other.takes_word(word)) }
            }
            Misfit::NeedsImage { model: title, .. } => Misfit::NeedsImage {
                model: title,
                others: others(&|other| other.makes_from_words() && other.kind != ModelKind::Text),
            },
            other => other,
        })?;
        Ok(model)
    }
}

impl Model {
    /// Whether the model knows the word in any form.
    pub fn takes_word(&self, word: Word) -> bool {
        let takes = &self.takes;
        match word {
            Word::Ratio => takes.ratio.is_some(),
            Word::Seed => takes.seed.is_some(),
            Word::Negative => takes.negative.is_some(),
            Word::Style => takes.style.is_some() || !self.suffixes.is_empty(),
            Word::Size => takes.size.is_some() || takes.pixels.is_some(),
            Word::Quality => takes.quality.is_some(),
            Word::Seconds => takes.seconds.is_some(),
            Word::Resolution => takes.resolution.is_some(),
            Word::Fps => takes.fps.is_some(),
            Word::Images => takes.images.is_some(),
        }
    }

    /// Whether it needs no picture to start from.
    pub fn makes_from_words(&self) -> bool {
        self.takes.images.as_ref().is_none_or(|images| images.least == 0)
    }

    /// Whether it takes pictures to start from.
    pub fn makes_from_images(&self) -> bool {
        self.takes.images.is_some()
    }

    /// Refuses a request that this model cannot serve. `others` of the answer is empty; [`Catalogue::check`] fills it.
    pub fn check(&self, request: &Request) -> Result<(), Misfit> {
        let options = &request.options;
        if let Some(most) = self.takes.prompt_chars
            && request.prompt.as_str().chars().count() > most
        {
            return Err(Misfit::PromptTooLong { model: self.title.clone(), most });
        }
        self.check_images(&options.images)?;
        if options.keep_shape {
            if options.images.is_empty() || !self.keeps_shape() {
                return Err(self.untaken(Word::Images));
            }
        } else if self.kind != ModelKind::Text && !self.allows(request.ratio) {
            return Err(self.value(
                Word::Ratio,
                request.ratio,
                Some(self.nearest_ratio(request.ratio)),
                self.ratios.iter(),
            ));
        }
        self.taken(Word::Seed, request.seed.is_some())?;
        self.taken(Word::Negative, options.negative.is_some())?;
        if let Some(style) = &options.style
            && !self.knows_style(style)
        {
            let native = self.takes.style.iter().flat_map(|choice| choice.values.keys());
            return Err(self.value(Word::Style, style, None::<&str>, native.chain(self.suffixes.keys())));
        }
        self.check_size(options.size)?;
        if let Some(quality) = options.quality {
            let choice = self.takes.quality.as_ref().ok_or_else(|| self.untaken(Word::Quality))?;
            if !choice.values.contains_key(&quality) {
                return Err(self.value(Word::Quality, quality, None::<&str>, choice.values.keys()));
            }
        }
        if let Some(resolution) = options.resolution {
            let choice = self.takes.resolution.as_ref().ok_or_else(|| self.untaken(Word::Resolution))?;
            if !choice.values.contains_key(&resolution) {
                let nearest = choice.values.keys().min_by_key(|known| known.lines().abs_diff(resolution.lines()));
                return Err(self.value(Word::Resolution, resolution, nearest, choice.values.keys()));
            }
        }
        for (word, wish, numbers) in
            [(Word::Seconds, options.seconds, &self.takes.seconds), (Word::Fps, options.fps, &self.takes.fps)]
        {
            let Some(wish) = wish else { continue };
            let numbers = numbers.as_ref().ok_or_else(|| self.untaken(word))?;
            if !numbers.values.contains(&wish) {
                let nearest = numbers.values.iter().min_by_key(|known| known.abs_diff(wish));
                return Err(self.value(word, wish, nearest, numbers.values.iter()));
            }
        }
        Ok(())
    }

    /// The same wish for this model: what it does not take is left out, what it takes otherwise is the nearest.
    /// Pictures and the prompt are never left out.
    pub fn adapt(&self, request: &Request) -> Result<Request, Misfit> {
        let mut wish = request.clone();
        wish.model = self.id.clone();
        let options = &mut wish.options;
        options.keep_shape &= self.keeps_shape();
        if !self.allows(wish.ratio) {
            wish.ratio = self.nearest_ratio(wish.ratio);
        }
        wish.seed = wish.seed.filter(|_| self.takes.seed.is_some());
        options.negative = options.negative.take().filter(|_| self.takes.negative.is_some());
        options.style = options.style.take().filter(|style| self.knows_style(style));
        if self.check_size(options.size).is_err() {
            options.size = None;
        }
        let qualities = self.takes.quality.as_ref();
        options.quality =
            options.quality.filter(|wish| qualities.is_some_and(|choice| choice.values.contains_key(wish)));
        options.resolution = options.resolution.and_then(|wish| {
            let known = self.takes.resolution.as_ref()?.values.keys();
            known.min_by_key(|known| known.lines().abs_diff(wish.lines())).copied()
        });
        let nearest = |numbers: &Option<super::Numbers>, wish: Option<u16>| {
            let values = numbers.as_ref()?.values.iter();
            wish.and_then(|wish| values.min_by_key(|known| known.abs_diff(wish)).copied())
        };
        options.seconds = nearest(&self.takes.seconds, options.seconds);
        options.fps = nearest(&self.takes.fps, options.fps);
        self.check(&wish)?;
        Ok(wish)
    }

    /// Whether a result can be told to have the shape of the input picture.
    pub fn keeps_shape(&self) -> bool {
        self.takes.images.is_some() && self.takes.ratio.as_ref().is_none_or(|ratio| ratio.keep.is_some())
    }

    fn check_images(&self, images: &[InputImage]) -> Result<(), Misfit> {
        let model = || self.title.clone();
        match &self.takes.images {
            None if images.is_empty() => Ok(()),
            None => Err(self.untaken(Word::Images)),
            Some(takes) if images.len() > takes.most => Err(Misfit::TooManyImages { model: model(), most: takes.most }),
            Some(takes) if images.len() < takes.least => Err(Misfit::NeedsImage { model: model(), others: Vec::new() }),
            Some(_) => Ok(()),
        }
    }

    fn check_size(&self, size: Option<Size>) -> Result<(), Misfit> {
        let Some(size) = size else { return Ok(()) };
        let (named, pixels) = (self.takes.size.as_ref(), self.takes.pixels.as_ref());
        if named.is_none() && pixels.is_none() {
            return Err(self.untaken(Word::Size));
        }
        let mut nearest = None;
        match (size, pixels) {
            (Size::Pixels { width, height }, Some(pixels)) => {
                if pixels.allows(width) && pixels.allows(height) {
                    return Ok(());
                }
                nearest = Some(Size::Pixels { width: pixels.nearest(width), height: pixels.nearest(height) });
            }
            (named_size, _) => {
                if named.is_some_and(|choice| choice.values.contains_key(&named_size)) {
                    return Ok(());
                }
            }
        }
        let mut allowed: Vec<String> =
            named.iter().flat_map(|choice| choice.values.keys()).map(ToString::to_string).collect();
        allowed.extend(pixels.map(|pixels| format!("{0}x{0}…{1}x{1}", pixels.least, pixels.most)));
        Err(self.value(Word::Size, size, nearest, allowed.iter()))
    }

    fn taken(&self, word: Word, asked: bool) -> Result<(), Misfit> {
        if asked && !self.takes_word(word) { Err(self.untaken(word)) } else { Ok(()) }
    }

    fn untaken(&self, word: Word) -> Misfit {
        Misfit::Untaken { model: self.title.clone(), word, others: Vec::new() }
    }

    fn value<T: fmt::Display>(
        &self,
        word: Word,
        wish: impl fmt::Display,
        nearest: Option<impl fmt::Display>,
        allowed: impl Iterator<Item = T>,
    ) -> Misfit {
        Misfit::Value {
            model: self.title.clone(),
            word,
            wish: wish.to_string(),
            nearest: nearest.map(|nearest| nearest.to_string()),
            allowed: allowed.map(|value| value.to_string()).collect(),
        }
    }
}

impl Model {
    /// The allowed ratio closest to a shape (width divided by height).
    pub fn nearest_shape(&self, shape: f64) -> AspectRatio {
        let distance = |ratio: &AspectRatio| (ratio.value().ln() - shape.ln()).abs();
        self.ratios.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(AspectRatio::SQUARE)
    }
}
