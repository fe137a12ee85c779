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

/// People who do not stop writing while something is done to the bots.
async fn while_written_to(world: &World, users: std::ops::RangeInclusive<i64>, done: impl Future<Output = ()>) {
    let writing = users.map(|user| world.telegram.user(user)).map(|user| async move { user.say("a harbour").await });
    tokio::join!(done, async {
        for said in writing {
            said.await;
        }
    });
}

#[tokio::test]
async fn switching_between_posted_and_polled_under_load_loses_nothing_and_repeats_nothing() {
    let world = World::start().await;
    let address = format!("127.0.0.1:{}", port());
    let url = format!("http://{address}/updates");
    let arguments = ["--webhook-url", url.as_str(), "--webhook-listen", &address];
    let mut posted_to = world.bot_with(&arguments, "updates come by webhook").await;
    let _worker = world.worker_with(&["--concurrency", "32"]);
    let mut polling = None;
    while_written_to(&world, 1..=25, async {
        assert!(posted_to.terminate().await.success(), "{}", posted_to.log());
        polling = Some(world.bot().await);
    })
    .await;
    // the webhook is set while somebody polls: Telegram ends the poll
    while_written_to(&world, 26..=50, async {
        posted_to = world.bot_with(&arguments, "updates come by webhook").await;
        polling.take().expect("the one that polls").kill().await;
    })
    .await;
    while_written_to(&world, 51..=75, async {
        posted_to.kill().await;
        polling = Some(world.bot().await);
    })
    .await;
    for user in 1..=75 {
        let user = world.telegram.user(user);
        user.photos(1).await;
        assert_eq!(world.jobs(user.user).await.len(), 1, "user {}", user.user);
        assert_eq!(user.of_kind("photo").await.len(), 1, "user {}", user.user);
    }
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
