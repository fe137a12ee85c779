//! Everyone is answered at once, whatever is being generated; one failing prompt leaves the others alone.

use harness::World;
use serde_json::json;

/// The failing of the bot that this one replaces: while one user's batch was generated nobody else got an answer.
/// A bot that awaits a generation anywhere never answers Bob here, since Ada's are held until after he was answered.
#[tokio::test]
async fn nobody_waits_for_somebody_elses_batch() {
    let world = World::start().await;
    let hold = world.replicate.hold(json!({ "prompt": "ada" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));

    ada.say("- ada one --model ideogram\n- ada two --model seedream\n- ada three --model imagen").await;
    let state = world.replicate.wait("held=3&prompt=ada").await;
    assert_eq!(state["highest_running"], 3, "one generation a prompt, all at once: {state}");

    bob.say("/help").await;
    bob.text("--seed").await;
    bob.say("bob's own prompt").await;
    bob.photos(1).await;
    assert_eq!(ada.of_kind("photo").await.len(), 0, "Ada's are still held");

    world.replicate.release_one(hold).await;
    let photos: Vec<String> = ada
        .photos(3)
        .await
        .iter()
        .filter(|message| harness::is_result(message))
        .map(|message| message["caption"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(photos, ["ada one", "ada two", "ada three"], "each prompt its own picture, in order");
}

#[tokio::test]
async fn a_filtered_prompt_leaves_the_others_of_its_batch_alone() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "prompt": "second", "do": { "outcome": "nsfw" } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- first\n- second\n- third").await;
    ada.photos(2).await;
    let card = ada.saying("filter withheld it").await;
    let told = card["caption"].as_str().unwrap_or_default();
    assert!(told.starts_with("2/3 · second") && told.contains("It cost nothing"), "{told}");
    assert!(!told.contains("NSFW"), "the provider's words stay out of the chat: {told}");
    assert_eq!(world.replicate.creates().await, 3, "a filtered prompt is not tried again");
}

#[tokio::test]
async fn a_message_asks_for_twenty_pictures_at_most() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("--each\na cat --n 10\na dog --n 10\na fox").await;
    ada.text("at most 20").await;
    assert_eq!(world.jobs(1).await.len(), 0, "all or nothing");
    ada.say("a cat --n 10 --model sketch").await;
    ada.photos(10).await;
}
