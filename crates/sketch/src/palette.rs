//! The colours of one scene: light by the hour, ground by the place, greyed by the weather, tinted by colour words.

use crate::color::{self, Color, mix, rgb};
use crate::idea::{Hour, Idea, Place, Weather};
use crate::rng::Rng;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// Zenith, middle, horizon.
    pub(crate) sky: [Color; 3],
    pub(crate) sun: Color,
    /// The land at the viewer's feet.
    pub(crate) near: Color,
    /// The land at the horizon, nearly lost in haze.
    pub(crate) far: Color,
    pub(crate) cloud: Color,
    /// Bare mountains, before haze.
    pub(crate) rock: Color,
    pub(crate) accent: Color,
    /// What the light does to things: mix this into their own colour by `strength`.
    pub(crate) ambient: Color,
    pub(crate) strength: f32,
}

const DAY: [[u32; 3]; 4] = [
    [0x2f_86_d6, 0x7c_c0_ee, 0xe4_f4_fc],
    [0x3b_9a_d9, 0x95_d6_f0, 0xfe_f4_de],
    [0x4a_8f_c9, 0xa6_d6_e6, 0xfb_e6_cf],
    [0x2a_a0_b8, 0x86_d8_d6, 0xf4_f8_df],
];
const DAWN: [[u32; 3]; 3] =
    [[0x5b_6f_b5, 0xf0_a6_ca, 0xff_e6_c9], [0x4f_7c_a8, 0xf2_bf_b2, 0xff_f1_d2], [0x7a_6f_b8, 0xf7_b8_a6, 0xff_ec_c0]];
const SUNSET: [[u32; 3]; 4] = [
    [0x2d_1f_56, 0xb8_48_74, 0xff_b8_68],
    [0x3b_2f_72, 0xe0_62_7e, 0xff_d6_9c],
    [0x22_35_62, 0xcc_5a_45, 0xfb_cc_7c],
    [0x4a_24_5c, 0xe8_6a_5a, 0xff_c8_5e],
];
const NIGHT: [[u32; 3]; 4] = [
    [0x06_0a_22, 0x15_29_5c, 0x3f_60_9a],
    [0x0b_0a_2a, 0x2b_20_5f, 0x70_50_98],
    [0x05_14_22, 0x0f_3b_4c, 0x36_77_76],
    [0x08_0c_26, 0x22_2c_66, 0x7a_5f_90],
];

impl Palette {
    pub(crate) fn new(idea: &Idea, rng: &mut Rng) -> Self {
        let row = match idea.hour {
            Hour::Day => rng.pick(&DAY),
            Hour::Dawn => rng.pick(&DAWN),
            Hour::Sunset => rng.pick(&SUNSET),
            Hour::Night => rng.pick(&NIGHT),
        };
        let mut sky = row.map(rgb);
        if idea.place == Place::Space {
            sky = [rgb(0x05_06_18), rgb(0x16_10_3c), rng.pick(&[rgb(0x3a_1f_5e), rgb(0x14_3a_5e), rgb(0x50_20_4a)])];
        }
        let (veil, gloom): (Color, f32) = match idea.weather {
            Weather::Rain => (rgb(0x6f_7c_8c), 0.5),
            Weather::Storm => (rgb(0x3c_42_56), 0.62),
            Weather::Snow => (rgb(0xb4_c0_cf), 0.4),
            Weather::Fog => (rgb(0xc4_cb_d2), 0.35),
            _ => (rgb(0), 0.0),
        };
        let dim = if idea.hour == Hour::Night { 0.55 } else { 0.0 };
        let veil = color::darken(veil, dim);
        sky = sky.map(|color| mix(color, veil, gloom));
        if let Some(tint) = idea.tint {
            sky = [mix(sky[0], color::darken(tint, 0.35), 0.5), mix(sky[1], tint, 0.45), mix(sky[2], tint, 0.18)];
        }

        let (ambient, strength) = match idea.hour {
            Hour::Day => (rgb(0xff_f6_e4), 0.04),
            Hour::Dawn => (rgb(0x8a_6f_a8), 0.22),
            Hour::Sunset => (rgb(0x5a_24_52), 0.34),
            Hour::Night => (rgb(0x10_16_3c), 0.5),
        };
        let mut ground = ground(idea.place, rng);
        if let Some(tint) = idea.tint {
            ground = mix(ground, tint, 0.3);
        }
        if idea.weather == Weather::Snow {
            ground = mix(ground, rgb(0xee_f2_f8), 0.65);
        }
        let near = mix(mix(ground, ambient, strength * 1.25), veil, gloom * 0.35);
        // snow keeps its white far away; everything else takes the colour of the air
        let far = mix(near, mix(sky[1], sky[2], 0.62), if idea.place == Place::Snow { 0.42 } else { 0.7 });
        let rock = mix(mix(rgb(rng.pick(&[0x56_60_86, 0x66_60_80, 0x4a_68_86])), ambient, strength), veil, gloom * 0.3);
        let cloud = match idea.hour {
            Hour::Day => mix(rgb(0xff_ff_ff), veil, gloom * 1.1),
            Hour::Dawn => mix(rgb(0xff_e8_e4), veil, gloom),
            Hour::Sunset => mix(mix(sky[1], rgb(0xff_c0_a0), 0.5), veil, gloom),
            Hour::Night => mix(sky[1], rgb(0x8a_9a_cc), 0.25),
        };
        let sun = match idea.hour {
            Hour::Day => rgb(0xff_f6_cf),
            Hour::Dawn => rgb(0xff_f0_cc),
            Hour::Sunset => rgb(0xff_e2_9a),
            Hour::Night => rgb(0xf4_f1_e0),
        };
        Self { sky, sun, near, far, cloud, rock, accent: mix(sky[1], sun, 0.45), ambient, strength: strength * 0.7 }
    }

    /// The land between `far` (0) and `near` (1).
    pub(crate) fn land(&self, depth: f32) -> Color {
        mix(self.far, self.near, depth)
    }
}

fn ground(place: Place, rng: &mut Rng) -> Color {
    rgb(match place {
        Place::Hills => rng.pick(&[0x4f_94_48, 0x6a_9c_44, 0x3f_8a_58]),
        Place::Forest => rng.pick(&[0x2f_6b_45, 0x3a_72_3e, 0x2a_64_58]),
        Place::Mountains => rng.pick(&[0x4c_7a_5a, 0x5a_7c_50, 0x3f_6f_6c]),
        Place::Sea => rng.pick(&[0x6f_94_58, 0xd8_b8_84, 0x5e_86_60]),
        Place::City => rng.pick(&[0x3d_46_66, 0x4a_42_66, 0x38_54_6a]),
        Place::Desert => rng.pick(&[0xd8_9a_58, 0xc9_84_4e, 0xdf_ae_6a]),
        Place::Snow => rng.pick(&[0xe4_ec_f6, 0xdc_e8_f2]),
        Place::Space => rng.pick(&[0x8a_86_9c, 0xa0_6a_58, 0x6a_78_96]),
    })
}
