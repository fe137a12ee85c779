//! A skyline in three layers with lit windows, and the street in front of it.

use super::lit;
use crate::color::{Color, darken, fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline, Paint};
use crate::rng::Rng;

pub(super) fn draw(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng) {
    for (index, depth) in [0.12, 0.45, 0.8].into_iter().enumerate() {
        let color = mix(stage.palette.land(depth), darken(stage.palette.sky[0], 0.3), 0.25);
        let tall = stage.unit * [46.0, 38.0, 27.0][index];
        blocks(stage, drawing, rng, color, tall, depth);
    }
    street(stage, drawing);
}

fn blocks(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng, color: Color, tall: f32, depth: f32) {
    let foot = stage.height * (0.7 + 0.14 * depth);
    let (mut walls, mut windows, mut masts) = (Outline::new(), Outline::new(), Outline::new());
    let share = if lit(stage.idea.hour) { 0.34 } else { 0.12 };
    let mut x = -stage.unit * 4.0;
    while x < stage.width {
        let width = stage.unit * rng.range(5.0, 10.0) * (0.7 + 0.6 * depth);
        let height = tall * rng.range(0.4, 1.0) * rng.range(0.75, 1.0) + (foot - stage.height * 0.7);
        let top = foot - height;
        walls.rect(x, top, width + 0.6, stage.height - top);
        match rng.pick(&[0_u8, 0, 1, 2, 3]) {
            1 => {
                walls.polygon(&[(x, top), (x + width * 0.5, top - width * 0.7), (x + width, top)]);
            }
            2 => {
                walls.rect(x + width * 0.22, top - width * 0.4, width * 0.56, width * 0.45);
                masts.move_to(x + width * 0.5, top - width * 0.4).line_to(x + width * 0.5, top - width * 1.3);
            }
            3 => {
                walls.ellipse(x + width * 0.5, top, width * 0.5, width * 0.34);
            }
            _ => {}
        }
        let cell = stage.unit * (1.25 + 0.75 * depth);
        let mut row = top + cell;
        while row < foot {
            let mut column = x + cell * 0.6;
            while column + cell * 0.6 < x + width {
                if rng.chance(share) {
                    windows.rect(column, row, cell * 0.5, cell * 0.62);
                }
                column += cell;
            }
            row += cell * 1.25;
        }
        x += width * rng.range(0.9, 1.25);
    }
    let haze = mix(color, stage.palette.sky[2], 0.45 * (1.0 - depth));
    drawing.stroke(masts, (stage.unit * 0.3).max(0.6), color);
    drawing.fill(walls, Paint::vertical(foot - tall, foot, &[(0.0, color), (1.0, haze)]));
    let glow = if lit(stage.idea.hour) { rgb(0xff_d7_84) } else { lighten(stage.palette.sky[1], 0.5) };
    drawing.fill(windows, fade(glow, 0.45 + 0.45 * depth));
}

/// A row of street lamps; the ground itself is the common foreground.
fn street(stage: &Stage<'_>, drawing: &mut Drawing) {
    let foot = stage.height * 0.87;
    let pole = darken(stage.palette.near, 0.5);
    let lamp = rgb(0xff_e6_a8);
    let mut x = stage.unit * 9.0;
    while x < stage.width {
        let head = foot - stage.unit * 21.0;
        let mut post = Outline::new();
        post.move_to(x, foot).line_to(x, head).quad_to(
            x,
            head - stage.unit * 3.0,
            x + stage.unit * 3.0,
            head - stage.unit * 3.0,
        );
        drawing.stroke(post, (stage.unit * 0.55).max(0.8), pole);
        let at = (x + stage.unit * 3.4, head - stage.unit * 2.4);
        if lit(stage.idea.hour) {
            let mut halo = Outline::new();
            halo.circle(at.0, at.1, stage.unit * 7.0);
            drawing.fill(halo, Paint::glow(at, stage.unit * 7.0, fade(lamp, 0.6)));
        }
        let mut bulb = Outline::new();
        bulb.circle(at.0, at.1, stage.unit * 1.0);
        drawing.fill(bulb, lamp);
        x += stage.unit * 33.0;
    }
}
