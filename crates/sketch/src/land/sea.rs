//! Water: gradient, the sun's glitter path, rows of waves, an island far away.

use super::shaded;
use crate::color::{darken, fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline, ground};
use crate::idea::{Hour, Weather};
use crate::rng::{Noise, Rng, wave};
use crate::sky::sun_place;

pub(super) fn draw(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng) {
    if rng.chance(0.6) {
        island(stage, drawing, rng);
    }
    let deep = match stage.idea.hour {
        Hour::Day => rgb(0x1f_6f_a8),
        Hour::Dawn => rgb(0x4f_6f_9c),
        Hour::Sunset => rgb(0x3a_2a_5e),
        Hour::Night => rgb(0x0a_16_38),
    };
    let deep = stage.idea.tint.map_or(deep, |tint| mix(deep, tint, 0.25));
    let mut water = Outline::new();
    water.rect(-1.0, stage.horizon, stage.width + 2.0, stage.height - stage.horizon + 1.0);
    let near_sky = mix(stage.palette.sky[2], deep, 0.3);
    drawing.fill(water, shaded(stage.horizon, stage.height, near_sky, darken(deep, 0.15)));

    if !matches!(stage.idea.weather, Weather::Rain | Weather::Storm | Weather::Snow) {
        glitter(stage, drawing, rng);
    }
    let rough = if stage.idea.weather == Weather::Storm { 2.4 } else { 1.0 };
    for row in 0..7_u8 {
        let depth = (f32::from(row) + 0.6) / 7.0;
        let y = stage.horizon + (stage.height - stage.horizon) * depth * depth;
        crests(stage, drawing, rng, (y, depth, rough));
    }
}

fn island(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng) {
    let noise = Noise::new(rng);
    let (center, half) = (rng.range(0.1, 0.9) * stage.width, stage.unit * rng.range(14.0, 34.0));
    let tall = stage.unit * rng.range(4.0, 10.0);
    let points = stage.line(|x| {
        let reach = 1.0 - ((x - center) / half).powi(2);
        stage.horizon + 0.5 - reach.max(0.0) * tall * (0.5 + noise.rough(x / (stage.unit * 9.0)))
    });
    drawing.fill(ground(&points, stage.horizon + 1.0), mix(stage.palette.far, darken(stage.palette.sky[1], 0.3), 0.45));
}

/// Broken stripes of light under the sun, wider towards the viewer.
fn glitter(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng) {
    let ((x, _), radius) = sun_place(stage);
    let mut stripes = Outline::new();
    let mut depth = 0.015;
    while depth < 0.85 {
        let y = stage.horizon + (stage.height - stage.horizon) * depth;
        let half = radius * (0.5 + 1.3 * depth) * rng.range(0.35, 1.1);
        let shift = (rng.range(-0.4, 0.4) + 0.25 * wave(stage.moment + depth * 7.0)) * radius;
        stripes.ellipse(x + shift, y, half, stage.unit * (0.18 + 0.55 * depth));
        depth += rng.range(0.018, 0.05);
    }
    drawing.fill(stripes, fade(stage.palette.sun, if stage.idea.hour == Hour::Day { 0.5 } else { 0.62 }));
}

fn crests(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng, (y, depth, rough): (f32, f32, f32)) {
    let mut crests = Outline::new();
    let roll = wave(stage.moment + depth) * stage.unit * 1.6;
    let mut x = -stage.unit * 10.0;
    while x < stage.width {
        let length = stage.unit * (2.0 + 9.0 * depth) * rng.range(0.6, 1.3);
        let lift = stage.unit * (0.2 + 1.0 * depth) * rough;
        let top = y + stage.unit * rng.range(-1.0, 1.0) * (0.3 + depth);
        crests.move_to(x + roll, top).quad_to(x + roll + length * 0.5, top - lift, x + roll + length, top);
        crests.quad_to(x + roll + length * 0.5, top - lift * 0.35, x + roll, top).close();
        x += length * rng.range(1.3, 3.4);
    }
    drawing.fill(crests, fade(lighten(stage.palette.sky[2], 0.3), 0.22 + 0.3 * depth));
}
