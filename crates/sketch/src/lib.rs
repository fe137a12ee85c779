//! Draws a deterministic scene from a prompt and a seed, with an honest footer.
//!
//! No model is involved and none is pretended: a word list (English and Russian) picks place, hour, weather, subject
//! and colours, a hash of prompt and seed decides the rest, and a strip at the foot of every picture says so.
//! Invariant: the same [`Scene`] gives the same bytes, any Unicode prompt is safe, and the work is bounded by the
//! picture's size. Deliberately absent: I/O, clocks, global state, lossy encoders (a caller with an image library has
//! [`Picture::rgba`]).

mod cast;
mod color;
mod compose;

mod drawing;
mod figure;
mod idea;
mod land;
mod palette;
mod raster;
mod rng;
mod sky;
mod svg;
mod text;
mod tile;
mod weather;

#[cfg(test)]
mod tests;

pub use tile::{Mood, Tile, tile};

/// Smallest side of a picture, in pixels.
pub const MIN_SIDE: u32 = 64;
/// Largest side of a picture, in pixels.
pub const MAX_SIDE: u32 = 4096;

/// What to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene<'a> {
    /// Any text; it is read for words that can be drawn and hashed for everything else.
    pub prompt: &'a str,
    /// Another seed gives another picture of the same words.
    pub seed: u64,
    /// Width in pixels, [`MIN_SIDE`]`..=`[`MAX_SIDE`].
    pub width: u32,
    /// Height in pixels, [`MIN_SIDE`]`..=`[`MAX_SIDE`]; the footer is part of it.
    pub height: u32,
    /// What the strip at the foot says about where the picture came from.
    pub footer: Footer<'a>,
}

/// The statement printed above the prompt in the strip at the foot of the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Footer<'a> {
    /// "sketch, no AI model".
    #[default]
    Honest,
    /// "simulated *model*, no AI model".
    Simulated {
        /// The model whose answer is being simulated.
        model: &'a str,
    },
}

/// Why a scene cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// The caller asked for a size outside the supported range.
    #[error("a sketch is {MIN_SIDE} to {MAX_SIDE} pixels a side, not {width}x{height}")]
    Size {
        /// The width asked for.
        width: u32,
        /// The height asked for.
        height: u32,
    },
    /// The pixels could not be written as PNG; not expected for a picture made here.
    #[error("the sketch could not be written as PNG: {0}")]
    Encode(String),
}

/// A finished picture: opaque RGBA, 8 bits a channel, rows from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Picture {
    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, four bytes each; alpha is always 255.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// The pixels themselves, for an encoder that wants to own them.
    pub fn into_rgba(self) -> Vec<u8> {
        self.rgba
    }

    /// The picture as a PNG file (RGB).
    pub fn png(&self) -> Result<Vec<u8>, SketchError> {
        raster::png(self)
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture").field("width", &self.width).field("height", &self.height).finish_non_exhaustive()
    }
}

/// Draws the scene. CPU work: about a tenth of a second for a megapixel, so never on an async thread.
pub fn draw(scene: &Scene<'_>) -> Result<Picture, SketchError> {
    draw_moment(scene, 0.0)
}

/// Draws one moment of the scene in motion: `moment` runs from 0 to 1 and then starts over without a seam, for the
/// frames of an animation. Moment 0 is what [`draw`] draws.
pub fn draw_moment(scene: &Scene<'_>, moment: f32) -> Result<Picture, SketchError> {
    raster::paint(&compose::compose(scene, moment)?, scene.width, scene.height)
}

/// The same scene as an SVG document without external references (letters are outlines).
pub fn svg(scene: &Scene<'_>) -> Result<String, SketchError> {
    Ok(svg::write(&compose::compose(scene, 0.0)?))
}
