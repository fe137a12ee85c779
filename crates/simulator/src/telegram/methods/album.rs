//! `sendMediaGroup`: all items or none, no buttons, one family of types.

use serde_json::Value;

use crate::telegram::model::{Author, Content, MediaKind};
use crate::telegram::reply::{ApiError, Outcome};
use crate::telegram::server::Server;
use crate::telegram::wire::Call;
use crate::telegram::world::Draft;
use crate::telegram::{keyboard, render};

use super::{enter, input, placement, writable};

const MIN_ITEMS: usize = 2;
const MAX_ITEMS: usize = 10;

/// Sends an album.
pub(super) async fn send(server: &Server, call: &Call) -> Outcome {
    let key = writable(server, call)?;
    let list = call.params.json("media", "media")?.ok_or_else(|| ApiError::bad("media is empty"))?;
    let list = list.as_array().ok_or_else(|| ApiError::bad("expected an Array of InputMedia"))?;
    match list.len() {
        MIN_ITEMS..=MAX_ITEMS => {}
        0 | 1 => return Err(ApiError::bad("media group must include 2-10 items")),
        _ => return Err(ApiError::bad("too many messages to send as an album")),
    }
    // the real server ignores buttons on an album; saying so finds the client's mistake
    if keyboard::read(&call.params)?.is_some() {
        return Err(ApiError::bad("can't use reply markup in an album"));
    }
    check_family(list)?;
    let placement = placement(server, call, key)?;
    let mut contents = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let content = input::media(server, call.bot, &call.params, item).await;
        let content = content.map_err(|error| failed(index, &error))?;
        contents.push(content);
    }
    enter(server, call, contents.len())?;
    let ids = server.write(|world, now_ms| {
        world.last_album += 1;
        let album = format!("{}{:04}", now_ms, world.last_album % 10_000);
        let mut post = |content: Content| {
            let draft = Draft {
                reply_to: placement.reply_to,
                thread: placement.thread,
                album: Some(album.clone()),
                ..Draft::new(Author::Bot(call.bot), content)
            };
            world.post(key, draft, now_ms)
        };
        contents.into_iter().map(&mut post).collect::<Vec<i64>>()
    });
    Ok(server.read(|world| {
        let shown = ids.iter().filter_map(|id| world.message(key, *id));
        shown.map(|message| render::message(world, key, message, call.bot)).collect()
    }))
}

/// Documents go only with documents; photos and videos mix; animations do not go at all.
fn check_family(list: &[Value]) -> Result<(), ApiError> {
    let kinds: Vec<Option<MediaKind>> =
        list.iter().map(|item| item.get("type").and_then(Value::as_str).and_then(MediaKind::parse)).collect();
    if kinds.contains(&Some(MediaKind::Animation)) {
        return Err(ApiError::bad("can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup"));
    }
    let documents = kinds.iter().filter(|kind| **kind == Some(MediaKind::Document)).count();
    if documents != 0 && documents != list.len() {
        return Err(ApiError::bad("document can't be mixed with other media types"));
    }
    Ok(())
}

/// The server names the item whose media it could not use; malformed input is refused as it is.
fn failed(index: usize, error: &ApiError) -> ApiError {
    let reason = error.description.strip_prefix("Bad Request: ").unwrap_or(&error.description);
    let shouted = reason.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if error.status == 400 && (shouted || reason.starts_with("file ")) {
        return ApiError::bad(format!("failed to send message #{} with the error message \"{reason}\"", index + 1));
    }
    error.clone()
}
