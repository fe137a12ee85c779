//! What does not fit: the end of a long text, the whole of a prompt that its picture's caption had to cut. It follows as an
//! answer, in as many messages as it takes, each sent once.

use atelier_domain::{MessageId, caption};
use atelier_telegram::{Keyboard, Place, Post};

use crate::line::Walk;
use crate::once;

/// Sends these texts as answers to the message that could not hold them.
pub(crate) async fn follow(walk: &Walk, to: MessageId, texts: &[String]) {
    for (index, text) in texts.iter().enumerate() {
        let name = format!("rest:{}:{index}", walk.job().id);
        let call = |place: Place| {
            walk.telegram.send_text(&Post { reply_to: Some(to), ..place.post() }, text, &Keyboard::none())
        };
        if !once::send(&walk.shop, &name, walk.job(), 1, call).await.is_over() {
            return;
        }
    }
}

/// Sends the prompt when the caption does not hold the whole of it.
pub(crate) async fn prompt(walk: &Walk, to: MessageId, shown: &str) {
    if !caption::is_whole(shown, walk.job()) {
        let prompt = walk.job().request.prompt.as_str();
        follow(walk, to, &caption::parts(prompt, caption::TEXT_UNITS)).await;
    }
}
