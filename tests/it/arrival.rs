//! How updates come: delivered to several bots at once, or fetched by one while another stands by.

use std::time::Instant;

use harness::World;
use serde_json::json;

/// A free port of this machine.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound listener").port()
}

/// A bot to which updates are delivered.
async fn delivered(world: &World) -> (harness::Process, u16) {
    let port = free_port();
    let (url, listen) = (format!("http://127.0.0.1:{port}"), format!("127.0.0.1:{port}"));
    let before = world.telegram.count("setWebhook").await;
    let bot = world.bot_with(&["--webhook-url", &url, "--webhook-listen", &listen]);
    world.telegram.wait(&format!("method=setWebhook&count={}", before + 1)).await;
    (bot, port)
}

#[tokio::test]
async fn updates_are_delivered_and_acknowledged_after_their_jobs_are_accepted() {
    let mut world = World::start().await;
    let (_bot, port) = delivered(&world).await;
    let worker = world.worker();
    let ada = world.telegram.user(1);
    ada.say("a red fox --model sketch").await;
    ada.photos(1).await;

    // somebody who does not know the secret is sent away
    let client = reqwest::Client::new();
    let update = json!({ "update_id": 9, "message": { "message_id": 1, "chat": { "id": 5, "type": "private" },
        "from": { "id": 5, "is_bot": false }, "text": "a forged prompt" } });
    for secret in ["", "wrong"] {
        let forged = client.post(format!("http://127.0.0.1:{port}/telegram/4242")).json(&update);
        let answer = forged.header("X-Telegram-Bot-Api-Secret-Token", secret).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{secret}");
    }
    assert_eq!(world.jobs(5).await.len(), 0);

    // without Redis nothing is acknowledged, and nothing is lost
    drop(worker);
    world.kill_redis().await;
    ada.say("in the dark --model sketch").await;
    ada.text("cannot reach my queue").await;
    world.restart_redis().await;
    let _worker = world.worker();
    ada.photos(2).await;
    assert_eq!(world.jobs(1).await.len(), 2);
}

#[tokio::test]
async fn a_webhook_gives_way_to_polling_when_it_is_told_to() {
    let world = World::start().await;
    let (mut bot, _) = delivered(&world).await;
    let ended = bot.terminate().await;
    assert!(ended.success(), "{ended}: {}", bot.log());
    let _worker = world.worker();
    let ada = world.telegram.user(1);
    ada.say("between two modes --model sketch").await;
    let _bot = world.bot_with(&["--remove-webhook"]);
    world.telegram.wait("poller=true").await;
    ada.photos(1).await;
    assert_eq!(world.jobs(1).await.len(), 1);
}

#[tokio::test]
async fn a_bot_that_stands_by_takes_over_within_ten_seconds() {
    let world = World::start().await;
    let mut first = world.bot().await;
    let second = world.bot_with(&[]);
    let _worker = world.worker();
    let ada = world.telegram.user(1);
    ada.say("one --model sketch").await;
    ada.photos(1).await;
    first.kill().await;
    let killed = Instant::now();
    ada.say("two --model sketch").await;
    ada.photos(2).await;
    assert!(killed.elapsed().as_secs() < 10, "{:?}", killed.elapsed());
    assert!(second.log().contains("standing by"), "{}", second.log());
    let conflicts = world.telegram.get("/_sim/requests?method=getUpdates").await.to_string();
    assert!(!conflicts.contains("Conflict"), "the two never polled at once");
}
