//! What a wish says beyond prompt, model, ratio and seed. Every part is optional; a value that exists is valid, and
//! whether a model takes it is for the catalogue to say ([`crate::Model::check`]).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Prompt;
use crate::text::TextTask;

/// The finer points of a wish. Empty in most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What must not be in the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative: Option<Prompt>,
    /// The style, by the catalogue's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// How large the picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// How much trouble the model takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// Length of a video, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u16>,
    /// Lines of a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Frames per second of a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<u16>,
    /// The pictures to start from, in order: to edit, or a video's first (and last) frame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<InputImage>,
    /// The result has the shape of the first input picture; the request's ratio is only the nearest known one.
    #[serde(skip_serializing_if = "is_false")]
    pub keep_shape: bool,
    /// The prompt is a text to work on, and no picture is made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TextTask>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Options {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A picture to start from. Never an address: one with a bot's token in it must not reach a provider or a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum InputImage {
    /// A file at Telegram, known to the job's bot.
    Telegram {
        /// The file's name for that bot.
        file_id: FileId,
        /// Width in pixels, when Telegram said it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        width: Option<u32>,
        /// Height in pixels, when Telegram said it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        height: Option<u32>,
        /// Size in bytes, when Telegram said it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bytes: Option<u64>,
    },
}

impl InputImage {
    /// A file at Telegram of which nothing but its name is known; `None` when that is no name.
    pub fn of_file(name: &str) -> Option<Self> {
        Some(Self::Telegram { file_id: name.parse().ok()?, width: None, height: None, bytes: None })
    }

    /// Width divided by height, when both are known.
    pub fn shape(&self) -> Option<f64> {
        let Self::Telegram { width, height, .. } = self;
        let (width, height) = ((*width)?, (*height)?);
        (width > 0 && height > 0).then(|| f64::from(width) / f64::from(height))
    }
}

/// Telegram's name of a file: letters, digits, `-` and `_`, at most 256 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileId(String);

/// The text is no name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a file id is 1 to 256 characters of A-Z, a-z, 0-9, - and _")]
pub struct BadFileId;

impl FileId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileId {
    type Err = BadFileId;

    fn from_str(text: &str) -> Result<Self, BadFileId> {
        let fits = (1..=256).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadFileId) }
    }
}

/// A style's name: `[a-z0-9-]` in its canonical form, 1 to 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Style(String);

/// The text is no name of a style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a style is 1 to 32 characters of a-z, 0-9 and -")]
pub struct BadStyle;

impl Style {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Style {
    type Err = BadStyle;

    /// Any case; spaces and underscores count as dashes.
    fn from_str(text: &str) -> Result<Self, BadStyle> {
        let name: String =
            text.trim().to_lowercase().chars().map(|c| if matches!(c, ' ' | '_') { '-' } else { c }).collect();
        let fits =
            (1..=32).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(name)) } else { Err(BadStyle) }
    }
}

/// How large a picture is, whatever its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Size {
    /// About a quarter of a megapixel.
    Small,
    /// About one megapixel.
    K1,
    /// About four megapixels.
    K2,
    /// About sixteen megapixels.
    K4,
    /// Exactly this.
    Pixels {
        /// Width.
        width: u16,
        /// Height.
        height: u16,
    },
}

/// The text is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a size is small, 1k, 2k, 4k, or written like 1024x768")]
pub struct BadSize;

impl Size {
    /// The smallest and the largest side that can be asked for in pixels.
    pub const SIDES: std::ops::RangeInclusive<u16> = 64..=8192;
}

impl FromStr for Size {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "small" | "s" | "маленький" => return Ok(Self::Small),
            "1k" | "1к" | "regular" | "normal" | "medium" | "1mp" => return Ok(Self::K1),
            "2k" | "2к" | "big" | "large" | "большой" => return Ok(Self::K2),
            "4k" | "4к" | "uhd" | "huge" => return Ok(Self::K4),
            _ => {}
        }
        let (width, height) = text.split_once(['x', '×', 'х', '*']).ok_or(BadSize)?;
        let side =
            |part: &str| part.trim().parse::<u16>().ok().filter(|side| Self::SIDES.contains(side)).ok_or(BadSize);
        Ok(Self::Pixels { width: side(width)?, height: side(height)? })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small => formatter.write_str("small"),
            Self::K1 => formatter.write_str("1k"),
            Self::K2 => formatter.write_str("2k"),
            Self::K4 => formatter.write_str("4k"),
            Self::Pixels { width, height } => write!(formatter, "{width}x{height}"),
        }
    }
}

/// How much trouble the model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Fast and cheap.
    Low,
    /// The usual.
    Medium,
    /// The best there is.
    High,
}

/// The text is no quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quality is low, medium or high")]
pub struct BadQuality;

impl FromStr for Quality {
    type Err = BadQuality;

    fn from_str(text: &str) -> Result<Self, BadQuality> {
        match text.trim().to_lowercase().as_str() {
            "low" | "draft" | "fast" | "низкое" | "черновик" => Ok(Self::Low),
            "medium" | "standard" | "normal" | "среднее" => Ok(Self::Medium),
            "high" | "best" | "hd" | "pro" | "высокое" => Ok(Self::High),
            _ => Err(BadQuality),
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// A video's lines, `720p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Resolution(u16);

/// The text is no resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a resolution is written like 720p")]
pub struct BadResolution;

impl Resolution {
    /// The number of lines.
    pub const fn lines(self) -> u16 {
        self.0
    }
}

impl FromStr for Resolution {
    type Err = BadResolution;

    fn from_str(text: &str) -> Result<Self, BadResolution> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "hd" => return Ok(Self(720)),
            "fullhd" | "full-hd" | "fhd" => return Ok(Self(1080)),
            _ => {}
        }
        let lines = text.trim_end_matches(['p', 'р']).parse::<u16>().ok();
        lines.filter(|lines| (144..=4320).contains(lines)).map(Self).ok_or(BadResolution)
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}p", self.0)
    }
}

/// Serde through the text form, for those whose text says all.
macro_rules! as_text {
    ($($name:ident / $error:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }
    )*};
}

as_text!(FileId / BadFileId, Style / BadStyle, Size / BadSize, Resolution / BadResolution);

impl From<FileId> for String {
    fn from(id: FileId) -> Self {
        id.0
    }
}

impl From<Style> for String {
    fn from(style: Style) -> Self {
        style.0
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl From<Resolution> for String {
    fn from(resolution: Resolution) -> Self {
        resolution.to_string()
    }
}

impl fmt::Display for Style {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_people_type_them() {
        for (text, size) in [("2K", "2k"), ("big", "2k"), ("1024х768", "1024x768"), ("4к", "4k"), ("SMALL", "small")]
        {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), size, "{text}");
        }
        for text in ["", "3k", "1024", "1024x", "63x64", "9000x1", "1e3x1"] {
            assert_eq!(text.parse::<Size>(), Err(BadSize), "{text}");
        }
        for (text, lines) in [("720p", 720), ("1080", 1080), ("HD", 720), ("480P", 480)] {
            assert_eq!(text.parse::<Resolution>().unwrap().lines(), lines, "{text}");
        }
        assert!("4".parse::<Resolution>().is_err() && "p".parse::<Resolution>().is_err());
        assert_eq!("Line_Art".parse::<Style>().unwrap().as_str(), "line-art");
        assert!("".parse::<Style>().is_err() && "Ж".parse::<Style>().is_err());
        assert_eq!("draft".parse::<Quality>().unwrap(), Quality::Low);
    }

    #[test]
    fn a_file_id_cannot_become_an_address() {
        assert!("AgACAgIAAxkBAAIB-x_9".parse::<FileId>().is_ok());
        for text in ["", "https://api.telegram.org/file/bot1:x/a", "a/b", "a.b", "a b", &"a".repeat(257)] {
            assert_eq!(text.parse::<FileId>(), Err(BadFileId), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_written() {
        assert_eq!(serde_json::to_string(&Options::default()).unwrap(), "{}");
        let options = Options { resolution: Some("720p".parse().unwrap()), ..Options::default() };
        assert_eq!(serde_json::to_string(&options).unwrap(), r#"{"resolution":"720p"}"#);
        assert_eq!(serde_json::from_str::<Options>(r#"{"resolution":"720p","newer":1}"#).unwrap(), options);
    }
}
