//! What a chat chooses, groups, and what is kept about a person.

use atelier_domain::{BotId, ChatId, Field, Prefs, Usd, UserId};
use atelier_queue::Owner;
use atelier_queue::keys::PREFIX;
use harness::World;
use serde_json::{Value, json};

/// Opens a choice on the settings' message and takes a value.
async fn choose(ada: &harness::Chat, message: &Value, field: &str, value: &str) {
    let id = message["id"].clone();
    let now = async || ada.messages().await.into_iter().find(|message| message["id"] == id).expect("the message");
    let edits = now().await["edits"].as_u64().unwrap_or(0);
    ada.tap(&now().await, field).await;
    ada.until(&format!("message_id={id}&edits={}", edits + 1)).await;
    ada.tap(&now().await, value).await;
    ada.until(&format!("message_id={id}&edits={}", edits + 2)).await;
}

#[tokio::test]
async fn what_is_chosen_holds_for_every_prompt_that_does_not_say_otherwise() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("/settings").await;
    let message = ada.saying("when you do not say otherwise").await;
    choose(&ada, &message, "Model", "Sketch").await;
    choose(&ada, &message, "Shape", "16:9").await;
    choose(&ada, &message, "Pictures", "2").await;
    choose(&ada, &message, "Language", "Русский").await;
    assert!(ada.saying("Модель: Sketch").await["text"].as_str().unwrap().contains("16:9"), "one message, edited");
    ada.say("a red fox").await;
    ada.photos(2).await;
    ada.text("Готовы 2 картинки из 2").await;
    ada.say("a hare --ar 1:1 --n 1").await;
    ada.photos(3).await;
    let shapes: Vec<String> =
        world.jobs(1).await.iter().map(|record| record.job.as_ref().unwrap().request.ratio.to_string()).collect();
    assert_eq!(shapes, ["1:1", "16:9", "16:9"]);
    // another chat of the same bot is not touched
    let bob = world.telegram.user(2);
    bob.say("/settings").await;
    bob.text("Shape: as the model likes").await;
}

#[tokio::test]
async fn a_group_is_spoken_to_by_command_mention_and_answer_in_its_topic() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let group = json!({
        "title": "Painters", "kind": "supergroup", "bots": [4242], "admins": [4242],
        "members": [{ "id": 1, "first_name": "Ada" }],
    });
    let chat = world.telegram.post("/_sim/groups", &group).await["chat"].as_i64().unwrap();
    let say = async |text: &str, extra: Value| {
        let mut body = json!({ "user": 1, "chat": chat, "text": text });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        world.telegram.post("/_sim/messages", &body).await["message_id"].clone()
    };
    say("just talking about a fox", json!({})).await;
    say("@atelier_bot a mentioned fox --model ideogram", json!({})).await;
    let state = world.telegram.wait(&format!("chat={chat}&photos=1")).await;
    let photo = state["state"]["messages"].as_array().unwrap().last().unwrap()["id"].clone();
    say("in winter", json!({ "reply_to": photo })).await;
    say("/imagine in a topic --model sketch", json!({ "thread": 7, "extra": { "is_topic_message": true } })).await;
    let state = world.telegram.wait(&format!("chat={chat}&photos=3")).await;
    let last =
        state["state"]["messages"].as_array().unwrap().iter().rfind(|message| message["kind"] == "photo").unwrap();
    assert_eq!(last["thread"], 7, "{last}");
    let prompts: Vec<String> = world
        .jobs(1)
        .await
        .iter()
        .map(|record| record.job.as_ref().unwrap().request.prompt.as_str().to_owned())
        .collect();
    assert_eq!(prompts, ["in a topic", "in winter", "a mentioned fox"]);
}

#[tokio::test]
async fn all_that_is_kept_is_handed_over_and_deleted() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let (ada, bob) = (world.telegram.user(1), world.telegram.user(2));
    ada.say("/export").await;
    ada.text("nothing on record about you").await;
    ada.say("/privacy").await;
    ada.text("What I keep").await;
    bob.say("bob's picture --model sketch").await;
    bob.photos(1).await;
    ada.say("my secret picture --model imagen").await;
    let shown = ada.photos(1).await.into_iter().rfind(harness::is_result).unwrap();
    ada.say("- one --model sketch\n- two --model sketch").await;
    ada.photos(3).await;
    ada.tap(&shown, "Recipe").await;
    ada.text("t.me/").await;
    let id = world.jobs(1).await.last().unwrap().id.clone();
    for record in world.jobs(1).await {
        world.until(&record.id, atelier_domain::JobState::Done).await;
    }
    ada.say("/export").await;
    let messages = ada.until("documents=1").await;
    let file = messages.iter().find(|message| message["kind"] == "document").unwrap();
    let url = file["media"]["url"].as_str().unwrap();
    let export = world.telegram.get(url).await;
    assert_eq!(export["jobs"].as_array().map(Vec::len), Some(3), "{export}");
    assert!(export["recipes"].to_string().contains("my secret picture"));
    assert_eq!(export["ledger"]["charged"], 60_000, "{}", export["ledger"]);

    ada.say("/forget").await;
    let question = ada.saying("Delete everything").await;
    assert_eq!(world.jobs(1).await.len(), 3, "nothing is deleted before it was confirmed");
    ada.tap(&question, "Delete everything").await;
    ada.text("nothing about you on record any more").await;
    let queue = world.queue();
    assert!(queue.all_jobs_of(BotId(4242), UserId(1)).await.unwrap().is_empty());
    assert!(queue.recipe(&id).await.unwrap().is_none());
    let ledger = queue.ledger(Owner(BotId(4242), UserId(1)), 100).await.unwrap();
    assert_eq!((ledger.charged, ledger.entries.len(), ledger.opening.len()), (Usd::ZERO, 0, 0), "{ledger:?}");
    assert_eq!(ledger.today, Usd::from_micros(60_000), "a budget of the day does not begin anew");
    let mut link = redis::Client::open(world.redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut link).await.unwrap();
    keys.retain(|key| !key.contains(":tap:"));
    for key in keys {
        let dump: Option<Vec<u8>> = redis::cmd("DUMP").arg(&key).query_async(&mut link).await.unwrap();
        let found = dump.is_some_and(|dump| String::from_utf8_lossy(&dump).contains("secret"));
        assert!(!found, "{key} still knows the prompt");
    }
    let charged: Vec<(String, u64)> =
        redis::cmd("HGETALL").arg(format!("{PREFIX}charged")).query_async(&mut link).await.unwrap();
    assert_eq!(charged, [("forgotten".to_owned(), 60_000)], "the books go on adding up, without the name");
    assert_eq!(world.jobs(2).await.len(), 1, "Bob's are still there");
    bob.say("/export").await;
    bob.until("documents=1").await;
}

#[tokio::test]
async fn operators_see_steer_and_tell_everybody_and_nobody_else_does() {
    let world = World::start().await;
    let _bot = world.bot_with(&["--admin", "1"], "polling").await;
    let (ada, bob, eve) = (world.telegram.user(1), world.telegram.user(2), world.telegram.user(3));
    for chat in [&ada, &bob, &eve] {
        chat.say("/start").await;
        chat.text("I draw it").await;
    }
    bob.say("/ops").await;
    bob.text("do not know that command").await;
    bob.say("a fox --model sketch").await;
    bob.until("replies=3").await;
    let job = world.only_job(2).await;
    bob.say("a hare --model imagen").await;
    bob.until("replies=4").await;
    ada.say("/ops").await;
    ada.text("sketch: 1 waiting").await;
    ada.text("today (UTC): $0.06").await;
    ada.say("/ops pause sketch").await;
    ada.text("Done.").await;
    assert!(world.queue().stats().await.unwrap().models.iter().any(|model| model.paused.is_some()));
    world.telegram.post("/_sim/block", &json!({ "user": 3, "blocked": true })).await;
    world.telegram.wait("idle=true").await;
    ada.say("/ops say we are back at noon").await;
    ada.text("Told 2; 0 have blocked me").await;
    bob.text("we are back at noon").await;
    ada.say(&format!("/cancel {job}")).await;
    ada.text("One picture cancelled").await;
}

#[tokio::test]
async fn what_a_group_has_chosen_moves_with_it_when_it_becomes_a_supergroup() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let members = json!([{ "id": 1, "first_name": "Ada" }]);
    let group = json!({ "title": "Painters", "kind": "group", "bots": [4242], "members": members });
    let old = ChatId(world.telegram.post("/_sim/groups", &group).await["chat"].as_i64().unwrap());
    let queue = world.queue();
    queue.prefer((BotId(4242), old), Field::Model, Some("imagen")).await.unwrap();
    queue.prefer((BotId(4242), old), Field::Count, Some("3")).await.unwrap();
    queue.prefer((BotId(4242), old), Field::Daily, Some("4")).await.unwrap();
    let say = json!({ "user": 1, "chat": old.0, "text": "/imagine a cat --model sketch" });
    world.telegram.post("/_sim/messages", &say).await;
    world.telegram.wait(&format!("chat={}&text=0+of+3", old.0)).await;
    let moved = world.telegram.post("/_sim/migrate", &json!({ "chat": old.0 })).await;
    let new = ChatId(moved["chat"].as_i64().unwrap());
    assert_ne!(old, new);
    let say = json!({ "user": 1, "chat": new.0, "text": "/settings@atelier_bot" });
    world.telegram.post("/_sim/messages", &say).await;
    world.telegram.wait(&format!("chat={}&text=Imagen", new.0)).await;
    let here = queue.prefs(BotId(4242), new).await.unwrap();
    assert_eq!((here.model.unwrap().as_str(), here.count.unwrap().get()), ("imagen", 3));
    assert_eq!(queue.prefs(BotId(4242), old).await.unwrap(), Prefs::default(), "nothing is left behind");
    // neither is what was used up of the day
    let say = json!({ "user": 1, "chat": new.0, "text": "/imagine a dog --n 2 --model sketch" });
    world.telegram.post("/_sim/messages", &say).await;
    world.telegram.wait(&format!("chat={}&text=1+of+yours+are+left", new.0)).await;
    assert_eq!(world.jobs(1).await.len(), 3);
}

/// Item by item what a chat can choose, and that a prompt without flags is drawn so.
#[tokio::test]
async fn everything_that_can_be_chosen_is_offered_and_holds() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    ada.say("/settings").await;
    let message = ada.saying("when you do not say otherwise").await;
    let shown = message["text"].as_str().unwrap().to_owned();
    for line in ["Model", "Shape", "Style", "Pictures", "Quality", "Language", "Word when ready", "Originals"] {
        assert!(
            shown.contains(&format!("{line}: ")) && message["buttons"].to_string().contains(line),
            "{line}: {message}"
        );
    }
    assert!(!shown.contains("Most a message"), "limits are for groups: {shown}");
    ada.tap(&message, "Style").await;
    let styles = ada.with_button(&message, "Watercolour").await["buttons"].to_string();
    for style in
        ["Photo", "Illustration", "Minimalism", "Watercolour", "Oil painting", "Pixel art", "Anime", "3D render"]
    {
        assert!(styles.contains(style), "{style}: {styles}");
    }
    ada.tap(&again(&ada, &message).await, "Watercolour").await;
    ada.text("Style: Watercolour").await;
    choose(&ada, &message, "Quality", "high").await;
    choose(&ada, &message, "Originals", "come as files").await;
    let now = ada.text("Originals: come as files").await;
    assert_eq!(now.iter().filter(|message| message["from"]["is_bot"] == true).count(), 1, "one message, edited");
    ada.say("a fox").await;
    ada.until("replies=2").await;
    let request = world.jobs(1).await[0].job.clone().unwrap().request;
    assert_eq!(request.options.style.map(|style| style.to_string()).as_deref(), Some("watercolour"));
    assert_eq!(request.model.as_str(), "ideogram-quality", "the best of the family");
}

async fn again(ada: &harness::Chat, message: &Value) -> Value {
    ada.messages().await.into_iter().find(|found| found["id"] == message["id"]).expect("the message")
}
