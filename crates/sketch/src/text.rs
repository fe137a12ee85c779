//! The footer: the honest statement and the prompt, set in a bundled font as outlines.
//!
//! Invariant: any text comes out inside the strip, cut with an ellipsis where needed; characters the fonts lack show
//! as an empty box, invisible ones not at all. Deliberately absent: shaping and right-to-left layout.

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, PxScale, ScaleFont};

use crate::color::{self, Color};
use crate::drawing::{Drawing, Outline};
use crate::{Footer, Scene};

/// More of a prompt than this never fits in the strip.
const LONGEST: usize = 400;
const MOST_LINES: usize = 2;

/// The strip at the foot, measured before the scene above it is composed.
#[derive(Debug)]
pub(crate) struct Strip {
    pub(crate) height: f32,
    lines: Vec<String>,
    statement: String,
    size: f32,
    small: f32,
    pad: f32,
}

pub(crate) struct Fonts<'a>([FontRef<'a>; 2]);

impl Strip {
    pub(crate) fn measure(scene: &Scene<'_>) -> Self {
        let (width, height) = (scene.width as f32, scene.height as f32);
        let short = width.min(height);
        let size = (short * 0.031).clamp(6.5, 72.0);
        let pad = (short * 0.026).clamp(2.0, 60.0);
        let room = width - 2.0 * pad;
        let fonts = Fonts::load();
        let statement = match scene.footer {
            Footer::Honest => "sketch, no AI model".to_owned(),
            Footer::Simulated { model } => format!("simulated {}, no AI model", clean(model)),
        };
        let wanted = size * 0.74;
        let small = (wanted * room / fonts.width(&statement, wanted).max(1.0)).min(wanted).max(4.0);
        let statement = fonts.fit(&statement, small, room);
        let most = if short < 200.0 { 1 } else { MOST_LINES };
        let lines = fonts.wrap(&clean(scene.prompt), size, room, most);
        let leading = if lines.is_empty() { 0.0 } else { size * 1.28 * lines.len() as f32 };
        Self { height: (1.5 * pad + leading + small * 1.25).ceil(), lines, statement, size, small, pad }
    }

    pub(crate) fn draw(&self, drawing: &mut Drawing, ground: Color, accent: Color) {
        let fonts = Fonts::load();
        let top = drawing.height - self.height;
        let back = color::darken(color::mix(ground, color::rgb(0x14_12_20), 0.78), 0.2);
        let mut strip = Outline::new();
        strip.rect(0.0, top, drawing.width, self.height);
        drawing.fill(strip, back);
        let mut line = Outline::new();
        line.rect(0.0, top, drawing.width, (self.pad * 0.12).max(1.0));
        drawing.fill(line, accent);

        let mut baseline = top + self.pad * 0.75;
        let bright = color::lighten(back, 0.92);
        for text in &self.lines {
            baseline += self.size * 1.28;
            drawing.fill(fonts.outline(text, self.size, (self.pad, baseline - self.size * 0.3)), bright);
        }
        baseline += self.small * 1.25;
        drawing.fill(
            fonts.outline(&self.statement, self.small, (self.pad, baseline - self.small * 0.22)),
            color::lighten(back, 0.7),
        );
    }
}

impl Fonts<'_> {
    pub(crate) fn load() -> Self {
        let faces = [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::NOTO_EMOJI_REGULAR];
        #[expect(clippy::expect_used, reason = "the two fonts are constants; a test loads them")]
        Self(faces.map(|bytes| FontRef::try_from_slice(bytes).expect("a bundled font parses")))
    }

    /// The first font that has the character.
    fn find(&self, character: char) -> Option<(&FontRef<'_>, GlyphId)> {
        self.0.iter().map(|font| (font, font.glyph_id(character))).find(|(_, glyph)| glyph.0 != 0)
    }

    fn advance(&self, character: char, size: f32) -> f32 {
        match self.find(character) {
            Some((font, glyph)) => font.as_scaled(PxScale::from(size)).h_advance(glyph),
            None => size * 0.6,
        }
    }

    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.advance(character, size)).sum()
    }

    /// As many lines as needed, `most` at most; what does not fit ends in an ellipsis.
    pub(crate) fn wrap(&self, text: &str, size: f32, room: f32, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = text;
        while !rest.is_empty() && lines.len() + 1 < most && self.width(rest, size) > room {
            let cut = self.break_before(rest, size, room);
            lines.push(rest[..cut].trim_end().to_owned());
            rest = rest[cut..].trim_start();
        }
        if !rest.is_empty() {
            lines.push(self.fit(rest, size, room));
        }
        lines
    }

    /// Byte index where the first line ends: after the last word that fits, or inside a word longer than the line.
    fn break_before(&self, text: &str, size: f32, room: f32) -> usize {
        let (mut used, mut last_space) = (0.0, None);
        for (index, character) in text.char_indices() {
            used += self.advance(character, size);
            if character == ' ' {
                last_space = Some(index);
            }
            if used > room && index > 0 {
                return last_space.filter(|space| *space > 0).unwrap_or(index);
            }
        }
        text.len()
    }

    pub(crate) fn fit(&self, text: &str, size: f32, room: f32) -> String {
        if self.width(text, size) <= room {
            return text.to_owned();
        }
        let mut used = self.advance('…', size);
        let mut kept = String::new();
        for character in text.chars() {
            used += self.advance(character, size);
            if used > room {
                break;
            }
            kept.push(character);
        }
        format!("{}…", kept.trim_end())
    }

    pub(crate) fn outline(&self, text: &str, size: f32, at: (f32, f32)) -> Outline {
        let mut outline = Outline::new();
        let mut x = at.0;
        for character in text.chars() {
            match self.find(character) {
                Some((font, glyph)) => glyph_outline(&mut outline, font, glyph, size, (x, at.1)),
                None => box_outline(&mut outline, size, (x, at.1)),
            }
            x += self.advance(character, size);
        }
        outline
    }
}

fn glyph_outline(outline: &mut Outline, font: &FontRef<'_>, glyph: GlyphId, size: f32, at: (f32, f32)) {
    let Some(source) = font.outline(glyph) else { return };
    // PxScale is the height from descender to ascender, not the em
    let scale = size / font.height_unscaled();
    let place = |p: ab_glyph::Point| (at.0 + p.x * scale, at.1 - p.y * scale);
    let mut pen = None;
    for curve in source.curves {
        let (start, end) = match &curve {
            OutlineCurve::Line(a, b) | OutlineCurve::Quad(a, _, b) | OutlineCurve::Cubic(a, _, _, b) => (*a, *b),
        };
        if pen != Some(start) {
            let (x, y) = place(start);
            outline.move_to(x, y);
        }
        let to = place(end);
        match curve {
            OutlineCurve::Line(..) => outline.line_to(to.0, to.1),
            OutlineCurve::Quad(_, control, _) => {
                let control = place(control);
                outline.quad_to(control.0, control.1, to.0, to.1)
            }
            OutlineCurve::Cubic(_, a, b, _) => outline.cubic_to(place(a), place(b), to),
        };
        pen = Some(end);
    }
}

/// An empty box for a character without a glyph: outer edge one way round, inner edge the other.
fn box_outline(outline: &mut Outline, size: f32, at: (f32, f32)) {
    let (left, right, top, bottom, edge) =
        (at.0 + size * 0.08, at.0 + size * 0.5, at.1 - size * 0.6, at.1, size * 0.05);
    outline.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)]);
    let (l, r, t, b) = (left + edge, right - edge, top + edge, bottom - edge);
    outline.polygon(&[(l, t), (l, b), (r, b), (r, t)]);
}

/// One line without control characters, joiners, variation selectors, skin tones or direction marks.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().filter(|c| !invisible(*c)).take(LONGEST) {
        if !character.is_whitespace() && !character.is_control() {
            out.push(character);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_know_latin_cyrillic_and_emoji() {
        let fonts = Fonts::load();
        for character in "Aya Жёлтый Їжак Ωmega …🐈🌊".chars() {
            assert!(fonts.find(character).is_some(), "{character}");
        }
        assert!(fonts.find('漢').is_none());
    }

    #[test]
    fn lines_stay_inside_the_room() {
        let fonts = Fonts::load();
        for text in ["a quiet harbour at dusk with seven red boats", &"щ".repeat(300), "漢漢漢漢漢漢漢漢漢漢漢漢"]
        {
            let lines = fonts.wrap(text, 20.0, 120.0, 2);
            assert!(!lines.is_empty() && lines.len() <= 2);
            for line in lines {
                assert!(fonts.width(&line, 20.0) <= 120.0, "{line}");
            }
        }
    }

    #[test]
    fn clean_text_is_one_line() {
        assert_eq!(clean("  a\n\tb\u{202e}\u{0} 👍\u{1f3fd} "), "a b 👍");
        assert_eq!(clean("\u{200b}\u{feff}"), "");
    }
}
