//! Tiles: the small cards that hold the place of a picture until it is there, or say why there is none.
//!
//! A tile says which picture it stands for, its prompt and what is going on; its colours come from the prompt, so the
//! tiles of an album differ before the pictures do. Deliberately absent: the scene itself, which would pass for a result.

use crate::color::{self, Color};
use crate::drawing::{Drawing, Outline, Paint};
use crate::rng::Rng;
use crate::text::Fonts;
use crate::{MAX_SIDE, MIN_SIDE, Picture, SketchError, raster};

/// What a tile stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// A picture that will come.
    Waiting,
    /// A picture that will not come.
    Failed,
    /// A picture that was called off.
    Cancelled,
    /// A result that cannot be shown in an album and follows as a file.
    File,
}

/// What to put on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile<'a> {
    /// What it stands for.
    pub mood: Mood,
    /// Which one of how many, such as `3/10`.
    pub badge: &'a str,
    /// The prompt; as much of it as fits.
    pub prompt: &'a str,
    /// One sentence below it: where it stands, or what went wrong.
    pub line: &'a str,
    /// Width in pixels, [`MIN_SIDE`]`..=`[`MAX_SIDE`].
    pub width: u32,
    /// Height in pixels, [`MIN_SIDE`]`..=`[`MAX_SIDE`].
    pub height: u32,
}

/// Draws a tile. A few milliseconds of CPU for half a megapixel, so never on an async thread.
pub fn tile(tile: &Tile<'_>) -> Result<Picture, SketchError> {
    let (width, height) = (tile.width, tile.height);
    if !(MIN_SIDE..=MAX_SIDE).contains(&width) || !(MIN_SIDE..=MAX_SIDE).contains(&height) {
        return Err(SketchError::Size { width, height });
    }
    let mut drawing = Drawing::new(width as f32, height as f32);
    ground(tile, &mut drawing);
    let unit = drawing.width.min(drawing.height) / 100.0;
    emblem(tile.mood, &mut drawing, unit);
    words(tile, &mut drawing, unit);
    raster::paint(&drawing, width, height)
}

/// Dark and calm: a picture that comes in beside it must be what the eye goes to.
fn ground(tile: &Tile<'_>, drawing: &mut Drawing) {
    const HUES: [u32; 8] =
        [0x2f_5d_8a, 0x6a_3f_8f, 0x8a_3f_5f, 0x8f_5a_2f, 0x3f_7a_5a, 0x2f_7f_86, 0x5a_5a_9a, 0x7a_6a_35];
    let mut rng = Rng::new(tile.prompt, 0, "tile");
    let hue = match tile.mood {
        Mood::Waiting | Mood::File => color::rgb(rng.pick(&HUES)),
        Mood::Failed => color::rgb(0x6b_35_38),
        Mood::Cancelled => color::rgb(0x4c_4f_58),
    };
    let (top, bottom) = (color::darken(hue, 0.25), color::darken(hue, 0.72));
    let mut all = Outline::new();
    all.rect(0.0, 0.0, drawing.width, drawing.height);
    drawing.fill(all, Paint::vertical(0.0, drawing.height, &[(0.0, top), (1.0, bottom)]));
    let mut glow = Outline::new();
    let (x, y) = (drawing.width * rng.range(0.2, 0.8), drawing.height * 0.1);
    let radius = drawing.width.max(drawing.height) * 0.55;
    glow.circle(x, y, radius);
    drawing.fill(glow, Paint::glow((x, y), radius, color::fade(color::lighten(hue, 0.35), 0.35)));
}

/// A ring with what it says inside, in the upper half.
fn emblem(mood: Mood, drawing: &mut Drawing, unit: f32) {
    let (x, y, radius) = (drawing.width / 2.0, drawing.height * 0.3, unit * 11.0);
    let ink = color::fade(color::rgb(0xff_f8_ec), 0.85);
    let mut ring = Outline::new();
    ring.circle(x, y, radius);
    drawing.stroke(ring, unit * 1.1, color::fade(ink, 0.35));
    let mut sign = Outline::new();
    let arm = radius * 0.42;
    match mood {
        Mood::Waiting => {
            for step in [-1.0, 0.0, 1.0] {
                sign.circle(x + step * radius * 0.48, y, unit * 1.5);
            }
            drawing.fill(sign, ink);
            return;
        }
        Mood::Failed => {
            sign.move_to(x, y - arm * 1.1).line_to(x, y + arm * 0.25);
            sign.move_to(x, y + arm).line_to(x, y + arm * 1.02);
        }
        Mood::Cancelled => {
            sign.move_to(x - arm, y - arm).line_to(x + arm, y + arm);
            sign.move_to(x + arm, y - arm).line_to(x - arm, y + arm);
        }
        Mood::File => {
            sign.move_to(x, y - arm).line_to(x, y + arm);
            sign.move_to(x - arm * 0.8, y + arm * 0.2).line_to(x, y + arm).line_to(x + arm * 0.8, y + arm * 0.2);
        }
    }
    drawing.stroke(sign, unit * 1.8, ink);
}

fn words(tile: &Tile<'_>, drawing: &mut Drawing, unit: f32) {
    let fonts = Fonts::load();
    let room = drawing.width - unit * 14.0;
    let bright = color::rgb(0xff_f8_ec);
    let mut put = |text: &str, size: f32, baseline: f32, color: Color| {
        let x = (drawing.width - fonts.width(text, size)) / 2.0;
        drawing.fill(fonts.outline(text, size, (x.max(unit), baseline)), color);
    };
    let badge = fonts.fit(&crate::text::clean(tile.badge), unit * 8.0, room);
    put(&badge, unit * 8.0, unit * 11.0, color::fade(bright, 0.6));
    let (large, small) = (unit * 8.5, unit * 7.0);
    let mut baseline = drawing_height_share(tile.height, 0.54);
    for line in fonts.wrap(&crate::text::clean(tile.prompt), large, room, 2) {
        put(&line, large, baseline, bright);
        baseline += large * 1.25;
    }
    let lines = fonts.wrap(&crate::text::clean(tile.line), small, room, 3);
    let mut baseline = drawing_height_share(tile.height, 0.94) - small * 1.2 * (lines.len().max(1) - 1) as f32;
    for line in lines {
        put(&line, small, baseline, color::fade(bright, 0.75));
        baseline += small * 1.2;
    }
}

fn drawing_height_share(height: u32, share: f32) -> f32 {
    height as f32 * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(mood: Mood) -> Tile<'static> {
        Tile {
            mood, badge: "3/10", prompt: "маяк в шторм 🌊", line: "In line: #2", width: 320, height: 180
        }
    }

    #[test]
    fn tiles_are_small_deterministic_and_different() {
        let moods = [Mood::Waiting, Mood::Failed, Mood::Cancelled, Mood::File];
        let files: Vec<Vec<u8>> = moods.map(|mood| tile(&sample(mood)).unwrap().png().unwrap()).into();
        for (index, file) in files.iter().enumerate() {
            // Telegram spaces out uploads of more than 100 kB
            assert!(file.len() < 100_000, "{} bytes", file.len());
            assert!(files[..index].iter().all(|other| other != file));
        }
        assert_eq!(tile(&sample(Mood::Waiting)).unwrap().png().unwrap(), files[0]);
    }

    #[test]
    fn hostile_words_stay_on_the_card() {
        let long = "щ".repeat(5000);
        for text in ["", "\u{202e}\u{0}\n", long.as_str()] {
            for (width, height) in [(MIN_SIDE, MIN_SIDE), (64, 640), (640, 64)] {
                let card = Tile { badge: text, prompt: text, line: text, width, height, ..sample(Mood::Failed) };
                assert!(tile(&card).is_ok());
            }
        }
        assert!(matches!(tile(&Tile { width: 1, ..sample(Mood::File) }), Err(SketchError::Size { .. })));
    }
}
