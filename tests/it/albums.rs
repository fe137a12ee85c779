//! Several pictures are an album of cards that fills in, with one message under it.

use std::collections::BTreeSet;
use std::time::Duration;

use atelier_domain::{BotId, ChatId, JobState};
use atelier_queue::keys::PREFIX;
use harness::{Breakpoint, PATIENCE, World, is_result};
use serde_json::{Value, json};

/// The items of albums among the messages, in order.
fn tiles(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter(|message| !message["album"].is_null()).collect()
}

fn ids(messages: &[&Value]) -> Vec<i64> {
    messages.iter().filter_map(|message| message["id"].as_i64()).collect()
}

#[tokio::test]
async fn an_album_of_cards_fills_in() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("a cat --n 4").await;
    let messages = ada.text("0 of 4 pictures").await;
    let cards = tiles(&messages);
    assert_eq!(cards.len(), 4, "{messages:?}");
    let before = ids(&cards);
    let albums: BTreeSet<String> = cards.iter().map(|card| card["album"].to_string()).collect();
    assert_eq!(albums.len(), 1, "one album");
    assert!(cards[2]["caption"].as_str().unwrap().starts_with("3/4 · a cat"), "{}", cards[2]);
    let control = ada.saying("0 of 4").await;
    assert!(control["text"].as_str().unwrap().contains("$0.12"), "the price of all: {control}");
    assert!(control["id"].as_i64() > before.last().copied(), "under the album");

    world.replicate.release().await;
    ada.photos(4).await;
    let messages = ada.text("4 of 4 pictures are here").await;
    let shown = tiles(&messages);
    assert!(shown.iter().all(|message| is_result(message)));
    assert_eq!(ids(&shown), before, "every card became its picture");
    assert_eq!(messages.len(), 6, "the prompt, four pictures, one message");
    let control = ada.saying("4 of 4").await;
    for button in ["Again", "Variations"] {
        assert!(control["buttons"].to_string().contains(button), "{button}: {control}");
    }
    assert!(!control["buttons"].to_string().contains("Cancel"), "{control}");
}

#[tokio::test]
async fn pictures_that_come_together_are_all_counted_while_others_take_their_time() {
    let world = World::start().await;
    world.replicate.hold(json!({ "prompt": "slow" })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- one\n- two\n- three\n- four\n- five\n- slow").await;
    ada.photos(5).await;
    ada.text("5 of 6 pictures are here").await;
}

#[tokio::test]
async fn what_fails_becomes_a_card_that_says_why_and_is_retried_alone() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "prompt": "second", "times": 1, "do": { "outcome": "nsfw" } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- first\n- second\n- third").await;
    let control = ada.saying("2 of 3 pictures are here").await;
    let card = ada.saying("filter").await;
    assert_eq!((&card["kind"], card["album"].is_null()), (&json!("photo"), false), "{card}");
    assert_eq!(ada.tap(&control, "Retry").await, "I am on it.");
    ada.photos(3).await;
    ada.text("3 of 3 pictures are here").await;
    let messages = ada.messages().await;
    assert_eq!(messages.len(), 5, "nothing new in the chat: {messages:?}");
    let second = messages.iter().find(|message| message["id"] == card["id"]).unwrap();
    assert!(second["caption"].as_str().unwrap().starts_with("second"), "in its own place: {second}");
    assert_eq!(world.replicate.creates().await, 4, "only the failed one was drawn again");
}

#[tokio::test]
async fn more_than_ten_are_several_albums() {
    let world = World::start().await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("--each\na cat --n 10 --model sketch\na dog --model sketch").await;
    ada.photos(11).await;
    let messages = ada.text("11 of 11").await;
    let mut albums: Vec<(String, usize)> = Vec::new();
    for tile in tiles(&messages) {
        let album = tile["album"].to_string();
        match albums.last_mut() {
            Some((last, count)) if *last == album => *count += 1,
            _ => albums.push((album, 1)),
        }
    }
    let sizes: Vec<usize> = albums.iter().map(|(_, count)| *count).collect();
    assert_eq!(sizes, [6, 5]);
    assert_eq!(messages.len(), 13, "one message under them");
}

#[tokio::test]
async fn an_album_whose_answer_is_lost_is_not_sent_again() {
    let world = World::start().await;
    world
        .telegram
        .fault(json!({ "method": "sendMediaGroup", "times": 1, "phase": "after", "action": { "kind": "cut" } }))
        .await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--lease", "2"]));
    let ada = world.telegram.user(1);
    let update = ada.say("- one\n- two").await;
    world.telegram.wait("method=sendMediaGroup&idle=true").await;
    // even when the update comes again
    world.telegram.post(&format!("/_sim/updates/{update}/again"), &json!({})).await;
    world.telegram.wait("method=sendMessage&idle=true").await;
    assert_eq!(world.telegram.count("sendMediaGroup").await, 1);
}

#[tokio::test]
async fn a_bot_that_dies_before_its_album_is_sent_posts_it_when_it_is_back() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("after-submit").await;
    let mut doomed = world.bot_stopping_at(&breakpoint).await;
    let ada = world.telegram.user(1);
    ada.say("a cat --n 3").await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    let _bot = world.bot().await;
    let messages = ada.text("0 of 3").await;
    assert_eq!(tiles(&messages).len(), 3);
}

/// The album of three is in the chat, and none of its pictures.
async fn an_empty_album(world: &World) {
    let messages = ada_sees(world, "0 of 3 pictures").await;
    assert_eq!((tiles(&messages).len(), world.telegram.count("sendMediaGroup").await), (3, 1), "{messages:?}");
    assert!(!messages.iter().any(is_result), "{messages:?}");
}

#[tokio::test]
async fn an_album_whose_bot_died_before_it_said_a_word_is_posted_by_who_claims_its_jobs() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let breakpoint = Breakpoint::at("after-submit").await;
    let mut doomed = world.bot_stopping_at(&breakpoint).await;
    world.telegram.user(1).say("a cat --n 3").await;
    let _hit = breakpoint.hit().await;
    doomed.kill().await;
    let _worker = world.worker();
    an_empty_album(&world).await;
}

#[tokio::test]
async fn an_album_whose_update_is_confirmed_outlives_its_bot_though_nobody_can_draw_it() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("before-album").await;
    let mut doomed = world.bot_stopping_at(&breakpoint).await;
    let update = world.telegram.user(1).say("a cat --n 3 --model imagen").await;
    let _hit = breakpoint.hit().await;
    world.telegram.wait(&format!("confirmed={update}")).await;
    doomed.kill().await;
    let _worker = world.worker_with(&["--model", "sketch"]);
    an_empty_album(&world).await;
}

/// Seconds from the prompt to both pictures of an album about which nobody will ever say whether it is in the chat.
async fn two_pictures(world: &World) -> f64 {
    let began = tokio::time::Instant::now();
    let messages = world.telegram.user(1).photos(2).await;
    assert!(messages.iter().all(|message| !is_result(message) || message["album"].is_null()), "{messages:?}");
    assert_eq!(world.telegram.count("sendMediaGroup").await, 1);
    began.elapsed().as_secs_f64()
}

#[tokio::test]
async fn a_lost_answer_to_an_album_keeps_no_picture_waiting() {
    let world = World::start().await;
    let cut = json!({ "kind": "cut" });
    world.telegram.fault(json!({ "method": "sendMediaGroup", "times": 1, "phase": "after", "action": cut })).await;
    let (_bot, _worker) = (world.bot().await, world.worker_with(&["--concurrency", "1"]));
    world.telegram.user(1).say("- one\n- two").await;
    let took = two_pictures(&world).await;
    assert!(took < 5.0, "{took} s");
}

#[tokio::test]
async fn a_bot_that_dies_while_it_sends_an_album_is_waited_for_as_long_as_it_could_have_said_so() {
    let world = World::start().await;
    let hold = json!({ "kind": "hold" });
    world.telegram.fault(json!({ "method": "sendMediaGroup", "times": 1, "action": hold })).await;
    let mut doomed = world.bot().await;
    world.telegram.user(1).say("- one\n- two").await;
    world.telegram.wait("held=1").await;
    let _worker = world.worker_with(&["--concurrency", "1"]);
    doomed.kill().await;
    let took = two_pictures(&world).await;
    assert!(took < 12.0, "{took} s");
}

/// A bot that dies while its album of three waits for its turn; the batch.
async fn dead_in_line(world: &World) -> atelier_domain::JobId {
    let queue = world.queue();
    queue.park(BotId(4242), Some(ChatId(1)), Duration::from_secs(3)).await.expect("a parked chat");
    let mut doomed = world.bot().await;
    world.telegram.user(1).say("a cat --n 3").await;
    let in_line = async {
        loop {
            if let Some(first) = world.jobs(1).await.last()
                && queue.album(&first.id).await.is_ok_and(|album| album.waits_at_all())
            {
                return first.id.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let batch = tokio::time::timeout(PATIENCE, in_line).await.expect("the album stands in line");
    doomed.kill().await;
    batch
}

#[tokio::test]
async fn an_album_whose_bot_dies_in_line_is_posted_by_a_worker() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let batch = dead_in_line(&world).await;
    let _worker = world.worker();
    let messages = ada_sees(&world, "0 of 3 pictures").await;
    let before = ids(&tiles(&messages));
    assert_eq!((before.len(), world.telegram.count("sendMediaGroup").await), (3, 1), "{messages:?}");
    world.replicate.release().await;
    world.telegram.user(1).photos(3).await;
    let messages = ada_sees(&world, "3 of 3 pictures are here").await;
    assert_eq!(ids(&tiles(&messages)), before, "every card became its picture");
    assert_eq!(messages.len(), 5, "the prompt, three pictures, one message");
    assert!(!world.queue().album(&batch).await.unwrap().waits_at_all());
}

#[tokio::test]
async fn pictures_that_are_done_before_their_album_come_as_an_album() {
    let world = World::start().await;
    dead_in_line(&world).await;
    let (_worker, _other) = (world.worker(), world.worker());
    world.telegram.user(1).photos(3).await;
    let messages = ada_sees(&world, "3 of 3 pictures are here").await;
    assert_eq!((tiles(&messages).len(), messages.len()), (3, 5), "{messages:?}");
    assert_eq!(world.telegram.count("sendMediaGroup").await, 1);
}

#[tokio::test]
async fn what_is_left_of_an_album_nobody_posted_comes_alone_and_soon() {
    let world = World::start().await;
    let batch = dead_in_line(&world).await;
    let queue = world.queue();
    for record in world.jobs(1).await.iter().filter(|record| record.id != batch) {
        queue.cancel(&record.id, "operator:test", None).await.unwrap();
    }
    let _worker = world.worker();
    let began = tokio::time::Instant::now();
    world.telegram.user(1).photos(1).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(world.telegram.count("sendMediaGroup").await, 0);
    world.until(&batch, JobState::Done).await;
    assert!(!queue.album(&batch).await.unwrap().waits_at_all(), "and nobody waits for it any more");
}

async fn ada_sees(world: &World, part: &str) -> Vec<Value> {
    world.telegram.user(1).text(part).await
}

#[tokio::test]
async fn ten_pictures_arrive_once_each_while_a_worker_dies() {
    let world = World::start().await;
    world.replicate.hold(json!({})).await;
    let (_bot, mut doomed, _heir) = (world.bot().await, world.worker(), world.worker());
    let ada = world.telegram.user(1);
    ada.say("a cat --n 10").await;
    world.replicate.wait("held=10").await;
    ada.text("0 of 10").await;
    doomed.kill().await;
    world.replicate.release().await;
    ada.photos(10).await;
    let messages = ada.text("10 of 10 pictures are here").await;
    assert_eq!(messages.len(), 12, "the prompt, ten pictures, one message");
    assert_eq!(world.replicate.creates().await, 10);
    assert!(world.jobs(1).await.iter().all(|record| record.state == JobState::Done));
}

#[tokio::test]
async fn a_batch_is_cancelled_by_its_one_button() {
    let world = World::start().await;
    let _bot = world.bot().await;
    let ada = world.telegram.user(1);
    ada.say("- one\n- two\n- three").await;
    let control = ada.saying("3 in line").await;
    assert_eq!(ada.tap(&control, "Cancel").await, "3 pictures cancelled.");
    let messages = ada.text("3 cancelled").await;
    assert!(messages.iter().all(|message| !message["buttons"].to_string().contains("Cancel")), "{messages:?}");
    let cards = ada.until("photos=3&captioned=Cancelled").await;
    assert_eq!(tiles(&cards).len(), 3);
}

#[tokio::test]
async fn a_drawing_that_an_album_cannot_hold_comes_as_a_file() {
    let world = World::start().await;
    world.replicate.rule(json!({ "on": "create", "prompt": "vector", "do": { "outcome": "svg" } })).await;
    let (_bot, _worker) = (world.bot().await, world.worker());
    let ada = world.telegram.user(1);
    ada.say("- a vector drawing\n- a cat").await;
    let messages = ada.until("documents=1").await;
    let document = messages.iter().find(|message| message["kind"] == "document").unwrap();
    let tile = tiles(&messages)[0];
    assert_eq!(document["reply_to"], tile["id"], "the file answers its tile");
    ada.text("2 of 2").await;
}

/// What is on record of the album cannot be read when the pictures are ready: they wait for it, and are not taken for
/// pictures with messages of their own.
#[tokio::test]
async fn pictures_wait_until_it_is_known_what_holds_them() {
    let world = World::start().await;
    let breakpoint = Breakpoint::at("before-edit").await;
    let mut bot = world.bot().await;
    let _worker = world.worker_stopping_at(&breakpoint);
    let ada = world.telegram.user(1);
    ada.say("- one\n- two").await;
    let hits = [breakpoint.hit().await, breakpoint.hit().await];
    ada.text("0 of 2 pictures").await;
    // nobody else asks for the album
    bot.kill().await;
    let batch = world.jobs(1).await[0].batch.clone().expect("a batch");
    let (key, aside) = (format!("{PREFIX}album:{batch}"), format!("{PREFIX}aside"));
    let mut link = redis::Client::open(world.redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut unreadable = redis::pipe();
    unreadable.atomic().rename(&key, &aside).set(&key, "no album");
    unreadable.exec_async(&mut link).await.unwrap();
    for hit in hits {
        hit.release().await;
    }
    let refused = async {
        loop {
            let said: String = redis::cmd("INFO").arg("errorstats").query_async(&mut link).await.unwrap();
            let count = said.lines().find_map(|line| line.strip_prefix("errorstat_WRONGTYPE:count="));
            if count.and_then(|count| count.parse::<u32>().ok()) >= Some(2) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("both are looked up");
    redis::cmd("RENAME").arg(&aside).arg(&key).exec_async(&mut link).await.unwrap();
    let messages = ada.photos(2).await;
    assert_eq!(tiles(&messages).into_iter().filter(|tile| is_result(tile)).count(), 2, "{messages:?}");
    for record in world.jobs(1).await {
        world.until(&record.id, JobState::Done).await;
    }
}
