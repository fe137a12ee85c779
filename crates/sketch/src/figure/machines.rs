//! What drives and flies.

use super::Fill::{Accent, Body, Glow, Ink, Light, Line, Shade, Trim, White};
use super::{Figure, Stand, one, two};

pub(super) const BALLOON: Figure = Figure {
    stand: Stand::Air,
    body: 0xe0_50_4a,
    accent: 0xfb_e3_b0,
    scale: 1.0,
    parts: &[
        one(Line(0.9), "M -22 -44 L -8 -16 M 22 -44 L 8 -16 M -8 -38 L -4 -16 M 8 -38 L 4 -16"),
        one(
            Body,
            "M 0 -126 C 32 -126 48 -104 46 -82 C 44 -62 28 -52 14 -36 L -14 -36 C -28 -52 -44 -62 -46 -82 C -48 -104 -32 -126 0 -126 Z",
        ),
        two(
            Accent,
            "M 12 -124 C 28 -112 33 -98 32 -82 C 30 -62 20 -50 9 -36 L 14 -36 C 28 -52 44 -62 46 -82 C 48 -102 34 -122 12 -124 Z",
        ),
        one(
            Accent,
            "M 0 -126 C 9 -118 12 -100 11 -82 C 10 -62 7 -48 4 -36 L -4 -36 C -7 -48 -10 -62 -11 -82 C -12 -100 -9 -118 0 -126 Z",
        ),
        one(Shade, "M -43 -66 C -20 -56 20 -56 43 -66 L 40 -60 C 20 -50 -20 -50 -40 -60 Z"),
        one(Glow, "M -4 -26 Q 0 -38 4 -26 Z"),
        one(Shade, "M -11 -18 L 11 -18 L 8 0 Q 0 2 -8 0 Z"),
        one(Light, "R -12 -20 24 4"),
    ],
};

pub(super) const ROCKET: Figure = Figure {
    stand: Stand::Air,
    body: 0xf0_f1_f5,
    accent: 0xe0_4f_44,
    scale: 1.1,
    parts: &[
        one(Accent, "M -12 -22 L 0 14 L 12 -22 Z"),
        one(Glow, "M -8 -22 L 0 4 L 8 -22 Z"),
        two(Accent, "M 16 -58 C 34 -46 36 -28 34 -14 L 14 -28 Z"),
        one(Body, "M 0 -118 C 24 -98 26 -58 15 -24 L -15 -24 C -26 -58 -24 -98 0 -118 Z"),
        one(Light, "M 0 -118 C -20 -98 -22 -58 -14 -24 L -6 -24 C -14 -58 -12 -98 0 -118 Z"),
        one(Accent, "M 0 -118 C 9 -110 14 -102 17 -93 L -17 -93 C -14 -102 -9 -110 0 -118 Z"),
        one(Shade, "E 0 -74 11 11"),
        one(Ink, "E 0 -74 8 8"),
        one(White, "E -3 -77 2.4 2.4"),
        one(Shade, "R -16 -32 32 5"),
        one(Accent, "M -3 -46 L 3 -46 L 4 -14 L -4 -14 Z"),
    ],
};

pub(super) const UFO: Figure = Figure {
    stand: Stand::Air,
    body: 0x9a_a6_c0,
    accent: 0x8c_f0_b4,
    scale: 1.1,
    parts: &[
        one(Light, "M -24 -64 C -24 -96 24 -96 24 -64 Z"),
        one(Accent, "M -9 -64 C -14 -86 14 -86 9 -64 Z"),
        two(Ink, "E 3.6 -74 2.2 3.4"),
        one(Body, "E 0 -58 58 15"),
        one(Shade, "M -58 -58 C -50 -40 50 -40 58 -58 C 40 -50 -40 -50 -58 -58 Z"),
        one(Glow, "E -40 -55 4 3 E -20 -51 4 3 E 0 -49.5 4 3 E 20 -51 4 3 E 40 -55 4 3"),
    ],
};

pub(super) const CAR: Figure = Figure {
    stand: Stand::Ground,
    body: 0xe0_4f_44,
    accent: 0xbf_e3_f2,
    scale: 1.1,
    parts: &[
        one(
            Body,
            "M -60 -14 C -62 -30 -56 -36 -40 -38 C -32 -54 -24 -62 -6 -62 C 16 -62 24 -52 32 -38 C 52 -36 62 -30 60 -14 Z",
        ),
        one(Accent, "M -31 -38 C -26 -50 -20 -55 -7 -55 L -4 -55 L -4 -38 Z M 2 -55 C 14 -55 18 -48 24 -38 L 2 -38 Z"),
        one(Shade, "M -61 -20 L 61 -20 L 60 -12 L -60 -12 Z"),
        one(Glow, "E 56 -27 4.4 4.4"),
        one(White, "R -8 -33 9 2.4"),
        one(Ink, "E -33 -12 12.5 12.5 E 33 -12 12.5 12.5"),
        one(Light, "E -33 -12 5.4 5.4 E 33 -12 5.4 5.4"),
    ],
};

pub(super) const TRAIN: Figure = Figure {
    stand: Stand::Ground,
    body: 0x3a_7a_62,
    accent: 0xe2_b0_3c,
    scale: 1.5,
    parts: &[
        one(Light, "E 48 -84 8 7 E 38 -94 11 9 E 22 -104 13 10"),
        one(Line(2.0), "M -110 -1 L 84 -1"),
        one(Shade, "M -108 -50 L -58 -50 L -58 -14 L -108 -14 Z"),
        one(Glow, "R -102 -44 10 12 R -88 -44 10 12 R -74 -44 10 12"),
        one(Accent, "R -108 -22 50 3"),
        one(Line(3.0), "M -60 -16 L -44 -16"),
        one(Body, "R -46 -64 34 50"),
        one(Ink, "R -50 -70 42 7"),
        one(Glow, "R -38 -56 18 18"),
        one(Body, "M -14 -46 L 54 -46 Q 62 -46 62 -38 L 62 -14 L -14 -14 Z"),
        one(Ink, "M 44 -46 L 42 -70 L 58 -70 L 54 -46 Z"),
        one(Accent, "R 40 -74 20 5 R 12 -56 12 10 R -12 -40 74 3"),
        one(Ink, "M 62 -14 L 78 -2 L 52 -2 Z"),
        one(Glow, "E 63 -36 4.4 4.4"),
        one(Ink, "E -30 -11 11 11 E -2 -9 9 9 E 20 -9 9 9 E 42 -9 9 9 E -96 -9 9 9 E -70 -9 9 9"),
        one(Trim(2.0), "M -30 -11 L 20 -9"),
        one(Light, "E -30 -11 4 4 E -2 -9 3.4 3.4 E 20 -9 3.4 3.4 E 42 -9 3.4 3.4 E -96 -9 3.4 3.4 E -70 -9 3.4 3.4"),
    ],
};
