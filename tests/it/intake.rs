//! How updates come: several processes that poll take turns, several that are posted to share.

use harness::World;

/// A port that is free now.
fn port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

#[tokio::test]
async fn a_standby_takes_over_when_the_poller_dies() {
    let world = World::start().await;
    let (mut first, _worker) = (world.bot().await, world.worker());
    let standby = world.standby().await;
    let ada = world.telegram.user(1);
    ada.say("a harbour").await;
    ada.photos(1).await;
    first.kill().await;
    let begun = std::time::Instant::now();
    ada.say("a lighthouse").await;
    ada.photos(2).await;
    let took = begun.elapsed();
    println!("taken over and answered after {} ms", took.as_millis());
    assert!(took.as_secs() < 10, "{took:?}: {}", standby.log());
    assert_eq!(world.jobs(1).await.len(), 2);
}

#[tokio::test]
async fn a_poller_that_stops_hands_over_at_once() {
    let world = World::start().await;
    let mut first = world.bot().await;
    let standby = world.standby().await;
    let ended = first.terminate().await;
    assert!(ended.success(), "{ended}: {}", first.log());
    let ada = world.telegram.user(1);
    ada.say("/help").await;
    ada.until("replies=1").await;
    assert!(standby.log().contains("polling for updates"), "{}", standby.log());
}

#[tokio::test]
async fn posted_updates_become_pictures_and_polling_takes_over_cleanly() {
    let world = World::start().await;
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let url = format!("http://{address}/updates");
    let arguments = ["--webhook-url", &url, "--webhook-listen", &address];
    let mut posted_to = world.bot_with(&arguments, "updates come by webhook").await;
    let _worker = world.worker();
    let ada = world.telegram.user(1);
    ada.say("a harbour").await;
    ada.photos(1).await;
    // what comes between two starts waits at Telegram
    posted_to.kill().await;
    ada.say("a lighthouse").await;
    let mut again = world.bot_with(&arguments, "updates come by webhook").await;
    ada.photos(2).await;
    let ended = again.terminate().await;
    assert!(ended.success(), "{ended}: {}", again.log());
    // whoever polls next removes the webhook that our process set
    ada.say("a meadow").await;
    let _polling = world.bot().await;
    ada.photos(3).await;
    assert_eq!(world.jobs(1).await.len(), 3, "no update was taken twice");
}

#[tokio::test]
async fn posts_wait_at_telegram_while_redis_is_away() {
    let mut world = World::start().await;
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let url = format!("http://{address}/updates");
    let arguments = ["--webhook-url", url.as_str(), "--webhook-listen", &address];
    let _bot = world.bot_with(&arguments, "updates come by webhook").await;
    world.kill_redis().await;
    let ada = world.telegram.user(1);
    ada.say("a harbour").await;
    ada.until("replies=1").await;
    world.restart_redis().await;
    let _worker = world.worker();
    ada.photos(1).await;
    assert_eq!(world.jobs(1).await.len(), 1);
}
