//! Trees along a ridge, grass and flowers at the viewer's feet.

use super::Footing;
use crate::color::{Color, darken, fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline};
use crate::idea::Place;
use crate::rng::{Noise, Rng, wave};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plant {
    Round,
    Conifer,
}

/// Trees standing behind a ridge line: clumped by noise, larger when nearer.
pub(super) fn row(
    stage: &Stage<'_>,
    drawing: &mut Drawing,
    rng: &mut Rng,
    plant: Plant,
    depth: f32,
    line: &dyn Fn(f32) -> f32,
    land: Color,
) {
    let clumps = Noise::new(rng);
    let size = stage.unit * (3.2 + 8.5 * depth);
    let dense = match (plant, stage.idea.place) {
        (Plant::Conifer, Place::Forest) => 0.3,
        (Plant::Conifer, _) => 0.55,
        (Plant::Round, _) => 0.62,
    };
    let green = match stage.idea.place {
        Place::Snow => mix(land, rgb(0x3a_5f_66), 0.72),
        Place::Mountains => mix(land, rgb(0x24_4a_40), 0.4),
        _ => darken(land, 0.18),
    };
    let (mut crowns, mut trunks, mut snow) = (Outline::new(), Outline::new(), Outline::new());
    let mut x = -size;
    while x < stage.width + size {
        let height = size * rng.range(0.75, 1.3);
        x += height * rng.range(0.28, 0.62);
        if clumps.at(x / (size * 6.0)) < dense {
            continue;
        }
        let foot = line(x) + height * 0.12;
        match plant {
            Plant::Conifer => {
                conifer(&mut crowns, x, foot, height);
                if stage.idea.place == Place::Snow {
                    snow.polygon(&[
                        (x, foot - height),
                        (x - height * 0.09, foot - height * 0.74),
                        (x + height * 0.09, foot - height * 0.74),
                    ]);
                }
            }
            Plant::Round => {
                let radius = height * 0.3;
                trunks.rect(x - height * 0.035, foot - height * 0.5, height * 0.07, height * 0.5);
                crowns.ellipse(x, foot - height * 0.58, radius, radius * 1.1);
                crowns.circle(x - radius * 0.6, foot - height * 0.46, radius * 0.68);
                crowns.circle(x + radius * 0.6, foot - height * 0.44, radius * 0.7);
            }
        }
    }
    drawing.fill(trunks, darken(land, 0.5));
    drawing.fill(crowns, green);
    drawing.fill(snow, fade(mix(rgb(0xff_ff_ff), stage.palette.ambient, stage.palette.strength), 0.85));
}

fn conifer(outline: &mut Outline, x: f32, foot: f32, height: f32) {
    for (top, bottom, half) in [(1.0, 0.62, 0.15), (0.8, 0.36, 0.21), (0.56, 0.06, 0.27)] {
        outline.polygon(&[
            (x, foot - height * top),
            (x + height * half, foot - height * bottom),
            (x - height * half, foot - height * bottom),
        ]);
    }
    outline.rect(x - height * 0.03, foot - height * 0.08, height * 0.06, height * 0.1);
}

/// Tufts that lean in the wind, and a few flowers.
pub(super) fn grass(stage: &Stage<'_>, drawing: &mut Drawing, footing: &Footing, rng: &mut Rng) {
    let near = stage.palette.near;
    let lean = wave(stage.moment) * stage.unit * 0.35;
    for (dy, color) in [(2.0, lighten(near, 0.12)), (7.0, darken(near, 0.12)), (12.0, darken(near, 0.42))] {
        let mut tufts = Outline::new();
        let mut x = 0.0;
        while x < stage.width {
            x += stage.unit * rng.range(0.8, 5.0);
            let y = footing.ground(x) + stage.unit * (dy + rng.range(-1.0, 2.5));
            for _ in 0..3 {
                let (tip, tall) = (stage.unit * rng.range(-1.1, 1.1) + lean, stage.unit * rng.range(1.2, 3.0));
                let half = stage.unit * 0.18;
                tufts.move_to(x - half, y).quad_to(x, y - tall * 0.6, x + tip, y - tall);
                tufts.quad_to(x + half, y - tall * 0.5, x + half, y).close();
            }
        }
        drawing.fill(tufts, color);
    }
    if matches!(stage.idea.place, Place::Hills | Place::Sea) {
        flowers(stage, drawing, footing, rng);
    }
}

fn flowers(stage: &Stage<'_>, drawing: &mut Drawing, footing: &Footing, rng: &mut Rng) {
    let palette = stage.palette;
    let lit = |value: u32| mix(rgb(value), palette.ambient, palette.strength);
    for color in [0xf6_d0_4a, 0xf0_84_ae, 0xfa_f6_ee, 0xe0_5a_4a] {
        let (mut petals, mut hearts) = (Outline::new(), Outline::new());
        for _ in 0..rng.pick(&[3_u8, 5, 8]) {
            let x = rng.unit() * stage.width;
            let y = footing.ground(x) + stage.unit * rng.range(2.0, 13.0);
            let size = stage.unit * rng.range(0.4, 0.75);
            for (dx, dy) in [(1.0, 0.0), (0.3, 0.95), (-0.8, 0.6), (-0.8, -0.6), (0.3, -0.95)] {
                petals.circle(x + dx * size, y + dy * size * 0.8, size * 0.72);
            }
            hearts.circle(x, y, size * 0.5);
        }
        drawing.fill(petals, lit(color));
        drawing.fill(hearts, lit(0xe8_9a_2c));
    }
}
