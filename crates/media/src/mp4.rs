//! Whether an MP4 is whole, and how large its picture is: a walk over its boxes that decodes nothing.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use bytes::Bytes;

use crate::fitted::{File, Fitted, Kind, Limits, MediaError, OnDisk, Size};
use crate::sniff::Format;

/// A box: its type and its content.
type Part<'a> = (&'a [u8], &'a [u8]);

/// A video is passed on as it is, or not at all.
pub(crate) fn fit(bytes: Bytes, limits: &Limits) -> Result<Fitted, MediaError> {
    let size = Some(probe(&bytes)?);
    if bytes.len() > limits.document_bytes {
        return Err(MediaError::too_large(format!("a video of {} bytes", bytes.len())));
    }
    let (mime, extension) = Format::Mp4.names();
    let shown = Some(File { bytes, on_disk: None, kind: Kind::Video, extension, mime, size });
    Ok(Fitted { shown, document: None, reason: None, size })
}

/// The same for a film on disk: its boxes are walked over, and only the one that describes it is read.
pub(crate) fn fit_file(path: &Path, limits: &Limits) -> Result<Fitted, MediaError> {
    let (size, length) = probe_file(path)?;
    if length > limits.film_bytes {
        return Err(MediaError::too_large(format!("a video of {length} bytes")));
    }
    let (mime, extension) = Format::Mp4.names();
    let on_disk = Some(OnDisk { path: path.to_owned(), length });
    let shown = Some(File { bytes: Bytes::new(), on_disk, kind: Kind::Video, extension, mime, size: Some(size) });
    Ok(Fitted { shown, document: None, reason: None, size: Some(size) })
}

/// The description of a film may take this much; an hour of video takes a tenth.
const MOST_DESCRIPTION: u64 = 16 * 1024 * 1024;

fn probe_file(path: &Path) -> Result<(Size, u64), MediaError> {
    let cut = || MediaError::unreadable("an MP4 file cut short");
    let broken = |error: std::io::Error| MediaError::unreadable(format!("a film on disk: {error}"));
    let mut file = std::fs::File::open(path).map_err(broken)?;
    let length = file.metadata().map_err(broken)?.len();
    let (mut at, mut description, mut data) = (0_u64, None, false);
    while at < length {
        file.seek(SeekFrom::Start(at)).map_err(broken)?;
        let mut head = [0_u8; 16];
        let there = usize::try_from((length - at).min(16)).unwrap_or(16);
        file.read_exact(&mut head[..there]).map_err(broken)?;
        let kind = head.get(4..8).filter(|_| there >= 8).ok_or_else(cut)?.to_owned();
        let (begin, end) = match number(&head, 0).ok_or_else(cut)? {
            0 => (8, length - at),
            1 => (
                16,
                (u64::from(number(&head, 8).ok_or_else(cut)?) << 32) | u64::from(number(&head, 12).ok_or_else(cut)?),
            ),
            length => (8, length.into()),
        };
        if end < begin || end > length - at {
            return Err(cut());
        }
        match kind.as_slice() {
            b"moov" if end > MOST_DESCRIPTION => return Err(MediaError::too_large("the description of a film")),
            b"moov" => {
                let mut content = vec![0; usize::try_from(end - begin).map_err(|_| cut())?];
                file.seek(SeekFrom::Start(at + begin)).map_err(broken)?;
                file.read_exact(&mut content).map_err(broken)?;
                description = Some(content);
            }
            b"mdat" => data |= end > begin,
            _ => {}
        }
        at += end;
    }
    let film = description.ok_or_else(|| MediaError::unreadable("an MP4 file without a film"))?;
    if !data {
        return Err(MediaError::unreadable("an MP4 file without data"));
    }
    Ok((picture_size(&film)?, length))
}

/// Checks the boxes of the file and finds the size of its first picture track.
fn probe(bytes: &[u8]) -> Result<Size, MediaError> {
    let cut = || MediaError::unreadable("an MP4 file cut short");
    let parts = parts(bytes).ok_or_else(cut)?;
    let find = |wanted: &[u8]| parts.iter().find(|(kind, _)| *kind == wanted).map(|(_, content)| *content);
    let film = find(b"moov").ok_or_else(|| MediaError::unreadable("an MP4 file without a film"))?;
    if find(b"mdat").is_none_or(<[u8]>::is_empty) {
        return Err(MediaError::unreadable("an MP4 file without data"));
    }
    picture_size(film)
}

/// The size of the first picture track of a film's description.
fn picture_size(film: &[u8]) -> Result<Size, MediaError> {
    let tracks = self::parts(film).ok_or_else(|| MediaError::unreadable("an MP4 file cut short"))?;
    tracks
        .into_iter()
        .filter(|(kind, _)| *kind == b"trak")
        .find_map(|(_, track)| {
            let (_, header) = self::parts(track)?.into_iter().find(|(kind, _)| *kind == b"tkhd")?;
            size(header)
        })
        .ok_or_else(|| MediaError::unreadable("an MP4 file without a picture"))
}

/// The last two numbers of a track's header, as 16.16 fixed point; zero for sound.
fn size(header: &[u8]) -> Option<Size> {
    let start = match header.first()? {
        0 => 76,
        1 => 88,
        _ => return None,
    };
    let size = Size { width: number(header, start)? >> 16, height: number(header, start + 4)? >> 16 };
    (size.width > 0 && size.height > 0).then_some(size)
}

/// The boxes in a row that fills `bytes` exactly.
fn parts(mut bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let kind = bytes.get(4..8)?;
        let (head, length) = match number(bytes, 0)? {
            // to the end
            0 => (8, bytes.len()),
            1 => {
                let long = (u64::from(number(bytes, 8)?) << 32) | u64::from(number(bytes, 12)?);
                (16, usize::try_from(long).ok()?)
            }
            length => (8, usize::try_from(length).ok()?),
        };
        parts.push((kind, bytes.get(head..length)?));
        bytes = bytes.get(length..)?;
    }
    Some(parts)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}
