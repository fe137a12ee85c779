//! The sentences about buttons, albums and conversations, each with its values: name, values and key in one line.

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

macro_rules! sentences {
    ($($name:ident $({ $($field:ident : $type:ty),+ })? = $key:literal),* $(,)?) => {
        /// A sentence of a conversation. Each variant is one key of the Fluent files.
        #[derive(Debug, Clone, Copy)]
        #[expect(missing_docs, reason = "the English words in en.ftl say what each is")]
        pub enum Tell<'a> { $($name $({ $($field: $type),+ })?),* }

        impl Tell<'_> {
            /// The key and the values.
            pub(super) fn parts(&self, language: Language) -> (&'static str, FluentArgs<'static>) {
                #[allow(unused_mut, clippy::allow_attributes, reason = "sentences without values")]
                let mut values = FluentArgs::new();
                let key = match self {
                    $(Self::$name $({ $($field),+ })? => {
                        $($(values.set(stringify!($field), $field.value(language));)+)?
                        $key
                    })*
                };
                (key, values)
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
    ButtonCancel = "button-cancel",
    ButtonAgain = "button-again",
    ButtonVary = "button-vary",
    ButtonRetry = "button-retry",
    ButtonRetryFailed { count: u32 } = "button-retry-failed",
    ButtonVariations = "button-variations",
    ButtonModels = "button-models",
    ButtonBack = "button-back",
    ButtonEdit = "button-edit",
    ButtonAnimate = "button-animate",
    ButtonRecipe = "button-recipe",
    BatchRunning { done: u32, of: u32 } = "batch-running",
    BatchEnded { done: u32, of: u32 } = "batch-ended",
    BatchWorking { count: u32 } = "batch-working",
    BatchWaiting { count: u32 } = "batch-waiting",
    BatchFailed { count: u32 } = "batch-failed",
    BatchCancelled { count: u32 } = "batch-cancelled",
    BatchEta { eta: Duration } = "batch-eta",
    BatchPrice { cost: Usd } = "batch-price",
    BatchCost { cost: Usd } = "batch-cost",
    BatchFree = "batch-free",
    TileWaiting = "tile-waiting",
    TileFile = "tile-file",
    ToastStarted = "toast-started",
    ToastTwice = "toast-twice",
    ToastForeign = "toast-foreign",
    ToastGone = "toast-gone",
    ToastNothingFailed = "toast-nothing-failed",
    ToastChoose = "toast-choose",
    RecipeLink { link: &'a str } = "recipe-link",
    RecipeCard { prompt: &'a str, model: &'a str, ratio: &'a str, price: &'a str } = "recipe-card",
    RecipeGone = "recipe-gone",
    ButtonCook = "button-cook",
    Example { number: u32 } = "example",
    EditHow = "edit-how",
    PictureMenu = "picture-menu",
    PictureTooBig = "picture-too-big",
    PictureType = "picture-type",
    PictureNone = "picture-none",
    NoEditModel = "no-edit-model",
    NoVideoModel = "no-video-model",
    ButtonPictureVary = "button-picture-vary",
    ButtonWatercolour = "button-watercolour",
    ButtonOil = "button-oil",
    ButtonPixels = "button-pixels",
    SettingsTitle = "settings-title",
    SettingsGroup = "settings-group",
    SettingsAdmins = "settings-admins",
    SettingLine { name: &'a str, value: &'a str } = "setting-line",
    SettingUsual = "setting-usual",
    SettingModel = "setting-model",
    SettingRatio = "setting-ratio",
    SettingStyle = "setting-style",
    SettingCount = "setting-count",
    SettingQuality = "setting-quality",
    SettingLanguage = "setting-language",
    SettingMost = "setting-most",
    SettingDaily = "setting-daily",
    SettingNoCap = "setting-no-cap",
    CapMost { most: u32 } = "cap-most",
    CapDaily { most: u32, left: u32 } = "cap-daily",
    StyleName { style: &'a str } = "style-name",
    SettingNotify = "setting-notify",
    SettingNotifyValue { value: &'a str } = "setting-notify-value",
    SettingOriginals = "setting-originals",
    SettingOriginalsValue { value: &'a str } = "setting-originals-value",
    LanguageName { code: &'a str } = "language-name",
    GroupWelcome { name: &'a str } = "group-welcome",
    Privacy = "privacy",
    ForgetAsk = "forget-ask",
    ForgetDone { count: u32 } = "forget-done",
    ForgetLeft = "forget-left",
    ButtonForget = "button-forget",
    ExportNone = "export-none",
    CommandVideo = "command-video",
    CommandEdit = "command-edit",
    CommandStory = "command-story",
    CommandSettings = "command-settings",
    CommandPrivacy = "command-privacy",
    CommandExport = "command-export",
    CommandForget = "command-forget",
    StoryAsk = "story-ask",
    StoryScenes { count: u32 } = "story-scenes",
    StoryHow { price: Usd } = "story-how",
    StoryHowToChange = "story-how-to-change",
    StoryNoWriter = "story-no-writer",
    StoryBadFormat { word: &'a str, known: &'a str } = "story-bad-format",
    StoryBadTone { word: &'a str, known: &'a str } = "story-bad-tone",
    Writing = "writing",
    TopicGone = "topic-gone",
    NoPhotos = "no-photos",
    ToneName { tone: &'a str } = "tone-name",
    ButtonStoryDraw = "button-story-draw",
    FormatName { format: &'a str } = "format-name",
    OpsNumbers { waiting: u32, running: u32, failed: u32, workers: u32, wait: Duration } = "ops-numbers",
    OpsModel { model: &'a str, waiting: u32, running: u32, paused: &'a str } = "ops-model",
    OpsHelp = "ops-help",
    OpsDone = "ops-done",
    OpsAlready = "ops-already",
    OpsGranted { left: Usd } = "ops-granted",
    OpsSaying = "ops-saying",
    OpsSaid { sent: u32, failed: u32, blocked: u32 } = "ops-said",
    ButtonFilm = "button-film",
    ButtonOriginal = "button-original",
    ButtonOriginals = "button-originals",
    ReadyPicture = "ready-picture",
    ReadyVideo = "ready-video",
    ReadyText = "ready-text",
    ReadyFailed = "ready-failed",
    ReadyBatch { done: u32, of: u32 } = "ready-batch",
    OriginalComing { count: u32 } = "original-coming",
    OriginalNone = "original-none",
    OriginalGone { count: u32 } = "original-gone",
    CancelledMany { count: u32 } = "toast-cancelled-many",
}
