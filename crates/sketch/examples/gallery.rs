//! Writes a gallery of sketches: `cargo run -p atelier-sketch --example gallery -- DIR [PROMPT…]`.

#![expect(clippy::print_stderr, reason = "a report for the person who runs it")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use atelier_sketch::{Footer, Scene, draw, svg};

const PROMPTS: &[&str] = &[
    "a cat watching the moon",
    "рыжая лиса в зимнем лесу",
    "lighthouse in a storm",
    "three penguins",
    "whale and a red sailboat at sunset",
    "robot in a neon city at night",
    "воздушные шары над горами на рассвете",
    "castle, dragon and a rainbow",
    "astronaut on mars",
    "elephant in the desert",
    "a house by the lake, fog",
    "northern lights over a snowy forest, bear",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("say where to write")?);
    std::fs::create_dir_all(&directory)?;
    let own: Vec<String> = arguments.collect();
    let prompts: Vec<&str> = if own.is_empty() { PROMPTS.to_vec() } else { own.iter().map(String::as_str).collect() };
    for (index, prompt) in prompts.iter().enumerate() {
        let (width, height) = [(1024, 1024), (1344, 768), (768, 1344)][if own.is_empty() { index % 3 } else { 0 }];
        let scene = Scene { prompt, seed: 7, width, height, footer: Footer::Honest };
        let started = Instant::now();
        let picture = draw(&scene)?;
        let drawn = started.elapsed();
        let png = picture.png()?;
        let encoded = started.elapsed().checked_sub(drawn).unwrap_or_default();
        std::fs::write(directory.join(format!("{index:02}.png")), &png)?;
        std::fs::write(directory.join(format!("{index:02}.svg")), svg(&scene)?)?;
        eprintln!("{index:02} {width}x{height} drawn {drawn:?}, png {encoded:?}, {} kB: {prompt}", png.len() / 1024);
    }
    Ok(())
}
