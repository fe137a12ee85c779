//! What people do with the web chat beyond a prompt: stories, pictures of their own, films, groups. In a real browser.

use harness::page::{BOT_SAYS, I_SAY, KEY, PICTURE, TILE};
use harness::{Browser, View, World};

use crate::webchat::{shoot, write};

/// A picture that a person has: a sun over a hill, dropped onto the page.
const DROP_A_PICTURE: &str = "new Promise(done => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const pen = canvas.getContext('2d');
    for (const [colour, x, y, w, h] of [['#8ec5e8', 0, 0, 640, 480], ['#f6c445', 430, 60, 90, 90], ['#4f8f4a', 0, 320, 640, 160]]) {
        pen.fillStyle = colour;
        pen.fillRect(x, y, w, h);
    }
    canvas.toBlob(blob => {
        const files = new DataTransfer();
        files.items.add(new File([blob], 'hill.png', { type: 'image/png' }));
        document.querySelector('#main').dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
        done(true);
    }, 'image/png');
})";

async fn world() -> (World, [harness::Process; 2]) {
    let world = World::with(|config| config.largest_side = 768).await;
    let processes = [world.bot().await, world.worker()];
    (world, processes)
}

async fn greeted(world: &World) -> Browser {
    let mut browser = Browser::open(&world.telegram.url(), View::DESKTOP).await;
    browser.click("#foot button.start", "START").await;
    browser.see(BOT_SAYS, "I draw it").await;
    browser
}

#[tokio::test]
async fn a_story_becomes_an_album_with_a_tap() {
    let (world, _processes) = world().await;
    let mut browser = greeted(&world).await;
    write(&mut browser, "/story 1. a fox wakes in the snow\n2. it finds a lantern\n3. it carries the lantern home")
        .await;
    browser.see(BOT_SAYS, "3 scenes").await;
    browser.click(KEY, "TikTok").await;
    browser.see(KEY, "✓ TikTok").await;
    shoot(&world, &mut browser, "15-story").await;
    browser.click(KEY, "Draw them all").await;
    browser.see(BOT_SAYS, "3 of 3").await;
    browser.see_pictures(TILE, 3).await;
    browser.see(KEY, "Variations").await;
    shoot(&world, &mut browser, "16-story-album").await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[tokio::test]
async fn a_picture_of_ones_own_is_changed_and_becomes_a_film() {
    let (world, _processes) = world().await;
    let mut browser = greeted(&world).await;
    browser.value(DROP_A_PICTURE).await;
    browser.see("dialog", "Send a photo").await;
    browser.type_text("the same hill in winter").await;
    shoot(&world, &mut browser, "17-send-a-photo").await;
    browser.press_enter().await;
    browser.see(I_SAY, "the same hill in winter").await;
    browser.see_pictures(PICTURE, 2).await;
    browser.see("#messages li:not(.mine):has(.photo) .bubble", "made by AI").await;
    shoot(&world, &mut browser, "18-photo-changed").await;
    browser.click(KEY, "Video").await;
    browser.see("#messages video", "").await;
    shoot(&world, &mut browser, "19-film").await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[tokio::test]
async fn a_group_is_drawn_for_in_the_topic_that_asked() {
    let (world, _processes) = world().await;
    let mut browser = greeted(&world).await;
    browser.click("#new-group", "").await;
    browser.see("dialog", "New group").await;
    browser.type_text("Posters").await;
    browser.press_enter().await;
    browser.see("#peer", "Posters").await;
    browser.see(".topics button[aria-current]", "General").await;
    browser.click(".topics button", "+ Topic").await;
    browser.see(".topics button[aria-current]", "Topic 1").await;
    write(&mut browser, "what a quiet group").await;
    write(&mut browser, "/imagine a lighthouse at dusk").await;
    browser.see_pictures(PICTURE, 1).await;
    browser.see("#messages li:not(.mine) .bubble", "made by AI").await;
    let said = "document.querySelectorAll('#messages li:not(.mine):not(.day):not(.service) .bubble').length";
    assert_eq!(browser.value(said).await, 1, "nobody asked it about the quiet");
    shoot(&world, &mut browser, "20-group").await;
    browser.click(".topics button", "General").await;
    browser.see_no(PICTURE).await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
}
