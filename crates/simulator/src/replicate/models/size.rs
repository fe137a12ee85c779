//! Pixels of an output, from the model's inputs.

use serde_json::{Map, Value};

use super::Model;

/// Width and height as the real model would answer.
pub(in super::super) fn size(model: &Model, input: &Map<String, Value>) -> (u32, u32) {
    for name in ["resolution", "size"] {
        if let Some(exact) = model.text(input, name).and_then(pixels) {
            return exact;
        }
    }
    let ratio = model.text(input, "aspect_ratio").unwrap_or("1:1");
    let number = |name: &str| input.get(name).and_then(Value::as_u64).and_then(|value| u32::try_from(value).ok());
    if ratio == "custom" {
        return (number("width").unwrap_or(2048), number("height").unwrap_or(2048));
    }
    let (wide, high) = ratio_of(ratio).unwrap_or((1, 1));
    if let Some(table) = model.slug.strip_prefix("google/imagen").and_then(|_| imagen(ratio)) {
        return table;
    }
    match (model.text(input, "size"), model.text(input, "resolution"), model.text(input, "megapixels")) {
        (Some("big"), _, _) => scaled(wide, high, Bound::Longest(2048)),
        (Some("small"), _, _) => scaled(wide, high, Bound::Shortest(512)),
        (_, Some("480p"), _) => scaled(wide, high, Bound::Shortest(480)),
        (_, Some("720p"), _) => scaled(wide, high, Bound::Shortest(720)),
        (_, Some("1080p"), _) => scaled(wide, high, Bound::Shortest(1080)),
        (_, _, Some("0.25")) => scaled(wide, high, Bound::Area(512 * 512)),
        _ => scaled(wide, high, Bound::Area(1024 * 1024)),
    }
}

#[derive(Clone, Copy)]
enum Bound {
    Longest(u32),
    Shortest(u32),
    Area(u32),
}

fn scaled(wide: u32, high: u32, bound: Bound) -> (u32, u32) {
    match bound {
        Bound::Longest(side) => (round(side * wide / wide.max(high)), round(side * high / wide.max(high))),
        Bound::Shortest(side) => (round(side * wide / wide.min(high)), round(side * high / wide.min(high))),
        Bound::Area(area) => {
            let unit = f64::from(area) / f64::from(wide * high);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side of a few thousand")]
            let side = |share: u32| (unit.sqrt() * f64::from(share)) as u32;
            (round(side(wide)), round(side(high)))
        }
    }
}

/// To a multiple of 16, as the real models do.
fn round(side: u32) -> u32 {
    ((side + 8) / 16 * 16).clamp(64, 4096)
}

fn imagen(ratio: &str) -> Option<(u32, u32)> {
    Some(match ratio {
        "1:1" => (1024, 1024),
        "9:16" => (768, 1408),
        "16:9" => (1408, 768),
        "3:4" => (896, 1280),
        "4:3" => (1280, 896),
        _ => return None,
    })
}

/// `1024x1707`.
fn pixels(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn ratio_of(text: &str) -> Option<(u32, u32)> {
    let (wide, high) = text.split_once(':')?;
    Some((wide.parse().ok().filter(|side| *side > 0)?, high.parse().ok().filter(|side| *side > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(slug: &str, input: &str) -> (u32, u32) {
        size(Model::find(slug).unwrap(), &serde_json::from_str(input).unwrap())
    }

    #[test]
    fn sizes_follow_the_inputs() {
        assert_eq!(of("ideogram-ai/ideogram-v3-turbo", "{}"), (1024, 1024));
        assert_eq!(
            of("ideogram-ai/ideogram-v3-turbo", r#"{"aspect_ratio":"16:9","resolution":"1536x512"}"#),
            (1536, 512)
        );
        assert_eq!(of("bytedance/seedream-3", "{}"), (1360, 768));
        assert_eq!(of("bytedance/seedream-3", r#"{"size":"big"}"#), (2048, 1152));
        assert_eq!(of("bytedance/seedream-3", r#"{"aspect_ratio":"custom","width":600,"height":700}"#), (600, 700));
        assert_eq!(of("google/imagen-4-ultra", r#"{"aspect_ratio":"3:4"}"#), (896, 1280));
        assert_eq!(of("bytedance/seedance-1-lite", "{}"), (1280, 720));
        assert_eq!(of("recraft-ai/recraft-v3-svg", r#"{"size":"1024x1707"}"#), (1024, 1707));
        assert_eq!(of("black-forest-labs/flux-schnell", r#"{"megapixels":"0.25"}"#), (512, 512));
    }
}
