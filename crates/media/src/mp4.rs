//! Whether an MP4 is whole, and how large its picture is: a walk over its boxes that decodes nothing.

use bytes::Bytes;

use crate::fitted::{File, Fitted, Kind, Limits, MediaError, Size};
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
    let shown = Some(File { bytes, kind: Kind::Video, extension, mime, size });
    Ok(Fitted { shown, document: None, reason: None, size })
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
    let tracks = self::parts(film).ok_or_else(cut)?;
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
