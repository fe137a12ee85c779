//! Large animals and legends.

use super::Fill::{Accent, Body, Glow, Ink, Light, Limb, Line, Pink, Shade, Trim, White};
use super::{Figure, Stand, one, two};

pub(super) const BEAR: Figure = Figure {
    stand: Stand::Ground,
    body: 0x8a_5f_42,
    accent: 0x3f_7f_d4,
    scale: 1.2,
    parts: &[
        two(Body, "E 20 -88 9 9"),
        two(Pink, "E 20 -88 5 5"),
        one(Body, "M -33 0 C -42 -28 -28 -58 0 -58 C 28 -58 42 -28 33 0 Z"),
        one(Light, "E 0 -24 20 21"),
        two(Body, "M 16 -53 C 40 -52 48 -26 38 -19 C 29 -18 24 -34 16 -42 Z"),
        two(Shade, "E 19 -4 13 6"),
        two(Light, "E 21 -4 7 3.6"),
        one(Body, "E 0 -72 27 22"),
        one(Light, "E 0 -63 13 10"),
        two(Ink, "E 10 -76 3 3.6"),
        two(White, "E 11 -77.4 1.1 1.1"),
        one(Ink, "E 0 -68 5.4 3.8"),
        two(Line(1.2), "M 0 -65 L 0 -62 Q 3 -57 8 -60"),
    ],
};

pub(super) const ELEPHANT: Figure = Figure {
    stand: Stand::Ground,
    body: 0x8f_98_ac,
    accent: 0xd6_5a_6e,
    scale: 1.5,
    parts: &[
        one(Limb(2.2), "M -50 -54 C -58 -44 -58 -34 -56 -24"),
        one(Shade, "R -30 -30 13 30 R 10 -30 13 30"),
        one(Body, "M -52 -40 C -54 -74 -26 -82 0 -80 C 24 -80 32 -62 30 -34 Q 28 -20 0 -20 Q -50 -18 -52 -40 Z"),
        one(Body, "R -48 -34 14 34 R -8 -34 14 34"),
        one(Light, "E -41 -1.6 6 2 E -1 -1.6 6 2"),
        one(Body, "E 34 -66 24 22"),
        one(
            Body,
            "M 46 -74 C 66 -62 58 -34 62 -24 C 64 -16 74 -18 72 -26 L 79 -27 C 82 -8 58 -4 53 -22 C 50 -34 52 -44 36 -50 Z",
        ),
        one(White, "M 44 -47 C 50 -38 60 -40 64 -46 C 62 -34 48 -32 40 -44 Z"),
        one(Shade, "M 26 -84 C 4 -90 -4 -60 8 -46 C 16 -38 28 -46 32 -58 C 36 -70 34 -80 26 -84 Z"),
        one(Pink, "M 22 -78 C 8 -80 4 -60 12 -52 C 18 -48 24 -54 27 -62 C 29 -70 28 -76 22 -78 Z"),
        one(Ink, "E 43 -71 2.8 3.4"),
        one(White, "E 44 -72.4 1 1"),
        one(Accent, "M -36 -77 Q -12 -86 10 -80 L 12 -58 Q -12 -52 -38 -58 Z"),
        one(Glow, "E -12 -68 5 5 E -26 -67 2.6 2.6 E 2 -67 2.6 2.6"),
    ],
};

pub(super) const HORSE: Figure =
    Figure { stand: Stand::Ground, body: 0x9b_63_3f, accent: 0x3b_28_28, scale: 1.35, parts: &HORSE_PARTS };

const HORSE_PARTS: [super::Part; 11] = [
    one(Trim(7.0), "M -42 -58 C -58 -56 -56 -36 -60 -22"),
    one(Shade, "M -28 -34 L -24 -2 L -16 -2 L -16 -34 Z M 12 -34 L 14 -2 L 22 -2 L 24 -36 Z"),
    one(
        Body,
        "M -44 -46 C -46 -66 -24 -66 -6 -62 C 6 -60 16 -66 24 -80 L 36 -98 C 40 -104 46 -102 46 -96 C 54 -92 60 -82 66 -76 C 70 -70 64 -64 58 -66 C 50 -68 46 -72 42 -70 C 40 -56 36 -40 26 -32 C 10 -28 -20 -26 -34 -30 C -42 -34 -44 -40 -44 -46 Z",
    ),
    one(
        Body,
        "M -44 -44 C -42 -26 -42 -18 -40 -2 L -31 -2 L -28 -32 Z M 16 -38 C 24 -24 26 -14 28 -2 L 37 -2 C 36 -16 34 -28 32 -38 Z",
    ),
    one(Ink, "R -41 -4 11 4 R -25 -4 10 4 R 13 -4 10 4 R 27 -4 11 4"),
    one(Body, "M 36 -96 L 38 -112 L 46 -98 Z"),
    one(
        Accent,
        "M 38 -104 C 24 -98 16 -82 8 -64 C 16 -62 24 -72 28 -78 C 26 -70 30 -72 34 -84 C 36 -90 40 -96 44 -98 Z",
    ),
    one(Light, "E 61 -71 6 4.6"),
    one(Ink, "E 48 -88 2.4 3"),
    one(White, "E 48.8 -89.2 0.9 0.9"),
    one(Ink, "E 64 -72 1.2 1"),
];

pub(super) const UNICORN: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf4_ee_f6,
    accent: 0xc7_7f_d9,
    scale: 1.35,
    parts: &{
        let [tail, far, trunk, near, hooves, ear, mane, muzzle, eye, shine, nostril] = HORSE_PARTS;
        [
            one(Glow, "M 45 -102 L 60 -130 L 52 -98 Z"),
            tail,
            far,
            trunk,
            near,
            hooves,
            ear,
            mane,
            muzzle,
            eye,
            shine,
            nostril,
            one(Pink, "E 53 -78 4 2.8"),
        ]
    },
};

pub(super) const DRAGON: Figure = Figure {
    stand: Stand::Ground,
    body: 0x4f_a3_6c,
    accent: 0xe2_6a_4a,
    scale: 1.45,
    parts: &[
        one(
            Accent,
            "M -6 -54 C -10 -92 -34 -112 -60 -116 C -52 -106 -54 -98 -62 -94 C -50 -90 -48 -82 -54 -74 C -42 -74 -38 -66 -38 -58 C -30 -60 -26 -54 -22 -46 Z",
        ),
        one(Line(1.2), "M -10 -58 L -60 -115 M -13 -55 L -61 -94 M -17 -52 L -53 -74"),
        one(Body, "M -14 -10 C -40 -6 -58 -12 -72 -30 C -76 -36 -70 -40 -66 -36 C -54 -24 -40 -24 -22 -30 Z"),
        one(Accent, "M -66 -34 L -84 -46 L -76 -26 Z"),
        one(
            Body,
            "M -30 -8 C -36 -40 -14 -58 6 -52 C 12 -62 10 -76 18 -86 C 22 -92 34 -96 42 -92 C 54 -90 66 -84 68 -78 C 68 -70 54 -70 42 -70 C 36 -70 34 -64 34 -56 C 34 -36 32 -14 22 -6 C 8 0 -16 0 -30 -8 Z",
        ),
        one(Light, "M 30 -66 C 22 -58 28 -36 16 -8 C 28 -8 32 -34 34 -56 C 34 -62 34 -66 30 -66 Z"),
        one(Accent, "M 14 -82 L 4 -82 L 12 -72 Z M 11 -68 L 1 -66 L 10 -58 Z M 22 -90 L 14 -97 L 15 -86 Z"),
        one(Light, "M 30 -93 L 22 -108 L 36 -95 Z"),
        one(
            Body,
            "M -24 0 C -30 -16 -14 -26 -4 -18 C 2 -12 0 -4 2 0 Z M 6 0 C 4 -14 16 -22 24 -12 C 26 -6 26 -2 28 0 Z",
        ),
        one(Ink, "E 42 -84 3 3.8"),
        one(White, "E 43 -85.6 1.1 1.2"),
        one(Ink, "E 64 -80 1.3 1.1"),
        one(Line(1.2), "M 66 -75 Q 54 -71 46 -75"),
        one(Glow, "M 70 -76 C 80 -84 90 -82 98 -76 C 92 -76 92 -72 98 -68 C 88 -66 78 -68 70 -76 Z"),
        one(Pink, "E 46 -77 3.4 2.2"),
    ],
};

pub(super) const DINOSAUR: Figure = Figure {
    stand: Stand::Ground,
    body: 0x6f_b0_7a,
    accent: 0x3d_7c_66,
    scale: 1.5,
    parts: &[
        one(Shade, "R -18 -24 12 24 R 8 -24 12 24"),
        one(
            Body,
            "M -84 -16 C -62 -18 -50 -54 -14 -54 C 8 -54 22 -54 28 -72 C 34 -90 30 -112 50 -114 C 64 -114 72 -106 72 -100 C 72 -94 62 -92 54 -93 C 46 -90 50 -66 44 -46 C 38 -26 20 -18 0 -18 C -30 -18 -44 -18 -56 -12 C -68 -8 -80 -10 -84 -16 Z",
        ),
        one(Body, "R -34 -26 14 26 R -4 -26 14 26"),
        one(Light, "M -44 -16 C -10 -24 24 -22 42 -50 C 38 -26 20 -18 0 -18 Z"),
        one(
            Accent,
            "E -30 -42 4 4 E -18 -47 3 3 E -14 -37 3.4 3.4 E 2 -45 4 4 E 14 -40 3 3 E 33 -74 2.6 2.6 E 37 -64 3 3",
        ),
        one(Ink, "E 54 -105 2.8 3.4"),
        one(White, "E 55 -106.4 1 1"),
        one(Line(1.2), "M 70 -99 Q 64 -96 58 -99"),
        one(Pink, "E 56 -99 3 2"),
        two(Light, "E 27 -1.5 5 1.8"),
    ],
};
