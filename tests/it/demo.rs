//! The demo as a visitor meets it, who tries to break it.

use harness::page::PICTURE;
use harness::{Browser, PATIENCE, View, World};

use crate::webchat::{shoot, write};

#[tokio::test]
async fn a_visitor_kills_a_worker_and_cuts_redis_and_every_picture_comes() {
    let world = World::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
    let chat = format!("http://127.0.0.1:{port}");
    let mut demo = world.process("demo", &["--port", &port.to_string(), "--time-scale", "0.2", "--data", "data"], &[]);
    let listens = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(demo.is_running(), "{}", demo.log());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, listens).await.expect("the demo listens");

    let mut browser = Browser::open(&chat, View::DESKTOP).await;
    browser.click("#foot button.start", "START").await;
    browser.see("#messages li:not(.mine) .bubble", "I draw it").await;
    write(&mut browser, "- a fox\n- a harbour\n- a lighthouse").await;
    browser.click("#break", "").await;
    browser.see("dialog button", "Cut Redis").await;
    shoot(&world, &mut browser, "21-break-it").await;
    browser.value("document.querySelector('dialog[open]').close()").await;
    press(&mut browser, "Kill a worker").await;
    demo.until_said("was killed by signal 9").await;
    browser.see("#messages li:not(.mine) .bubble", "3 of 3").await;

    press(&mut browser, "Cut Redis").await;
    demo.until_said("a visitor pressed cut-redis").await;
    write(&mut browser, "a windmill").await;
    press(&mut browser, "Restore Redis").await;
    browser.see_pictures(PICTURE, 1).await;
    press(&mut browser, "Kill the bot").await;
    write(&mut browser, "a balloon").await;
    browser.see_pictures(PICTURE, 2).await;
    assert_eq!(browser.complaints(), [] as [String; 0]);
    let ended = demo.terminate().await;
    assert!(ended.success(), "{ended}: {}", demo.log());
}

/// Presses a button of the panel by which the demo can be broken.
async fn press(browser: &mut Browser, title: &str) {
    browser.click("#break", "").await;
    browser.click("dialog button", title).await;
    browser.value("document.querySelector('dialog[open]')?.close()").await;
    browser.see_no("dialog").await;
}
