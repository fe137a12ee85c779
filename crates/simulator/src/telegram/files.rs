//! Bytes that came in: checked, named by their content, kept in memory or on disk.
//!
//! Checking, hashing and disk run on the blocking pool, a few at a time, since a decoded picture may take 100 MB.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use image::{ImageReader, Limits};
use tokio::sync::Semaphore;

use super::model::{FileMeta, MediaKind};
use super::params::Upload;
use super::reply::ApiError;

const MEGABYTE: usize = 1024 * 1024;
/// The largest photo, bytes.
const MAX_PHOTO: usize = 10 * MEGABYTE;
/// The largest sum of a photo's width and height.
const MAX_PHOTO_SUM: u32 = 10_000;
/// The largest ratio of a photo's sides.
const MAX_PHOTO_RATIO: u32 = 20;
/// Memory one decoded picture may take: 5000 by 5000 pixels of four bytes, and room.
const MAX_DECODED: u64 = 160 * 1024 * 1024;
/// Pictures decoded at the same time.
const DECODERS: usize = 3;

/// What a sender says of a video; the file itself is not read for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration: u32,
}

#[derive(Debug, Clone)]
enum Place {
    Memory(Arc<Mutex<HashMap<String, Bytes>>>),
    Disk(PathBuf),
}

/// The store.
#[derive(Debug)]
pub(crate) struct Files {
    place: Place,
    decoders: Arc<Semaphore>,
}

impl Files {
    /// A store in `dir`, which must exist, or in memory.
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        let place = dir.map_or_else(|| Place::Memory(Arc::default()), Place::Disk);
        Self { place, decoders: Arc::new(Semaphore::new(DECODERS)) }
    }

    /// Checks an upload by Telegram's rules for its kind and keeps it.
    pub(crate) async fn take(&self, upload: Upload, kind: MediaKind, hints: Hints) -> Result<FileMeta, ApiError> {
        let place = self.place.clone();
        let permit = Arc::clone(&self.decoders).acquire_owned().await.map_err(ApiError::internal)?;
        let taken = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let file = inspect(&upload, kind, hints)?;
            place.put(&file.blob, &upload.bytes).map_err(ApiError::internal)?;
            Ok(file)
        });
        taken.await.map_err(ApiError::internal)?
    }

    /// The bytes of a file.
    pub(crate) async fn get(&self, blob: &str) -> Option<Bytes> {
        let (place, blob) = (self.place.clone(), blob.to_owned());
        match place {
            Place::Memory(blobs) => blobs.lock().unwrap_or_else(PoisonError::into_inner).get(&blob).cloned(),
            Place::Disk(dir) => tokio::task::spawn_blocking(move || std::fs::read(dir.join(blob)))
                .await
                .ok()?
                .inspect_err(|error| tracing::warn!(%error, "a stored file cannot be read"))
                .ok()
                .map(Bytes::from),
        }
    }
}

impl Place {
    fn put(&self, name: &str, bytes: &Bytes) -> io::Result<()> {
        match self {
            Self::Memory(blobs) => {
                blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.clone());
                Ok(())
            }
            Self::Disk(dir) => {
                let path = dir.join(name);
                if path.exists() {
                    return Ok(());
                }
                let unfinished = dir.join(format!("{name}.{:x}.new", rand::random::<u64>()));
                std::fs::write(&unfinished, bytes)?;
                std::fs::rename(unfinished, path)
            }
        }
    }
}

/// Applies the rules of a kind. Blocks.
fn inspect(upload: &Upload, kind: MediaKind, hints: Hints) -> Result<FileMeta, ApiError> {
    let bytes = &upload.bytes;
    if bytes.is_empty() {
        return Err(ApiError::bad("file must be non-empty"));
    }
    let sniffed = sniff(bytes);
    let mut file = FileMeta {
        unique: String::new(),
        kind,
        blob: String::new(),
        size: upload.size as u64,
        mime: sniffed.unwrap_or_else(|| by_extension(upload.name.as_deref())).to_owned(),
        name: upload.name.clone(),
        width: hints.width,
        height: hints.height,
        duration: hints.duration,
    };
    match kind {
        MediaKind::Photo => {
            (file.width, file.height) = check_photo(bytes, upload.size)?;
            file.name = None;
        }
        // what cannot play as a video is shown as a file
        MediaKind::Video if sniffed != Some("video/mp4") => file.kind = MediaKind::Document,
        MediaKind::Animation if !matches!(sniffed, Some("video/mp4" | "image/gif")) => file.kind = MediaKind::Document,
        MediaKind::Video => {}
        MediaKind::Document | MediaKind::Animation => {
            if let Ok((width, height)) = dimensions(bytes) {
                (file.width, file.height) = (width, height);
            }
        }
    }
    file.blob = content_name(bytes);
    let mut hasher = DefaultHasher::new();
    (&file.blob, file.kind, &file.name).hash(&mut hasher);
    file.unique = format!("AQAD{}{:08x}", &file.blob, hasher.finish() & 0xffff_ffff);
    Ok(file)
}

/// A name that two different files will not share: 128 bits of hash and the length.
fn content_name(bytes: &[u8]) -> String {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(seed);
        hasher.write(bytes);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(1), half(2))
}

fn dimensions(bytes: &[u8]) -> Result<(u32, u32), ApiError> {
    let failed = || ApiError::bad("IMAGE_PROCESS_FAILED");
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| failed())?;
    reader.into_dimensions().map_err(|_| failed())
}

/// Bytes, then dimensions from the header, then a full decode: the cheap refusals come first.
fn check_photo(bytes: &[u8], size: usize) -> Result<(u32, u32), ApiError> {
    if size > MAX_PHOTO {
        return Err(ApiError::bad(format!(
            "file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes"
        )));
    }
    let (width, height) = dimensions(bytes)?;
    let (long, short) = (width.max(height), width.min(height));
    if short == 0 || width.saturating_add(height) > MAX_PHOTO_SUM || long > short.saturating_mul(MAX_PHOTO_RATIO) {
        return Err(ApiError::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    let failed = || ApiError::bad("IMAGE_PROCESS_FAILED");
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| failed())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    reader.decode().map_err(|_| failed())?;
    Ok((width, height))
}

/// The type that the first bytes show.
fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let inside = |at: usize, magic: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(magic));
    Some(match () {
        () if starts(b"\xff\xd8\xff") => "image/jpeg",
        () if starts(b"\x89PNG\r\n\x1a\n") => "image/png",
        () if starts(b"GIF8") => "image/gif",
        () if starts(b"RIFF") && inside(8, b"WEBP") => "image/webp",
        () if inside(4, b"ftyp") => "video/mp4",
        () if starts(b"%PDF-") => "application/pdf",
        () if starts(b"PK\x03\x04") => "application/zip",
        () => return None,
    })
}

fn by_extension(name: Option<&str>) -> &'static str {
    let extension = name.and_then(|name| Path::new(name).extension()).and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => "image/svg+xml",
        Some("txt" | "log" | "md") => "text/plain",
        Some("json") => "application/json",
        Some("tif" | "tiff") => "image/tiff",
        _ => "application/octet-stream",
    }
}

/// A file name extension for a type.
pub(crate) fn extension(mime: &str) -> &'static str {
    match mime {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/svg+xml" => "svg",
        "video/mp4" => "mp4",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "text/plain" => "txt",
        "application/json" => "json",
        _ => "bin",
    }
}
