//! What falls or hangs between the viewer and the scene: rain, snow, fog, lightning.

use crate::color::{fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline, Paint};
use crate::idea::{Hour, Weather};
use crate::rng::{Noise, wave};

/// What lies between the land and the cast.
pub(crate) fn behind(stage: &Stage<'_>, drawing: &mut Drawing) {
    match stage.idea.weather {
        Weather::Fog => fog(stage, drawing),
        Weather::Storm => lightning(stage, drawing),
        _ => {}
    }
}

/// What falls in front of everybody.
pub(crate) fn before(stage: &Stage<'_>, drawing: &mut Drawing) {
    match stage.idea.weather {
        Weather::Rain => rain(stage, drawing, 130),
        Weather::Storm => rain(stage, drawing, 190),
        Weather::Snow => snow(stage, drawing),
        Weather::Fog | Weather::Clear | Weather::Clouds | Weather::Rainbow | Weather::Aurora => {}
    }
}

fn rain(stage: &Stage<'_>, drawing: &mut Drawing, drops: u16) {
    let mut rng = stage.rng("rain");
    let mut streaks = Outline::new();
    for _ in 0..drops {
        let fall = (rng.unit() + stage.moment * 2.0).fract();
        let (x, y) = (rng.range(-0.05, 1.1) * stage.width, (fall * 1.1 - 0.05) * stage.height);
        let length = stage.unit * rng.range(2.5, 6.0);
        streaks.move_to(x, y).line_to(x - length * 0.22, (y + length).min(stage.height));
    }
    drawing.stroke(streaks, (stage.unit * 0.2).max(0.5), fade(lighten(stage.palette.sky[2], 0.5), 0.42));
}

fn snow(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("snow");
    for (count, size, alpha) in [(110_u16, 0.35, 0.65), (60, 0.65, 0.8), (22, 1.1, 0.9)] {
        let mut flakes = Outline::new();
        for _ in 0..count {
            let fall = (rng.unit() + stage.moment).fract();
            let sway = wave(stage.moment + rng.unit()) * stage.unit * 1.5;
            let (x, y) = (rng.unit() * stage.width + sway, fall * stage.height);
            flakes.circle(x, y, (stage.unit * size * rng.range(0.7, 1.2)).max(0.5));
        }
        drawing.fill(flakes, fade(rgb(0xff_ff_ff), alpha));
    }
}

fn fog(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("fog");
    let base = mix(stage.palette.sky[2], rgb(0xf2_f4_f6), if stage.idea.hour == Hour::Night { 0.1 } else { 0.45 });
    for band in 0..4_u8 {
        let noise = Noise::new(&mut rng);
        let middle = stage.horizon * (0.92 + 0.13 * f32::from(band));
        let thick = stage.unit * rng.range(6.0, 10.0);
        let drift = wave(stage.moment + f32::from(band) * 0.25) * 0.12;
        let edge = |x: f32| (noise.rough(x / (stage.unit * 30.0) + drift) - 0.5) * thick * 1.4;
        let upper = stage.line(|x| middle - thick + edge(x));
        let mut points = upper.clone();
        points.extend(upper.iter().rev().map(|(x, _)| (*x, (middle + thick - edge(x + 91.0)).min(stage.height))));
        let mut bank = Outline::new();
        bank.polygon(&points);
        let stops = [(0.0, fade(base, 0.0)), (0.5, fade(base, 0.36)), (1.0, fade(base, 0.0))];
        drawing.fill(bank, Paint::vertical(middle - thick * 1.5, middle + thick * 1.3, &stops));
    }
}

fn lightning(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("lightning");
    let side = if stage.sun_right { rng.range(0.62, 0.85) } else { rng.range(0.15, 0.38) };
    let (mut x, mut y) = (stage.width * side, stage.horizon * 0.12);
    let mut bolt = Outline::new();
    bolt.move_to(x, y);
    let start = (x, stage.horizon * 0.4);
    while y < stage.horizon {
        x += stage.unit * rng.range(-4.5, 4.5);
        y += stage.horizon * rng.range(0.07, 0.15);
        bolt.line_to(x, y.min(stage.horizon));
    }
    let mut flash = Outline::new();
    flash.circle(start.0, start.1, stage.unit * 46.0);
    drawing.fill(flash, Paint::glow(start, stage.unit * 46.0, fade(rgb(0xd8_e4_ff), 0.4)));
    drawing.stroke(bolt, (stage.unit * 0.75).max(1.0), rgb(0xff_fb_e0));
}
