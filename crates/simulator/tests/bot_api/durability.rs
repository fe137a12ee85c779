//! What survives a restart, and what happens when it cannot be read.

use atelier_simulator::telegram::{Options, ServeError, serve};
use image::ImageFormat;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{ANN, BOT, Sim, part, picture, to_ann, with_ann};

#[tokio::test]
async fn chats_files_and_the_queue_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::in_dir(dir.path()).await;
    let first = sim.says("one").await["updates"][BOT.to_string()].as_i64().unwrap();
    let second = sim.says("two").await["updates"][BOT.to_string()].as_i64().unwrap();
    sim.call("getUpdates", json!({ "offset": second, "allowed_updates": ["message"] })).await.result();
    let form = to_ann().part("photo", part(picture(32, 32, ImageFormat::Png), "p.png"));
    let photo = sim.upload("sendPhoto", form).await.result();
    sim.call("setMyCommands", json!({ "commands": [{ "command": "help", "description": "Help" }] })).await.result();
    let before = sim.get(&format!("/chat?chat={ANN}")).await.body;
    sim.stop().await;

    let sim = Sim::in_dir(dir.path()).await;
    assert_eq!(sim.get(&format!("/chat?chat={ANN}")).await.body, before);
    let updates = sim.call("getUpdates", json!({})).await.result();
    assert_eq!(updates[0]["update_id"], second, "the confirmed one stays forgotten, the other is told again");
    let again = sim.call("sendPhoto", json!({ "chat_id": ANN, "photo": photo["photo"][0]["file_id"] })).await.result();
    assert!(again["message_id"].as_i64() > photo["message_id"].as_i64());
    let third = sim.says("three").await["updates"][BOT.to_string()].as_i64().unwrap();
    assert!(first < second && second < third, "ids never repeat");
    assert_eq!(sim.call("getMyCommands", json!({})).await.result()[0]["command"], "help");
    let bytes =
        sim.http.get(sim.url(before["state"]["messages"][2]["media"]["url"].as_str().unwrap())).send().await.unwrap();
    assert_eq!(bytes.bytes().await.unwrap(), picture(32, 32, ImageFormat::Png));
    sim.stop().await;
}

#[tokio::test]
async fn an_unfinished_last_line_is_dropped_and_a_broken_one_refuses_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::in_dir(dir.path()).await;
    sim.says("kept").await;
    sim.stop().await;
    let journal = dir.path().join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{whole}{{\"message\":{{\"key\"")).unwrap();
    let sim = Sim::in_dir(dir.path()).await;
    sim.wait(&format!("chat={ANN}&messages=1")).await;
    sim.stop().await;

    for (content, expected) in
        [(format!("{whole}nonsense\n{{}}\n"), "line"), ("other file\n".to_owned(), "not a journal")]
    {
        std::fs::write(&journal, content).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
        match serve(listener, options, CancellationToken::new()).await {
            Err(ServeError::Journal(error)) => assert!(error.to_string().contains(expected), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn without_a_directory_ids_start_from_the_time() {
    let first = with_ann().await.says("a").await["updates"][BOT.to_string()].as_i64().unwrap();
    assert!(first > 1_000_000 && first < i64::from(i32::MAX));
}

#[tokio::test]
async fn an_address_for_everyone_is_refused_unless_asked_for() {
    let config = atelier_simulator::Config { telegram_addr: "0.0.0.0:0".parse().unwrap(), ..Default::default() };
    let refused = atelier_simulator::start(config.clone(), CancellationToken::new()).await;
    assert!(matches!(refused, Err(atelier_simulator::StartError::NotLoopback(_))));
    let shutdown = CancellationToken::new();
    let running =
        atelier_simulator::start(atelier_simulator::Config { allow_remote: true, ..config }, shutdown.clone())
            .await
            .unwrap();
    assert_ne!(running.telegram_addr.port(), 0);
    shutdown.cancel();
    running.finished().await.unwrap();
}
