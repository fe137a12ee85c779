//! What a file is, by its first bytes.

/// The formats that are passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    WebP,
    Gif,
    Svg,
    Mp4,
}

impl Format {
    /// The format of a file, if it is one of ours.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let at = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ if at(0, 4) == b"RIFF" && at(8, 12) == b"WEBP" => Some(Self::WebP),
            _ if at(4, 8) == b"ftyp" => is_mp4_brand(at(8, 12)).then_some(Self::Mp4),
            _ => begins_like_svg(at(0, bytes.len().min(512))).then_some(Self::Svg),
        }
    }

    /// The content type and the end of a file's name.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Png => ("image/png", "png"),
            Self::Jpeg => ("image/jpeg", "jpg"),
            Self::WebP => ("image/webp", "webp"),
            Self::Gif => ("image/gif", "gif"),
            Self::Svg => ("image/svg+xml", "svg"),
            Self::Mp4 => ("video/mp4", "mp4"),
        }
    }
}

/// The content type of a picture of pixels; `None` for everything else.
pub fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    let format = Format::of(bytes).filter(|format| !matches!(format, Format::Svg | Format::Mp4))?;
    Some(format.names().0)
}

/// The end of a file's name, if it is of a format that is passed on.
pub fn extension(bytes: &[u8]) -> Option<&'static str> {
    Format::of(bytes).map(|format| format.names().1)
}

/// Whether a file begins as an MP4 film.
pub fn is_film(bytes: &[u8]) -> bool {
    Format::of(bytes) == Some(Format::Mp4)
}

/// The same container also holds AVIF, HEIC and `QuickTime`, which are other things.
fn is_mp4_brand(brand: &[u8]) -> bool {
    brand.starts_with(b"iso") || brand.starts_with(b"mp4") || matches!(brand, b"avc1" | b"M4V " | b"MSNV" | b"dash")
}

/// Whether a text begins as an SVG may; its root element decides later.
fn begins_like_svg(start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(start);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    ["<svg", "<?xml", "<!--", "<!DOCTYPE svg"].into_iter().any(|beginning| start.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_alone_counts() {
        let table: [(&[u8], Option<Format>); 12] = [
            (b"\x89PNG\r\n\x1a\n", Some(Format::Png)),
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"GIF89a", Some(Format::Gif)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Format::WebP)),
            (b"\0\0\0\x18ftypisom", Some(Format::Mp4)),
            (b"\0\0\0\x18ftypavif", None),
            ("\u{feff} \n<?xml version='1.0'?><svg/>".as_bytes(), Some(Format::Svg)),
            (b"<html><svg/></html>", None),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"BM", None),
            (b"\x1f\x8b\x08", None),
            (b"", None),
        ];
        for (bytes, format) in table {
            assert_eq!(Format::of(bytes), format, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
