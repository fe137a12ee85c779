//! Who can be written to, and what bots see in groups.

use serde_json::{Value, json};

use crate::support::{ANN, BOT, Sim, with_ann};

async fn texts(sim: &Sim) -> Vec<String> {
    let updates = sim.call("getUpdates", json!({})).await.result();
    let texts = updates.as_array().unwrap().iter().filter_map(|update| update["message"]["text"].as_str());
    texts.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_bot_cannot_begin_a_conversation() {
    let sim = with_ann().await;
    let refused = sim.call("sendMessage", json!({ "chat_id": 77, "text": "hi" })).await;
    assert_eq!(refused.error(), "Bad Request: chat not found");
    assert_eq!(sim.call("sendMessage", json!({ "text": "hi" })).await.error(), "Bad Request: chat_id is empty");
    assert_eq!(
        sim.call("sendMessage", json!({ "chat_id": "@nobody", "text": "hi" })).await.error(),
        "Bad Request: chat not found"
    );
}

#[tokio::test]
async fn a_blocked_bot_is_told_and_refused() {
    let sim = with_ann().await;
    sim.post("/block", json!({ "user": ANN, "blocked": true })).await;
    let refused = sim.call("sendMessage", json!({ "chat_id": ANN, "text": "hi" })).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.error(), "Forbidden: bot was blocked by the user");
    let updates = sim.call("getUpdates", json!({ "offset": -1 })).await.result();
    assert_eq!(updates[0]["my_chat_member"]["new_chat_member"]["status"], "kicked");
    sim.post("/block", json!({ "user": ANN, "blocked": false })).await;
    sim.text("welcome back").await;
}

#[tokio::test]
async fn members_are_told_from_administrators_and_strangers() {
    let sim = with_ann().await;
    for user in [7, 8, 9] {
        sim.post("/users", json!({ "id": user, "first_name": "Bo" })).await;
    }
    let group =
        sim.post("/groups", json!({ "title": "Club", "members": [ANN, 7, 8], "admins": [7] })).await["chat"].clone();
    for (user, status) in [(ANN, "administrator"), (7, "administrator"), (8, "member"), (9, "left"), (BOT, "member")] {
        let member = sim.call("getChatMember", json!({ "chat_id": group, "user_id": user })).await.result();
        assert_eq!((&member["status"], &member["user"]["id"]), (&json!(status), &json!(user)));
    }
    let unknown = sim.call("getChatMember", json!({ "chat_id": group, "user_id": 12345 })).await;
    assert_eq!(unknown.error(), "Bad Request: user not found");
}

#[tokio::test]
async fn privacy_mode_hides_talk_that_is_not_for_the_bot() {
    let sim = with_ann().await;
    let group = sim.post("/groups", json!({ "title": "Club", "members": [ANN] })).await["chat"].clone();
    sim.call("getUpdates", json!({ "offset": -1, "allowed_updates": ["message"] })).await.result();
    let own = sim.call("sendMessage", json!({ "chat_id": group, "text": "I am here" })).await.result();
    assert_eq!(own["chat"]["type"], "supergroup");
    for (text, reply_to) in [
        ("just talking", None),
        ("@atelier_bot draw", None),
        ("/imagine a", None),
        ("/imagine@atelier_bot b", None),
        ("/imagine@other_bot c", None),
        ("a reply", Some(own["message_id"].clone())),
    ] {
        sim.post("/messages", json!({ "user": ANN, "chat": group, "text": text, "reply_to": reply_to })).await;
    }
    let seen = texts(&sim).await;
    assert_eq!(seen, ["/imagine a", "/imagine@atelier_bot b", "a reply"]);
    sim.post("/bots", json!({ "id": BOT, "privacy": false })).await;
    sim.post("/messages", json!({ "user": ANN, "chat": group, "text": "now heard" })).await;
    assert!(texts(&sim).await.contains(&"now heard".to_owned()));
}

#[tokio::test]
async fn a_kicked_bot_and_a_migrated_group_say_so() {
    let sim = with_ann().await;
    let group =
        sim.post("/groups", json!({ "title": "Club", "members": [ANN], "kind": "group" })).await["chat"].clone();
    let write = json!({ "chat_id": group, "text": "x" });
    let to = sim.post("/migrate", json!({ "chat": group })).await["chat"].clone();
    let migrated = sim.call("sendMessage", write).await;
    assert_eq!(migrated.body["parameters"], json!({ "migrate_to_chat_id": to }));
    assert_eq!(migrated.error(), "Bad Request: group chat was upgraded to a supergroup chat");
    sim.call("sendMessage", json!({ "chat_id": to, "text": "x" })).await.result();
    sim.post("/members", json!({ "chat": to, "by": ANN, "inside": false })).await;
    let kicked = sim.call("sendMessage", json!({ "chat_id": to, "text": "x" })).await;
    assert_eq!(kicked.error(), "Forbidden: bot was kicked from the supergroup chat");
}

#[tokio::test]
async fn deleting_obeys_age_and_ownership() {
    let sim = with_ann().await;
    let first = sim.text("one").await;
    sim.call("deleteMessage", json!({ "chat_id": ANN, "message_id": first })).await.result();
    let gone = sim.call("deleteMessage", json!({ "chat_id": ANN, "message_id": first })).await;
    assert_eq!(gone.error(), "Bad Request: message to delete not found");
    sim.wait(&format!("chat={ANN}&message_id={first}&deleted=true")).await;
    let old = sim.text("two").await;
    sim.post("/clock", json!({ "skip_ms": 48 * 3600 * 1000 + 1000 })).await;
    let refused = sim.call("deleteMessage", json!({ "chat_id": ANN, "message_id": old })).await;
    assert_eq!(refused.error(), "Bad Request: message can't be deleted for everyone");
}

#[tokio::test]
async fn the_page_and_its_parts_are_served_with_a_strict_policy() {
    let sim = Sim::start().await;
    let page = sim.http.get(sim.url("/")).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    let html = page.text().await.unwrap();
    for path in ["/base.css", "/chat.css", "/icon.svg", "/js/app.js"] {
        assert!(html.contains(path), "{path}");
    }
    let script = sim.http.get(sim.url("/js/app.js")).send().await.unwrap();
    assert!(script.headers()["content-type"].to_str().unwrap().starts_with("text/javascript"));
    let mut unseen: Vec<String> = vec!["/js/app.js".to_owned()];
    let mut seen = Vec::new();
    while let Some(path) = unseen.pop() {
        let answer = sim.http.get(sim.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} is imported but not served");
        let text = answer.text().await.unwrap();
        for import in text.split("from \"./").skip(1).filter_map(|rest| rest.split_once('"')) {
            let path = format!("/js/{}", import.0);
            if !seen.contains(&path) {
                seen.push(path.clone());
                unseen.push(path);
            }
        }
    }
    assert!(seen.len() >= 8, "{seen:?}");
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let sim = with_ann().await;
    let ask = |origin: String| sim.http.get(sim.url("/_sim/users")).header("Origin", origin).send();
    assert_eq!(ask("https://example.org".to_owned()).await.unwrap().status(), 403);
    assert_eq!(ask(format!("http://{}", sim.addr)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn chats_of_two_bots_with_one_user_are_apart() {
    let sim = with_ann().await;
    sim.post("/messages", json!({ "user": ANN, "bot": 9, "text": "for the other" })).await;
    let ambiguous = sim.get(&format!("/chat?chat={ANN}")).await;
    assert_eq!(ambiguous.status, 400);
    let chat = sim.get(&format!("/chat?chat={ANN}&bot=9")).await.body;
    assert_eq!(chat["state"]["messages"].as_array().map(Vec::len), Some(1));
    let listed: Value = sim.get(&format!("/chats?user={ANN}")).await.body;
    assert_eq!(listed["chats"].as_array().map(Vec::len), Some(2));
}
