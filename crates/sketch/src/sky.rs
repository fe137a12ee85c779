//! The sky: gradient, stars, sun or moon, planets, clouds, aurora, birds.

use crate::color::{darken, fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline, Paint};
use crate::idea::{Hour, Place, Weather};
use crate::rng::{Noise, Rng, wave};

pub(crate) fn draw(stage: &Stage<'_>, drawing: &mut Drawing) {
    let [zenith, middle, low] = stage.palette.sky;
    let space = stage.idea.place == Place::Space;
    let floor = if space { stage.height } else { stage.horizon * 1.06 };
    let mut all = Outline::new();
    all.rect(-1.0, -1.0, stage.width + 2.0, drawing.height + 2.0);
    drawing.fill(all, Paint::vertical(0.0, floor, &[(0.0, zenith), (0.55, middle), (1.0, low)]));

    let overcast = matches!(stage.idea.weather, Weather::Rain | Weather::Storm | Weather::Snow);
    if space {
        nebula(stage, drawing);
    }
    if (stage.idea.hour == Hour::Night && !overcast) || space {
        stars(stage, drawing);
    }
    if stage.idea.weather == Weather::Aurora {
        aurora(stage, drawing);
    }
    if space {
        planet(stage, drawing);
    } else if !overcast {
        sun(stage, drawing);
    }
    if stage.idea.weather == Weather::Rainbow {
        rainbow(stage, drawing);
    }
    if !space {
        clouds(stage, drawing);
        if stage.idea.hour != Hour::Night && !overcast {
            birds(stage, drawing);
        }
    }
}

fn stars(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("stars");
    let (mut faint, mut bright) = (Outline::new(), Outline::new());
    for index in 0..190_u16 {
        let (x, y) = (rng.unit() * stage.width, rng.unit() * rng.range(0.3, 1.0) * stage.height * 0.72);
        let size = stage.unit * rng.range(0.08, 0.24);
        let twinkle = 1.0 + 0.25 * wave(stage.moment + rng.unit());
        if index % 12 == 0 {
            sparkle(&mut bright, x, y, size * 4.2 * twinkle);
        } else {
            faint.circle(x, y, (size * twinkle).max(0.35));
        }
    }
    drawing.fill(faint, fade(rgb(0xff_fa_ea), 0.75));
    drawing.fill(bright, fade(rgb(0xff_fd_f4), 0.92));
}

/// A four-pointed star.
fn sparkle(outline: &mut Outline, x: f32, y: f32, size: f32) {
    outline.move_to(x, y - size);
    for (dx, dy) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
        outline.quad_to(x, y, x + dx * size, y + dy * size);
    }
    outline.close();
}

/// Where the sun or moon stands, and its radius.
pub(crate) fn sun_place(stage: &Stage<'_>) -> ((f32, f32), f32) {
    let mut rng = stage.rng("sun");
    let side = if stage.sun_right { rng.range(0.64, 0.8) } else { rng.range(0.2, 0.36) };
    let (height, radius) = match stage.idea.hour {
        Hour::Day => (rng.range(0.2, 0.4), rng.range(6.0, 8.0)),
        Hour::Dawn => (rng.range(0.62, 0.8), rng.range(8.5, 11.5)),
        Hour::Sunset => (rng.range(0.66, 0.86), rng.range(10.0, 15.0)),
        Hour::Night => (rng.range(0.24, 0.42), rng.range(7.5, 11.0)),
    };
    let drift = wave(stage.moment) * stage.unit * 1.2;
    ((stage.width * side, stage.horizon * height - drift), stage.unit * radius)
}

fn sun(stage: &Stage<'_>, drawing: &mut Drawing) {
    let (center, radius) = sun_place(stage);
    let color = stage.palette.sun;
    let hazy = if stage.idea.weather == Weather::Fog { 0.6 } else { 1.0 };
    for (reach, alpha) in [(4.4, 0.42), (2.2, 0.5)] {
        let mut halo = Outline::new();
        halo.circle(center.0, center.1, radius * reach);
        drawing.fill(halo, Paint::glow(center, radius * reach, fade(color, alpha * hazy)));
    }
    let mut disc = Outline::new();
    disc.circle(center.0, center.1, radius);
    // mixed, not faded: no star shines through the moon
    drawing.fill(disc, mix(stage.palette.sky[1], color, hazy));
    if stage.idea.hour == Hour::Night {
        let mut rng = stage.rng("moon");
        let mut craters = Outline::new();
        for _ in 0..6 {
            let (dx, dy) = (rng.range(-0.6, 0.6), rng.range(-0.6, 0.6));
            let size = rng.range(0.07, 0.2) * (1.0 - 0.5 * (dx * dx + dy * dy));
            craters.circle(center.0 + dx * radius, center.1 + dy * radius, size * radius);
        }
        drawing.fill(craters, fade(darken(color, 0.3), 0.4));
    }
}

fn clouds(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("clouds");
    let (count, alpha) = match stage.idea.weather {
        Weather::Clear => (2_u8, 0.6),
        Weather::Clouds => (6, 0.88),
        Weather::Rain | Weather::Snow => (8, 0.8),
        Weather::Storm => (10, 0.85),
        Weather::Fog | Weather::Aurora => (1, 0.4),
        Weather::Rainbow => (4, 0.85),
    };
    for index in 0..count {
        let depth = (f32::from(index) + rng.unit()) / f32::from(count);
        let drift = wave(stage.moment + depth * 0.2) * stage.unit * (1.5 + 3.0 * depth);
        let center = (rng.range(-0.05, 1.05) * stage.width + drift, stage.horizon * (0.78 - 0.68 * depth));
        let size = stage.unit * (5.0 + 9.0 * depth) * rng.range(0.8, 1.25);
        let night = if stage.idea.hour == Hour::Night { 1.25 } else { 1.0 };
        cloud(stage, drawing, &mut rng, center, size, (alpha * night * (0.6 + 0.4 * depth)).min(0.97));
    }
}

fn cloud(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng, at: (f32, f32), size: f32, alpha: f32) {
    let mut outline = Outline::new();
    let mut x = -1.7;
    while x < 1.7 {
        let bulge = (1.0 - (x / 1.9) * (x / 1.9)) * rng.range(0.55, 0.85);
        outline.ellipse(at.0 + x * size, at.1 - bulge * size * 0.35, bulge * size * 0.72, bulge * size * 0.55);
        x += rng.range(0.38, 0.6);
    }
    outline.ellipse(at.0, at.1 - size * 0.06, size * 1.85, size * 0.2);
    let (top, foot) = (lighten(stage.palette.cloud, 0.25), mix(stage.palette.cloud, stage.palette.sky[1], 0.5));
    let stops = [(0.0, fade(top, alpha)), (1.0, fade(foot, alpha * 0.85))];
    drawing.fill(outline, Paint::vertical(at.1 - size * 0.8, at.1 + size * 0.2, &stops));
}

fn birds(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("birds");
    let (x, y) = (stage.width * rng.range(0.25, 0.75), stage.horizon * rng.range(0.2, 0.5));
    for index in 0..rng.pick(&[0_u8, 3, 4, 5, 7]) {
        let flap = 1.0 + 0.5 * wave(stage.moment * 4.0 + f32::from(index) * 0.21);
        let at = (x + stage.unit * rng.range(-14.0, 14.0), y + stage.unit * rng.range(-6.0, 6.0));
        let span = stage.unit * rng.range(1.1, 2.0);
        let mut wings = Outline::new();
        wings.move_to(at.0 - span, at.1 - span * 0.35 * flap);
        wings.quad_to(at.0 - span * 0.3, at.1 - span * 0.6 * flap, at.0, at.1);
        wings.quad_to(at.0 + span * 0.3, at.1 - span * 0.6 * flap, at.0 + span, at.1 - span * 0.35 * flap);
        drawing.stroke(wings, (stage.unit * 0.28).max(0.6), fade(darken(stage.palette.near, 0.45), 0.8));
    }
}

fn rainbow(stage: &Stage<'_>, drawing: &mut Drawing) {
    let center = (stage.width * if stage.sun_right { 0.36 } else { 0.64 }, stage.horizon * 1.08);
    let band = stage.unit * 1.7;
    let bands = [0xe8_4a_4a, 0xf2_8a_3c, 0xf6_d0_4a, 0x5c_b8_60, 0x4a_8f_d8, 0x8a_5a_c8];
    let mut radius = stage.unit * 52.0;
    for color in bands {
        let mut arc = Outline::new();
        arc.circle(center.0, center.1, radius);
        drawing.stroke(arc, band * 1.04, fade(rgb(color), 0.5));
        radius -= band;
    }
}

/// Curtains of light: side by side, thin rays of different height that fade at both ends.
fn aurora(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("aurora");
    for (color, strength) in [(0x8a_6a_f0, 0.5), (0x3a_d8_d0, 0.55), (0x5a_f8_9a, 0.75)] {
        let noise = Noise::new(&mut rng);
        let base = stage.horizon * rng.range(0.45, 0.72);
        let tall = stage.horizon * rng.range(0.3, 0.5);
        let shift = 0.12 * wave(stage.moment);
        let width = stage.unit * 1.1;
        let mut x = -width;
        while x < stage.width {
            let place = x / (stage.unit * 30.0) + shift;
            let foot = base + (noise.rough(place) - 0.5) * stage.horizon * 0.5;
            let ray = tall * (0.45 + 0.55 * noise.at(x / (stage.unit * 2.6) + 50.0));
            let glow = strength * (0.25 + 0.75 * noise.at(place * 1.7 + 80.0));
            let mut strip = Outline::new();
            strip.rect(x, foot - ray, width + 0.5, ray);
            let stops = [(0.0, fade(rgb(color), 0.0)), (0.86, fade(rgb(color), glow)), (1.0, fade(rgb(color), 0.0))];
            drawing.fill(strip, Paint::vertical(foot - ray, foot, &stops));
            x += width;
        }
    }
}

fn nebula(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("nebula");
    for _ in 0..7 {
        let center = (rng.range(0.0, 1.0) * stage.width, rng.range(0.05, 0.7) * stage.height);
        let radius = stage.unit * rng.range(22.0, 52.0);
        let color = rng.pick(&[0x7a_3f_c0, 0xd0_4a_8a, 0x2f_7a_c8, 0x3a_b0_a8, 0xe0_7a_4a]);
        let mut cloud = Outline::new();
        cloud.circle(center.0, center.1, radius);
        drawing.fill(cloud, Paint::glow(center, radius, fade(rgb(color), 0.26)));
    }
}

fn planet(stage: &Stage<'_>, drawing: &mut Drawing) {
    let mut rng = stage.rng("planet");
    let side = if stage.sun_right { rng.range(0.66, 0.8) } else { rng.range(0.2, 0.34) };
    let center = (stage.width * side, stage.height * rng.range(0.22, 0.32));
    let radius = stage.unit * rng.range(12.0, 17.0);
    let color = stage.idea.tint.unwrap_or_else(|| rgb(rng.pick(&[0xe0_8a_5a, 0x5a_a8_d0, 0xc8_6a_a8, 0xe2_c0_6a])));
    let mut halo = Outline::new();
    halo.circle(center.0, center.1, radius * 2.0);
    drawing.fill(halo, Paint::glow(center, radius * 2.0, fade(color, 0.35)));
    let ringed = rng.chance(0.7);
    if ringed {
        let mut back = Outline::new();
        back.move_to(center.0 - radius * 1.9, center.1 + radius * 0.35);
        let peak = center.1 - radius * 0.75;
        back.cubic_to(
            (center.0 - radius * 1.6, peak),
            (center.0 + radius * 1.2, peak - radius * 0.3),
            (center.0 + radius * 1.9, center.1 - radius * 0.35),
        );
        drawing.stroke(back, radius * 0.12, fade(lighten(color, 0.5), 0.6));
    }
    let mut disc = Outline::new();
    disc.circle(center.0, center.1, radius);
    let lit = (center.0 - radius * 0.5, center.1 - radius * 0.5);
    let stops = vec![(0.0, lighten(color, 0.45)), (0.5, color), (1.0, darken(color, 0.65))];
    drawing.fill(disc, Paint::Radial { center: lit, radius: radius * 1.75, stops });
    if ringed {
        let mut front = Outline::new();
        front.move_to(center.0 - radius * 1.9, center.1 + radius * 0.35);
        let sag = center.1 + radius * 0.75;
        front.cubic_to(
            (center.0 - radius * 1.2, sag + radius * 0.3),
            (center.0 + radius * 1.6, sag),
            (center.0 + radius * 1.9, center.1 - radius * 0.35),
        );
        drawing.stroke(front, radius * 0.12, fade(lighten(color, 0.6), 0.9));
    }
}
