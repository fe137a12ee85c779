use super::*;
use crate::catalogue::{Catalogue, Misfit, Word};
use crate::failure::FailureClass;
use crate::grammar::Unclear;
use crate::job::JobState;
use crate::money::Usd;
use crate::request::Seed;
use crate::safety::Topic;
use crate::scenes::Found;

/// The keys of a Fluent file.
fn keys(language: Language) -> Vec<String> {
    let named = |line: &str| {
        let (name, _) = line.split_once(" =")?;
        (!name.starts_with([' ', '#'])).then(|| name.to_owned())
    };
    let mut keys: Vec<String> = language.source().lines().filter_map(named).collect();
    keys.sort();
    keys
}

fn every_sentence() -> Vec<String> {
    let sketch = Catalogue::builtin().find("sketch").unwrap();
    let imagen = Catalogue::builtin().find("imagen").unwrap();
    let unclear = [
        Unclear::NoPrompt,
        Unclear::TooLong,
        Unclear::UnknownFlag { flag: "--sed".into(), nearest: Some("--seed") },
        Unclear::UnknownFlag { flag: "--x".into(), nearest: None },
        Unclear::MissingValue { flag: "--n" },
        Unclear::BadValue { flag: "--seed", value: "x".into() },
        Unclear::BadValue { flag: "--model", value: "x".into() },
        Unclear::BadValue { flag: "--ar", value: "x".into() },
        Unclear::BadValue { flag: "--n", value: "x".into() },
        Unclear::UnknownModel { wish: "x".into(), known: vec!["y".into()] },
        Unclear::Misfit(Misfit::Value {
            model: "M".into(),
            word: Word::Ratio,
            wish: "21:9".into(),
            nearest: Some("16:9".into()),
            allowed: vec!["16:9".into()],
        }),
        Unclear::Misfit(Misfit::Value {
            model: "M".into(),
            word: Word::Style,
            wish: "x".into(),
            nearest: None,
            allowed: vec!["oil".into()],
        }),
        Unclear::Misfit(Misfit::Untaken { model: "M".into(), word: Word::Seed, others: vec!["y".into()] }),
        Unclear::Misfit(Misfit::Untaken { model: "M".into(), word: Word::Fps, others: Vec::new() }),
        Unclear::Misfit(Misfit::Untaken { model: "M".into(), word: Word::Images, others: vec!["y".into()] }),
        Unclear::Misfit(Misfit::NeedsImage { model: "M".into(), others: vec!["y".into()] }),
        Unclear::Misfit(Misfit::TooManyImages { model: "M".into(), most: 3 }),
        Unclear::Misfit(Misfit::PromptTooLong { model: "M".into(), most: 300 }),
        Unclear::Misfit(Misfit::NoModel("m".into())),
        Unclear::TooMany { wish: 12, most: 10 },
    ];
    let second = Duration::from_secs(1);
    let mut says = vec![
        Say::Start { model: "M", price: "P" },
        Say::Help { most: 10 },
        Say::Models,
        Say::ModelLine { model: sketch, default: true },
        Say::ModelLine { model: imagen, default: false },
        Say::Queued { position: 2, eta: second, price: Usd::from_micros(30_000) },
        Say::Queued { position: 2, eta: second, price: Usd::ZERO },
        Say::QueuedNext { eta: second, price: Usd::from_micros(30_000) },
        Say::WorkingFor { eta: second, price: Usd::from_micros(30_000) },
        Say::QueuedUnserved { position: 2 },
        Say::QueuedPaused { position: 2 },
        Say::QueuedDelayed { eta: second },
        Say::ModelUnavailable { model: "M" },
        Say::FilmTooLarge,
        Say::FilmElsewhere { url: "https://x" },
        Say::CaptionStandIn { first: "F", model: "M" },
        Say::Working,
        Say::WorkingPercent { percent: 5 },
        Say::WorkingAgain,
        Say::Sending,
        Say::OfMany { index: 0, of: 3 },
        Say::CaptionModel { model: sketch },
        Say::CaptionModel { model: imagen },
        Say::CaptionSeed { seed: Seed::from_random(70_000) },
        Say::CaptionSeconds { seconds: 1.26 },
        Say::OriginalPixels,
        Say::OriginalBytes,
        Say::OriginalNarrow,
        Say::OriginalVector,
        Say::OriginalLost,
        Say::OriginalOther,
        Say::Cancelled,
        Say::Scenes { count: 3 },
        Say::ScenesPlain { found: Found::Marks },
        Say::ScenesPlain { found: Found::Lines },
        Say::ScenesPlain { found: Found::Sentences },
        Say::ScenesLook { look: "a tall woman" },
        Say::NoBudget { left: Usd::from_micros(120_000) },
        Say::NoBudgetChat,
        Say::NoBudgetAll,
        Say::ToastCancelled,
        Say::ToastCancelAsked,
        Say::ToastCancelLate,
        Say::ToastCancelForeign,
        Say::ToastUnknown,
        Say::FullUser { pending: 3, most: 3 },
        Say::FullQueue,
        Say::Closed,
        Say::Unavailable,
        Say::UnavailableLook,
        Say::JobsNone,
        Say::Jobs,
        Say::CancelNone,
        Say::CancelDone { count: 2 },
        Say::CancelUnknown,
        Say::UnknownCommand,
        Say::CommandStart,
        Say::CommandHelp,
        Say::CommandImagine,
        Say::CommandModels,
        Say::CommandJobs,
        Say::CommandCancel,
    ];
    let flags = ["--no", "--style", "--size", "--quality", "--seconds", "--res", "--fps"];
    let bad = flags.map(|flag| Unclear::BadValue { flag, value: "x".into() });
    says.extend(bad.iter().map(Say::Unclear));
    let priced: Vec<Say<'_>> =
        Catalogue::builtin().models().iter().map(|model| Say::ModelLine { model, default: false }).collect();
    says.extend(priced);
    says.extend(unclear.iter().map(Say::Unclear));
    says.extend(JobState::ALL.map(|state| Say::JobLine { code: "c", state, prompt: "p" }));
    says.extend(Topic::ALL.map(|topic| Say::Blocked { topic, words: "w" }));
    says.extend(FailureClass::ALL.map(|class| Say::Failed { class, model: "M", price: Usd::from_micros(30_000) }));
    let tells = super::tell::samples();
    let in_one = |language: Language| {
        let said = says.iter().map(move |say| language.say(say));
        said.chain(tells.iter().map(move |tell| language.tell(tell))).collect::<Vec<String>>()
    };
    Language::ALL.into_iter().flat_map(in_one).collect()
}

#[test]
fn every_language_has_every_key_and_no_other() {
    for language in Language::ALL {
        assert_eq!(keys(language), keys(Language::English), "{language:?}");
        assert!(FluentResource::try_new(language.source().to_owned()).is_ok(), "{language:?}");
    }
}

#[test]
fn every_sentence_is_whole() {
    let known = keys(Language::English);
    for sentence in every_sentence() {
        assert!(!sentence.contains(['{', '}', '$']) || sentence.contains("$0."), "{sentence}");
        assert!(!known.contains(&sentence), "a bare key: {sentence}");
        assert!(sentence.encode_utf16().count() <= crate::caption::TEXT_UNITS && !sentence.is_empty());
    }
}

#[test]
fn a_failure_says_what_it_cost() {
    let says =
        |class, micros| Language::English.say(&Say::Failed { class, model: "M", price: Usd::from_micros(micros) });
    assert!(says(FailureClass::Filtered, 30_000).ends_with("It cost nothing."));
    assert!(says(FailureClass::Deadline, 30_000).ends_with("It may have cost about $0.03."));
    assert!(says(FailureClass::Deadline, 0).ends_with("It cost nothing."));
}

#[test]
fn the_list_of_models_fits_into_one_message() {
    for language in Language::ALL {
        let line = |model| language.say(&Say::ModelLine { model, default: false });
        let lines: Vec<String> = Catalogue::builtin().models().iter().map(line).collect();
        let units = crate::caption::units(&lines.join("\n\n"));
        assert!(units <= crate::caption::TEXT_UNITS - 100, "{language:?}: {units}");
    }
}

#[test]
fn plurals_follow_the_language() {
    let count = |language: Language, count| language.say(&Say::CancelDone { count });
    assert_eq!(count(Language::English, 1), "One picture cancelled.");
    let russian: Vec<String> = [1, 2, 5, 21].map(|number| count(Language::Russian, number)).into();
    assert_eq!(
        russian,
        ["Отменена 1 картинка.", "Отменены 2 картинки.", "Отменено 5 картинок.", "Отменена 21 картинка."]
    );
}

#[test]
fn waits_are_rounded_as_people_say_them() {
    let said: Vec<String> =
        [0, 7, 12, 22, 88, 121, 300].map(|seconds| Language::English.eta(Duration::from_secs(seconds))).into();
    assert_eq!(said, ["1 s", "7 s", "12 s", "20 s", "90 s", "2 min", "5 min"]);
}

#[test]
fn a_wait_that_is_said_is_at_most_a_fifth_off() {
    for seconds in 1..7200_u32 {
        let said = Language::English.eta(Duration::from_secs(seconds.into()));
        let (count, unit) = said.split_once(' ').unwrap();
        let said = count.parse::<f64>().unwrap() * if unit == "min" { 60.0 } else { 1.0 };
        let off = said / f64::from(seconds) - 1.0;
        assert!(off.abs() <= 0.201, "{seconds} s is said as {said} s");
    }
}

#[test]
fn tags_fall_back_to_the_default() {
    let of = |tag| Language::from_tag(tag);
    assert_eq!([of(Some("ru")), of(Some("RU-ru"))], [Language::Russian; 2]);
    assert_eq!([of(None), of(Some("")), of(Some("xx"))], [Language::English; 3]);
}
