//! Why a message is no order, in the words of the Fluent files.

use fluent_bundle::FluentArgs;

use super::Language;
use crate::catalogue::{Misfit, Word};
use crate::grammar::{Flag, Unclear};
use crate::request::PROMPT_CHARS;

pub(super) fn explain(unclear: &Unclear, language: Language, values: &mut FluentArgs<'static>) -> &'static str {
    match unclear {
        Unclear::NoPrompt => "unclear-no-prompt",
        Unclear::TooLong => {
            values.set("most", PROMPT_CHARS.to_string());
            "unclear-too-long"
        }
        Unclear::UnknownFlag { flag, nearest } => {
            values.set("flag", shorten(flag));
            values.set("nearest", nearest.unwrap_or("none"));
            "unclear-unknown-flag"
        }
        Unclear::MissingValue { flag } => {
            values.set("flag", *flag);
            values.set("example", example(flag));
            "unclear-missing-value"
        }
        Unclear::BadValue { flag, value } => {
            values.set("flag", *flag);
            values.set("value", shorten(value));
            values.set("takes", language.format(takes(flag), &FluentArgs::new()));
            "unclear-bad-value"
        }
        Unclear::UnknownModel { wish, known } => {
            values.set("wish", shorten(wish));
            values.set("known", known.join(", "));
            "unclear-unknown-model"
        }
        Unclear::Misfit(misfit) => unfit(misfit, values),
        Unclear::TooMany { wish, most } => {
            values.set("wish", *wish);
            values.set("most", *most);
            "unclear-too-many"
        }
    }
}

fn unfit(misfit: &Misfit, values: &mut FluentArgs<'static>) -> &'static str {
    match misfit {
        Misfit::Value { model, word, wish, nearest, allowed } => {
            values.set("model", model.clone());
            values.set("flag", word.flag());
            values.set("wish", shorten(wish));
            values.set("nearest", nearest.clone().unwrap_or_else(|| "none".to_owned()));
            values.set("allowed", allowed.join(", "));
            if *word == Word::Ratio { "unclear-impossible-ratio" } else { "unclear-impossible-value" }
        }
        Misfit::Untaken { model, word, others } => {
            values.set("model", model.clone());
            values.set("flag", word.flag());
            values.set("others", if others.is_empty() { "none".to_owned() } else { others.join(", ") });
            match word {
                Word::Seed => "unclear-no-seed",
                Word::Images => "unclear-no-images",
                _ => "unclear-untaken",
            }
        }
        Misfit::NeedsImage { model, others } => {
            values.set("model", model.clone());
            values.set("others", others.join(", "));
            "unclear-needs-image"
        }
        Misfit::TooManyImages { model, most } => {
            values.set("model", model.clone());
            values.set("most", *most);
            "unclear-too-many-images"
        }
        Misfit::PromptTooLong { model, most } => {
            values.set("model", model.clone());
            values.set("most", most.to_string());
            "unclear-prompt-too-long"
        }
        Misfit::NoModel(id) => {
            values.set("model", id.clone());
            "unclear-no-model"
        }
    }
}

/// What a user typed, short enough to be quoted back.
fn shorten(text: &str) -> String {
    crate::caption::cut(text, 60)
}

fn example(flag: &str) -> &'static str {
    match Flag::named(flag.trim_start_matches('-')) {
        Some(Flag::Model) => "--model imagen",
        Some(Flag::Count) => "--n 4",
        Some(Flag::Seed) => "--seed 7",
        Some(Flag::Negative) => "--no text",
        Some(Flag::Style) => "--style oil",
        Some(Flag::Size) => "--size 2k",
        Some(Flag::Quality) => "--quality high",
        Some(Flag::Seconds) => "--seconds 5",
        Some(Flag::Resolution) => "--res 720p",
        Some(Flag::Fps) => "--fps 24",
        _ => "--ar 16:9",
    }
}

fn takes(flag: &str) -> &'static str {
    match Flag::named(flag.trim_start_matches('-')) {
        Some(Flag::Model) => "takes-model",
        Some(Flag::Count) => "takes-count",
        Some(Flag::Seed) => "takes-seed",
        Some(Flag::Negative) => "takes-negative",
        Some(Flag::Style) => "takes-style",
        Some(Flag::Size) => "takes-size",
        Some(Flag::Quality) => "takes-quality",
        Some(Flag::Seconds) => "takes-seconds",
        Some(Flag::Resolution) => "takes-resolution",
        Some(Flag::Fps) => "takes-fps",
        _ => "takes-ratio",
    }
}
