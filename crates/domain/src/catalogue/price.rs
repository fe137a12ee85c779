//! What a generation costs, by the provider's list.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Model;
use crate::money::Usd;
use crate::request::{Options, Quality, Request, Resolution};

/// How a model is paid for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// Not at all.
    Free,
    /// This for each picture.
    Image(Usd),
    /// By quality, for each picture; one without a word about it is of the middle or only one.
    Quality(BTreeMap<Quality, Usd>),
    /// By resolution, for each second of video.
    Second(BTreeMap<Resolution, Usd>),
    /// This for each run, whatever comes out.
    Run(Usd),
    /// By the million of tokens.
    Tokens {
        /// Of the question.
        input: Usd,
        /// Of the answer.
        output: Usd,
    },
}

/// Tokens that an answer is estimated at; prompts and scripts are short.
const ANSWER_TOKENS: u64 = 800;
/// Characters of a token, rounded down so that the estimate is rounded up: Cyrillic has more tokens than English.
const TOKEN_CHARS: u64 = 2;

impl Model {
    /// What a request is expected to cost.
    pub fn estimate(&self, request: &Request) -> Usd {
        self.priced(&request.options, request.prompt.as_str().chars().count())
    }

    /// What a plain request is expected to cost.
    pub fn usual_price(&self) -> Usd {
        self.priced(&Options::default(), 100)
    }

    fn priced(&self, options: &Options, characters: usize) -> Usd {
        match &self.price {
            Price::Free => Usd::ZERO,
            Price::Image(price) | Price::Run(price) => *price,
            Price::Quality(prices) => {
                let quality = options.quality.or(self.takes.quality.as_ref().and_then(|choice| choice.default));
                let asked = quality.and_then(|quality| prices.get(&quality)).or_else(|| prices.get(&Quality::Medium));
                // an unknown price is taken for the highest there is
                asked.or_else(|| prices.values().max()).copied().unwrap_or_default()
            }
            Price::Second(prices) => {
                let resolution =
                    options.resolution.or(self.takes.resolution.as_ref().and_then(|choice| choice.default));
                let asked = resolution.and_then(|resolution| prices.get(&resolution));
                let price = asked.or_else(|| prices.values().max()).copied().unwrap_or_default();
                price.times(self.seconds_of(options).into())
            }
            Price::Tokens { input, output } => {
                let question = characters as u64 / TOKEN_CHARS + 200;
                let million = |price: &Usd, tokens: u64| price.micros().saturating_mul(tokens).div_ceil(1_000_000);
                Usd::from_micros(million(input, question).saturating_add(million(output, ANSWER_TOKENS)))
            }
        }
    }

    /// The length of the video that is asked for; 0 of a picture.
    pub fn seconds_of(&self, options: &Options) -> u16 {
        let numbers = self.takes.seconds.as_ref();
        options.seconds.or(numbers.and_then(|numbers| numbers.default)).unwrap_or(0)
    }

    /// The lowest and the highest unit price: of a picture, a second or a run. `None` when it is free.
    pub fn unit_prices(&self) -> Option<(Usd, Usd)> {
        let span = |prices: &mut dyn Iterator<Item = Usd>| {
            prices.fold(None, |span: Option<(Usd, Usd)>, price| {
                Some(span.map_or((price, price), |(low, high)| (low.min(price), high.max(price))))
            })
        };
        match &self.price {
            Price::Free => None,
            Price::Image(price) | Price::Run(price) => Some((*price, *price)),
            Price::Quality(prices) => span(&mut prices.values().copied()),
            Price::Second(prices) => span(&mut prices.values().copied()),
            Price::Tokens { input, output } => Some((*input, *output)),
        }
    }
}
