//! Colours and how they meet: mixing, shading, haze.

pub(crate) use tiny_skia::Color;

/// `0xRRGGBB`, opaque.
pub(crate) fn rgb(value: u32) -> Color {
    let [_, red, green, blue] = value.to_be_bytes();
    Color::from_rgba8(red, green, blue, 255)
}

/// `a` at 0, `b` at 1.
pub(crate) fn mix(a: Color, b: Color, t: f32) -> Color {
    let t = t.clamp(0.0, 1.0);
    let lerp = |from: f32, to: f32| (from + (to - from) * t).clamp(0.0, 1.0);
    let (red, green) = (lerp(a.red(), b.red()), lerp(a.green(), b.green()));
    let (blue, alpha) = (lerp(a.blue(), b.blue()), lerp(a.alpha(), b.alpha()));
    Color::from_rgba(red, green, blue, alpha).unwrap_or(a)
}

pub(crate) fn fade(color: Color, alpha: f32) -> Color {
    let mut faded = color;
    faded.set_alpha(alpha.clamp(0.0, 1.0));
    faded
}

pub(crate) fn darken(color: Color, amount: f32) -> Color {
    mix(color, rgb(0x10_0c_24), amount)
}

pub(crate) fn lighten(color: Color, amount: f32) -> Color {
    mix(color, rgb(0xff_f8_ec), amount)
}
