//! The web socket: a client hears of its own prompts. Source: <https://docs.comfy.org/development/comfyui-server/comms_messages>.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::replicate::cut::Line;
use crate::services::world::{Passage, World};

#[derive(Deserialize)]
pub(super) struct Client {
    #[serde(default, rename = "clientId")]
    id: String,
}

/// Tells a client something, if it listens.
pub(super) fn tell(world: &World, client: &str, message: &Value) {
    // nobody listens: nobody hears
    let _ = world.told.send((client.to_owned(), message.to_string()));
}

pub(super) async fn open(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(client): Query<Client>,
    upgrade: WebSocketUpgrade,
) -> Response {
    match world.arrive(&line, "ws", "", &Value::Null) {
        Passage::Go { cut_after, .. } => upgrade.on_upgrade(async move |socket| {
            let serving = serve(&world, client.id, socket);
            if cut_after {
                // half a conversation, and then nothing
                let _ = tokio::time::timeout(Duration::from_millis(50), serving).await;
                line.cut();
            } else {
                let _ = serving.await;
            }
        }),
        Passage::Stop(response) => response,
    }
}

/// Until the client is gone.
async fn serve(world: &World, client: String, mut socket: WebSocket) -> Result<(), axum::Error> {
    let mut told = world.told.subscribe();
    let first =
        json!({ "type": "status", "data": { "status": { "exec_info": { "queue_remaining": 1 } }, "sid": client } });
    socket.send(Message::Text(first.to_string().into())).await?;
    // a picture on the way, and a kind of message that nobody knows
    socket.send(Message::Binary(vec![0, 0, 0, 1, 0, 0, 0, 2, 0x89].into())).await?;
    socket.send(Message::Text(r#"{"type":"kaytool.resources","data":{"cpu":3}}"#.into())).await?;
    let running: Vec<String> = {
        let state = world.state();
        let steps = state.queue.iter().filter_map(super::Queued::step);
        steps.filter(|(owner, _)| *owner == client).map(|(_, step)| step.to_string()).collect()
    };
    for step in running {
        socket.send(Message::Text(step.into())).await?;
    }
    loop {
        tokio::select! {
            message = told.recv() => {
                let Ok((owner, text)) = message else { return Ok(()) };
                if owner == client {
                    socket.send(Message::Text(text.into())).await?;
                }
            }
            message = socket.recv() => if message.is_none_or(|message| message.is_err()) {
                return Ok(());
            },
        }
    }
}
