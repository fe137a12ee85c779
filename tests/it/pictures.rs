//! Pictures that people send, and what becomes of them.

use atelier_domain::{InputImage, Request};
use harness::{Chat, World};
use serde_json::json;

/// The requests of a user's jobs, oldest first, once there are so many.
async fn requests(world: &World, user: i64, count: usize) -> Vec<Request> {
    world.telegram.wait("idle=true").await;
    let mut jobs = world.jobs(user).await;
    assert_eq!(jobs.len(), count, "{jobs:?}");
    jobs.reverse();
    jobs.into_iter().filter_map(|record| record.job).map(|job| job.request).collect()
}

/// The file that a request starts from.
fn file(request: &Request) -> String {
    let Some(InputImage::Telegram { file_id, .. }) = request.options.images.first() else { panic!("{request:?}") };
    file_id.as_str().to_owned()
}

async fn world() -> (World, harness::Process, Chat) {
    let world = World::start().await;
    let bot = world.bot().await;
    let ada = world.telegram.user(1);
    (world, bot, ada)
}

#[tokio::test]
async fn a_picture_with_words_is_changed() {
    let (world, _bot, ada) = world().await;
    ada.send_picture("make the sky green", json!({})).await;
    let messages = ada.until("replies=1").await;
    let sent = messages[0]["media"]["file_id"].as_str().unwrap();
    let requests = requests(&world, 1, 1).await;
    assert_eq!((requests[0].prompt.as_str(), file(&requests[0]).as_str()), ("make the sky green", sent));
    let catalogue = atelier_domain::Catalogue::builtin();
    assert!(catalogue.get(&requests[0].model).unwrap().makes_from_images(), "{requests:?}");
}

#[tokio::test]
async fn an_answer_to_a_picture_changes_it_whoever_sent_it() {
    let (world, _bot, ada) = world().await;
    let _worker = world.worker();
    ada.say("a red fox --model ideogram").await;
    let shown = ada.photos(1).await.into_iter().rfind(harness::is_result).unwrap();
    ada.answer(shown["id"].as_i64().unwrap(), "in winter").await;
    let requests = requests(&world, 1, 2).await;
    assert_eq!(requests[1].prompt.as_str(), "in winter");
    assert_eq!(file(&requests[1]), shown["media"]["file_id"].as_str().unwrap());
}

#[tokio::test]
async fn a_bare_picture_is_asked_about() {
    let (world, _bot, ada) = world().await;
    ada.send_picture("", json!({})).await;
    let menu = ada.saying("What shall I do with it?").await;
    assert_eq!(world.jobs(1).await.len(), 0, "nothing is paid for before somebody asks for it");
    ada.tap(&menu, "Watercolour").await;
    ada.tap(&menu, "Video").await;
    let requests = requests(&world, 1, 2).await;
    let sent = ada.messages().await[0]["media"]["file_id"].as_str().unwrap().to_owned();
    assert!(requests[0].prompt.as_str().contains("watercolour"));
    assert!(requests.iter().all(|request| file(request) == sent), "{requests:?}");
    let catalogue = atelier_domain::Catalogue::builtin();
    assert_eq!(catalogue.get(&requests[1].model).unwrap().kind, atelier_domain::ModelKind::Video);
}

#[tokio::test]
async fn a_video_is_asked_for_with_its_own_words() {
    let (world, _bot, ada) = world().await;
    ada.say("/video a paper boat in the rain --seconds 5 --res 480p --ar 16:9").await;
    let requests = requests(&world, 1, 1).await;
    let options = &requests[0].options;
    assert_eq!(
        (options.seconds, options.resolution.map(atelier_domain::request::Resolution::lines)),
        (Some(5), Some(480)),
        "{requests:?}"
    );
    ada.say("/edit bluer").await;
    ada.text("Send a picture with these words under it").await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_worked_on_is_refused_before_it_costs_anything() {
    let (world, _bot, ada) = world().await;
    let file = |kind: &str, size: u64| {
        json!({ "document": { "file_id": "f", "file_unique_id": "u", "mime_type": kind, "file_size": size },
            "caption": "bluer" })
    };
    ada.say_with("", file("image/tiff", 100)).await;
    ada.text("JPEG, PNG and WebP").await;
    ada.say_with("", file("image/png", 30_000_000)).await;
    ada.text("up to 20 MB").await;
    assert_eq!(world.jobs(1).await.len(), 0);
}

#[tokio::test]
async fn an_album_that_comes_in_is_one_wish() {
    let (world, _bot, ada) = world().await;
    let album = json!({ "media_group_id": "77" });
    ada.send_picture("", album.clone()).await;
    ada.send_picture("put both into one picture", album.clone()).await;
    ada.until("replies=1").await;
    let requests = requests(&world, 1, 1).await;
    assert_eq!((requests[0].prompt.as_str(), requests[0].options.images.len()), ("put both into one picture", 2));
}

#[tokio::test]
async fn an_album_is_not_forgotten_when_its_bot_dies() {
    let (world, mut bot, ada) = world().await;
    let album = json!({ "media_group_id": "78" });
    ada.send_picture("put both into one picture", album.clone()).await;
    ada.send_picture("", album).await;
    world.telegram.wait("idle=true").await;
    bot.kill().await;
    let _bot = world.bot().await;
    ada.until("replies=1").await;
    assert_eq!(requests(&world, 1, 1).await[0].options.images.len(), 2);
}

#[tokio::test]
async fn a_changed_picture_a_video_of_one_and_one_of_several_are_delivered() {
    let (world, _bot, ada) = world().await;
    let _worker = world.worker();
    ada.send_picture("make the sky green", json!({})).await;
    let changed = ada.photos(1).await.into_iter().rfind(harness::is_result).unwrap();
    assert!(changed["caption"].as_str().unwrap().starts_with("make the sky green"), "{changed}");
    ada.answer(changed["id"].as_i64().unwrap(), "and the grass red").await;
    let again = ada.photos(2).await.into_iter().rfind(harness::is_result).unwrap();
    assert_eq!(again["reply_to"], ada.messages().await[2]["id"], "it answers the words: {again}");
    // a picture of somebody else's, and a video of it by command
    ada.send_picture("/video it moves --seconds 5 --res 480p", json!({})).await;
    ada.until("videos=1").await;
    let album = json!({ "media_group_id": "79" });
    ada.send_picture("", album.clone()).await;
    ada.send_picture("put both into one picture", album).await;
    ada.photos(3).await;
    let made = world.jobs(1).await;
    assert_eq!((made.len(), made[0].job.as_ref().unwrap().request.options.images.len()), (4, 2));
}

#[tokio::test]
async fn the_menu_of_a_bare_picture_does_each_thing_once_and_for_its_sender_only() {
    let (world, _bot, ada) = world().await;
    let _worker = world.worker();
    ada.send_picture("", json!({})).await;
    let menu = ada.saying("What shall I do with it?").await;
    assert!(ada.tap(&menu, "Edit").await.contains("Reply to the picture"));
    let answers = [ada.tap(&menu, "One like it").await, ada.tap(&menu, "One like it").await];
    assert_eq!(answers, ["I am on it.", "I am on it already."]);
    for button in ["Oil", "Pixel art"] {
        assert_eq!(ada.tap(&menu, button).await, "I am on it.");
    }
    ada.photos(3).await;
    assert_eq!(ada.tap(&menu, "Video").await, "I am on it.");
    ada.until("videos=1").await;
    assert_eq!(world.jobs(1).await.len(), 4);
}
