//! What the bot understands and says.

use atelier_domain::JobState;
use harness::{Chat, World};
use serde_json::{Value, json};

#[tokio::test]
async fn commands_are_answered_in_the_users_language() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    for (said, answered) in [
        ("/start", "I draw it"),
        ("/help", "--model NAME"),
        ("/models", "Imagen 4 Ultra"),
        ("/jobs", "Nothing yet"),
        ("/cancel", "Nothing of yours"),
        ("/nonsense", "do not know that command"),
        ("/imagine", "What shall I draw?"),
        ("a cat --model dalle", "There is no model “dalle”"),
        ("a cat --ar 21:9 --model imagen", "Closest: --ar 16:9"),
        ("a cat --sed 5", "Did you mean --seed?"),
        ("a cat --seed 5 --model imagen", "takes no seed"),
    ] {
        ada.say(said).await;
        ada.text(answered).await;
    }
    let boris = world.telegram.user(2).speaking("ru");
    boris.say("/start").await;
    boris.text("я нарисую").await;
}

#[tokio::test]
async fn a_running_job_is_cancelled_by_its_button_and_the_prediction_with_it() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a mistake").await;
    world.replicate.wait("held=1").await;
    let slot = ada.until("replies=1").await[1].clone();
    let data = slot["buttons"][0][0]["callback_data"].as_str().or(slot["buttons"][0][0]["data"].as_str());
    let answer = ada.press(slot["id"].as_i64().unwrap(), data.expect("a button")).await;
    assert!(answer.to_string().contains("Stopping"), "{answer}");
    let id = world.only_job(1).await;
    world.until(&id, JobState::Cancelled).await;
    world.replicate.wait("cancels=1").await;
    ada.text("Cancelled.").await;
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    ada.say("- one\n- two").await;
    ada.text("2 in line").await;
    ada.say("/cancel").await;
    ada.text("2 pictures cancelled").await;
    let states: Vec<JobState> = world.jobs(1).await.iter().map(|record| record.state).collect();
    assert_eq!(states, [JobState::Cancelled; 2]);
    ada.say("/jobs").await;
    ada.text("cancelled · one").await;
}

#[tokio::test]
async fn only_the_owner_can_cancel() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    ada.say("mine").await;
    ada.until("replies=1").await;
    let id = world.only_job(1).await;
    let mallory = world.telegram.user(666);
    mallory.say(&format!("/cancel {id}")).await;
    mallory.text("no such picture of yours").await;
    assert_eq!(world.jobs(1).await[0].state, JobState::Waiting);
}

#[tokio::test]
async fn in_a_group_only_commands_are_prompts() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let group = json!({
        "title": "Painters", "kind": "supergroup", "bots": [4242], "members": [{ "id": 1, "first_name": "Ada" }],
    });
    let chat = world.telegram.post("/_sim/groups", &group).await["chat"].as_i64().unwrap();
    let say = async |text: &str| {
        world.telegram.post("/_sim/messages", &json!({ "user": 1, "chat": chat, "text": text })).await
    };
    say("just talking").await;
    say("/imagine a group portrait").await;
    world.telegram.wait(&format!("chat={chat}&photos=1")).await;
    assert_eq!(world.jobs(1).await.len(), 1);
}

#[tokio::test]
async fn commands_are_offered_in_every_kind_of_chat_and_language() {
    let world = World::start().await;
    let _bot = world.bot().await;
    world.telegram.wait("method=setMyCommands&count=4").await;
    let offered = async |scope: &str, language: &str| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("scope", &json!({ "type": scope }).to_string())
            .append_pair("language_code", language)
            .finish();
        let bot = "bot4242:AAtesttokentesttokentesttokentest";
        let answer = world.telegram.get(&format!("/{bot}/getMyCommands?{query}")).await;
        let names = answer["result"].as_array().unwrap().iter().map(|command| command["command"].clone());
        (names.collect::<Vec<_>>(), answer["result"].to_string())
    };
    let (private, words) = offered("all_private_chats", "").await;
    for name in ["imagine", "edit", "video", "story", "settings", "help", "privacy", "forget", "export"] {
        assert!(private.contains(&json!(name)), "{name}: {words}");
    }
    let (everywhere, words) = offered("default", "").await;
    assert!(!everywhere.contains(&json!("forget")), "what is about a person has no place in a group: {words}");
    world.telegram.wait("method=setMyShortDescription&count=2").await;
    for (language, said) in [("", "Write what you want to see"), ("ru", "Напишите, что хотите увидеть")]
    {
        let asked = format!("/bot4242:AAtesttokentesttokentesttokentest/getMyDescription?language_code={language}");
        let description = world.telegram.get(&asked).await["result"]["description"].to_string();
        assert!(description.contains(said), "{description}");
    }
    for scope in ["all_private_chats", "default"] {
        let (names, words) = offered(scope, "ru").await;
        assert_eq!(names, offered(scope, "").await.0);
        assert!(words.contains("история") || words.contains("картин"), "{words}");
    }
}

/// A slot is busy, Bob is next and Eve behind him: what stands in their slots.
async fn bob_and_eve_wait(world: &World) -> [(Chat, Value); 2] {
    let [ada, bob, eve] = [1, 2, 3].map(|user| world.telegram.user(user));
    ada.say("a fox").await;
    world.replicate.wait("held=1").await;
    bob.say("a hare").await;
    let next = bob.saying("In line: #1, about").await;
    eve.say("an owl").await;
    let behind = eve.saying("In line: #2, about").await;
    [(bob, next), (eve, behind)]
}

#[tokio::test]
async fn a_place_in_line_is_said_with_seconds_and_price_and_moves_on() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", "1"]));
    let [(bob, before), (eve, slot)] = bob_and_eve_wait(&world).await;
    assert!(slot["text"].as_str().unwrap().contains(" s, $0.03."), "{slot}");
    bob.tap(&before, "Cancel").await;
    let moved = eve.saying("In line: #1, about").await;
    assert_eq!((&moved["id"], eve.messages().await.len()), (&slot["id"], 2), "in its own place: {moved}");
    // and what was cancelled stays so
    assert!(bob.saying("Cancelled.").await["text"].as_str().unwrap().contains("Cancelled."));
}

#[tokio::test]
async fn a_place_in_line_moves_on_when_its_bot_is_replaced() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (mut bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", "1"]));
    let [(bob, before), (eve, slot)] = bob_and_eve_wait(&world).await;
    // what is in the chat and not on record nobody can follow
    while world.jobs(3).await[0].slot.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    bot.kill().await;
    let _bot = world.bot().await;
    bob.tap(&before, "Cancel").await;
    let moved = eve.saying("In line: #1, about").await;
    assert_eq!(moved["id"], slot["id"], "in its own place: {moved}");
}
