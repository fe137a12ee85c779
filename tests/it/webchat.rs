//! The web chat in a real browser: what a person types, presses and sees.
//!
//! Pictures of the page go into the test's directory, and into `ATELIER_SCREENSHOTS` when that names one.

use std::path::Path;

use atelier_domain::JobState;
use harness::page::{BOT_SAYS, I_SAY, KEY, PICTURE, TILE};
use harness::{Browser, View, World};
use serde_json::{Value, json};

/// No button offers to cancel.
const NO_CANCEL: &str =
    "![...document.querySelectorAll('#messages .keys button')].some(key => key.textContent.includes('Cancel'))";

#[tokio::test]
async fn a_prompt_typed_in_the_web_chat_comes_back_as_a_picture() {
    let world = World::with(|config| config.largest_side = 1024).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let mut browser = Browser::open(&world.telegram.url(), View::DESKTOP).await;
    browser.see("#foot button.start", "START").await;
    shoot(&world, &mut browser, "1-welcome").await;
    browser.click("#foot button.start", "START").await;
    browser.see(I_SAY, "/start").await;
    browser.see(BOT_SAYS, "I draw it").await;

    world.replicate.hold(json!({})).await;
    write(&mut browser, "a lighthouse in a storm, oil painting").await;
    browser.see(I_SAY, "a lighthouse in a storm").await;
    browser.see(KEY, "Cancel").await;
    world.replicate.wait("held=1").await;
    browser.see(BOT_SAYS, "Drawing … about").await;
    shoot(&world, &mut browser, "2-drawing").await;
    assert_eq!(pictures(&mut browser).await, 0, "nothing is shown before it is there");

    world.replicate.release().await;
    browser.see_pictures(PICTURE, 1).await;
    browser.see("#messages li:has(.photo) .bubble", "made by AI").await;
    browser.until(NO_CANCEL).await;
    shoot(&world, &mut browser, "3-picture").await;

    world.replicate.hold(json!({})).await;
    write(&mut browser, "a mistake").await;
    world.replicate.wait("held=1").await;
    browser.click(KEY, "Cancel").await;
    browser.see(BOT_SAYS, "Cancelled.").await;
    browser.until(NO_CANCEL).await;
    world.replicate.wait("cancels=1").await;
    shoot(&world, &mut browser, "4-cancelled").await;

    let user = browser.value("Number(localStorage.me)").await.as_i64().expect("the guest's number");
    let states: Vec<JobState> = world.jobs(user).await.iter().map(|record| record.state).collect();
    assert_eq!(states, [JobState::Cancelled, JobState::Done]);
    assert_eq!(pictures(&mut browser).await, 1);
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[tokio::test]
async fn on_a_phone_list_and_chat_are_two_screens() {
    let world = World::with(|config| config.largest_side = 1024).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/start").await;
    ada.text("I draw it").await;
    ada.say("a fox in the snow").await;
    ada.photos(1).await;

    // the page becomes the user there is, and opens the only chat
    let mut browser = Browser::open(&world.telegram.url(), View::PHONE).await;
    browser.see_pictures(PICTURE, 1).await;
    browser.see("#text", "").await;
    browser.see_no("#side").await;
    no_sideways(&mut browser).await;
    shoot(&world, &mut browser, "5-phone-chat").await;

    browser.click("#back", "").await;
    browser.see("#side #chats button", "a fox in the snow").await;
    browser.see_no("#main").await;
    no_sideways(&mut browser).await;
    shoot(&world, &mut browser, "6-phone-list").await;

    browser.click("#chats button", "a fox").await;
    browser.see(PICTURE, "").await;
    browser.see_no("#side").await;

    // one page, both panes, as soon as there is room
    browser.look(View::DESKTOP.dark()).await;
    browser.see("#side", "Ada").await;
    browser.see("#main", "a fox in the snow").await;
    shoot(&world, &mut browser, "7-dark").await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[tokio::test]
async fn the_first_minute_needs_one_tap_in_either_language() {
    let world = World::with(|config| config.largest_side = 1024).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let mut browser = Browser::open(&world.telegram.url(), View::DESKTOP).await;
    browser.click("#foot button.start", "START").await;
    browser.see(BOT_SAYS, "$0.03").await;
    shoot(&world, &mut browser, "8-first-minute").await;
    browser.click(KEY, "A red fox in fresh snow").await;
    browser.see_pictures(PICTURE, 1).await;
    browser.see(KEY, "Again").await;
    browser.see_no("#foot .hint").await;

    // the same person, whose Telegram speaks Russian from now on
    browser.click("#break", "").await;
    browser.see("dialog", "Try to break it").await;
    shoot(&world, &mut browser, "9-faults").await;
    browser.click("dialog button", "Русский").await;
    browser.see_no("dialog").await;
    write(&mut browser, "/start").await;
    browser.see(BOT_SAYS, "Картинки создаёт ИИ").await;
    shoot(&world, &mut browser, "10-first-minute-russian").await;
    browser.click(KEY, "Маяк в шторм").await;
    browser.see_pictures(PICTURE, 2).await;
    browser.see("#messages li:has(.photo) .bubble", "создано ИИ").await;
    browser.see(KEY, "Ещё раз").await;
    shoot(&world, &mut browser, "11-picture-russian").await;

    write(&mut browser, "/settings").await;
    browser.see(BOT_SAYS, "Модель:").await;
    browser.click(KEY, "Форма").await;
    browser.click(KEY, "16:9").await;
    browser.see(BOT_SAYS, "Форма: 16:9").await;
    shoot(&world, &mut browser, "12-settings").await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[tokio::test]
async fn an_album_fills_in_before_the_eyes_although_a_worker_is_killed() {
    let mut world = World::with(|config| config.largest_side = 512).await;
    world.variables.push(("ATELIER_LEASE", "2".to_owned()));
    world.replicate.hold(json!({ "prompt": "number" })).await;
    let (_bot, mut worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/start").await;
    ada.text("I draw it").await;
    let mut browser = Browser::open(&world.telegram.url(), View::DESKTOP).await;
    let prompts: Vec<String> =
        (0..10).map(|index| format!("- {} {index}", if index % 3 == 0 { "a fox" } else { "number" })).collect();
    ada.say(&prompts.join("\n")).await;
    browser.see_pictures(TILE, 10).await;
    browser.see(BOT_SAYS, "4 of 10").await;
    browser.see(KEY, "Cancel").await;
    shoot(&world, &mut browser, "13-album-filling").await;

    worker.kill().await;
    let _other = world.worker();
    world.replicate.release().await;
    browser.see(BOT_SAYS, "10 of 10").await;
    browser.see(KEY, "Variations").await;
    assert_eq!(browser.value(&format!("document.querySelectorAll('{TILE}').length")).await, 10, "nothing twice");
    shoot(&world, &mut browser, "14-album-full").await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

pub(crate) async fn write(browser: &mut Browser, text: &str) {
    browser.click("#text", "").await;
    browser.type_text(text).await;
    browser.press_enter().await;
}

async fn pictures(browser: &mut Browser) -> Value {
    browser.value(&format!("document.querySelectorAll('{PICTURE}').length")).await
}

/// Nothing is wider than the page.
async fn no_sideways(browser: &mut Browser) {
    let wide = "[...document.querySelectorAll('*')].filter(e => e.checkVisibility()
        && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 120))";
    assert_eq!(browser.value(wide).await, json!([]), "wider than the page");
}

pub(crate) async fn shoot(world: &World, browser: &mut Browser, name: &str) {
    let name = format!("{name}.png");
    browser.screenshot(&world.directory().join(&name)).await;
    if let Some(directory) = std::env::var_os("ATELIER_SCREENSHOTS") {
        browser.screenshot(&Path::new(&directory).join(&name)).await;
    }
}
