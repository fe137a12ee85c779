//! Pixels: paints a display list with tiny-skia and writes PNG.

use tiny_skia::{
    FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Pixmap, RadialGradient, Shader, SpreadMode, Stroke,
    Transform,
};

use crate::drawing::{Drawing, Paint, point};
use crate::{Picture, SketchError};

pub(crate) fn paint(drawing: &Drawing, width: u32, height: u32) -> Result<Picture, SketchError> {
    let mut pixmap = Pixmap::new(width, height).ok_or(SketchError::Size { width, height })?;
    for shape in &drawing.shapes {
        let paint = tiny_skia::Paint { shader: shader(&shape.paint), anti_alias: true, ..tiny_skia::Paint::default() };
        match shape.stroke {
            None => pixmap.fill_path(&shape.path, &paint, FillRule::Winding, Transform::identity(), None),
            Some(width) => {
                let stroke =
                    Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
                pixmap.stroke_path(&shape.path, &paint, &stroke, Transform::identity(), None);
            }
        }
    }
    // the sky covers every pixel, so premultiplied and straight alpha are the same bytes; rounding may leave 254
    let mut rgba = pixmap.take();
    for pixel in rgba.chunks_exact_mut(4) {
        pixel[3] = 255;
    }
    Ok(Picture { width, height, rgba })
}

fn shader(paint: &Paint) -> Shader<'static> {
    let stops = |stops: &[(f32, tiny_skia::Color)]| -> Vec<GradientStop> {
        stops.iter().map(|(position, color)| GradientStop::new(*position, *color)).collect()
    };
    let (shader, plain) = match paint {
        Paint::Solid(color) => (None, *color),
        Paint::Linear { from, to, stops: colors } => (
            LinearGradient::new(point(*from), point(*to), stops(colors), SpreadMode::Pad, Transform::identity()),
            colors.first().map_or(tiny_skia::Color::TRANSPARENT, |stop| stop.1),
        ),
        Paint::Radial { center, radius, stops: colors } => (
            RadialGradient::new(
                point(*center),
                0.0,
                point(*center),
                *radius,
                stops(colors),
                SpreadMode::Pad,
                Transform::identity(),
            ),
            colors.last().map_or(tiny_skia::Color::TRANSPARENT, |stop| stop.1),
        ),
    };
    shader.unwrap_or(Shader::SolidColor(plain))
}

pub(crate) fn png(picture: &Picture) -> Result<Vec<u8>, SketchError> {
    let mut rgb = Vec::with_capacity(picture.rgba.len() / 4 * 3);
    for pixel in picture.rgba.chunks_exact(4) {
        rgb.extend_from_slice(&pixel[..3]);
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    // rows of a landscape are long runs of one colour: differences to the left are mostly zero
    encoder.set_filter(png::Filter::Sub);
    let written =
        encoder.write_header().and_then(|mut writer| writer.write_image_data(&rgb).and_then(|()| writer.finish()));
    written.map_err(|error| SketchError::Encode(error.to_string()))?;
    Ok(file)
}
