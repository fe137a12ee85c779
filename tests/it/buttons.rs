//! Buttons never expire, do nothing twice, and obey nobody but the person who asked.

use atelier_domain::{JobState, Usd};
use atelier_queue::Budget;
use harness::World;
use serde_json::{Value, json};

/// The message that shows the only picture.
async fn picture(ada: &harness::Chat) -> Value {
    let messages = ada.photos(1).await;
    messages.into_iter().rfind(harness::is_result).expect("a picture")
}

#[tokio::test]
async fn again_draws_the_same_words_with_another_seed_even_after_a_restart() {
    let world = World::start().await;
    let (mut bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox --seed 7 --ar 16:9").await;
    let shown = picture(&ada).await;
    bot.kill().await;
    let _bot = world.bot().await;
    assert_eq!(ada.tap(&shown, "Again").await, "I am on it.");
    let messages = ada.photos(2).await;
    let jobs = world.jobs(1).await;
    let requests: Vec<_> = jobs.iter().map(|record| record.job.as_ref().unwrap().request.clone()).collect();
    assert_eq!((requests[0].prompt.as_str(), requests[0].ratio), ("a red fox", requests[1].ratio));
    assert_ne!(requests[0].seed, requests[1].seed);
    let new = messages.iter().rfind(|message| harness::is_result(message)).unwrap();
    assert_eq!(new["reply_to"], shown["id"], "it answers the picture whose button was pressed");
}

#[tokio::test]
async fn a_double_tap_is_one_wish() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox").await;
    let shown = picture(&ada).await;
    let answers = [ada.tap(&shown, "Again").await, ada.tap(&shown, "Again").await, ada.tap(&shown, "Again").await];
    assert_eq!(answers, ["I am on it.", "I am on it already.", "I am on it already."]);
    ada.photos(2).await;
    assert_eq!(world.jobs(1).await.len(), 2);
}

#[tokio::test]
async fn four_variants_are_an_album() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox").await;
    let shown = picture(&ada).await;
    ada.tap(&shown, "4 variants").await;
    ada.photos(5).await;
    let control = ada.saying("4 of 4").await;
    ada.tap(&control, "Variations").await;
    ada.tap(&control, "3").await;
    ada.photos(9).await;
}

#[tokio::test]
async fn another_model_draws_the_same_words() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox --ar 21:9 --model seedream").await;
    let shown = picture(&ada).await;
    ada.tap(&shown, "Other model").await;
    ada.tap(&shown, "Imagen 4 Ultra").await;
    ada.photos(2).await;
    let request = world.jobs(1).await[0].job.as_ref().unwrap().request.clone();
    assert_eq!((request.model.as_str(), request.ratio.to_string().as_str()), ("imagen", "16:9"));
}

#[tokio::test]
async fn a_failed_picture_is_tried_again_in_its_place() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "times": 1, "do": { "outcome": "nsfw" } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox").await;
    let failed = ada.saying("filter").await;
    ada.tap(&failed, "Try again").await;
    let shown = picture(&ada).await;
    assert_eq!(shown["id"], failed["id"]);
}

#[tokio::test]
async fn what_may_not_be_tried_again_now_is_said_with_the_reason() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "do": { "outcome": "nsfw" } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob, queue) = (world.telegram.user(1), world.telegram.user(2), world.queue());
    for chat in [&ada, &bob] {
        chat.say("a red fox").await;
        chat.saying("filter").await;
    }
    queue.set_budget(Budget::User, Some(Usd::ZERO), "test").await.unwrap();
    let told = ada.tap(&ada.saying("filter").await, "Try again").await;
    assert!(told.contains("over your budget"), "{told}");
    queue.close("test", "an upgrade").await.unwrap();
    let told = bob.tap(&bob.saying("filter").await, "Try again").await;
    assert!(told.contains("no new pictures"), "{told}");
    for user in [1, 2] {
        assert_eq!(world.jobs(user).await[0].state, JobState::Dead);
    }
}

#[tokio::test]
async fn only_the_person_who_asked_may_press() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let group = json!({
        "title": "Painters", "kind": "supergroup", "bots": [4242],
        "members": [{ "id": 1, "first_name": "Ada" }, { "id": 666, "first_name": "Mallory" }],
    });
    let chat = world.telegram.post("/_sim/groups", &group).await["chat"].as_i64().unwrap();
    let said = json!({ "user": 1, "chat": chat, "text": "/imagine a group portrait" });
    world.telegram.post("/_sim/messages", &said).await;
    let state = world.telegram.wait(&format!("chat={chat}&photos=1")).await;
    let message = state["state"]["messages"].as_array().unwrap().last().unwrap()["id"].clone();
    let press = json!({ "chat": chat, "user": 666, "message_id": message, "row": 0, "column": 0 });
    let query = world.telegram.post("/_sim/press", &press).await["callback_query_id"].as_str().unwrap().to_owned();
    let answer = world.telegram.wait(&format!("answered={query}")).await["answer"].clone();
    assert!(answer.to_string().contains("Only the person who asked"), "{answer}");
    assert_eq!(world.jobs(666).await.len(), 0);
}

#[tokio::test]
async fn a_recipe_is_drawn_by_somebody_else() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2).speaking("ru"));
    ada.say("a red fox --seed 7 --ar 16:9 --model ideogram").await;
    let shown = picture(&ada).await;
    let id = world.only_job(1).await;
    // a code that was not shared opens nothing, even when it is guessed
    bob.say(&format!("/start r_{id}")).await;
    bob.text("Такого рецепта нет").await;
    ada.tap(&shown, "Recipe").await;
    let link = ada.saying("t.me/").await["text"].as_str().unwrap().to_owned();
    let code = link.trim().rsplit("start=").next().unwrap().to_owned();
    bob.say(&format!("/start {code}")).await;
    let card = bob.saying("a red fox").await;
    assert!(card["text"].as_str().unwrap().contains("$0.03"), "the price comes before the picture: {card}");
    bob.tap(&card, "Нарисовать").await;
    bob.photos(1).await;
    let (mine, his) = (world.jobs(1).await, world.jobs(2).await);
    assert_eq!(mine[0].job.as_ref().unwrap().request, his[0].job.as_ref().unwrap().request);
}

#[tokio::test]
async fn a_button_without_a_record_says_so() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox").await;
    let shown = picture(&ada).await;
    let id = world.only_job(1).await;
    world.until(&id, atelier_domain::JobState::Done).await;
    assert_eq!(world.queue().forget(&[id], "operator:test").await.unwrap(), 1);
    assert!(ada.tap(&shown, "Again").await.contains("too long ago"));
}

#[tokio::test]
async fn a_newcomer_presses_an_example() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/start").await;
    let greeting = ada.saying("I draw it").await;
    ada.tap(&greeting, "lighthouse").await;
    let shown = picture(&ada).await;
    assert!(shown["caption"].as_str().unwrap().starts_with("A lighthouse in a storm"), "{shown}");
}

#[tokio::test]
async fn the_original_comes_once_as_a_file_and_what_is_gone_is_said_to_be_gone() {
    let world = World::start().await;
    let (_bot, _worker, _other) = (world.bot().await, world.worker(), world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox").await;
    let shown = picture(&ada).await;
    let answers = [ada.tap(&shown, "Original file").await, ada.tap(&shown, "Original file").await];
    assert_eq!(answers, ["The file is coming.", "I am on it already."]);
    ada.until("documents=1").await;
    let file = ada.of_kind("document").await.remove(0);
    assert_eq!(file["reply_to"], shown["id"], "{file}");
    assert!(file["media"]["name"].as_str().unwrap().starts_with("ideogram-"), "{file}");

    ada.say("a hare").await;
    let hare = ada.photos(2).await.into_iter().rfind(harness::is_result).expect("a picture");
    world.replicate.rule(json!({ "on": "download", "do": { "answer": { "status": 404 } } })).await;
    ada.tap(&hare, "Original file").await;
    ada.text("not there any more").await;
    assert_eq!(ada.of_kind("document").await.len(), 1, "nothing twice");
    assert_eq!(world.jobs(1).await.len(), 2, "and nothing is drawn or paid for again");
}

#[tokio::test]
async fn edit_says_how_and_animate_makes_a_video_of_the_picture_once() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox").await;
    let shown = picture(&ada).await;
    assert!(ada.tap(&shown, "Edit").await.contains("Reply to the picture"));
    let answers = [ada.tap(&shown, "Video").await, ada.tap(&shown, "Video").await];
    assert_eq!(answers, ["I am on it.", "I am on it already."]);
    let messages = ada.until("videos=1").await;
    let film = messages.iter().find(|message| message["kind"] == "video").unwrap();
    assert_eq!(film["reply_to"], shown["id"], "{film}");
    let request = world.jobs(1).await[0].job.clone().unwrap().request;
    let Some(atelier_domain::InputImage::Telegram { file_id, .. }) = request.options.images.first() else {
        panic!("{request:?}")
    };
    assert_eq!((request.prompt.as_str(), file_id.as_str()), ("a red fox", shown["media"]["file_id"].as_str().unwrap()));
    assert_eq!(world.jobs(1).await.len(), 2);
}

/// Every button under a picture or an album, pressed twice at once by a stranger, and then by its owner.
#[tokio::test]
async fn whatever_a_button_does_a_stranger_cannot_do_it_and_nobody_does_it_twice() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let group = world.telegram.group(&[9, 1, 666]).await;
    group.say(1, "/imagine a fox --model ideogram", json!({})).await;
    let messages = group.until("photos=1").await;
    let shown = messages.iter().rfind(|message| harness::is_result(message)).unwrap().clone();
    group.say(1, "/imagine a cat --n 2 --model ideogram", json!({})).await;
    let control = group.saying("2 of 2 pictures are here").await;
    for (message, button) in [
        (&shown, "Again"),
        (&shown, "4 variants"),
        (&shown, "Edit"),
        (&shown, "Video"),
        (&shown, "Other model"),
        (&shown, "Recipe"),
        (&shown, "Original file"),
        (&control, "Again"),
        (&control, "Variations"),
        (&control, "Video of one"),
        (&control, "Originals"),
    ] {
        let told = group.tap(666, message, button).await;
        assert!(told.contains("Only the person who asked"), "{button}: {told}");
    }
    assert_eq!((world.jobs(1).await.len(), world.jobs(666).await.len()), (3, 0));
    // pressed at once, as fast as a thumb can
    for (message, button) in [(&shown, "Again"), (&shown, "4 variants"), (&control, "Again"), (&control, "Originals")] {
        let (first, second) = tokio::join!(group.tap(1, message, button), group.tap(1, message, button));
        let late = [&first, &second].into_iter().filter(|told| told.as_str() == "I am on it already.").count();
        assert_eq!(late, 1, "{button}: {first}, {second}");
    }
    assert_eq!(world.jobs(1).await.len(), 3 + 1 + 4 + 2);
}

/// Two taps at once, as two processes of the bot may get them: one is the wish, the other hears that.
async fn twice(ada: &harness::Chat, message: &Value, button: &str) -> String {
    let (first, second) = tokio::join!(ada.tap(message, button), ada.tap(message, button));
    let mut told = [first, second];
    told.sort_by_key(|told| told == "I am on it already.");
    assert_eq!(told[1], "I am on it already.", "{button}: {told:?}");
    assert_ne!(told[0], told[1], "{button}");
    let [told, _] = told;
    told
}

#[tokio::test]
async fn recipe_other_model_and_cancel_do_nothing_twice() {
    let world = World::start().await;
    world.replicate.hold(json!({ "prompt": "slow" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a red fox --model seedream").await;
    let shown = picture(&ada).await;
    assert_eq!(twice(&ada, &shown, "Recipe").await, "");
    ada.saying("t.me/").await;
    ada.tap(&shown, "Other model").await;
    let menu = ada.with_button(&shown, "Imagen 4 Ultra").await;
    assert_eq!(twice(&ada, &menu, "Imagen 4 Ultra").await, "I am on it.");
    ada.photos(2).await;

    ada.say("a slow hare").await;
    world.replicate.wait("held=1").await;
    let slot = ada.saying("Drawing").await;
    assert_eq!(twice(&ada, &slot, "Cancel").await, "Stopping …");
    ada.text("Cancelled").await;
    ada.say("- a slow cat\n- a slow dog").await;
    let control = ada.saying("0 of 2").await;
    assert_eq!(twice(&ada, &control, "Cancel").await, "2 pictures cancelled.");
    ada.text("2 cancelled").await;

    let jobs = world.jobs(1).await;
    assert_eq!(jobs.len(), 5, "the fox, the fox by another model, the hare, the cat and the dog");
    for job in &jobs[..3] {
        let trail = world.queue().trail(&job.id).await.unwrap();
        let asked = trail.iter().filter(|event| ["cancel_asked", "cancelled"].contains(&event.kind.as_str()));
        assert!(asked.filter(|event| event.actor == "user:1").count() == 1, "{trail:?}");
    }
    let links = ada.messages().await.iter().filter(|message| message["text"].to_string().contains("t.me/")).count();
    assert_eq!(links, 1);
}
