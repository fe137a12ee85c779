//! The order of things: sky, land, cast, weather, footer.
//!
//! Everything is laid out in shares of the picture and in `unit`s (a hundredth of the shorter side of the scene), so a
//! thumbnail, a poster and a panorama of one prompt show the same scene.

use crate::color::Color;
use crate::drawing::Drawing;
use crate::idea::{Idea, Place};
use crate::palette::Palette;
use crate::rng::Rng;
use crate::text::Strip;
use crate::{MAX_SIDE, MIN_SIDE, Scene, SketchError};
use crate::{cast, land, sky, weather};

/// What every painter of a layer knows.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) idea: Idea,
    pub(crate) palette: Palette,
    pub(crate) width: f32,
    /// Height of the scene, without the footer.
    pub(crate) height: f32,
    pub(crate) unit: f32,
    /// Height of the horizon line in pixels from the top.
    pub(crate) horizon: f32,
    /// Whether the sun is right of the middle; the cast stands on the other side.
    pub(crate) sun_right: bool,
    /// 0 to 1 through an animation.
    pub(crate) moment: f32,
    prompt: &'a str,
    seed: u64,
}

impl Stage<'_> {
    pub(crate) fn rng(&self, stream: &str) -> Rng {
        Rng::new(self.prompt, self.seed, stream)
    }

    /// Distance between two points of a skyline or ridge, in pixels.
    pub(crate) fn step(&self) -> f32 {
        (self.width / 180.0).max(1.5)
    }

    /// Calls `point` at evenly spaced columns over the whole width, both edges included.
    pub(crate) fn line(&self, mut point: impl FnMut(f32) -> f32) -> Vec<(f32, f32)> {
        let (step, mut x) = (self.step(), -self.step());
        let mut points = Vec::new();
        while x <= self.width + 2.0 * step {
            points.push((x, point(x)));
            x += step;
        }
        points
    }
}

pub(crate) fn compose(scene: &Scene<'_>, moment: f32) -> Result<Drawing, SketchError> {
    let (width, height) = (scene.width, scene.height);
    if !(MIN_SIDE..=MAX_SIDE).contains(&width) || !(MIN_SIDE..=MAX_SIDE).contains(&height) {
        return Err(SketchError::Size { width, height });
    }
    let strip = Strip::measure(scene);
    let mut drawing = Drawing::new(width as f32, height as f32);
    let idea = Idea::read(scene.prompt, scene.seed);
    let mut rng = Rng::new(scene.prompt, scene.seed, "stage");
    let palette = Palette::new(&idea, &mut rng);
    let (art_width, art_height) = (width as f32, height as f32 - strip.height);
    let level = if idea.place == Place::Sea { rng.range(0.5, 0.58) } else { rng.range(0.56, 0.66) };
    let stage = Stage {
        palette,
        width: art_width,
        height: art_height,
        unit: art_width.min(art_height) / 100.0,
        horizon: art_height * level,
        sun_right: rng.chance(0.5),
        moment: moment - moment.floor(),
        prompt: scene.prompt,
        seed: scene.seed,
        idea,
    };
    sky::draw(&stage, &mut drawing);
    let footing = land::draw(&stage, &mut drawing);
    weather::behind(&stage, &mut drawing);
    cast::draw(&stage, &mut drawing, &footing);
    land::foreground(&stage, &mut drawing, &footing);
    weather::before(&stage, &mut drawing);
    let footer: Color = stage.palette.near;
    strip.draw(&mut drawing, footer, stage.palette.accent);
    Ok(drawing)
}
