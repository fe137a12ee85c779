//! What floats, swims and flies over the water. For these, y is 0 at the water line.

use super::Fill::{Accent, Body, Glow, Ink, Light, Limb, Line, Pink, Shade, Trim, White};
use super::{Figure, Stand, one, two};

pub(super) const BIRD: Figure = Figure {
    stand: Stand::Air,
    body: 0x4a_7f_c4,
    accent: 0xf2_9a_2e,
    scale: 0.6,
    parts: &[
        one(Shade, "M -30 -34 L -58 -22 L -56 -34 L -60 -42 Z"),
        one(Body, "M -34 -34 C -26 -56 8 -64 26 -52 C 34 -62 52 -58 52 -44 C 52 -22 10 -10 -34 -34 Z"),
        one(Light, "M 50 -38 C 44 -20 10 -14 -16 -28 C 6 -32 34 -26 50 -38 Z"),
        one(Shade, "M 8 -44 C -8 -60 -22 -84 -18 -104 C 2 -98 26 -76 28 -48 C 22 -42 14 -40 8 -44 Z"),
        one(Body, "M 14 -46 C 2 -62 -6 -78 -6 -92 C 10 -86 28 -68 28 -48 C 24 -44 18 -42 14 -46 Z"),
        one(Accent, "M 50 -50 L 66 -43 L 50 -39 Z"),
        one(Ink, "E 42 -48 2.9 3.4"),
        one(White, "E 43 -49.4 1 1"),
    ],
};

pub(super) const DUCK: Figure = Figure {
    stand: Stand::Water,
    body: 0xf5_cf_4a,
    accent: 0xee_7d_2e,
    scale: 0.7,
    parts: &[
        one(
            Body,
            "M -54 -32 C -42 -22 -30 -26 -18 -34 C 0 -42 14 -42 20 -48 C 8 -62 18 -88 38 -86 C 58 -84 62 -62 50 -48 C 60 -28 48 0 18 2 L -20 2 C -44 0 -56 -16 -54 -32 Z",
        ),
        one(Shade, "M -30 -22 C -14 -34 12 -34 22 -22 C 14 -6 -16 -6 -30 -22 Z"),
        one(Accent, "M 54 -70 C 66 -72 74 -68 76 -64 C 70 -58 60 -58 54 -60 Z"),
        one(Ink, "E 44 -71 3.2 4"),
        one(White, "E 45 -72.6 1.1 1.2"),
        one(Pink, "E 38 -61 4 2.6"),
    ],
};

pub(super) const WHALE: Figure = Figure {
    stand: Stand::Water,
    body: 0x3f_6f_b0,
    accent: 0xdd_f1_ff,
    scale: 1.5,
    parts: &[
        one(Trim(3.4), "M 22 -52 C 22 -72 14 -80 4 -82 M 22 -52 C 22 -74 28 -82 40 -82 M 22 -52 L 22 -92"),
        one(Accent, "E 2 -82 3 3 E 41 -81 3 3 E 22 -95 3.2 3.2 E 10 -92 2 2 E 34 -91 2 2"),
        one(
            Body,
            "M 66 4 C 72 -30 48 -52 14 -50 C -16 -48 -34 -22 -58 -24 C -66 -34 -80 -40 -88 -38 C -84 -30 -80 -24 -70 -20 C -80 -16 -88 -8 -88 0 C -78 -2 -70 -6 -64 -12 C -56 -4 -50 2 -40 4 Z",
        ),
        one(Light, "M 66 4 C 68 -10 66 -16 64 -22 C 40 -8 0 -12 -34 4 Z"),
        one(Line(0.9), "M 58 -12 C 40 -4 20 -4 6 -2 M 62 -6 C 52 -1 40 0 30 1"),
        one(Shade, "M 12 -10 C 8 2 -4 8 -14 4 C -10 -6 -2 -12 12 -10 Z"),
        one(Ink, "E 48 -24 3 3.8"),
        one(White, "E 49 -25.6 1.1 1.2"),
        one(Line(1.3), "M 64 -19 Q 54 -12 44 -15"),
        one(Pink, "E 41 -19 3.6 2.2"),
    ],
};

pub(super) const FISH: Figure = Figure {
    stand: Stand::Water,
    body: 0xf0_82_3c,
    accent: 0xff_f3_e0,
    scale: 0.75,
    parts: &[
        one(Shade, "M -30 -48 C -44 -66 -58 -68 -62 -64 C -54 -54 -54 -42 -60 -30 C -50 -28 -38 -36 -30 -44 Z"),
        one(Shade, "M -6 -68 C 0 -84 20 -84 24 -76 L 18 -64 Z M -4 -30 C 0 -18 12 -16 18 -20 L 14 -30 Z"),
        one(Body, "M -38 -46 C -20 -76 36 -80 54 -46 C 36 -16 -20 -18 -38 -46 Z"),
        one(
            Accent,
            "M 18 -69 C 8 -56 8 -38 18 -25 L 27 -27 C 18 -40 18 -54 27 -67 Z M -12 -64 C -18 -54 -18 -40 -12 -30 L -5 -27 C -11 -40 -11 -54 -5 -66 Z",
        ),
        one(White, "E 39 -52 5.4 5.8"),
        one(Ink, "E 40 -52 3 3.6"),
        one(White, "E 41 -53.4 1 1.1"),
        one(Line(1.2), "M 52 -42 Q 46 -37 40 -40"),
        one(Light, "E -30 -6 5 2 E 10 -4 7 2.4 E 40 -8 4 1.8"),
    ],
};

pub(super) const BOAT: Figure = Figure {
    stand: Stand::Water,
    body: 0xb5_4a_3a,
    accent: 0xfb_f4_e4,
    scale: 1.2,
    parts: &[
        one(Line(2.0), "M 2 -12 L 2 -112"),
        one(Accent, "M 6 -106 C 32 -84 46 -54 48 -26 L 6 -22 Z"),
        one(White, "M -2 -100 C -12 -74 -28 -46 -44 -28 L -2 -22 Z"),
        one(Body, "M 2 -112 L 20 -107 L 2 -102 Z"),
        one(Line(0.8), "M 6 -84 L 26 -80 M 6 -62 L 38 -56 M 6 -42 L 45 -38"),
        one(Body, "M -54 -18 L 62 -20 C 56 -4 46 4 38 5 L -34 5 C -44 2 -50 -6 -54 -18 Z"),
        one(White, "M -53 -15 L 61 -17 L 59 -12 L -51 -10 Z"),
        one(Shade, "M -44 0 L 48 -1 L 38 5 L -34 5 Z"),
    ],
};

pub(super) const SHIP: Figure = Figure {
    stand: Stand::Water,
    body: 0x2f_3f_5e,
    accent: 0xd6_40_45,
    scale: 1.6,
    parts: &[
        one(Light, "E -30 -98 8 6 E -42 -104 10 8 E -58 -110 12 9"),
        one(Accent, "R -26 -82 14 26 R 2 -82 14 26"),
        one(Ink, "R -27 -86 16 6 R 1 -86 16 6"),
        one(White, "M -56 -24 L -48 -42 L 44 -42 L 50 -24 Z"),
        one(White, "M -40 -42 L -36 -58 L 30 -58 L 38 -42 Z"),
        one(Glow, "R -32 -54 7 7 R -18 -54 7 7 R -4 -54 7 7 R 10 -54 7 7"),
        one(
            Glow,
            "E -40 -33 2.8 2.8 E -28 -33 2.8 2.8 E -16 -33 2.8 2.8 E -4 -33 2.8 2.8 E 8 -33 2.8 2.8 E 20 -33 2.8 2.8 E 32 -33 2.8 2.8",
        ),
        one(Body, "M -70 -24 L 76 -28 C 66 -8 58 4 50 6 L -50 6 C -60 0 -66 -10 -70 -24 Z"),
        one(Accent, "M -58 -3 L 59 -3 L 50 6 L -50 6 Z"),
        one(Limb(1.4), "M 60 -28 L 60 -62"),
        two(Shade, "R 30 -20 1 1"),
    ],
};
