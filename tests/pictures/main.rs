//! Draws the pictures in the README anew: the real line on the simulators, looked at through a real browser.
//!
//! Deliberately absent: a judgement. Whether a picture shows what it should is for whoever commits it.
#![expect(clippy::print_stderr, reason = "it tells whoever waits what it has drawn")]

use std::path::{Path, PathBuf};

use harness::page::{KEY, PICTURE, TILE};
use harness::{Browser, View, World};
use serde_json::json;

#[tokio::main]
async fn main() {
    chat().await;
    phones().await;
}

/// The large one: an album that fills in.
async fn chat() {
    let world = World::with(|config| (config.largest_side, config.time_scale) = (1280, 0.5)).await;
    let _processes = [world.bot().await, world.worker()];
    for unfinished in ["balloon", "windmill"] {
        world.replicate.hold(json!({ "prompt": unfinished })).await;
    }
    let ada = world.telegram.user(1);
    ada.say(
        "- a lighthouse in a storm --seed 1\n- a fox in the snow\n- a sailing boat at sunset --seed 3\n\
         - a castle by night\n- a hot-air balloon over mountains\n- a windmill in a field of tulips",
    )
    .await;
    ada.photos(4).await;
    ada.text("4 of 6").await;
    let view = View { width: 1000, height: 800, scale: 2, ..View::DESKTOP };
    let mut browser = Browser::open(&world.telegram.url(), view).await;
    browser.see_pictures(TILE, 6).await;
    browser.see(KEY, "Cancel").await;
    keep(&mut browser, "chat.webp").await;
}

/// The small ones: the first minute, a picture, a story.
async fn phones() {
    let world = World::with(|config| (config.largest_side, config.time_scale) = (768, 0.2)).await;
    let _processes = [world.bot().await, world.worker()];
    let view = View { width: 360, height: 700, ..View::PHONE };
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("/start").await;
    ada.text("I draw it").await;
    let mut browser = Browser::open(&format!("{}/?user=1", world.telegram.url()), view).await;
    browser.see(KEY, "A red fox").await;
    keep(&mut browser, "minute.webp").await;
    browser.click(KEY, "A red fox").await;
    browser.see_pictures(PICTURE, 1).await;
    browser.see(KEY, "Again").await;
    keep(&mut browser, "picture.webp").await;
    bob.say("/story 1. a fox wakes in the snow\n2. it finds a lantern\n3. a lighthouse at night").await;
    let story = bob.saying("3 scenes").await;
    bob.tap(&story, "Reels").await;
    bob.tap(&bob.saying("3 scenes").await, "Draw them all").await;
    bob.photos(3).await;
    bob.text("3 of 3").await;
    let mut browser = Browser::open(&format!("{}/?user=2", world.telegram.url()), view).await;
    browser.see_pictures(TILE, 3).await;
    keep(&mut browser, "story.webp").await;
}

async fn keep(browser: &mut Browser, name: &str) {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/simulator/assets").join(name);
    browser.screenshot(&file).await;
    eprintln!("{name} is drawn");
}
