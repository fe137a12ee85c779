//! The promises of the whole crate: same input, same bytes; any prompt; any size; within its frame.

use proptest::prelude::*;

use super::*;

fn scene(prompt: &str, seed: u64, width: u32, height: u32) -> Scene<'_> {
    Scene { prompt, seed, width, height, footer: Footer::Honest }
}

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Changes only when somebody wants other pictures; then the new values go here.
const GOLDEN: &[(&str, u64)] = &[
    ("a red fox in a snowy forest at night", 0x4678_0b09_3b0f_e0f9),
    ("парусник и маяк на закате, море", 0xb615_49dc_21b5_eb6b),
    ("three robots in a neon city, rain", 0x3ef2_da72_5208_5608),
    ("astronaut", 0x7b95_5e25_3db5_718b),
];

#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn golden_pictures() {
    let drawn: Vec<(&str, u64)> =
        GOLDEN.iter().map(|(prompt, _)| (*prompt, hash(draw(&scene(prompt, 42, 320, 256)).unwrap().rgba()))).collect();
    assert_eq!(drawn, GOLDEN);
}

#[test]
fn same_scene_same_bytes_and_other_seed_other_bytes() {
    let draw_png = |seed| draw(&scene("a boat", seed, 128, 96)).unwrap().png().unwrap();
    assert_eq!(draw_png(1), draw_png(1));
    assert_ne!(draw_png(1), draw_png(2));
    assert_eq!(svg(&scene("a boat", 1, 128, 96)).unwrap(), svg(&scene("a boat", 1, 128, 96)).unwrap());
}

#[test]
fn sizes_out_of_range_are_refused() {
    for (width, height) in [(63, 64), (64, 63), (4097, 64), (64, 4097), (0, 0), (u32::MAX, u32::MAX)] {
        let refused = SketchError::Size { width, height };
        assert_eq!(draw(&scene("x", 0, width, height)).unwrap_err(), refused);
        assert_eq!(svg(&scene("x", 0, width, height)).unwrap_err(), refused);
    }
}

#[test]
fn the_footer_says_who_drew() {
    let honest = scene("a cat", 0, 512, 512);
    let simulated = Scene { footer: Footer::Simulated { model: "seedream-3" }, ..honest.clone() };
    let (honest, simulated) = (draw(&honest).unwrap(), draw(&simulated).unwrap());
    let art = 512 * 400 * 4;
    assert_eq!(honest.rgba()[..art], simulated.rgba()[..art]);
    assert_ne!(honest.rgba()[art..], simulated.rgba()[art..]);
}

#[test]
fn an_animation_moves_and_comes_back_to_its_start() {
    let sea = scene("a boat on the sea", 5, 160, 120);
    let start = draw(&sea).unwrap();
    assert_ne!(start, draw_moment(&sea, 0.25).unwrap());
    assert_eq!(start, draw_moment(&sea, 1.0).unwrap());
}

#[test]
fn png_is_a_picture_of_the_size_asked_for() {
    let bytes = draw(&scene("a cat", 0, 200, 100)).unwrap().png().unwrap();
    let info = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap().info().clone();
    assert_eq!((info.width, info.height, info.color_type), (200, 100, png::ColorType::Rgb));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_prompt_any_seed_any_shape(prompt in "\\PC{0,300}", seed: u64, width in 64_u32..260, height in 64_u32..260) {
        let picture = draw(&scene(&prompt, seed, width, height)).unwrap();
        prop_assert_eq!(picture.rgba().len(), (width * height * 4) as usize);
        prop_assert!(picture.rgba().chunks_exact(4).all(|pixel| pixel[3] == 255));
    }

    #[test]
    fn known_words_in_any_order(words in prop::collection::vec(prop::sample::select(WORDS), 1..8), seed: u64) {
        let prompt = words.join(" ");
        let document = svg(&scene(&prompt, seed, 96, 96)).unwrap();
        prop_assert!(document.starts_with("<svg") && document.ends_with("</svg>\n"));
        prop_assert!(!document.contains("NaN") && !document.contains("inf"));
    }

    #[test]
    fn nothing_of_the_prompt_reaches_the_markup(prompt in "[<>&\"'a-z/]{1,80}") {
        let document = svg(&scene(&prompt, 1, 128, 128)).unwrap();
        prop_assert!(!document.contains('&') && !document.contains('\''));
    }
}

const WORDS: &[&str] = &[
    "seven",
    "red",
    "cats",
    "whale",
    "space",
    "desert",
    "storm",
    "rain",
    "snow",
    "fog",
    "night",
    "aurora",
    "sea",
    "city",
    "дракон",
    "ёжик",
    "маяк",
    "balloon",
    "ufo",
    "lighthouse",
    "duck",
    "forest",
    "rainbow",
    "sunset",
    "train",
    "замок",
];
