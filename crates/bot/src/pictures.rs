//! Pictures that people send: which wish they belong to, and what is offered for one without a word.

use std::sync::Arc;
use std::time::Duration;

use atelier_domain::buttons::{Label, Rows};
use atelier_domain::{
    Chat, ChatKind, Content, Incoming, InputImage, Language, Picture, PictureWish, Press, Tell, Unfit, User,
};
use atelier_queue::{Gathered, Gathering, QueueError};
use atelier_telegram::Keyboard;
use tracing::warn;

use crate::intake::Intake;
use crate::{Front, answers};

/// An album is complete when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(1200);

/// The sentence about a picture that cannot be worked on.
pub(crate) fn refusal(unfit: Unfit, language: Language) -> String {
    language.tell(match unfit {
        Unfit::TooBig => &Tell::PictureTooBig,
        Unfit::Type => &Tell::PictureType,
    })
}

/// Offers what can be done with a picture that came without a word.
pub(crate) fn spawn_menu(front: &Arc<Front>, incoming: Arc<Incoming>, language: Language) {
    let this = front.clone();
    front.tasks.spawn(async move {
        let keyboard = Keyboard::of(&menu(&this, language));
        answers::reply(&this, &incoming, &language.tell(&Tell::PictureMenu), &keyboard).await;
    });
}

fn menu(front: &Front, language: Language) -> Rows {
    let one = |tell: &Tell<'_>, wish| Label { text: language.tell(tell), press: Press::Picture(wish) };
    let mut rows = Rows::new();
    if front.edit_model(1).is_some() {
        rows.push(vec![one(&Tell::ButtonEdit, PictureWish::Edit), one(&Tell::ButtonPictureVary, PictureWish::Vary)]);
        rows.push(vec![
            one(&Tell::ButtonWatercolour, PictureWish::Watercolour),
            one(&Tell::ButtonOil, PictureWish::Oil),
            one(&Tell::ButtonPixels, PictureWish::Pixels),
        ]);
    }
    if front.video_model(true).is_some() {
        rows.push(vec![one(&Tell::ButtonAnimate, PictureWish::Animate)]);
    }
    rows
}

/// What is asked of the model for one of these wishes; models read English best.
pub(crate) const fn words(wish: PictureWish) -> &'static str {
    match wish {
        PictureWish::Edit | PictureWish::Vary => "another picture like this one, with other details",
        PictureWish::Animate => "bring this picture to life with gentle, natural motion",
        PictureWish::Watercolour => "the same picture as a watercolour painting",
        PictureWish::Oil => "the same picture as an oil painting with visible brush strokes",
        PictureWish::Pixels => "the same picture as pixel art",
    }
}

/// Keeps a picture of an album; it is acted upon when the album is complete.
pub(crate) async fn gather(intake: &Intake, incoming: &Incoming, picture: &Picture) -> Result<(), QueueError> {
    let text = match &incoming.content {
        Content::Text(text) => text.clone(),
        Content::Command { name, arguments } => format!("/{name} {arguments}"),
        Content::Bare | Content::Button { .. } | Content::Reachable(_) | Content::Moved(_) => String::new(),
    };
    let album = picture.album.clone().unwrap_or_default();
    let gathering = Gathering { bot: incoming.bot, chat: incoming.chat.id, album };
    let message = Gathered {
        update: incoming.update,
        message: incoming.message,
        user: incoming.user.id,
        language: incoming.user.language_code.clone(),
        thread: incoming.chat.thread,
        image: picture.image.clone(),
        text,
    };
    let count = intake.front.queue.gather(&gathering, &message).await?;
    spawn(intake, gathering, count, QUIET);
    Ok(())
}

/// Acts upon albums that an earlier bot began to gather.
pub(crate) async fn resume(intake: &Intake) {
    match intake.front.queue.gatherings(intake.front.telegram.bot()).await {
        Ok(gatherings) => {
            for gathering in gatherings {
                let count = intake.front.queue.gathered(&gathering).await.map_or(0, |messages| messages.len());
                spawn(intake, gathering, count, QUIET);
            }
        }
        Err(error) => warn!(%error, "albums that came in could not be looked up"),
    }
}

fn spawn(intake: &Intake, gathering: Gathering, count: usize, quiet: Duration) {
    let this = intake.clone();
    intake.front.tasks.spawn(async move {
        tokio::time::sleep(quiet).await;
        match this.front.queue.gathered(&gathering).await {
            // the task of the message that came last acts
            Ok(messages) if messages.len() == count && count > 0 => act(&this, &gathering, messages).await,
            Ok(_) => {}
            Err(error) => warn!(%error, "an album that came in could not be read"),
        }
    });
}

async fn act(intake: &Intake, gathering: &Gathering, messages: Vec<Gathered>) {
    let Some(first) = messages.first() else { return };
    let said = messages.iter().find(|message| !message.text.is_empty()).unwrap_or(first);
    let images: Vec<InputImage> = messages.iter().map(|message| message.image.clone()).collect();
    let content = match said.text.strip_prefix('/').and_then(|rest| rest.split_once(' ')) {
        Some((name, arguments)) => Content::Command { name: name.to_owned(), arguments: arguments.to_owned() },
        None if said.text.is_empty() => Content::Bare,
        None => Content::Text(said.text.clone()),
    };
    let incoming = Incoming {
        bot: gathering.bot,
        update: said.update,
        chat: Chat { id: gathering.chat, kind: ChatKind::Private, thread: said.thread },
        user: User { id: said.user, language_code: said.language.clone() },
        message: said.message,
        picture: Some(Picture { image: said.image.clone(), unfit: None, album: None }),
        answered: None,
        content,
    };
    if intake.together(incoming, images).await.is_ok()
        && let Err(error) = intake.front.queue.scatter(gathering).await
    {
        warn!(%error, "an album that was acted upon could not be forgotten");
    }
}
