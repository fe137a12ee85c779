//! Output bytes that no honest model gives, for testing what a client makes of them.

use bytes::Bytes;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};

use super::gallery::File;

/// A PNG of 60 megapixels in a few hundred kilobytes.
pub(super) fn huge_pixels() -> Result<File, ImageError> {
    const WIDTH: u32 = 10_000;
    const HEIGHT: u32 = 6_000;
    let mut gray = Vec::with_capacity(60_000_000);
    for row in 0..HEIGHT {
        let shade = u8::try_from(row * 255 / HEIGHT).unwrap_or(255);
        gray.resize(gray.len() + 10_000, shade);
    }
    png(&gray, WIDTH, HEIGHT, ExtendedColorType::L8, FilterType::Up)
}

/// A PNG of more than 12 MB: noise, which nothing compresses.
pub(super) fn heavy(seed: u64) -> Result<File, ImageError> {
    const SIDE: u32 = 2_100;
    let mut state = seed | 1;
    let mut noise = Vec::with_capacity(13_230_000);
    while noise.len() < 13_230_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes()[..6]);
    }
    noise.truncate(13_230_000);
    png(&noise, SIDE, SIDE, ExtendedColorType::Rgb8, FilterType::NoFilter)
}

/// The first half of the file, followed by zeros: the header still looks right.
pub(super) fn spoil(bytes: &Bytes) -> Bytes {
    let mut spoiled = bytes[..bytes.len() / 2].to_vec();
    spoiled.resize(bytes.len(), 0);
    spoiled.into()
}

/// No picture at all under a picture's content type.
pub(super) fn corrupt() -> File {
    File { bytes: Bytes::from_static(b"\x89PNG\r\n\x1a\nthis is no picture"), content_type: "image/png", padding: 0 }
}

fn png(
    pixels: &[u8],
    width: u32,
    height: u32,
    color: ExtendedColorType,
    filter: FilterType,
) -> Result<File, ImageError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, filter)
        .write_image(pixels, width, height, color)?;
    Ok(File { bytes: bytes.into(), content_type: "image/png", padding: 0 })
}
