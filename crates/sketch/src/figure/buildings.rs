//! What people built.

use super::Fill::{Accent, Body, Glow, Ink, Light, Limb, Line, Shade, Trim, White};
use super::{Figure, Stand, one, two};

pub(super) const HOUSE: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf0_dd_bd,
    accent: 0xb8_48_3a,
    scale: 1.35,
    parts: &[
        one(Light, "E 30 -104 6 5 E 36 -113 8 6 E 46 -122 9 7"),
        one(Shade, "R 20 -94 13 30"),
        one(Body, "R -42 -54 84 54"),
        one(Shade, "R 14 -54 28 54"),
        one(Accent, "M -52 -52 L -22 -90 L 34 -90 L 54 -52 Z"),
        one(Body, "M -42 -52 L -17 -82 L 8 -52 Z"),
        one(Trim(4.0), "M -49 -50 L -17 -86 L 13 -50"),
        one(Glow, "R -34 -42 16 16 R 20 -42 15 15"),
        one(Line(1.4), "M -26 -42 L -26 -26 M -34 -34 L -18 -34 M 27.5 -42 L 27.5 -27 M 20 -34.5 L 35 -34.5"),
        one(Glow, "E -17 -62 5 5"),
        one(Accent, "M -8 0 L -8 -28 Q -1 -36 6 -28 L 6 0 Z"),
        one(Glow, "E 3 -14 1.4 1.4"),
        one(Light, "R -12 -3 22 3"),
    ],
};

pub(super) const CASTLE: Figure = Figure {
    stand: Stand::Ground,
    body: 0xb9_b4_c4,
    accent: 0x7a_56_b0,
    scale: 1.7,
    parts: &[
        one(Shade, "R -12 -96 24 60"),
        one(Accent, "M -17 -94 L 0 -128 L 17 -94 Z"),
        one(Trim(1.4), "M 0 -128 L 0 -138"),
        one(Glow, "M 0 -138 L 14 -134 L 0 -130 Z"),
        one(Body, "R -44 -48 88 48"),
        one(Body, "R -44 -55 10 8 R -26 -55 10 8 R -5 -55 10 8 R 16 -55 10 8 R 34 -55 10 8"),
        one(Light, "R -62 -76 24 76"),
        one(Shade, "R 38 -76 24 76"),
        one(Accent, "M -67 -74 L -50 -106 L -33 -74 Z M 33 -74 L 50 -106 L 67 -74 Z"),
        one(
            Glow,
            "M -54 -54 Q -50 -62 -46 -54 L -46 -46 L -54 -46 Z M 46 -54 Q 50 -62 54 -54 L 54 -46 L 46 -46 Z M -4 -76 Q 0 -84 4 -76 L 4 -68 L -4 -68 Z",
        ),
        one(Glow, "E -24 -34 3.4 4.4 E 24 -34 3.4 4.4"),
        one(Ink, "M -13 0 L -13 -20 Q 0 -40 13 -20 L 13 0 Z"),
        one(Line(1.2), "M -6 -28 L -6 0 M 0 -31 L 0 0 M 6 -28 L 6 0"),
    ],
};

pub(super) const LIGHTHOUSE: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf6_f0_e6,
    accent: 0xd6_40_45,
    scale: 1.6,
    parts: &[
        one(Shade, "M -56 0 C -46 -14 -28 -10 -18 -14 L 20 -14 C 32 -10 48 -12 56 0 Z"),
        one(Light, "R 14 -34 30 24"),
        one(Accent, "M 10 -33 L 29 -48 L 48 -33 Z"),
        one(Glow, "R 24 -28 9 9"),
        one(Body, "M -17 -8 L -11 -96 L 11 -96 L 17 -8 Z"),
        one(Accent, "M -15.5 -28 L 15.5 -28 L 14.2 -46 L -14.2 -46 Z M -13 -64 L 13 -64 L 11.8 -80 L -11.8 -80 Z"),
        one(Ink, "R -15 -100 30 5"),
        one(Glow, "R -8 -114 16 15"),
        one(Line(1.0), "M -8 -114 L -8 -99 M 8 -114 L 8 -99 M 0 -114 L 0 -99"),
        one(Accent, "M -12 -113 Q 0 -130 12 -113 Z"),
        one(Ink, "M -5 -8 L -5 -18 Q 0 -24 5 -18 L 5 -8 Z"),
        one(Ink, "E 0 -55 2.6 3.4"),
    ],
};

pub(super) const WINDMILL: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf0_e4_cf,
    accent: 0x8a_4a_38,
    scale: 1.55,
    parts: &[
        one(Body, "M -24 0 L -14 -72 L 14 -72 L 24 0 Z"),
        one(Shade, "M 8 0 L 5 -72 L 14 -72 L 24 0 Z"),
        one(Accent, "M -18 -70 Q 0 -100 18 -70 Z"),
        one(Accent, "M -7 0 L -7 -17 Q 0 -24 7 -17 L 7 0 Z"),
        one(Glow, "M -4 -40 Q 0 -47 4 -40 L 4 -33 L -4 -33 Z"),
        one(
            White,
            "M 3 -79 L 32 -118 L 41 -111 L 6 -75 Z M 4 -73 L 43 -44 L 36 -35 L 0 -70 Z M -3 -71 L -32 -32 L -41 -39 L -6 -75 Z M -4 -77 L -43 -106 L -36 -115 L 0 -80 Z",
        ),
        one(Trim(1.8), "M -36 -39 L 36 -111 M -39 -111 L 39 -39"),
        one(Ink, "E 0 -75 4 4"),
    ],
};

pub(super) const CHURCH: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf4_ee_e2,
    accent: 0xe3_b0_3c,
    scale: 1.55,
    parts: &[
        one(Body, "R -34 -46 68 46"),
        one(Shade, "R 14 -46 20 46"),
        one(Limb(1.0), "M 0 0 L 0 0"),
        one(Body, "R -9 -74 18 30 R -33 -62 12 18 R 21 -62 12 18"),
        one(Accent, "M -10 -74 C -22 -90 -4 -96 0 -110 C 4 -96 22 -90 10 -74 Z"),
        two(Accent, "M 20 -62 C 12 -74 24 -78 27 -88 C 30 -78 42 -74 34 -62 Z"),
        one(
            Trim(1.6),
            "M 0 -108 L 0 -124 M -4 -118 L 4 -118 M -27 -86 L -27 -97 M -30 -93 L -24 -93 M 27 -86 L 27 -97 M 24 -93 L 30 -93",
        ),
        one(Light, "M -38 -44 Q -25 -58 -12 -44 Q 0 -60 12 -44 Q 25 -58 38 -44 Z"),
        one(
            Glow,
            "M -3 -56 Q 0 -62 3 -56 L 3 -48 L -3 -48 Z M -26 -24 Q -22 -31 -18 -24 L -18 -14 L -26 -14 Z M 18 -24 Q 22 -31 26 -24 L 26 -14 L 18 -14 Z",
        ),
        one(Ink, "M -8 0 L -8 -18 Q 0 -28 8 -18 L 8 0 Z"),
        one(Line(0.8), "M 0 -22 L 0 0"),
    ],
};

pub(super) const TOWER: Figure = Figure {
    stand: Stand::Ground,
    body: 0x7a_6a_5e,
    accent: 0xe2_6a_4a,
    scale: 1.7,
    parts: &[
        one(Body, "M -30 0 C -18 -28 -8 -62 -3 -122 L 3 -122 C 8 -62 18 -28 30 0 L 20 0 C 12 -20 -12 -20 -20 0 Z"),
        one(Shade, "R -19 -40 38 6 R -11 -76 22 5 R -5 -104 10 4"),
        one(Line(1.0), "M -15 -36 L 9 -74 M 15 -36 L -9 -74 M -8 -76 L 4 -104 M 8 -76 L -4 -104"),
        one(Glow, "E -12 -37 1.4 1.4 E 0 -37 1.4 1.4 E 12 -37 1.4 1.4 E -6 -73.5 1.2 1.2 E 6 -73.5 1.2 1.2"),
        one(Accent, "E 0 -126 2.6 2.6"),
    ],
};

pub(super) const TENT: Figure = Figure {
    stand: Stand::Ground,
    body: 0xee_8a_3a,
    accent: 0x9a_4a_30,
    scale: 1.0,
    parts: &[
        one(Trim(1.2), "M 0 -66 L -62 0 M 0 -66 L 62 0"),
        one(Body, "M -50 0 L 0 -64 L 50 0 Z"),
        one(Shade, "M 12 0 L 0 -64 L 50 0 Z"),
        one(Glow, "M -18 0 L 0 -48 L 12 0 Z"),
        one(Light, "M -18 0 L 0 -48 L -7 0 Z"),
        one(Accent, "M 0 -64 L 16 -71 L 0 -77 Z"),
        one(Line(1.2), "M 0 -62 L 0 -77"),
        one(Ink, "M 66 0 L 92 -6 L 93 -2 L 68 3 Z M 92 0 L 66 -6 L 65 -2 L 90 3 Z"),
        one(Accent, "M 70 -4 C 64 -16 76 -22 78 -34 C 86 -24 94 -16 88 -4 Z"),
        one(Glow, "M 74 -4 C 72 -12 78 -14 79 -22 C 84 -16 88 -10 84 -4 Z"),
    ],
};
