//! The intake over HTTP, from the first call to the last.

use atelier_domain::{Content, Incoming};
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::server::{SECRET, TestServer};
use crate::intake::{IntakeEnd, Observer, pump};

fn me() -> Value {
    json!({"id": 4242, "is_bot": true, "first_name": "Atelier", "username": "atelier_bot"})
}

fn text(id: u32, change: &Value) -> Value {
    let mut message = json!({"message_id": 5, "chat": {"id": 77, "type": "private"},
        "from": {"id": 77, "first_name": "A"}, "text": "a fox"});
    message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    json!({"update_id": id, "message": message})
}

#[tokio::test]
async fn updates_come_in_and_a_clean_stop_confirms_them() {
    let mut server = TestServer::start().await;
    server.reply_ok("GetMe", &me());
    let entities = json!({"text": "at noon", "entities": [{"type": "date_time", "offset": 0, "length": 2}]});
    server.reply_ok("GetUpdates", &json!([text(7, &json!({})), text(8, &entities)]));
    // One update of this batch is no valid JSON string (half of a surrogate pair); the batch around it is read.
    let batch = json!([text(9, &json!({"text": "HALF"})), text(10, &json!({"text": "after"}))]).to_string();
    server.reply("GetUpdates", 200, format!(r#"{{"ok":true,"result":{}}}"#, batch.replace("HALF", r"\ud83d")));
    let (sender, mut heard) = mpsc::unbounded_channel::<Incoming>();
    let handler = move |incoming| {
        sender.send(incoming).unwrap();
        futures::future::ready(Ok(())).boxed()
    };
    let (observer, shutdown) = (Observer::new(), CancellationToken::new());
    let task = tokio::spawn(pump(server.telegram.clone(), handler, observer.clone(), shutdown.clone()));
    for expected in ["a fox", "at noon", "after"] {
        assert_eq!(heard.recv().await.unwrap().content, Content::Text(expected.to_owned()));
    }
    let polled = |offset: Option<i32>, limit, timeout| {
        let kinds = ["message", "callback_query", "my_chat_member"];
        let mut poll = json!({"limit": limit, "timeout": timeout, "allowed_updates": kinds});
        if let Some(offset) = offset {
            poll["offset"] = json!(offset);
        }
        poll
    };
    for offset in [None, Some(9), Some(11)] {
        let seen = server.next_of("GetUpdates").await;
        assert_eq!(seen.path, format!("/prefix/bot4242:{SECRET}/GetUpdates"));
        assert_eq!(seen.json(), polled(offset, 100, 30));
    }
    // The third poll hangs; the stop abandons it and confirms.
    server.reply_ok("GetUpdates", &json!([]));
    shutdown.cancel();
    assert_eq!(task.await.unwrap(), Ok(()));
    let last = server.seen.try_recv().expect("the offset reached is confirmed before the end");
    assert_eq!(last.json(), polled(Some(11), 1, 0));
    let counted = observer.snapshot();
    assert_eq!((counted.handled, counted.unreadable), (3, 1));
    assert!(counted.since_poll.is_some());
}

#[tokio::test]
async fn a_revoked_token_ends_the_intake_before_any_poll() {
    for (code, description) in [(401, "Unauthorized"), (404, "Not Found")] {
        let server = TestServer::start().await;
        server.reply_error("GetMe", code, description);
        let handler = |_| futures::future::ready(Ok(())).boxed();
        let end = pump(server.telegram.clone(), handler, Observer::new(), CancellationToken::new()).await;
        assert_eq!(end, Err(IntakeEnd::Unauthorised));
        assert!(end.unwrap_err().to_string().contains("@BotFather"));
    }
}
