//! The sentences, with the values that go into them.

use std::time::Duration;

use fluent_bundle::FluentArgs;

use super::Language;
use super::unclear::explain;
use crate::catalogue::{Model, Price};
use crate::failure::FailureClass;
use crate::grammar::Unclear;
use crate::job::JobState;
use crate::money::Usd;
use crate::request::Seed;
use crate::safety::Topic;
use crate::scenes::Found;

/// A sentence. Each variant is one key of the Fluent files.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the English words in en.ftl say what each is")]
pub enum Say<'a> {
    Start { model: &'a str, price: &'a str },
    Help { most: usize },
    Models,
    ModelLine { model: &'a Model, default: bool },
    Queued { position: u32, eta: Duration, price: Usd },
    QueuedNext { eta: Duration, price: Usd },
    QueuedUnserved { position: u32 },
    QueuedPaused { position: u32 },
    QueuedDelayed { eta: Duration },
    ModelUnavailable { model: &'a str },
    Working,
    WorkingFor { eta: Duration, price: Usd },
    WorkingPercent { percent: u8 },
    WorkingAgain,
    Sending,
    OfMany { index: u8, of: u8 },
    CaptionModel { model: &'a Model },
    CaptionSeed { seed: Seed },
    CaptionSeconds { seconds: f64 },
    CaptionStandIn { first: &'a str, model: &'a str },
    FilmTooLarge,
    FilmElsewhere { url: &'a str },
    OriginalPixels,
    OriginalBytes,
    OriginalNarrow,
    OriginalVector,
    OriginalLost,
    OriginalOther,
    Failed { class: FailureClass, model: &'a str, price: Usd },
    Cancelled,
    Scenes { count: usize },
    ScenesPlain { found: Found },
    ScenesLook { look: &'a str },
    Blocked { topic: Topic, words: &'a str },
    NoBudget { left: Usd },
    NoBudgetChat,
    NoBudgetAll,
    ToastCancelled,
    ToastCancelAsked,
    ToastCancelLate,
    ToastCancelForeign,
    ToastUnknown,
    Unclear(&'a Unclear),
    FullUser { pending: u32, most: u32 },
    FullQueue,
    Closed,
    Unavailable,
    UnavailableLook,
    JobsNone,
    Jobs,
    JobLine { code: &'a str, state: JobState, prompt: &'a str },
    CancelNone,
    CancelDone { count: usize },
    CancelUnknown,
    UnknownCommand,
    CommandStart,
    CommandHelp,
    CommandImagine,
    CommandModels,
    CommandJobs,
    CommandCancel,
}

impl Say<'_> {
    /// The key and the values.
    pub(super) fn parts(&self, language: Language) -> (&'static str, FluentArgs<'static>) {
        let mut values = FluentArgs::new();
        let key = match *self {
            Self::Start { model, price } => {
                values.set("model", model.to_owned());
                values.set("price", price.to_owned());
                "start"
            }
            Self::Help { most } => {
                values.set("most", most);
                "help"
            }
            Self::Models => "models",
            Self::ModelLine { model, default } => {
                let ratios: Vec<String> = model.ratios.iter().map(ToString::to_string).collect();
                values.set("title", model.title.clone());
                values.set("id", model.id.to_string());
                values.set("strength", language.format(strength(&model.strength), &FluentArgs::new()));
                values.set("price", price(model, language));
                values.set("eta", language.eta(model.typical()));
                values.set("ratios", ratios.join(", "));
                values.set("default", if default { "yes" } else { "no" });
                "model-line"
            }
            Self::Queued { position, eta, price } => {
                values.set("position", position.to_string());
                waits(&mut values, language, eta, price);
                "queued"
            }
            Self::QueuedNext { eta, price } => {
                waits(&mut values, language, eta, price);
                "queued-next"
            }
            Self::WorkingFor { eta, price } => {
                waits(&mut values, language, eta, price);
                "working-for"
            }
            Self::QueuedUnserved { position } => {
                values.set("position", position.to_string());
                "queued-unserved"
            }
            Self::QueuedPaused { position } => {
                values.set("position", position.to_string());
                "queued-paused"
            }
            Self::QueuedDelayed { eta } => {
                values.set("eta", language.eta(eta));
                "queued-delayed"
            }
            Self::ModelUnavailable { model } => {
                values.set("model", model.to_owned());
                "model-unavailable"
            }
            Self::Working => "working",
            Self::WorkingPercent { percent } => {
                values.set("percent", percent.to_string());
                "working-percent"
            }
            Self::WorkingAgain => "working-again",
            Self::Sending => "sending",
            Self::OfMany { index, of } => {
                values.set("index", u32::from(index) + 1);
                values.set("of", of);
                "of-many"
            }
            Self::CaptionModel { model } => {
                values.set("model", model.title.clone());
                if model.provider.is_sketch() { "caption-sketch" } else { "caption-model" }
            }
            Self::CaptionSeed { seed } => {
                // a number would be grouped by language; a seed is typed back as it stands
                values.set("seed", seed.get().to_string());
                "caption-seed"
            }
            Self::CaptionSeconds { seconds } => {
                values.set("seconds", format!("{seconds:.1}"));
                "caption-seconds"
            }
            Self::CaptionStandIn { first, model } => {
                values.set("first", first.to_owned());
                values.set("model", model.to_owned());
                "caption-stand-in"
            }
            Self::FilmTooLarge => "film-too-large",
            Self::FilmElsewhere { url } => {
                values.set("url", url.to_owned());
                "film-elsewhere"
            }
            Self::OriginalPixels => "original-pixels",
            Self::OriginalBytes => "original-bytes",
            Self::OriginalNarrow => "original-narrow",
            Self::OriginalVector => "original-vector",
            Self::OriginalLost => "original-lost",
            Self::OriginalOther => "original-other",
            Self::Failed { class, model, price } => {
                let mut amount = FluentArgs::new();
                amount.set("amount", price.to_string());
                let dear = class.may_have_cost() && price > Usd::ZERO;
                values.set("cost", language.format(if dear { "cost-about" } else { "cost-nothing" }, &amount));
                values.set("model", model.to_owned());
                failed(class)
            }
            Self::Cancelled => "cancelled",
            Self::Scenes { count } => {
                values.set("count", count);
                "scenes"
            }
            Self::ScenesPlain { found } => match found {
                Found::Model | Found::Marks => "scenes-plain-marks",
                Found::Lines => "scenes-plain-lines",
                Found::Sentences => "scenes-plain-sentences",
            },
            Self::ScenesLook { look } => {
                values.set("look", look.to_owned());
                "scenes-look"
            }
            Self::Blocked { topic, words } => {
                values.set("words", words.to_owned());
                values.set("topic", topic.name());
                "blocked"
            }
            Self::NoBudget { left } => {
                values.set("left", left.to_string());
                "no-budget"
            }
            Self::NoBudgetChat => "no-budget-chat",
            Self::NoBudgetAll => "no-budget-all",
            Self::ToastCancelled => "toast-cancelled",
            Self::ToastCancelAsked => "toast-cancel-asked",
            Self::ToastCancelLate => "toast-cancel-late",
            Self::ToastCancelForeign => "toast-cancel-foreign",
            Self::ToastUnknown => "toast-unknown",
            Self::Unclear(unclear) => explain(unclear, language, &mut values),
            Self::FullUser { pending, most } => {
                values.set("pending", pending);
                values.set("most", most);
                "full-user"
            }
            Self::FullQueue => "full-queue",
            Self::Closed => "closed",
            Self::Unavailable => "unavailable",
            Self::UnavailableLook => "unavailable-look",
            Self::JobsNone => "jobs-none",
            Self::Jobs => "jobs",
            Self::JobLine { code, state, prompt } => {
                values.set("code", code.to_owned());
                values.set("state", language.format(state_key(state), &FluentArgs::new()));
                values.set("prompt", prompt.to_owned());
                "job-line"
            }
            Self::CancelNone => "cancel-none",
            Self::CancelDone { count } => {
                values.set("count", count);
                "cancel-done"
            }
            Self::CancelUnknown => "cancel-unknown",
            Self::UnknownCommand => "unknown-command",
            Self::CommandStart => "command-start",
            Self::CommandHelp => "command-help",
            Self::CommandImagine => "command-imagine",
            Self::CommandModels => "command-models",
            Self::CommandJobs => "command-jobs",
            Self::CommandCancel => "command-cancel",
        };
        (key, values)
    }
}

const fn failed(class: FailureClass) -> &'static str {
    match class {
        FailureClass::InvalidInput => "failed-invalid-input",
        FailureClass::Filtered => "failed-filtered",
        FailureClass::FilteredOutput => "failed-filtered-output",
        FailureClass::RateLimited => "failed-rate-limited",
        FailureClass::OutOfCredit => "failed-out-of-credit",
        FailureClass::Unauthorised => "failed-unauthorised",
        FailureClass::Transient => "failed-transient",
        FailureClass::Fatal => "failed-fatal",
        FailureClass::Unanswered => "failed-unanswered",
        FailureClass::Deadline => "failed-deadline",
        FailureClass::Expired => "failed-expired",
        FailureClass::BadMedia => "failed-bad-media",
        FailureClass::Unreachable => "failed-unreachable",
        FailureClass::Unreadable => "failed-unreadable",
    }
}

const fn state_key(state: JobState) -> &'static str {
    match state {
        JobState::Waiting => "state-waiting",
        JobState::Delayed => "state-delayed",
        JobState::Active => "state-active",
        JobState::Done => "state-done",
        JobState::Dead => "state-dead",
        JobState::Cancelled => "state-cancelled",
    }
}

fn strength(word: &str) -> &'static str {
    match word {
        "typography" => "strength-typography",
        "photography" => "strength-photography",
        "detail" => "strength-detail",
        "speed" => "strength-speed",
        "vector" => "strength-vector",
        "edit" => "strength-edit",
        "video" => "strength-video",
        "offline" => "strength-offline",
        _ => "strength-other",
    }
}

/// How long, and for how much.
fn waits(values: &mut FluentArgs<'_>, language: Language, eta: Duration, price: Usd) {
    values.set("eta", language.eta(eta));
    values.set("paid", if price > Usd::ZERO { "yes" } else { "no" });
    values.set("price", price.to_string());
}

pub(super) fn price(model: &Model, language: Language) -> String {
    let mut values = FluentArgs::new();
    let Some((low, high)) = model.unit_prices() else { return language.format("price-free", &values) };
    values.set("amount", if low == high { low.to_string() } else { format!("{low}–{high}") });
    let key = match (&model.price, model.estimated) {
        (Price::Second(_), true) => "price-second-estimated",
        (Price::Second(_), false) => "price-second",
        (Price::Run(_), true) => "price-run-estimated",
        (Price::Run(_), false) => "price-run",
        (Price::Tokens { .. }, _) => "price-tokens",
        (_, true) => "price-estimated",
        (_, false) => "price",
    };
    language.format(key, &values)
}
