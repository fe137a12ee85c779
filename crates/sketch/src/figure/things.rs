//! Plants, small things and symbols.

use super::Fill::{Accent, Body, Glow, Ink, Light, Limb, Line, Pink, Shade, Trim, White};
use super::{Figure, Stand, one, two};

pub(super) const TREE: Figure = Figure {
    stand: Stand::Ground,
    body: 0x5a_a3_52,
    accent: 0x6b_48_35,
    scale: 1.7,
    parts: &[
        one(Trim(9.0), "M 0 -5 L 0 -44"),
        one(Trim(4.5), "M 0 -28 L 18 -52 M 0 -22 L -16 -44"),
        one(Accent, "M -10 0 Q -4 -6 -4 -16 L 4 -16 Q 4 -6 10 0 Z"),
        one(Shade, "E -26 -60 23 20 E 24 -62 24 21 E 0 -54 24 16"),
        one(Body, "E -16 -74 24 22 E 18 -76 23 21 E 0 -92 24 20 E 0 -70 22 18"),
        one(Light, "E -14 -90 6 4 E 8 -100 5 3.4 E 22 -82 5 3.4 E -26 -72 4 3"),
        one(Pink, "E -8 -72 2.8 2.8 E 14 -66 2.8 2.8 E 4 -84 2.8 2.8 E -28 -58 2.8 2.8 E 32 -62 2.8 2.8"),
    ],
};

pub(super) const FIR: Figure = Figure {
    stand: Stand::Ground,
    body: 0x3f_7f_56,
    accent: 0x6b_48_35,
    scale: 1.6,
    parts: &[
        one(Accent, "R -5 -16 10 16"),
        one(Body, "M 0 -76 L 40 -12 Q 20 -6 0 -12 Q -20 -6 -40 -12 Z"),
        one(Shade, "M 0 -76 L 40 -12 Q 30 -9 22 -9 L 4 -60 Z"),
        one(Body, "M 0 -98 L 31 -44 Q 15 -38 0 -44 Q -15 -38 -31 -44 Z"),
        one(Shade, "M 0 -98 L 31 -44 Q 24 -41 17 -41 L 3 -82 Z"),
        one(Body, "M 0 -118 L 21 -74 Q 10 -69 0 -74 Q -10 -69 -21 -74 Z"),
        one(Light, "M -24 -46 Q -15 -40 -6 -43 Q -14 -43 -22 -49 Z M -31 -14 Q -20 -8 -8 -11 Q -20 -11 -29 -17 Z"),
        one(Glow, "E -12 -50 2.6 2.6 E 10 -58 2.6 2.6 E -20 -22 2.8 2.8 E 6 -30 2.8 2.8 E 24 -18 2.8 2.8"),
        one(Pink, "E 3 -84 2.4 2.4 E -6 -34 2.8 2.8 E 17 -46 2.6 2.6 E -2 -17 2.8 2.8"),
        one(Glow, "M 0 -129 L 3 -121 L 11 -121 L 5 -116 L 7 -108 L 0 -113 L -7 -108 L -5 -116 L -11 -121 L -3 -121 Z"),
    ],
};

pub(super) const CACTUS: Figure = Figure {
    stand: Stand::Ground,
    body: 0x4d_9a_5a,
    accent: 0xe8_6a_92,
    scale: 1.2,
    parts: &[
        one(Limb(12.0), "M -4 -36 L -24 -36 C -30 -36 -32 -40 -32 -48 L -32 -62"),
        one(Limb(12.0), "M 4 -24 L 26 -24 C 32 -24 34 -28 34 -36 L 34 -54"),
        one(Limb(22.0), "M 0 -6 L 0 -88"),
        one(Line(0.9), "M -5 -84 L -5 -4 M 5 -84 L 5 -4 M -32 -60 L -32 -44 M 34 -52 L 34 -34"),
        one(Accent, "E -5 -99 5 4.4 E 5 -99 5 4.4 E 0 -102 5 4.4"),
        one(Glow, "E 0 -99 2.6 2.4"),
        one(Accent, "E -32 -70 3.6 3.2"),
        two(Ink, "E 4.5 -66 1.9 2.5"),
        one(Line(1.1), "M -3 -59 Q 0 -56 3 -59"),
        two(Pink, "E 8 -61 2 1.5"),
    ],
};

pub(super) const MUSHROOM: Figure = Figure {
    stand: Stand::Ground,
    body: 0xd6_40_45,
    accent: 0xf8_ec_d8,
    scale: 0.9,
    parts: &[
        one(Accent, "M -16 0 C -20 -16 -12 -30 -12 -48 L 12 -48 C 12 -30 20 -16 16 0 Q 0 4 -16 0 Z"),
        one(Body, "M -48 -44 C -46 -84 -22 -100 0 -100 C 22 -100 46 -84 48 -44 Q 0 -32 -48 -44 Z"),
        one(Shade, "M -48 -44 Q 0 -32 48 -44 Q 0 -44 -48 -44 Z"),
        one(White, "E -8 -82 8 6.6 E 20 -72 7 6 E -28 -62 6.4 5.4 E 3 -58 6 4.8 E 36 -54 4 3.6"),
        one(Accent, "M -16 -42 Q 0 -24 16 -42 Z"),
        two(Ink, "E 6 -22 2.1 2.8"),
        two(Pink, "E 10 -16 2.6 1.7"),
        one(Line(1.1), "M -4 -15 Q 0 -11.5 4 -15"),
    ],
};

pub(super) const FLOWER: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf5_c0_3a,
    accent: 0x4c_93_50,
    scale: 1.2,
    parts: &[
        one(Trim(4.0), "M 0 0 C -4 -24 4 -40 0 -62"),
        one(
            Accent,
            "M -1 -16 C -14 -34 -32 -30 -36 -26 C -28 -14 -12 -10 -1 -16 Z M 1 -26 C 12 -44 30 -42 34 -38 C 28 -26 12 -20 1 -26 Z",
        ),
        one(Shade, "E 0 -108 9 16 E 0 -60 9 16 E -24 -84 16 9 E 24 -84 16 9"),
        one(Body, "E -17 -101 12 12 E 17 -101 12 12 E -17 -67 12 12 E 17 -67 12 12 E 0 -84 22 22"),
        one(Ink, "E 0 -84 15 15"),
        one(Shade, "E 0 -84 13 13"),
        two(White, "E 5 -87 2.6 3.2"),
        two(Ink, "E 5 -87 1.5 2"),
        one(Line(1.3), "M -5 -79 Q 0 -74 5 -79"),
        two(Pink, "E 9 -81 2.4 1.7"),
    ],
};

pub(super) const CUP: Figure = Figure {
    stand: Stand::Ground,
    body: 0xf3_ea_dc,
    accent: 0x6a_42_2e,
    scale: 1.0,
    parts: &[
        one(
            Limb(3.2),
            "M -14 -72 C -22 -80 -8 -86 -14 -96 M 0 -76 C -8 -86 8 -92 0 -104 M 14 -72 C 6 -80 20 -86 14 -96",
        ),
        one(Limb(6.0), "M 32 -50 C 54 -54 54 -20 28 -20"),
        one(Shade, "E 0 -2 48 6"),
        one(Light, "E 0 -4 46 5"),
        one(Body, "M -36 -58 L 36 -58 C 36 -26 28 -6 14 -4 L -14 -4 C -28 -6 -36 -26 -36 -58 Z"),
        one(Shade, "E 0 -58 36 9"),
        one(Accent, "E 0 -57 32 7"),
        one(Pink, "M 0 -16 C -16 -26 -8 -36 0 -28 C 8 -36 16 -26 0 -16 Z"),
        two(Ink, "E 9 -40 2 2.6"),
        one(Line(1.2), "M -4 -38 Q 0 -34.5 4 -38"),
    ],
};

pub(super) const HEART: Figure = Figure {
    stand: Stand::Air,
    body: 0xe8_4a_62,
    accent: 0xff_ff_ff,
    scale: 0.9,
    parts: &[
        one(
            Body,
            "M 0 -10 C -70 -54 -46 -104 -20 -100 C -8 -98 -2 -88 0 -80 C 2 -88 8 -98 20 -100 C 46 -104 70 -54 0 -10 Z",
        ),
        one(Light, "M -38 -72 C -38 -88 -28 -93 -21 -92 C -30 -88 -33 -80 -33 -70 Z"),
        two(Ink, "E 9 -62 2.6 3.4"),
        one(Line(1.5), "M -7 -52 Q 0 -45 7 -52"),
    ],
};

pub(super) const BUTTERFLY: Figure = Figure {
    stand: Stand::Air,
    body: 0xf0_8a_3c,
    accent: 0x3a_2c_3a,
    scale: 0.65,
    parts: &[
        two(Shade, "M 2 -48 C 20 -52 44 -42 40 -22 C 36 -6 14 -12 2 -40 Z"),
        two(Body, "M 2 -54 C 12 -92 56 -102 58 -76 C 58 -56 30 -44 2 -46 Z"),
        two(White, "E 44 -78 5 5 E 34 -66 3 3 E 30 -26 3.6 3.6"),
        two(Glow, "E 24 -66 7 6"),
        one(Trim(5.0), "M 0 -66 L 0 -26"),
        two(Trim(1.1), "M 0 -68 C 2 -82 8 -88 14 -90"),
        two(Accent, "E 14 -90 2 2"),
        two(Light, "E 1.4 -65 0.8 0.8"),
    ],
};
