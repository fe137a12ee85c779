//! The land: layers from the horizon to the viewer's feet, one recipe per place.

mod city;
mod growth;
mod sea;

use crate::color::{Color, darken, fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline, Paint, ground};
use crate::figure::Stand;
use crate::idea::{Hour, Place, Weather};
use crate::rng::{Noise, Rng};

/// Where figures find hold.
#[derive(Debug)]
pub(crate) struct Footing {
    noise: Noise,
    /// Middle height, swing and bump width of the foreground line, in pixels.
    base: f32,
    swing: f32,
    bump: f32,
    water: f32,
    /// Whether there is any ground in front.
    shore: bool,
}

impl Footing {
    fn new(stage: &Stage<'_>, rng: &mut Rng) -> Self {
        let flat = matches!(stage.idea.place, Place::City);
        let wet = stage.idea.place == Place::Sea;
        let shore =
            !wet || stage.idea.subjects.iter().any(|s| crate::cast::stand(s.kind, stage.idea.place) == Stand::Ground);
        let deep = if wet { rng.range(0.86, 0.89) } else { rng.range(0.82, 0.87) };
        Self {
            noise: Noise::new(rng),
            base: stage.height * deep,
            swing: if flat { 0.0 } else { stage.unit * rng.range(4.0, 8.0) },
            bump: stage.unit * rng.range(46.0, 80.0),
            water: stage.horizon + (stage.height - stage.horizon) * if shore { 0.32 } else { 0.46 },
            shore,
        }
    }

    /// Height of the foreground at a column.
    pub(crate) fn ground(&self, x: f32) -> f32 {
        self.base - (self.noise.rough(x / self.bump) - 0.5) * self.swing * 2.0
    }

    /// Height of the water line where boats float.
    pub(crate) fn water(&self, x: f32) -> f32 {
        self.water + (self.noise.at(x / self.bump + 40.0) - 0.5) * self.swing * 0.3
    }
}

pub(crate) fn draw(stage: &Stage<'_>, drawing: &mut Drawing) -> Footing {
    let mut rng = stage.rng("land");
    let footing = Footing::new(stage, &mut rng);
    haze(stage, drawing);
    match stage.idea.place {
        Place::Hills => {
            layers(stage, drawing, &mut rng, 4, Noise::rough, Some(growth::Plant::Round));
        }
        Place::Forest => {
            layers(stage, drawing, &mut rng, 5, Noise::rough, Some(growth::Plant::Conifer));
        }
        Place::Mountains => {
            mountains(stage, drawing, &mut rng, 3);
            layers(stage, drawing, &mut rng, 2, Noise::rough, Some(growth::Plant::Conifer));
        }
        Place::Snow => {
            mountains(stage, drawing, &mut rng, 1);
            layers(stage, drawing, &mut rng, 3, Noise::rough, Some(growth::Plant::Conifer));
        }
        Place::Desert => {
            pyramids(stage, drawing, &mut rng);
            layers(stage, drawing, &mut rng, 4, Noise::at, None);
        }
        Place::Space => layers(stage, drawing, &mut rng, 2, Noise::rough, None),
        Place::Sea => sea::draw(stage, drawing, &mut rng),
        Place::City => city::draw(stage, drawing, &mut rng),
    }
    if footing.shore {
        front(stage, drawing, &footing);
    }
    footing
}

/// Grass, stones or drifts in front of everybody's feet.
pub(crate) fn foreground(stage: &Stage<'_>, drawing: &mut Drawing, footing: &Footing) {
    let mut rng = stage.rng("foreground");
    match stage.idea.place {
        Place::Hills | Place::Forest | Place::Mountains => growth::grass(stage, drawing, footing, &mut rng),
        Place::Sea if footing.shore => growth::grass(stage, drawing, footing, &mut rng),
        Place::Space => craters(stage, drawing, footing, &mut rng),
        Place::Sea | Place::City | Place::Desert | Place::Snow => {}
    }
}

/// The bright band where land and sky meet.
fn haze(stage: &Stage<'_>, drawing: &mut Drawing) {
    if stage.idea.place == Place::Space {
        return;
    }
    let low = lighten(stage.palette.sky[2], 0.2);
    let (top, bottom) = (stage.horizon * 0.8, stage.horizon * 1.08);
    let mut band = Outline::new();
    band.rect(0.0, top, stage.width, bottom - top);
    drawing.fill(band, Paint::vertical(top, bottom, &[(0.0, fade(low, 0.0)), (1.0, fade(low, 0.6))]));
}

/// Rolling layers from the horizon down to the foreground, each nearer, darker and larger than the one behind it.
fn layers(
    stage: &Stage<'_>,
    drawing: &mut Drawing,
    rng: &mut Rng,
    count: u8,
    shape: fn(Noise, f32) -> f32,
    plant: Option<growth::Plant>,
) {
    let room = stage.height * 0.84 - stage.horizon;
    for index in 0..count {
        let depth = f32::from(index) / f32::from(count);
        let noise = Noise::new(rng);
        let swing = stage.unit * (9.0 + 7.0 * depth);
        let bump = stage.unit * (26.0 + 40.0 * depth);
        let base = stage.horizon + room * depth + swing * 0.25;
        let line = |x: f32| base - (shape(noise, x / bump) - 0.4) * swing;
        let points = stage.line(line);
        let color = stage.palette.land(depth * 0.85 + 0.05);
        if let Some(plant) = plant {
            growth::row(stage, drawing, rng, plant, depth, &line, color);
        }
        let foot = mix(color, stage.palette.sky[2], 0.22 * (1.0 - depth));
        // what the nearer layers cover anyway is not painted
        let last = index + 1 == count;
        let floor = if last { stage.height } else { base + room / f32::from(count) + stage.unit * 18.0 };
        drawing.fill(ground(&points, floor.min(stage.height)), shaded(base - swing, base + room * 0.6, color, foot));
    }
}

fn front(stage: &Stage<'_>, drawing: &mut Drawing, footing: &Footing) {
    let points = stage.line(|x| footing.ground(x));
    let near = stage.palette.near;
    let top = footing.base - footing.swing;
    let foot = match stage.idea.place {
        Place::Snow => mix(near, rgb(0x8f_a8_cc), 0.42),
        _ => darken(near, 0.34),
    };
    drawing.fill(ground(&points, stage.height), shaded(top, stage.height, lighten(near, 0.06), foot));
    let mut rim = Outline::new();
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            rim.move_to(*x, *y);
        } else {
            rim.line_to(*x, *y);
        }
    }
    drawing.stroke(rim, (stage.unit * 0.5).max(0.7), fade(lighten(near, 0.45), 0.4));
}

fn mountains(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng, count: u8) {
    for index in 0..count {
        let depth = f32::from(index) / f32::from(count);
        let noise = Noise::new(rng);
        let tall = stage.unit * (46.0 - 16.0 * depth);
        let bump = stage.unit * (34.0 - 4.0 * depth);
        let base = stage.horizon + stage.unit * (2.0 + 9.0 * depth);
        let ridge = |x: f32| base - noise.ridge(x / bump) * tall;
        let points = stage.line(ridge);
        let color = mix(mix(stage.palette.sky[1], stage.palette.sky[2], 0.4), stage.palette.rock, 0.45 + 0.4 * depth);
        let foot = mix(color, stage.palette.sky[2], 0.5);
        drawing.fill(ground(&points, stage.height), shaded(base - tall, base + tall * 0.2, color, foot));
        snow_caps(stage, drawing, noise, &points, (base, tall));
    }
}

/// White from the ridge down to a ragged snow line.
fn snow_caps(stage: &Stage<'_>, drawing: &mut Drawing, noise: Noise, points: &[(f32, f32)], (base, tall): (f32, f32)) {
    let cold = matches!(stage.idea.weather, Weather::Snow) || stage.idea.place == Place::Snow;
    let snow_line = base - tall * if cold { 0.3 } else { 0.6 };
    let mut cap: Vec<(f32, f32)> = points.to_vec();
    cap.extend(points.iter().rev().map(|(x, y)| {
        let ragged = (noise.at(x / (stage.unit * 2.2) + 9.0) - 0.5) * tall * 0.22;
        let reach = (snow_line + ragged - y).clamp(0.0, tall * 0.3);
        (*x, y + reach)
    }));
    let mut outline = Outline::new();
    outline.polygon(&cap);
    let white = mix(rgb(0xff_ff_ff), stage.palette.ambient, stage.palette.strength * 1.1);
    drawing.fill(outline, fade(mix(white, stage.palette.sky[2], 0.18), 0.92));
}

fn pyramids(stage: &Stage<'_>, drawing: &mut Drawing, rng: &mut Rng) {
    if rng.chance(0.35) {
        return;
    }
    for _ in 0..rng.pick(&[2_u8, 3]) {
        let (x, size) = (rng.range(0.1, 0.9) * stage.width, stage.unit * rng.range(9.0, 20.0));
        let foot = stage.horizon + stage.unit * 3.0;
        let color = stage.palette.land(0.35);
        let (mut bright, mut dark) = (Outline::new(), Outline::new());
        bright.polygon(&[(x - size, foot), (x, foot - size * 0.95), (x + size * 0.3, foot)]);
        dark.polygon(&[(x + size * 0.3, foot), (x, foot - size * 0.95), (x + size, foot)]);
        drawing.fill(bright, lighten(color, 0.18));
        drawing.fill(dark, darken(color, 0.16));
    }
}

fn craters(stage: &Stage<'_>, drawing: &mut Drawing, footing: &Footing, rng: &mut Rng) {
    let near = stage.palette.near;
    for _ in 0..7 {
        let x = rng.unit() * stage.width;
        let y = footing.ground(x) + stage.unit * rng.range(4.0, 14.0);
        let size = stage.unit * rng.range(1.5, 4.5);
        for (dy, color) in [(0.0, darken(near, 0.3)), (size * 0.12, darken(near, 0.45))] {
            let mut crater = Outline::new();
            crater.ellipse(x, y + dy, size - dy, size * 0.3 - dy * 0.5);
            drawing.fill(crater, fade(color, 0.7));
        }
    }
}

fn shaded(top: f32, bottom: f32, upper: Color, lower: Color) -> Paint {
    Paint::vertical(top, bottom, &[(0.0, upper), (1.0, lower)])
}

/// Windows and lamps are lit at these hours.
fn lit(hour: Hour) -> bool {
    matches!(hour, Hour::Night | Hour::Sunset)
}
