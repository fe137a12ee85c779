//! People, and those who walk like them.

use super::Fill::{Accent, Body, Glow, Ink, Light, Limb, Line, Pink, Shade, Trim, White};
use super::{Figure, Stand, one, two};

pub(super) const PERSON: Figure = Figure {
    stand: Stand::Ground,
    body: 0xe0_5a_4a,
    accent: 0xf0_c8_a0,
    scale: 1.2,
    parts: &[
        two(Ink, "R 3 -24 8 24"),
        two(Shade, "M 2 -6 L 13 -6 Q 17 -2 16 0 L 2 0 Z"),
        one(Limb(8.0), "M -13 -56 L -22 -36"),
        one(Limb(8.0), "M 13 -56 C 22 -50 28 -58 32 -70"),
        one(Trim(5.5), "M 32 -71 L 33 -75"),
        one(Accent, "E -23 -33 4 4"),
        one(Body, "M -14 -62 Q 0 -68 14 -62 L 21 -20 Q 0 -15 -21 -20 Z"),
        one(Line(0.8), "M 0 -58 L 0 -18"),
        one(White, "E 3 -50 1.3 1.3 E 3 -40 1.3 1.3 E 3 -30 1.3 1.3"),
        one(Accent, "E 0 -77 14 15"),
        one(Ink, "M -15 -76 C -18 -98 18 -98 15 -76 C 12 -84 4 -86 -4 -86 C -10 -86 -14 -82 -15 -76 Z"),
        one(Shade, "M -14 -65 Q 0 -57 14 -65 L 14 -59 Q 0 -52 -14 -59 Z"),
        one(Shade, "M -13 -60 L -24 -44 L -15 -44 L -8 -58 Z"),
        two(Ink, "E 5 -77 1.7 2.2"),
        two(Pink, "E 9 -72 2.6 1.8"),
        one(Line(1.0), "M -4 -71 Q 0 -67.5 4 -71"),
    ],
};

pub(super) const ASTRONAUT: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf1_f2_f6,
    accent: 0xf2_8a_3c,
    scale: 1.2,
    parts: &[
        one(Shade, "R -22 -64 44 38"),
        two(Body, "R 3 -26 14 24"),
        two(Shade, "M 1 -8 L 19 -8 Q 22 -3 21 0 L 1 0 Z"),
        one(Limb(12.0), "M -17 -52 C -26 -46 -28 -38 -28 -30"),
        one(Limb(12.0), "M 17 -52 C 26 -52 32 -62 35 -76"),
        one(Accent, "E -28 -27 6.4 6.4 E 36 -79 6.4 6.4"),
        one(Body, "M -20 -58 Q 0 -64 20 -58 L 20 -24 Q 0 -18 -20 -24 Z"),
        one(Accent, "R -20 -30 40 4"),
        one(Shade, "R -9 -48 18 12"),
        one(Glow, "E -4 -42 2 2"),
        one(Accent, "E 4 -42 2 2"),
        one(Body, "E 0 -78 24 22"),
        one(Ink, "E 0 -77 18.5 15.5"),
        one(Light, "M -13 -80 C -12 -88 -4 -91 2 -90 C -4 -87 -8 -84 -9 -78 Z"),
        two(White, "E 6 -76 2 2.7"),
        one(Trim(1.2), "M -5 -70 Q 0 -66 5 -70"),
    ],
};

pub(super) const ROBOT: Figure = Figure {
    stand: Stand::Ground,
    body: 0x8f_a9_bd,
    accent: 0xe8_6a_4a,
    scale: 1.2,
    parts: &[
        one(Line(2.4), "M 0 -90 L 0 -104"),
        one(Accent, "E 0 -106 5 5"),
        two(Shade, "R 5 -22 11 20"),
        two(Body, "M 2 -8 L 19 -8 Q 22 -4 22 0 L 2 0 Z"),
        one(Limb(7.0), "M -24 -50 C -38 -46 -38 -36 -36 -28"),
        one(Limb(7.0), "M 24 -50 C 36 -52 40 -62 40 -72"),
        one(Accent, "E -36 -25 6 6 E 40 -75 6 6"),
        one(
            Body,
            "M -22 -58 L 22 -58 Q 26 -58 26 -54 L 24 -22 Q 24 -18 20 -18 L -20 -18 Q -24 -18 -24 -22 L -26 -54 Q -26 -58 -22 -58 Z",
        ),
        one(Light, "R -14 -50 28 18"),
        one(Accent, "M 0 -35 C -14 -44 -6 -52 0 -45 C 6 -52 14 -44 0 -35 Z"),
        one(Ink, "E -14 -25 1.6 1.6 E -8 -25 1.6 1.6"),
        one(Shade, "R -7 -64 14 7"),
        one(
            Body,
            "M -22 -92 L 22 -92 Q 28 -92 28 -86 L 28 -68 Q 28 -62 22 -62 L -22 -62 Q -28 -62 -28 -68 L -28 -86 Q -28 -92 -22 -92 Z",
        ),
        two(Shade, "R 28 -83 5 12"),
        one(
            Ink,
            "M -18 -87 L 18 -87 Q 23 -87 23 -82 L 23 -72 Q 23 -67 18 -67 L -18 -67 Q -23 -67 -23 -72 L -23 -82 Q -23 -87 -18 -87 Z",
        ),
        two(Glow, "E 10 -78 4.2 5.2"),
        one(Trim(1.6), "M -5 -72 Q 0 -68.5 5 -72"),
    ],
};

pub(super) const SNOWMAN: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf6_f8_fc,
    accent: 0xd6_40_45,
    scale: 1.1,
    parts: &[
        one(Line(2.2), "M -20 -52 L -46 -68 M -38 -63 L -46 -58 M 20 -52 L 44 -74 M 37 -67 L 46 -66"),
        one(Body, "E 0 -20 30 23"),
        one(Body, "E 0 -52 23 19"),
        one(Body, "E 0 -79 17 16"),
        one(Ink, "E 0 -58 2 2 E 0 -49 2 2 E 0 -40 2 2"),
        one(Accent, "M -16 -69 Q 0 -61 16 -69 L 17 -63 Q 0 -55 -17 -63 Z"),
        one(Accent, "M 8 -62 L 17 -42 L 9 -40 L 4 -60 Z"),
        one(Ink, "R -19 -92 38 4 R -12 -112 24 22"),
        one(Accent, "R -12 -97 24 5"),
        two(Ink, "E 6 -82 2 2.4"),
        one(Glow, "M -1 -79 L 20 -75 L -1 -74 Z"),
        one(Line(1.1), "M -7 -72 Q 0 -67 7 -72"),
        two(Pink, "E 11 -76 2.8 1.9"),
        two(Shade, "R 0 0 0.1 0.1"),
        two(White, "E 12 -30 2 1.4"),
        two(Light, "E 8 -12 2 1.4"),
    ],
};
