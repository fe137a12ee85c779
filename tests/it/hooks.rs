//! Replicate's webhooks: what they bring is speed, and nothing depends on them.

use std::time::{Duration, Instant};

use harness::{World, free_address};
use serde_json::json;

/// The simulated account's secret.
pub(crate) const SECRET: &str = "whsec_c2ltdWxhdGVkIHNlY3JldCBvZiBhIHNpbXVsYXRvcg==";
/// A run of this film is looked at every ten seconds when nobody tells of its end.
const FILM: &str = "waves --model seedance --seconds 5 --res 480p";

/// Arguments of a worker that listens at one address and has posts sent to another.
pub(crate) fn hooked(listen: &str, told_at: &str) -> [String; 6] {
    let url = format!("http://{told_at}/replicate");
    [
        "--replicate-webhook-listen".to_owned(),
        listen.to_owned(),
        "--replicate-webhook-url".to_owned(),
        url,
        "--replicate-webhook-secret".to_owned(),
        SECRET.to_owned(),
    ]
}

#[tokio::test]
async fn the_end_of_a_run_is_noticed_by_whichever_worker_the_post_comes_to() {
    let world = World::start().await;
    let address = free_address();
    let hold = world.replicate.hold(json!({})).await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    // the one that follows the run hears no posts; the one that hears them has nothing to do
    let _owner = world.worker_of(&hooked("127.0.0.1:0", &address));
    ada.say(FILM).await;
    world.replicate.wait("polls=1").await;
    let porter = world.worker_of(&hooked(&address, &address));
    porter.until_said("listening for Replicate's webhooks").await;
    // doubled, too
    world.replicate.webhooks(json!({ "copies": 3 })).await;
    let released = Instant::now();
    world.replicate.release_one(hold).await;
    ada.until("videos=1").await;
    let took = released.elapsed();
    assert!(took < Duration::from_secs(6), "told, and not found at the next look: {took:?}");
    assert_eq!((world.replicate.creates().await, ada.of_kind("video").await.len()), (1, 1));
}

#[tokio::test]
async fn what_is_lost_late_or_forged_changes_nothing() {
    let world = World::start().await;
    let address = free_address();
    let (_bot, _worker) = (world.bot().await, world.worker_of(&hooked(&address, &address)));
    let ada = world.telegram.user(1);
    for (number, telling) in (1..).zip([json!({ "copies": 0 }), json!({ "copies": 2, "delay": 0.5 })]) {
        world.replicate.webhooks(telling).await;
        ada.say("a cat --model schnell").await;
        ada.photos(number).await;
    }
    let body = json!({ "id": world.jobs(1).await[0].handle, "status": "failed", "error": "forged" }).to_string();
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    let forged = reqwest::Client::new()
        .post(format!("http://{address}/replicate"))
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", "v1,AAAA")
        .body(body);
    assert_eq!(forged.send().await.expect("an answer").status(), 401);
    let alive = reqwest::get(format!("http://{address}/healthz")).await.expect("an answer");
    assert_eq!(alive.status(), 200);
    assert_eq!((world.replicate.creates().await, ada.of_kind("photo").await.len()), (2, 2));
}

/// The worker that hears the post cannot pass it on, and says so; the one that follows the run finds its end by asking.
#[tokio::test]
async fn a_post_that_comes_while_redis_is_away_changes_nothing() {
    let mut world = World::start().await;
    let address = free_address();
    let hold = world.replicate.hold(json!({})).await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    let _owner = world.worker_of(&hooked("127.0.0.1:0", &address));
    ada.say("a cat --model schnell").await;
    world.replicate.wait("polls=1").await;
    let porter = world.worker_of(&hooked(&address, &address));
    porter.until_said("listening for Replicate's webhooks").await;
    world.kill_redis().await;
    world.replicate.release_one(hold).await;
    porter.until_said("webhooks cannot be passed on").await;
    world.restart_redis().await;
    ada.photos(1).await;
    assert_eq!((world.replicate.creates().await, ada.of_kind("photo").await.len()), (1, 1));
    let alive = reqwest::get(format!("http://{address}/healthz")).await.expect("an answer");
    assert_eq!(alive.status(), 200);
}

#[tokio::test]
async fn the_doctor_knows_the_accounts_secret() {
    let world = World::start().await;
    for (secret, verdict) in [(SECRET, "ok"), ("whsec_AAAA", "fail")] {
        let mut hooked = hooked("127.0.0.1:0", "127.0.0.1:1");
        secret.clone_into(&mut hooked[5]);
        let arguments: Vec<&str> = hooked.iter().map(String::as_str).chain(["--json"]).collect();
        let answer = world.command("doctor", &arguments).output().await.expect("an answer");
        let diagnosis: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("JSON");
        let findings = diagnosis["findings"].as_array().expect("findings");
        let found = findings.iter().find(|finding| finding["name"] == "replicate webhooks").expect("a finding");
        assert_eq!(found["verdict"], verdict, "{found}");
    }
}
