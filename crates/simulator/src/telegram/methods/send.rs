//! Single new messages: text, photo, document, video, animation.

use crate::telegram::model::{Author, Content, MediaKind};
use crate::telegram::reply::{ApiError, Outcome};
use crate::telegram::server::Server;
use crate::telegram::wire::Call;
use crate::telegram::world::Draft;

use super::{enter, input, placement, show, writable};

/// `sendMessage`.
pub(super) fn message(server: &Server, call: &Call) -> Outcome {
    writable(server, call)?;
    let content = input::text(&call.params)?;
    post(server, call, content)
}

/// `sendPhoto`, `sendDocument`, `sendVideo`, `sendAnimation`.
pub(super) async fn media(server: &Server, call: &Call) -> Outcome {
    writable(server, call)?;
    let field = call.method.trim_start_matches("send");
    let kind = MediaKind::parse(field).ok_or_else(ApiError::unknown_method)?;
    let caption = input::caption(&call.params)?;
    let file = input::file(server, call.bot, &call.params, field, kind).await?;
    post(server, call, Content::Media { file, caption: caption.text, entities: caption.entities })
}

fn post(server: &Server, call: &Call, content: Content) -> Outcome {
    let key = writable(server, call)?;
    let placement = placement(server, call, key)?;
    enter(server, call, 1)?;
    let draft = Draft {
        markup: placement.markup,
        reply_to: placement.reply_to,
        thread: placement.thread,
        ..Draft::new(Author::Bot(call.bot), content)
    };
    let id = server.write(|world, now_ms| world.post(key, draft, now_ms));
    show(server, call, key, id)
}
