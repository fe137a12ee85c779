//! Who appears where: on the ground, on the water or in the air, how large, facing which way.

use crate::color::{Color, darken, fade, lighten, mix, rgb};
use crate::compose::Stage;
use crate::drawing::{Drawing, Outline, Paint};
use crate::figure::{self, Coat, Kind, Stand};
use crate::idea::{Hour, Place};
use crate::land::Footing;
use crate::rng::{Rng, wave};

/// More figures than this crowd the picture, whatever the prompt counts.
const MOST_FIGURES: usize = 7;
/// Figures larger than this stop being part of a landscape.
const LARGEST: f32 = 1.55;

struct Player {
    kind: Kind,
    color: Option<Color>,
    stand: Stand,
}

/// Where a kind stands in this place: a whale in the desert or in space flies.
pub(crate) fn stand(kind: Kind, place: Place) -> Stand {
    match (kind.figure().stand, place) {
        (Stand::Water, Place::Sea) => Stand::Water,
        (Stand::Water, Place::Hills | Place::Forest) if matches!(kind, Kind::Duck | Kind::Boat) => Stand::Ground,
        (Stand::Water, _) => Stand::Air,
        (stand, _) => stand,
    }
}

pub(crate) fn draw(stage: &Stage<'_>, drawing: &mut Drawing, footing: &Footing) {
    let mut rng = stage.rng("cast");
    let mut players = Vec::new();
    for subject in &stage.idea.subjects {
        for _ in 0..subject.count {
            let stand = stand(subject.kind, stage.idea.place);
            players.push(Player { kind: subject.kind, color: subject.color, stand });
        }
    }
    players.truncate(MOST_FIGURES);
    // the largest first, so that a cat stands in front of the castle
    players.sort_by(|a, b| b.kind.figure().scale.total_cmp(&a.kind.figure().scale));
    let count = players.len() as f32;
    let crowd = 1.0 / (1.0 + 0.2 * (count - 1.0));
    let spread = (stage.width * 0.8).min(stage.unit * (36.0 + 34.0 * count));
    let middle = stage.width * if players.len() > 1 { 0.5 } else { lone_side(stage, &mut rng) };
    let order = shuffled(players.len(), &mut rng);
    for (player, slot) in players.iter().zip(order) {
        let offset = if players.len() > 1 { (slot as f32 + 0.5) / count - 0.5 } else { 0.0 };
        let x = middle + spread * (offset + rng.range(-0.04, 0.04));
        place(stage, drawing, footing, player, x, crowd, &mut rng);
    }
}

/// One figure stands off the middle, away from the sun; in a portrait nearer to the middle.
fn lone_side(stage: &Stage<'_>, rng: &mut Rng) -> f32 {
    let away = if stage.width > stage.height * 1.05 { rng.range(0.12, 0.2) } else { rng.range(0.02, 0.1) };
    if stage.sun_right { 0.5 - away } else { 0.5 + away }
}

fn shuffled(count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut keyed: Vec<(u64, usize)> = (0..count).map(|index| (rng.next(), index)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

fn place(
    stage: &Stage<'_>,
    drawing: &mut Drawing,
    footing: &Footing,
    player: &Player,
    x: f32,
    crowd: f32,
    rng: &mut Rng,
) {
    let figure = player.kind.figure();
    let unit = stage.unit * 0.36 * figure.scale.min(LARGEST) * crowd * rng.range(0.94, 1.06);
    let facing = if x > stage.width * 0.5 { -1.0 } else { 1.0 };
    let coat = Coat::new(figure, player.color, stage.palette.ambient, stage.palette.strength);
    let sway = wave(stage.moment + rng.unit());
    match player.stand {
        Stand::Ground => {
            let y = footing.ground(x) + unit * rng.range(2.0, 8.0);
            if figure.stand == Stand::Water {
                pond(stage, drawing, (x, y), unit);
            }
            let mut shadow = Outline::new();
            shadow.ellipse(x, y, unit * 42.0, unit * 5.5);
            drawing.fill(shadow, fade(darken(stage.palette.near, 0.7), 0.34));
            if player.kind == Kind::Lighthouse {
                beam(stage, drawing, (x, y - unit * 106.0), facing);
            }
            figure::draw(drawing, figure, &coat, (x, y), unit, facing);
        }
        Stand::Water => {
            let y = footing.water(x) + sway * unit * 1.6;
            reflection(stage, drawing, (x, y), unit, coat.body());
            figure::draw(drawing, figure, &coat, (x, y), unit, facing);
            bow_wave(stage, drawing, (x, footing.water(x)), unit);
        }
        Stand::Air => {
            let y = stage.height * rng.range(0.38, 0.52) + unit * 40.0 + sway * unit * 4.0;
            if player.kind == Kind::Ufo {
                ray(stage, drawing, (x, y - unit * 46.0), unit, footing.ground(x));
            }
            figure::draw(drawing, figure, &coat, (x, y), unit, facing);
        }
    }
}

fn pond(stage: &Stage<'_>, drawing: &mut Drawing, at: (f32, f32), unit: f32) {
    let mut water = Outline::new();
    water.ellipse(at.0, at.1, unit * 95.0, unit * 15.0);
    let stops = [(0.0, mix(stage.palette.sky[1], rgb(0x2f_7a_b0), 0.3)), (1.0, stage.palette.sky[0])];
    drawing.fill(water, Paint::vertical(at.1 - unit * 15.0, at.1 + unit * 15.0, &stops));
}

fn reflection(stage: &Stage<'_>, drawing: &mut Drawing, at: (f32, f32), unit: f32, body: Color) {
    for (dy, half, alpha) in [(5.0, 46.0, 0.4), (9.5, 34.0, 0.3), (14.0, 40.0, 0.2), (19.0, 22.0, 0.14)] {
        let mut stripe = Outline::new();
        let shift = wave(stage.moment + dy / 20.0) * unit * 2.0;
        stripe.ellipse(at.0 + shift, at.1 + dy * unit, half * unit, unit * 1.9);
        drawing.fill(stripe, fade(darken(body, 0.35), alpha));
    }
}

fn bow_wave(stage: &Stage<'_>, drawing: &mut Drawing, at: (f32, f32), unit: f32) {
    let mut foam = Outline::new();
    foam.ellipse(at.0 - unit * 22.0, at.1 + unit * 3.6, unit * 34.0, unit * 1.5);
    foam.ellipse(at.0 + unit * 26.0, at.1 + unit * 3.2, unit * 30.0, unit * 1.3);
    drawing.fill(foam, fade(lighten(stage.palette.sky[2], 0.5), 0.55));
}

/// The light of a lighthouse, when it is dark enough to need it.
fn beam(stage: &Stage<'_>, drawing: &mut Drawing, lamp: (f32, f32), facing: f32) {
    let strength = match stage.idea.hour {
        Hour::Day => return,
        Hour::Dawn => 0.22,
        Hour::Sunset => 0.34,
        Hour::Night => 0.5,
    };
    let (reach, swing) = (stage.unit * 95.0 * facing, stage.unit * 6.0 * wave(stage.moment));
    let color = rgb(0xff_ec_b0);
    let mut cone = Outline::new();
    let (up, down) = (stage.unit * 14.0, stage.unit * 5.0);
    cone.polygon(&[lamp, (lamp.0 + reach, lamp.1 - up + swing), (lamp.0 + reach, lamp.1 + down + swing)]);
    let stops = vec![(0.0, fade(color, strength)), (1.0, fade(color, 0.0))];
    drawing.fill(cone, Paint::Linear { from: lamp, to: (lamp.0 + reach, lamp.1), stops });
    let mut halo = Outline::new();
    halo.circle(lamp.0, lamp.1, stage.unit * 9.0);
    drawing.fill(halo, Paint::glow(lamp, stage.unit * 9.0, fade(color, strength)));
}

fn ray(stage: &Stage<'_>, drawing: &mut Drawing, from: (f32, f32), unit: f32, floor: f32) {
    let mut cone = Outline::new();
    let to = floor + stage.unit * 3.0;
    cone.polygon(&[
        (from.0 - unit * 18.0, from.1),
        (from.0 + unit * 18.0, from.1),
        (from.0 + unit * 52.0, to),
        (from.0 - unit * 52.0, to),
    ]);
    let color = rgb(0xb8_ff_d8);
    drawing.fill(cone, Paint::vertical(from.1, to, &[(0.0, fade(color, 0.55)), (1.0, fade(color, 0.06))]));
}
