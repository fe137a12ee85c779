//! Pixel pictures: PNG, JPEG, WebP, GIF.
//!
//! A picture that the chat can show goes through byte for byte, after it was decoded once to prove that it is whole.
//! Everything else gets a preview for the eye and, where it has more to give, the original as a document.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader, RgbImage, RgbaImage};

use crate::fitted::{File, Fitted, Kind, Limits, MediaError, Size, Why};
use crate::sniff::Format;
use crate::{gif, jpeg};

const MIB: u64 = 1024 * 1024;
/// Qualities tried for a JPEG preview, best first, until it is small enough.
const QUALITIES: [u8; 4] = [92, 85, 75, 60];

/// A picture whose header has been read.
pub(crate) struct Probed {
    bytes: Bytes,
    format: Format,
    size: Size,
    /// Bytes of its pixels, decoded.
    decoded: u64,
    moving: bool,
}

impl Probed {
    /// MiB for decoding it and for one converted copy beside it. JPEG and WebP decoders hold planes of their own.
    pub(crate) fn needs_mib(&self) -> u32 {
        let held = match self.format {
            Format::Jpeg | Format::WebP => 3,
            _ => 2,
        };
        u32::try_from((self.decoded * held).div_ceil(MIB)).unwrap_or(u32::MAX)
    }

    fn is_animation(&self) -> bool {
        self.moving && self.format == Format::Gif
    }

    fn file(&self, kind: Kind) -> File {
        let (mime, extension) = self.format.names();
        File { bytes: self.bytes.clone(), on_disk: None, kind, extension, mime, size: Some(self.size) }
    }
}

/// Reads the header, and refuses what is broken or too large before a pixel is decoded.
pub(crate) fn probe(bytes: Bytes, format: Format, limits: &Limits) -> Result<Probed, MediaError> {
    let moving = match format {
        Format::Gif => match gif::frames(&bytes) {
            Some(0) | None => return Err(MediaError::unreadable("a GIF file cut short")),
            Some(frames) => frames > 1,
        },
        Format::Jpeg if !jpeg::is_whole(&bytes) => return Err(MediaError::unreadable("a JPEG file cut short")),
        Format::WebP => WebPDecoder::new(Cursor::new(&bytes[..])).map_err(unreadable)?.has_animation(),
        _ => false,
    };
    let decoder = reader(&bytes, format, MIB * 64).into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    let (size, decoded) = (Size { width, height }, decoder.total_bytes());
    drop(decoder);
    if size.pixels() == 0 {
        return Err(MediaError::unreadable("a picture without pixels"));
    }
    if size.pixels() > limits.pixels {
        return Err(MediaError::too_large(format!("{size} pixels, {} in all at most", limits.pixels)));
    }
    Ok(Probed { bytes, format, size, decoded, moving })
}

/// Decodes the picture and decides how it is posted.
pub(crate) fn fit(probed: &Probed, limits: &Limits) -> Result<Fitted, MediaError> {
    let Probed { size, format, .. } = *probed;
    let sendable = probed.bytes.len() <= limits.document_bytes;
    let (shorter, longer) = (size.width.min(size.height), size.width.max(size.height));
    let reason = if u64::from(longer) > u64::from(shorter) * u64::from(limits.photo_ratio) {
        Some(Why::TooNarrow)
    } else if size.width.saturating_add(size.height) > limits.photo_sides {
        Some(Why::TooManyPixels)
    } else if probed.bytes.len() > limits.photo_bytes {
        Some(Why::TooManyBytes)
    } else {
        (probed.moving && format == Format::WebP).then_some(Why::FirstFrame)
    };
    let picture = decode(probed)?;

    let document = || sendable.then(|| probed.file(Kind::Document));
    let (shown, document, reason) = match reason {
        _ if probed.is_animation() && sendable => (Some(probed.file(Kind::Animation)), None, None),
        None if matches!(format, Format::Png | Format::Jpeg) => (Some(probed.file(Kind::Photo)), None, None),
        None => (Some(preview(picture, format == Format::Gif, limits)?), None, None),
        Some(Why::TooNarrow) => match document() {
            None => {
                return Err(MediaError::too_large(format!("a picture of {size} with too many bytes for a document")));
            }
            document => (None, document, reason),
        },
        Some(_) => {
            let document = document();
            (Some(preview(picture, format == Format::Gif, limits)?), document, reason)
        }
    };
    Ok(Fitted { shown, document, reason, size: Some(size) })
}

/// All pixels, the first frame's if it moves, turned the way the file says.
fn decode(probed: &Probed) -> Result<DynamicImage, MediaError> {
    let budget = u64::from(probed.needs_mib()) * MIB;
    let mut decoder = reader(&probed.bytes, probed.format, budget).into_decoder().map_err(unreadable)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn reader(bytes: &Bytes, format: Format, memory: u64) -> ImageReader<Cursor<&[u8]>> {
    let format = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::WebP => ImageFormat::WebP,
        Format::Gif => ImageFormat::Gif,
        Format::Png | Format::Svg | Format::Mp4 => ImageFormat::Png,
    };
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(memory);
    let mut reader = ImageReader::with_format(Cursor::new(&bytes[..]), format);
    reader.limits(limits);
    reader
}

/// A photo of the picture: in its own size if the limits allow, without loss if `lossless` or see-through and that fits.
fn preview(picture: DynamicImage, lossless: bool, limits: &Limits) -> Result<File, MediaError> {
    let size = Size { width: picture.width(), height: picture.height() };
    let small = size.within(limits.preview_side);
    let fits = size.width.saturating_add(size.height) <= limits.photo_sides;
    let picture = if fits { picture } else { picture.thumbnail_exact(small.width, small.height) };
    if lossless || has_holes(&picture) {
        let file = png(&picture.to_rgba8())?;
        if file.bytes.len() <= limits.photo_bytes {
            return Ok(file);
        }
    }
    let flat = flatten(picture);
    for quality in QUALITIES {
        let file = jpeg_file(&flat, quality)?;
        if file.bytes.len() <= limits.photo_bytes {
            return Ok(file);
        }
    }
    let flat = image::imageops::thumbnail(&flat, small.width, small.height);
    let file = jpeg_file(&flat, 75)?;
    if file.bytes.len() <= limits.photo_bytes {
        Ok(file)
    } else {
        Err(MediaError::too_large(format!("a preview of {} bytes", file.bytes.len())))
    }
}

/// Whether any pixel lets the background through.
fn has_holes(picture: &DynamicImage) -> bool {
    let holes = |picture: &RgbaImage| picture.pixels().any(|pixel| pixel.0[3] < u8::MAX);
    match picture {
        DynamicImage::ImageRgba8(picture) => holes(picture),
        other => other.color().has_alpha() && holes(&other.to_rgba8()),
    }
}

/// The picture on white, which is what a photo shows behind holes.
fn flatten(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (from, to) in picture.pixels().zip(flat.pixels_mut()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        let over_white = |channel: u16| {
            let mixed = (channel * alpha + 255 * (255 - alpha) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        to.0 = [red, green, blue].map(over_white);
    }
    flat
}

/// A PNG file of the picture, as a photo.
pub(crate) fn png(picture: &RgbaImage) -> Result<File, MediaError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(picture.as_raw(), picture.width(), picture.height(), image::ExtendedColorType::Rgba8)
        .map_err(unreadable)?;
    Ok(photo(bytes, Format::Png, picture.dimensions()))
}

fn jpeg_file(picture: &RgbImage, quality: u8) -> Result<File, MediaError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).map_err(unreadable)?;
    Ok(photo(bytes, Format::Jpeg, picture.dimensions()))
}

fn photo(bytes: Vec<u8>, format: Format, (width, height): (u32, u32)) -> File {
    let (mime, extension) = format.names();
    File { bytes: bytes.into(), on_disk: None, kind: Kind::Photo, extension, mime, size: Some(Size { width, height }) }
}

/// A limit that a decoder ran into is a matter of size; all else is a broken file.
fn unreadable(error: image::ImageError) -> MediaError {
    match error {
        image::ImageError::Limits(limit) => MediaError::too_large(limit),
        other => MediaError::unreadable(other),
    }
}
