//! The sentences about buttons, albums and conversations, each with its values. A sentence's key in the Fluent files is its
//! name, in lower case with hyphens.

use std::time::Duration;

use fluent_bundle::{FluentArgs, FluentValue};

use super::Language;
use crate::money::Usd;

/// A value as it stands in a sentence.
trait Value {
    fn value(&self, language: Language) -> FluentValue<'static>;
}

impl Value for u32 {
    fn value(&self, _: Language) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}

impl Value for &str {
    fn value(&self, _: Language) -> FluentValue<'static> {
        FluentValue::from((*self).to_owned())
    }
}

impl Value for Usd {
    fn value(&self, _: Language) -> FluentValue<'static> {
        FluentValue::from(self.to_string())
    }
}

impl Value for Duration {
    fn value(&self, language: Language) -> FluentValue<'static> {
        FluentValue::from(language.eta(*self))
    }
}

/// `ButtonCancel` becomes `button-cancel`.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            key.push('-');
        }
        key.push(letter.to_ascii_lowercase());
    }
    key
}

macro_rules! sentences {
    ($($name:ident $({ $($field:ident : $type:ty),+ })?),* $(,)?) => {
        /// A sentence of a conversation. Each variant is one key of the Fluent files.
        #[derive(Debug, Clone, Copy)]
        #[expect(missing_docs, reason = "the English words in en.ftl say what each is")]
        pub enum Tell<'a> { $($name $({ $($field: $type),+ })?),* }

        impl Tell<'_> {
            /// The key and the values.
            pub(super) fn parts(&self, language: Language) -> (String, FluentArgs<'static>) {
                #[allow(unused_mut, clippy::allow_attributes, reason = "sentences without values")]
                let mut values = FluentArgs::new();
                let name = match self {
                    $(Self::$name $({ $($field),+ })? => {
                        $($(values.set(stringify!($field), $field.value(language));)+)?
                        stringify!($name)
                    })*
                };
                (key(name), values)
            }
        }

        /// One of each, for the tests.
        #[cfg(test)]
        pub(super) fn samples() -> Vec<Tell<'static>> {
            vec![$(Tell::$name $({ $($field: samples::Sample::sample()),+ })?),*]
        }
    };
}

#[cfg(test)]
mod samples {
    use super::{Duration, Usd};

    pub(super) trait Sample {
        fn sample() -> Self;
    }

    impl Sample for u32 {
        fn sample() -> Self {
            2
        }
    }

    impl Sample for &str {
        fn sample() -> Self {
            "x"
        }
    }

    impl Sample for Usd {
        fn sample() -> Self {
            Self::from_micros(10_000)
        }
    }

    impl Sample for Duration {
        fn sample() -> Self {
            Self::from_secs(7)
        }
    }
}

sentences! {
    ButtonCancel,
    ButtonAgain,
    ButtonVary,
    ButtonRetry,
    ButtonRetryFailed { count: u32 },
    ButtonVariations,
    ButtonModels,
    ButtonBack,
    ButtonEdit,
    ButtonAnimate,
    ButtonRecipe,
    BatchRunning { done: u32, of: u32 },
    BatchEnded { done: u32, of: u32 },
    BatchWorking { count: u32 },
    BatchWaiting { count: u32 },
    BatchFailed { count: u32 },
    BatchCancelled { count: u32 },
    BatchEta { eta: Duration },
    BatchPrice { cost: Usd },
    BatchCost { cost: Usd },
    BatchFree,
    TileWaiting,
    TileFile,
    ToastStarted,
    ToastTwice,
    ToastForeign,
    ToastGone,
    ToastNothingFailed,
    ToastChoose,
    RecipeLink { link: &'a str },
    RecipeCard { prompt: &'a str, model: &'a str, ratio: &'a str, price: &'a str },
    RecipeGone,
    ButtonCook,
    Example { number: u32 },
    EditHow,
    PictureMenu,
    PictureTooBig,
    PictureType,
    PictureNone,
    NoEditModel,
    NoVideoModel,
    ButtonPictureVary,
    ButtonWatercolour,
    ButtonOil,
    ButtonPixels,
    SettingsTitle,
    SettingsGroup,
    SettingsAdmins,
    SettingLine { name: &'a str, value: &'a str },
    SettingUsual,
    SettingModel,
    SettingRatio,
    SettingStyle,
    SettingCount,
    SettingQuality,
    SettingLanguage,
    SettingMost,
    SettingDaily,
    SettingNoCap,
    CapMost { most: u32 },
    CapDaily { most: u32, left: u32 },
    StyleName { style: &'a str },
    SettingNotify,
    SettingNotifyValue { value: &'a str },
    SettingOriginals,
    SettingOriginalsValue { value: &'a str },
    LanguageName { code: &'a str },
    GroupWelcome { name: &'a str },
    Privacy,
    ForgetAsk,
    ForgetDone { count: u32 },
    ForgetLeft,
    ButtonForget,
    ExportNone,
    CommandVideo,
    CommandEdit,
    CommandStory,
    CommandSettings,
    BotDescription,
    BotShort,
    CommandPrivacy,
    CommandExport,
    CommandForget,
    StoryAsk,
    StoryScenes { count: u32 },
    StoryHow { price: Usd },
    StoryHowToChange,
    StoryNoWriter,
    StoryBadFormat { word: &'a str, known: &'a str },
    StoryBadTone { word: &'a str, known: &'a str },
    Writing,
    TopicGone,
    NoPhotos,
    ToneName { tone: &'a str },
    ButtonStoryDraw,
    FormatName { format: &'a str },
    OpsNumbers { waiting: u32, running: u32, failed: u32, workers: u32, wait: Duration, spent: Usd },
    OpsModel { model: &'a str, waiting: u32, running: u32, paused: &'a str },
    OpsHelp,
    OpsDone,
    OpsAlready,
    OpsGranted { left: Usd },
    OpsSaying,
    OpsSaid { sent: u32, failed: u32, blocked: u32 },
    ButtonFilm,
    AccountEmpty { account: &'a str },
    AccountRefused { account: &'a str },
    AccountBack { account: &'a str },
    ButtonOriginal,
    ButtonOriginals,
    ReadyPicture,
    ReadyVideo,
    ReadyText,
    ReadyFailed,
    ReadyBatch { done: u32, of: u32 },
    OriginalComing { count: u32 },
    OriginalNone,
    OriginalGone { count: u32 },
    ToastCancelledMany { count: u32 },
}
