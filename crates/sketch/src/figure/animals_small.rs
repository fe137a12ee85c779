//! Small animals, seen from the front.

use super::Fill::{Accent, Body, Glow, Ink, Light, Limb, Line, Pink, Shade, White};
use super::{Figure, Stand, one, two};

pub(super) const CAT: Figure = Figure {
    stand: Stand::Ground,
    body: 0xe8_91_4a,
    accent: 0x8f_c9_62,
    scale: 1.0,
    parts: &[
        one(Limb(9.0), "M 18 -7 C 48 -2 56 -28 42 -42 C 36 -48 28 -42 32 -36"),
        one(Body, "M -27 0 C -33 -26 -20 -54 0 -55 C 20 -54 33 -26 27 0 Z"),
        one(Light, "E 0 -26 10 18"),
        two(Light, "E 10 -4 8 5"),
        two(Line(1.0), "M 8 -4 L 8 -1 M 12 -4 L 12 -1"),
        two(Body, "M 5 -78 L 20 -98 Q 24 -82 23 -66 Z"),
        two(Pink, "M 10 -79 L 18 -91 Q 20 -82 19 -74 Z"),
        one(Body, "E 0 -67 24 19"),
        one(Shade, "M -3 -86 L 0 -76 L 3 -86 Z M -11 -84 L -7 -77 L -6 -85 Z M 11 -84 L 7 -77 L 6 -85 Z"),
        one(Light, "E 0 -59 10 7"),
        two(White, "E 9.5 -69 5 5.6"),
        two(Accent, "E 9.5 -69 4 4.8"),
        two(Ink, "E 9.5 -69 1.7 4.3"),
        two(White, "E 11 -71 1.1 1.1"),
        one(Pink, "M -3 -63 L 3 -63 L 0 -59.5 Z"),
        two(Line(1.1), "M 0 -59.5 Q 3 -55 7 -57.5"),
        two(Line(0.7), "M 10 -60 L 30 -64 M 10 -58 L 29 -56"),
    ],
};

pub(super) const DOG: Figure = Figure {
    stand: Stand::Ground,
    body: 0xc9_8d_5a,
    accent: 0xd6_40_45,
    scale: 1.05,
    parts: &[
        one(Limb(7.0), "M 22 -10 C 34 -14 40 -26 40 -38"),
        one(Body, "M -26 0 C -31 -26 -19 -54 0 -55 C 19 -54 31 -26 26 0 Z"),
        one(Light, "M -12 -44 Q 0 -52 12 -44 Q 14 -18 0 -12 Q -14 -18 -12 -44 Z"),
        two(Body, "R 6 -28 11 28"),
        two(Light, "E 11 -4 8.5 5"),
        one(Accent, "M -17 -49 Q 0 -40 17 -49 L 16 -44 Q 0 -35 -16 -44 Z"),
        one(Glow, "E 0 -39 3.4 3.4"),
        one(Body, "E 0 -68 22 20"),
        two(Shade, "M 14 -85 C 32 -88 36 -64 29 -52 C 22 -50 18 -62 17 -74 Z"),
        one(Light, "E 0 -59 12 9"),
        one(Light, "M -3 -88 L 3 -88 L 4 -64 L -4 -64 Z"),
        one(Pink, "M -4 -55 L 4 -55 Q 5 -45 0 -45 Q -5 -45 -4 -55 Z"),
        two(Ink, "E 9 -71 3.1 3.8"),
        two(White, "E 10 -72.4 1.1 1.1"),
        one(Ink, "E 0 -63.5 5 3.6"),
        two(Line(1.2), "M 0 -60 Q 2 -54 9 -56"),
    ],
};

pub(super) const FOX: Figure = Figure {
    stand: Stand::Ground,
    body: 0xe0_6b_2d,
    accent: 0x3a_26_22,
    scale: 1.0,
    parts: &[
        one(Body, "M 14 -4 C 44 6 66 -14 58 -46 C 56 -58 48 -62 44 -54 C 42 -34 34 -26 16 -22 Z"),
        one(White, "M 58 -46 C 58 -60 50 -66 44 -60 C 40 -54 42 -48 46 -44 C 50 -42 54 -42 58 -46 Z"),
        one(Body, "M -24 0 C -30 -26 -18 -52 0 -54 C 18 -52 30 -26 24 0 Z"),
        one(White, "M -11 -46 Q 0 -54 11 -46 Q 10 -24 0 -14 Q -10 -24 -11 -46 Z"),
        two(Accent, "R 5 -14 9 14"),
        two(Body, "M 3 -76 L 21 -104 Q 27 -86 24 -66 Z"),
        two(Accent, "M 17 -92 L 21 -104 Q 24 -94 24.5 -84 Z"),
        one(Body, "M -29 -70 Q -20 -86 0 -86 Q 20 -86 29 -70 Q 16 -52 0 -46 Q -16 -52 -29 -70 Z"),
        two(White, "M 29 -70 Q 16 -52 0 -46 Q 2 -60 12 -64 Q 20 -64 29 -70 Z"),
        two(Ink, "E 10 -69 2.8 3.6"),
        two(White, "E 11 -70.4 1 1"),
        one(Ink, "E 0 -49 4 3"),
    ],
};

pub(super) const RABBIT: Figure = Figure {
    stand: Stand::Ground,
    body: 0xd8_cf_c4,
    accent: 0x6a_4a_3a,
    scale: 0.9,
    parts: &[
        one(White, "E 25 -10 8 8"),
        one(Body, "M -25 0 C -30 -24 -18 -48 0 -48 C 18 -48 30 -24 25 0 Z"),
        one(Light, "E 0 -22 11 15"),
        two(Light, "E 11 -4 10 4.5"),
        two(Body, "M 3 -74 C -2 -118 14 -128 18 -112 C 21 -98 18 -84 14 -72 Z"),
        two(Pink, "M 7 -80 C 4 -110 13 -116 15 -106 C 16 -96 14 -86 12 -78 Z"),
        one(Body, "E 0 -63 21 18"),
        two(Light, "E 11 -56 7.5 5.5"),
        two(Ink, "E 9 -67 3 4"),
        two(White, "E 10 -68.6 1.1 1.2"),
        one(Pink, "M -3 -60 L 3 -60 L 0 -57 Z"),
        one(White, "R -2.6 -55 5.2 5"),
        two(Line(1.0), "M 0 -57 Q 3 -53 7 -55"),
        two(Line(0.6), "M 12 -57 L 27 -60 M 12 -55 L 26 -53"),
    ],
};

pub(super) const OWL: Figure = Figure {
    stand: Stand::Ground,
    body: 0x8a_62_45,
    accent: 0xf0_a0_30,
    scale: 0.85,
    parts: &[
        one(
            Body,
            "M -28 -6 C -36 -44 -30 -84 -26 -96 Q -14 -86 0 -86 Q 14 -86 26 -96 C 30 -84 36 -44 28 -6 Q 0 4 -28 -6 Z",
        ),
        one(Light, "M -17 -8 C -22 -34 -12 -54 0 -54 C 12 -54 22 -34 17 -8 Q 0 -2 -17 -8 Z"),
        one(
            Line(1.3),
            "M -8 -40 Q -5 -36 -2 -40 M 2 -40 Q 5 -36 8 -40 M -12 -29 Q -9 -25 -6 -29 M -3 -29 Q 0 -25 3 -29 M 6 -29 Q 9 -25 12 -29 M -8 -18 Q -5 -14 -2 -18 M 2 -18 Q 5 -14 8 -18",
        ),
        two(Shade, "M 27 -60 C 38 -40 36 -16 24 -6 C 18 -20 20 -44 27 -60 Z"),
        two(White, "E 12 -68 13 13"),
        two(Accent, "E 11 -68 8.6 8.6"),
        two(Ink, "E 10.5 -68 5.2 5.2"),
        two(White, "E 12.5 -70.5 1.9 1.9"),
        one(Accent, "M -4 -62 L 4 -62 L 0 -52 Z"),
        two(Accent, "E 6 -2 2.2 3.6 E 11 -2 2.2 3.6"),
    ],
};

pub(super) const PENGUIN: Figure = Figure {
    stand: Stand::Ground,
    body: 0x2b_33_48,
    accent: 0xf2_9a_2e,
    scale: 0.9,
    parts: &[
        two(Accent, "E 11 -2 11 4"),
        two(Body, "M 22 -62 C 40 -48 42 -28 36 -20 C 28 -26 24 -40 22 -62 Z"),
        one(Body, "M -28 -4 C -34 -50 -26 -98 0 -98 C 26 -98 34 -50 28 -4 Q 0 2 -28 -4 Z"),
        one(
            White,
            "M -19 -5 C -26 -34 -18 -54 -17 -66 C -18 -82 -5 -84 0 -74 C 5 -84 18 -82 17 -66 C 18 -54 26 -34 19 -5 Q 0 -1 -19 -5 Z",
        ),
        two(Ink, "E 8 -72 2.9 3.6"),
        two(White, "E 9 -73.4 1 1.1"),
        one(Accent, "M -6 -66 Q 0 -70 6 -66 Q 3 -59 0 -58 Q -3 -59 -6 -66 Z"),
        two(Pink, "E 14 -63 3.4 2.2"),
    ],
};

pub(super) const HEDGEHOG: Figure = Figure {
    stand: Stand::Ground,
    body: 0xdd_b8_8d,
    accent: 0x6b_4a_3c,
    scale: 0.8,
    parts: &[
        one(
            Accent,
            "M -46 -4 L -52 -14 L -44 -16 L -51 -28 L -41 -29 L -45 -43 L -34 -41 L -35 -55 L -24 -51 L -22 -64 L -12 -57 L -6 -68 L 2 -58 L 11 -65 L 15 -53 L 26 -56 L 26 -44 L 36 -42 L 30 -4 Z",
        ),
        one(
            Line(1.0),
            "M -32 -20 L -36 -27 M -20 -28 L -24 -36 M -6 -36 L -9 -45 M -16 -14 L -20 -21 M -2 -22 L -6 -30 M 8 -40 L 7 -48",
        ),
        one(Body, "M 8 -2 C 2 -30 22 -42 32 -34 C 40 -30 46 -20 56 -15 C 54 -6 40 0 8 -2 Z"),
        one(Light, "M -40 -4 Q -10 -14 14 -6 L 20 0 L -38 0 Z"),
        one(Body, "E 16 -38 7 7"),
        one(Pink, "E 16 -38 3.6 3.6"),
        one(Ink, "E 34 -25 3 3.6"),
        one(White, "E 35 -26.4 1 1.1"),
        one(Ink, "E 56 -15 4 3.8"),
        one(Line(1.1), "M 50 -9 Q 44 -4 39 -8"),
        one(Pink, "E 32 -15 3.6 2.4"),
        one(Shade, "E -22 -1 7 3.6 E 18 -1 7 3.6"),
    ],
};
