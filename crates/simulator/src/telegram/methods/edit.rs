//! Edits: idempotent by nature, refused when they change nothing, and able to turn a text into a picture.

use crate::telegram::keyboard;
use crate::telegram::model::{Author, ChatKey, Content, MediaKind, Message};
use crate::telegram::reply::{ApiError, Outcome};
use crate::telegram::server::Server;
use crate::telegram::wire::Call;

use super::{enter, input, show, writable};

/// `editMessageText`.
pub(super) fn text(server: &Server, call: &Call) -> Outcome {
    let (key, message) = target(server, call)?;
    if !matches!(message.content, Content::Text { .. }) {
        return Err(ApiError::bad("there is no text in the message to edit"));
    }
    let content = input::text(&call.params)?;
    commit(server, call, key, &message, content)
}

/// `editMessageCaption`.
pub(super) fn caption(server: &Server, call: &Call) -> Outcome {
    let (key, message) = target(server, call)?;
    let Content::Media { file, .. } = &message.content else {
        return Err(ApiError::bad("there is no caption in the message to edit"));
    };
    let caption = input::caption(&call.params)?;
    let content = Content::Media { file: file.clone(), caption: caption.text, entities: caption.entities };
    commit(server, call, key, &message, content)
}

/// `editMessageMedia`: any message can become media; in an album only its own family.
pub(super) async fn media(server: &Server, call: &Call) -> Outcome {
    let (key, message) = target(server, call)?;
    let media = call.params.json("media", "input media")?.ok_or_else(|| ApiError::bad("input media is empty"))?;
    let content = input::media(server, call.bot, &call.params, &media).await?;
    if let (Some(_), Content::Media { file: old, .. }, Content::Media { file: new, .. }) =
        (&message.album, &message.content, &content)
    {
        if new.kind == MediaKind::Animation {
            return Err(ApiError::bad("message content type can't be used in an album"));
        }
        if (old.kind == MediaKind::Document) != (new.kind == MediaKind::Document) {
            return Err(ApiError::bad("can't change media type in the album"));
        }
    }
    // uploading took time: look again
    let (key, message) = target(server, call).map(|(_, message)| (key, message))?;
    commit(server, call, key, &message, content)
}

/// `editMessageReplyMarkup`.
pub(super) fn markup(server: &Server, call: &Call) -> Outcome {
    let (key, message) = target(server, call)?;
    let content = message.content.clone();
    commit(server, call, key, &message, content)
}

/// The message to edit, which must be the bot's own and without a reply keyboard.
fn target(server: &Server, call: &Call) -> Result<(ChatKey, Message), ApiError> {
    if call.params.text("inline_message_id").is_some() {
        return Err(ApiError::bad("MESSAGE_ID_INVALID"));
    }
    let key = writable(server, call)?;
    let id = call.params.integer("message_id").ok_or_else(|| ApiError::bad("message identifier is not specified"))?;
    let message = server.read(|world| world.message(key, id).cloned());
    let message = message.ok_or_else(|| ApiError::bad("message to edit not found"))?;
    let foreign = message.author != Author::Bot(call.bot);
    let has_keyboard = message.markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_none());
    if foreign || has_keyboard || matches!(message.content, Content::Service(_)) {
        return Err(ApiError::bad("message can't be edited"));
    }
    Ok((key, message))
}

/// Applies the edit; leaving `reply_markup` out takes the buttons away, as on the real server.
fn commit(server: &Server, call: &Call, key: ChatKey, message: &Message, content: Content) -> Outcome {
    let markup = keyboard::read_inline(&call.params)?;
    if message.album.is_some() && markup.is_some() {
        return Err(ApiError::bad("can't edit reply markup of a message in an album"));
    }
    if message.content == content && message.markup == markup {
        return Err(ApiError::not_modified());
    }
    enter(server, call, 1)?;
    server.write(|world, now_ms| world.edit(key, message.id, content, markup, now_ms));
    show(server, call, key, message.id)
}
