//! The display list as an SVG document: paths and gradients only, no text elements and no references outward.

use std::fmt::Write as _;

use tiny_skia::{Path, PathSegment};

use crate::color::Color;
use crate::drawing::{Drawing, Paint, Shape};

pub(crate) fn write(drawing: &Drawing) -> String {
    let mut definitions = String::new();
    let mut body = String::new();
    for (index, shape) in drawing.shapes.iter().enumerate() {
        element(&mut definitions, &mut body, index, shape);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <defs>{definitions}</defs>\n{body}</svg>\n",
        w = drawing.width,
        h = drawing.height,
    )
}

// Writing into a String cannot fail, so the results of `write!` are dropped on purpose throughout.
fn element(definitions: &mut String, body: &mut String, index: usize, shape: &Shape) {
    let (color, opacity) = match &shape.paint {
        Paint::Solid(color) => (hex(*color), color.alpha()),
        Paint::Linear { from, to, stops } => {
            let _ = write!(
                definitions,
                "<linearGradient id=\"g{index}\" gradientUnits=\"userSpaceOnUse\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\">",
                short(from.0),
                short(from.1),
                short(to.0),
                short(to.1),
            );
            write_stops(definitions, stops);
            definitions.push_str("</linearGradient>");
            (format!("url(#g{index})"), 1.0)
        }
        Paint::Radial { center, radius, stops } => {
            let _ = write!(
                definitions,
                "<radialGradient id=\"g{index}\" gradientUnits=\"userSpaceOnUse\" cx=\"{}\" cy=\"{}\" r=\"{}\">",
                short(center.0),
                short(center.1),
                short(*radius),
            );
            write_stops(definitions, stops);
            definitions.push_str("</radialGradient>");
            (format!("url(#g{index})"), 1.0)
        }
    };
    body.push_str("<path d=\"");
    path_data(body, &shape.path);
    let _ = match shape.stroke {
        None => write!(body, "\" fill=\"{color}\""),
        Some(width) => write!(
            body,
            "\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"",
            short(width)
        ),
    };
    if opacity < 1.0 {
        let name = if shape.stroke.is_some() { "stroke-opacity" } else { "fill-opacity" };
        let _ = write!(body, " {name}=\"{}\"", short(opacity));
    }
    body.push_str("/>\n");
}

fn write_stops(out: &mut String, stops: &[(f32, Color)]) {
    for (position, color) in stops {
        let _ = write!(out, "<stop offset=\"{}\" stop-color=\"{}\"", short(*position), hex(*color));
        if color.alpha() < 1.0 {
            let _ = write!(out, " stop-opacity=\"{}\"", short(color.alpha()));
        }
        out.push_str("/>");
    }
}

fn path_data(out: &mut String, path: &Path) {
    for segment in path.segments() {
        let _ = match segment {
            PathSegment::MoveTo(p) => write!(out, "M{} {}", short(p.x), short(p.y)),
            PathSegment::LineTo(p) => write!(out, "L{} {}", short(p.x), short(p.y)),
            PathSegment::QuadTo(c, p) => write!(out, "Q{} {} {} {}", short(c.x), short(c.y), short(p.x), short(p.y)),
            PathSegment::CubicTo(a, b, p) => write!(
                out,
                "C{} {} {} {} {} {}",
                short(a.x),
                short(a.y),
                short(b.x),
                short(b.y),
                short(p.x),
                short(p.y)
            ),
            PathSegment::Close => write!(out, "Z"),
        };
    }
}

fn hex(color: Color) -> String {
    let color = color.to_color_u8();
    format!("#{:02x}{:02x}{:02x}", color.red(), color.green(), color.blue())
}

/// Two decimals, without trailing zeros.
fn short(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}
