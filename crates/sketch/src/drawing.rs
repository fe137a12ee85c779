//! The display list between composing and output: filled and stroked paths, nothing else.
//!
//! Invariant: whatever can be put here can be drawn by both back ends (`raster`, `svg`) and looks the same in both.

use tiny_skia::{Path, PathBuilder, Point, Rect, Transform};

use crate::color::Color;

/// Everything to draw, bottom first.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) shapes: Vec<Shape>,
}

#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) path: Path,
    pub(crate) paint: Paint,
    /// Line width with round caps and joins; `None` fills.
    pub(crate) stroke: Option<f32>,
}

#[derive(Debug, Clone)]
pub(crate) enum Paint {
    Solid(Color),
    Linear { from: (f32, f32), to: (f32, f32), stops: Vec<(f32, Color)> },
    Radial { center: (f32, f32), radius: f32, stops: Vec<(f32, Color)> },
}

impl From<Color> for Paint {
    fn from(color: Color) -> Self {
        Self::Solid(color)
    }
}

impl Paint {
    /// From `top` at height `from` to `bottom` at height `to`.
    pub(crate) fn vertical(from: f32, to: f32, stops: &[(f32, Color)]) -> Self {
        Self::Linear { from: (0.0, from), to: (0.0, to), stops: stops.to_vec() }
    }

    /// A glow that is `color` in the middle and gone at `radius`.
    pub(crate) fn glow(center: (f32, f32), radius: f32, color: Color) -> Self {
        let part = |share: f32| crate::color::fade(color, color.alpha() * share);
        let stops = vec![(0.0, part(1.0)), (0.25, part(0.55)), (0.6, part(0.15)), (1.0, part(0.0))];
        Self::Radial { center, radius, stops }
    }
}

impl Drawing {
    pub(crate) fn new(width: f32, height: f32) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    pub(crate) fn fill(&mut self, outline: Outline, paint: impl Into<Paint>) {
        self.push(outline, paint.into(), None);
    }

    pub(crate) fn stroke(&mut self, outline: Outline, width: f32, paint: impl Into<Paint>) {
        self.push(outline, paint.into(), Some(width));
    }

    fn push(&mut self, outline: Outline, paint: Paint, stroke: Option<f32>) {
        // an outline that encloses nothing (or is not finite) draws nothing
        if let Some(path) = outline.0.finish() {
            self.shapes.push(Shape { path, paint, stroke });
        }
    }
}

/// A path under construction; several figures in one outline are filled as one area.
#[derive(Debug, Default)]
pub(crate) struct Outline(PathBuilder);

impl Outline {
    pub(crate) fn new() -> Self {
        Self(PathBuilder::new())
    }

    pub(crate) fn move_to(&mut self, x: f32, y: f32) -> &mut Self {
        self.0.move_to(x, y);
        self
    }

    pub(crate) fn line_to(&mut self, x: f32, y: f32) -> &mut Self {
        self.0.line_to(x, y);
        self
    }

    pub(crate) fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) -> &mut Self {
        self.0.quad_to(cx, cy, x, y);
        self
    }

    pub(crate) fn cubic_to(&mut self, a: (f32, f32), b: (f32, f32), to: (f32, f32)) -> &mut Self {
        self.0.cubic_to(a.0, a.1, b.0, b.1, to.0, to.1);
        self
    }

    pub(crate) fn close(&mut self) -> &mut Self {
        self.0.close();
        self
    }

    pub(crate) fn polygon(&mut self, points: &[(f32, f32)]) -> &mut Self {
        for (index, (x, y)) in points.iter().enumerate() {
            if index == 0 {
                self.0.move_to(*x, *y);
            } else {
                self.0.line_to(*x, *y);
            }
        }
        self.close()
    }

    pub(crate) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32) -> &mut Self {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.0.push_rect(rect);
        }
        self
    }

    pub(crate) fn ellipse(&mut self, cx: f32, cy: f32, rx: f32, ry: f32) -> &mut Self {
        if let Some(rect) = Rect::from_xywh(cx - rx, cy - ry, 2.0 * rx, 2.0 * ry) {
            self.0.push_oval(rect);
        }
        self
    }

    pub(crate) fn circle(&mut self, cx: f32, cy: f32, radius: f32) -> &mut Self {
        self.ellipse(cx, cy, radius, radius)
    }

    pub(crate) fn path(&mut self, path: &Path) -> &mut Self {
        self.0.push_path(path);
        self
    }

    /// Scales around the origin (a negative `sx` mirrors), then moves the origin to `at`.
    pub(crate) fn placed(self, at: (f32, f32), sx: f32, sy: f32) -> Self {
        let moved = self.0.finish().and_then(|path| path.transform(Transform::from_row(sx, 0.0, 0.0, sy, at.0, at.1)));
        let mut outline = Self::new();
        if let Some(path) = moved {
            outline.path(&path);
        }
        outline
    }
}

/// Everything under a line of points: the line itself, then down to `floor`.
pub(crate) fn ground(points: &[(f32, f32)], floor: f32) -> Outline {
    let mut outline = Outline::new();
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        outline.move_to(first.0, floor);
        for (x, y) in points {
            outline.line_to(*x, *y);
        }
        outline.line_to(last.0, floor).close();
    }
    outline
}

pub(crate) fn point(at: (f32, f32)) -> Point {
    Point::from_xy(at.0, at.1)
}
