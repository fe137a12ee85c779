//! The words of this crate: what a chat can take, what came out, and why it is not simply what came in.
//!
//! Source of the limits: <https://core.telegram.org/bots/api#sendphoto> and its neighbours.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

/// What the chat takes, and what is spent on fitting into it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Bytes of a photo.
    pub photo_bytes: usize,
    /// Width and height of a photo together, in pixels.
    pub photo_sides: u32,
    /// The longer side of a photo divided by the shorter.
    pub photo_ratio: u32,
    /// Bytes of a document, an animation or a video.
    pub document_bytes: usize,
    /// Bytes of a film on disk: those of a document, or more where the Bot API server is one's own.
    pub film_bytes: u64,
    /// The longest side of a preview, in pixels. Telegram keeps at most 2560.
    pub preview_side: u32,
    /// Pixels of a picture that is looked at in all.
    pub pixels: u64,
    /// Time for one file.
    pub time: Duration,
}

impl Default for Limits {
    /// Telegram's limits; a megabyte is taken as the smaller of its two meanings.
    fn default() -> Self {
        Self {
            photo_bytes: 10_000_000,
            photo_sides: 10_000,
            photo_ratio: 20,
            document_bytes: 50_000_000,
            film_bytes: 50_000_000,
            preview_side: 2560,
            pixels: 120_000_000,
            time: Duration::from_secs(60),
        }
    }
}

/// What to post. At least one of the two files is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// What the chat shows: a photo, an animation or a video.
    pub shown: Option<File>,
    /// The original, where the chat cannot show it as it is.
    pub document: Option<File>,
    /// Why the original is not what is shown.
    pub reason: Option<Why>,
    /// Size of the original, if it has one.
    pub size: Option<Size>,
}

/// One file to send.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its content, unless it is on disk.
    pub bytes: Bytes,
    /// Where it is, when it is too large to be held. Whoever asked for it keeps it there until it is sent.
    pub on_disk: Option<OnDisk>,
    /// How to send it.
    pub kind: Kind,
    /// The end of its name, without a dot: Telegram goes by it.
    pub extension: &'static str,
    /// Its content type.
    pub mime: &'static str,
    /// Its size, if it has one.
    pub size: Option<Size>,
}

/// A file on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDisk {
    /// Where.
    pub path: PathBuf,
    /// Its bytes.
    pub length: u64,
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// How a file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// As a photo.
    Photo,
    /// As a document, unchanged.
    Document,
    /// As an animation that plays by itself.
    Animation,
    /// As a video.
    Video,
}

/// Why an original cannot be shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Width and height together are beyond a photo's limit.
    TooManyPixels,
    /// It has more bytes than a photo may have.
    TooManyBytes,
    /// One side is too long for the other.
    TooNarrow,
    /// It is a vector file.
    Vector,
    /// It moves, in a format that the chat does not play: the first frame is shown.
    FirstFrame,
}

/// A file that cannot be posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// It is nothing known, or broken, or cut short.
    #[error("the file cannot be read: {what}")]
    Unreadable {
        /// For operators: what was expected and not found.
        what: String,
    },
    /// It is too large to be looked at, or to be sent in any way.
    #[error("the file is too large: {what}")]
    TooLarge {
        /// For operators: which bound, and how much there was.
        what: String,
    },
    /// It was not fitted in time.
    #[error("the file took longer than {0:?}")]
    TooSlow(Duration),
    /// The code that read it failed; only this file is affected.
    #[error("the file made its decoder fail")]
    Crashed,
}

impl MediaError {
    pub(crate) fn unreadable(what: impl fmt::Display) -> Self {
        Self::Unreadable { what: what.to_string() }
    }

    pub(crate) fn too_large(what: impl fmt::Display) -> Self {
        Self::TooLarge { what: what.to_string() }
    }
}

impl Size {
    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The size with its longest side cut to `side`, in the same ratio.
    pub(crate) fn within(self, side: u32) -> Self {
        let longest = self.width.max(self.height).max(1);
        if longest <= side {
            return self;
        }
        let scaled = |length: u32| {
            let length = u64::from(length) * u64::from(side) / u64::from(longest);
            u32::try_from(length).unwrap_or(side).max(1)
        };
        Self { width: scaled(self.width), height: scaled(self.height) }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("File")
            .field("kind", &self.kind)
            .field("mime", &self.mime)
            .field("bytes", &self.bytes.len())
            .field("on_disk", &self.on_disk)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
