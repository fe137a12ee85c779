//! Files going out, and the payloads that carry them.
//!
//! Invariant: a file always travels with a name, and a document always with content-type detection off (else Telegram
//! turns an image sent as a document back into a photo). Whether the bytes fit Telegram's rules is `media`'s concern (the
//! room, which knows images); a refusal comes back as [`DeliveryError::MediaRefused`](crate::DeliveryError).

use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use teloxide::payloads::{EditMessageMedia, SendAnimation, SendDocument, SendMediaGroup, SendPhoto, SendVideo};
use teloxide::requests::Payload;
use teloxide::types::{
    FileId, InputFile, InputMedia, InputMediaAnimation, InputMediaDocument, InputMediaPhoto, InputMediaVideo,
    ReplyMarkup,
};

use atelier_domain::MessageId;

use crate::error::{DeliveryError, Scope};
use crate::keyboard::Keyboard;
use crate::place::{Place, Post};
use crate::wire::{Attachment, Call, Content};

/// A file to show or hand over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// In which role.
    pub kind: MediaKind,
    /// Its content, unless it is on disk; cloning is cheap.
    pub bytes: Bytes,
    /// Where its content is, when it is read only while it is sent.
    pub on_disk: Option<PathBuf>,
    /// Its name with extension; an empty one is replaced.
    pub file_name: String,
    /// In pixels; for videos and animations.
    pub width: Option<u32>,
    /// In pixels; for videos and animations.
    pub height: Option<u32>,
    /// In seconds; for videos and animations.
    pub duration: Option<u32>,
    /// A JPEG under 200 kB and 320 pixels; not for photos.
    pub thumbnail: Option<Bytes>,
}

/// The role of a file in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Shown, and recompressed by Telegram.
    Photo,
    /// Handed over byte for byte.
    Document,
    /// Played; MPEG-4.
    Video,
    /// Looped without sound.
    Animation,
}

/// A message that holds a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub message: MessageId,
    /// The file, for posting it again without upload; of a photo the largest size. `None` if Telegram named none.
    pub file_id: Option<String>,
}

/// Two to ten files posted as one album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Album(Vec<AlbumItem>);

/// One file of an album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlbumItem {
    /// The file.
    pub media: Media,
    /// Its caption; that of the first item shows as the album's.
    pub caption: String,
}

/// These items are no album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAlbum {
    /// Too few or too many.
    #[error("an album holds 2 to 10 files, not {0}")]
    Count(usize),
    /// Documents go with documents only, animations not at all.
    #[error("an album holds photos and videos, or documents only")]
    Mixed,
}

impl Media {
    /// A file without dimensions and thumbnail.
    pub fn new(kind: MediaKind, bytes: Bytes, file_name: impl Into<String>) -> Self {
        let file_name = file_name.into();
        Self { kind, bytes, on_disk: None, file_name, width: None, height: None, duration: None, thumbnail: None }
    }

    /// A file that is read while it is sent, so that it is never held whole. It must stay where it is until then.
    pub fn on_disk(kind: MediaKind, path: PathBuf, file_name: impl Into<String>) -> Self {
        Self { on_disk: Some(path), ..Self::new(kind, Bytes::new(), file_name) }
    }

    fn content(&self) -> Content {
        self.on_disk.clone().map_or_else(|| Content::Bytes(self.bytes.clone()), Content::OnDisk)
    }

    /// The files that go with a call, under names made from `number`.
    fn attachments(&self, number: usize) -> impl Iterator<Item = Attachment> {
        let fallback = match self.kind {
            MediaKind::Photo => "picture.jpg",
            MediaKind::Document => "file.bin",
            MediaKind::Video | MediaKind::Animation => "video.mp4",
        };
        let file_name = if self.file_name.is_empty() { fallback } else { &self.file_name };
        let file =
            Attachment { name: format!("media{number}"), file_name: file_name.to_owned(), content: self.content() };
        let thumbnail = self.sent_thumbnail().map(|bytes| Attachment {
            name: format!("thumbnail{number}"),
            file_name: "thumbnail.jpg".to_owned(),
            content: Content::Bytes(bytes.clone()),
        });
        [Some(file), thumbnail].into_iter().flatten()
    }

    fn sent_thumbnail(&self) -> Option<&Bytes> {
        self.thumbnail.as_ref().filter(|_| self.kind != MediaKind::Photo)
    }

    fn file(number: usize) -> InputFile {
        InputFile::file_id(FileId(format!("attach://media{number}")))
    }

    fn thumbnail_file(&self, number: usize) -> Option<InputFile> {
        self.sent_thumbnail().map(|_| InputFile::file_id(FileId(format!("attach://thumbnail{number}"))))
    }

    /// The description of file `number` inside an album or an edit.
    fn input(&self, number: usize, caption: &str) -> InputMedia {
        let file = Self::file(number);
        let thumbnail = self.thumbnail_file(number);
        let caption = filled(caption);
        // These fields are 16 bits wide in teloxide; what does not fit is cosmetic and left out.
        let narrow = |number: Option<u32>| number.and_then(|number| u16::try_from(number).ok());
        let (width, height, duration) = (narrow(self.width), narrow(self.height), narrow(self.duration));
        match self.kind {
            MediaKind::Photo => InputMedia::Photo(InputMediaPhoto { caption, ..InputMediaPhoto::new(file) }),
            MediaKind::Document => InputMedia::Document(InputMediaDocument {
                caption,
                thumbnail,
                disable_content_type_detection: Some(true),
                ..InputMediaDocument::new(file)
            }),
            MediaKind::Video => InputMedia::Video(InputMediaVideo {
                caption,
                thumbnail,
                width,
                height,
                duration,
                supports_streaming: Some(true),
                ..InputMediaVideo::new(file)
            }),
            MediaKind::Animation => InputMedia::Animation(InputMediaAnimation {
                caption,
                thumbnail,
                width,
                height,
                duration,
                ..InputMediaAnimation::new(file)
            }),
        }
    }

    /// The call that posts this file.
    pub(crate) fn send(&self, post: Post, caption: &str, buttons: &Keyboard) -> Result<Call, DeliveryError> {
        match self.kind {
            MediaKind::Photo => {
                let mut payload = SendPhoto::new(post.recipient(), Self::file(0));
                payload.caption = filled(caption);
                (payload.message_thread_id, payload.reply_parameters) = (post.thread_id(), post.reply_parameters());
                payload.reply_markup = buttons.markup().map(ReplyMarkup::InlineKeyboard);
                self.upload(&payload)
            }
            MediaKind::Document => {
                let mut payload = SendDocument::new(post.recipient(), Self::file(0));
                payload.caption = filled(caption);
                (payload.message_thread_id, payload.reply_parameters) = (post.thread_id(), post.reply_parameters());
                payload.reply_markup = buttons.markup().map(ReplyMarkup::InlineKeyboard);
                payload.thumbnail = self.thumbnail_file(0);
                payload.disable_content_type_detection = Some(true);
                self.upload(&payload)
            }
            MediaKind::Video => {
                let mut payload = SendVideo::new(post.recipient(), Self::file(0));
                payload.caption = filled(caption);
                (payload.message_thread_id, payload.reply_parameters) = (post.thread_id(), post.reply_parameters());
                payload.reply_markup = buttons.markup().map(ReplyMarkup::InlineKeyboard);
                payload.thumbnail = self.thumbnail_file(0);
                (payload.width, payload.height, payload.duration) = (self.width, self.height, self.duration);
                payload.supports_streaming = Some(true);
                self.upload(&payload)
            }
            MediaKind::Animation => {
                let mut payload = SendAnimation::new(post.recipient(), Self::file(0));
                payload.caption = filled(caption);
                (payload.message_thread_id, payload.reply_parameters) = (post.thread_id(), post.reply_parameters());
                payload.reply_markup = buttons.markup().map(ReplyMarkup::InlineKeyboard);
                payload.thumbnail = self.thumbnail_file(0);
                (payload.width, payload.height, payload.duration) = (self.width, self.height, self.duration);
                self.upload(&payload)
            }
        }
    }

    /// The call that puts this file into an existing message.
    pub(crate) fn edit_into(
        &self,
        place: Place,
        message: MessageId,
        caption: &str,
        buttons: &Keyboard,
    ) -> Result<Call, DeliveryError> {
        let mut payload =
            EditMessageMedia::new(place.recipient(), teloxide::types::MessageId(message.0), self.input(0, caption));
        payload.reply_markup = buttons.markup();
        self.upload(&payload)
    }

    fn upload<P: Payload + Serialize>(&self, payload: &P) -> Result<Call, DeliveryError> {
        Call::upload(payload, self.attachments(0).collect(), Scope::Chat)
    }
}

impl Album {
    /// Checks number and families.
    pub fn new(items: impl IntoIterator<Item = AlbumItem>) -> Result<Self, BadAlbum> {
        let items: Vec<_> = items.into_iter().collect();
        if !(2..=10).contains(&items.len()) {
            return Err(BadAlbum::Count(items.len()));
        }
        let all = |kinds: &[MediaKind]| items.iter().all(|item| kinds.contains(&item.media.kind));
        if all(&[MediaKind::Photo, MediaKind::Video]) || all(&[MediaKind::Document]) {
            Ok(Self(items))
        } else {
            Err(BadAlbum::Mixed)
        }
    }

    /// The items, in order.
    pub fn items(&self) -> &[AlbumItem] {
        &self.0
    }

    /// The call that posts this album.
    pub(crate) fn send(&self, post: Post) -> Result<Call, DeliveryError> {
        let numbered = || self.0.iter().enumerate();
        let media = numbered().map(|(number, item)| item.media.input(number, &item.caption));
        let mut payload = SendMediaGroup::new(post.recipient(), media);
        (payload.message_thread_id, payload.reply_parameters) = (post.thread_id(), post.reply_parameters());
        let files = numbered().flat_map(|(number, item)| item.media.attachments(number)).collect();
        Call::upload(&payload, files, Scope::Chat)
    }
}

fn filled(caption: &str) -> Option<String> {
    (!caption.is_empty()).then(|| caption.to_owned())
}

/// What this crate reads of a message it posted. teloxide's `Message` would fail on fields newer than itself, and the
/// message would count as not posted.
#[derive(Deserialize)]
pub(crate) struct Sent {
    pub(crate) message_id: i32,
    #[serde(default)]
    photo: Vec<SentFile>,
    document: Option<SentFile>,
    video: Option<SentFile>,
    animation: Option<SentFile>,
}

#[derive(Deserialize)]
struct SentFile {
    file_id: String,
}

impl From<Sent> for Posted {
    fn from(sent: Sent) -> Self {
        // An animation is reported as a document as well, for old clients; photo sizes rise.
        let file = sent.animation.or(sent.video).or(sent.document).or(sent.photo.into_iter().next_back());
        Self { message: MessageId(sent.message_id), file_id: file.map(|file| file.file_id) }
    }
}
