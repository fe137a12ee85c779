//! One update: what it asks for, and whether it may be acknowledged.

use std::sync::{Arc, Mutex, PoisonError};

use atelier_domain::{ChatId, ChatKind, Content, Incoming, InputImage, Language, Say, UpdateId};
use atelier_process::breakpoint;
use atelier_telegram::intake::Hold;
use futures::FutureExt;
use futures::future::BoxFuture;
use tracing::{error, info};

use crate::orders::{self, Ask, Order, Purpose};
use crate::{Front, answers, pictures, presses, slots, stories, welcome};

/// Takes updates one after another.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) front: Arc<Front>,
    /// The update that is being held back, so that its sender is told once, not at every try.
    held: Arc<Mutex<Option<UpdateId>>>,
}

impl Intake {
    pub(crate) fn new(front: Arc<Front>) -> Self {
        Self { front, held: Arc::default() }
    }

    /// Handles an update; `Err` leaves it with Telegram, to be delivered again.
    pub(crate) fn take(&self, incoming: Incoming) -> BoxFuture<'static, Result<(), Hold>> {
        let this = self.clone();
        async move { this.handle(incoming).await }.boxed()
    }

    async fn handle(&self, incoming: Incoming) -> Result<(), Hold> {
        let album = incoming.picture.as_ref().filter(|picture| picture.album.is_some() && picture.unfit.is_none());
        let private = incoming.chat.kind == ChatKind::Private;
        if let (Some(picture), true) = (album, private && !matches!(incoming.content, Content::Button { .. })) {
            return match pictures::gather(self, &incoming, picture).await {
                Ok(()) => Ok(()),
                Err(problem) => self.hold_or_give_up(&Arc::new(incoming.clone()), &problem),
            };
        }
        self.together(incoming, Vec::new()).await
    }

    /// Handles an update, or several that belong together, with the pictures of all of them.
    pub(crate) async fn together(&self, mut incoming: Incoming, images: Vec<InputImage>) -> Result<(), Hold> {
        let front = &self.front;
        // without an answer nothing was chosen; what needs the queue says so itself
        let prefs = front.queue.prefs(incoming.bot, incoming.chat.id).await.unwrap_or_default();
        if let Some(language) = prefs.language {
            incoming.user.language_code = Some(language.code().to_owned());
        }
        let (incoming, language) = (Arc::new(incoming.clone()), language(&incoming));
        let username = front.telegram.identity().map_or("", |identity| identity.username.as_str());
        // an answer to one of our texts may change a story
        if let (Content::Text(text), Some(to)) = (&incoming.content, &incoming.answered)
            && to.own
            && to.picture.is_none()
        {
            match stories::answer(front, &incoming, to.message, text, language).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(problem) => return self.hold_or_give_up(&incoming, &problem),
            }
        }
        match wish(&incoming, username) {
            Wish::Draw(purpose, text) => {
                let picture = incoming.picture.as_ref();
                let picture = picture.or_else(|| incoming.answered.as_ref().and_then(|to| to.picture.as_ref()));
                if let Some(unfit) = picture.and_then(|picture| picture.unfit) {
                    answers::spawn_reply(front, incoming.clone(), pictures::refusal(unfit, language));
                    return Ok(());
                }
                let images = if images.is_empty() {
                    picture.map(|picture| picture.image.clone()).into_iter().collect()
                } else {
                    images
                };
                self.draw(&incoming, &Ask { text: &text, purpose, images, prefs }).await
            }
            Wish::Tell(text) => match stories::begin(front, &incoming, text, language).await {
                Ok(()) => Ok(()),
                Err(problem) => self.hold_or_give_up(&incoming, &problem),
            },
            Wish::Offer => {
                match incoming.picture.as_ref().and_then(|picture| picture.unfit) {
                    Some(unfit) => answers::spawn_reply(front, incoming.clone(), pictures::refusal(unfit, language)),
                    None => pictures::spawn_menu(front, incoming.clone(), language),
                }
                Ok(())
            }
            Wish::Answer(command, arguments) => {
                answers::spawn_command(front, incoming.clone(), command, arguments.to_owned(), prefs);
                Ok(())
            }
            Wish::Press { query, data } => presses::take(front, &incoming, query, data, prefs).await,
            Wish::Reachable(reachable) => {
                welcome::spawn(front, incoming.clone(), reachable, language);
                Ok(())
            }
            Wish::Move(to) => match front.queue.move_chat(incoming.bot, incoming.chat.id, to).await {
                Ok(()) => {
                    info!(
                        update = incoming.update.0,
                        from = incoming.chat.id.0,
                        to = to.0,
                        "a group became a supergroup"
                    );
                    Ok(())
                }
                // nobody asked for anything: held back while the queue is away, and not a word about it
                Err(problem) if problem.is_unreachable() => Err(Hold { reason: problem.to_string() }),
                Err(problem) => {
                    error!(update = incoming.update.0, error = %problem, "a group's choices could not be taken along");
                    Ok(())
                }
            },
            Wish::Nothing => Ok(()),
        }
    }

    async fn draw(&self, incoming: &Arc<Incoming>, ask: &Ask<'_>) -> Result<(), Hold> {
        let (front, update) = (&self.front, incoming.update);
        breakpoint::reach("before-submit", &update.to_string()).await;
        let order = orders::place(front, incoming, ask).await;
        breakpoint::reach("after-submit", &update.to_string()).await;
        match order {
            Ok(Order::Accepted(jobs)) => {
                info!(update = update.0, chat = incoming.chat.id.0, jobs = jobs.len(), "prompt accepted");
                slots::spawn(front, jobs).await;
            }
            Ok(Order::Before(ids)) => {
                info!(update = update.0, jobs = ids.len(), "the update came again; its jobs stand");
                slots::spawn_missing(front, ids).await;
            }
            Ok(Order::Refused(sentence)) => answers::spawn_reply(front, incoming.clone(), sentence),
            Err(problem) => return self.hold_or_give_up(incoming, &problem),
        }
        Ok(())
    }

    /// Leaves an update with Telegram while the queue is away, and tells its sender so, once.
    fn hold_or_give_up(&self, incoming: &Arc<Incoming>, problem: &atelier_queue::QueueError) -> Result<(), Hold> {
        let (front, update) = (&self.front, incoming.update);
        if problem.is_unreachable() {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.replace(update) != Some(update) {
                answers::spawn_reply(front, incoming.clone(), language(incoming).say(&Say::Unavailable));
            }
            return Err(Hold { reason: problem.to_string() });
        }
        // repeating cannot help, and holding would stop everybody: the one update is given up, and its sender told
        error!(update = update.0, error = %problem, "an update could not be served");
        answers::spawn_reply(front, incoming.clone(), language(incoming).say(&Say::UnavailableLook));
        Ok(())
    }
}

/// The commands that are answered in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Start,
    Help,
    Models,
    Jobs,
    Cancel,
    Settings,
    Privacy,
    Export,
    Forget,
    Ops,
    Unknown,
}

/// What an update asks for.
enum Wish<'a> {
    Draw(Purpose, String),
    /// A story.
    Tell(&'a str),
    /// A picture without a word.
    Offer,
    Answer(Command, &'a str),
    Press {
        query: &'a str,
        data: &'a str,
    },
    Reachable(bool),
    /// The chat has another id now.
    Move(ChatId),
    Nothing,
}

pub(crate) fn language(incoming: &Incoming) -> Language {
    Language::from_tag(incoming.user.language_code.as_deref())
}

fn wish<'a>(incoming: &'a Incoming, username: &str) -> Wish<'a> {
    let private = incoming.chat.kind == ChatKind::Private;
    if incoming.chat.kind == ChatKind::Channel {
        return Wish::Nothing;
    }
    let answered = incoming.answered.as_ref();
    let pictured = incoming.picture.is_some() || answered.is_some_and(|answered| answered.picture.is_some());
    let drawn = if pictured { Purpose::Edit } else { Purpose::Draw };
    match &incoming.content {
        Content::Text(text) if private => Wish::Draw(drawn, text.clone()),
        Content::Text(text) => match mentioned(text, username) {
            Some(rest) => Wish::Draw(drawn, rest),
            // an answer to one of our pictures says what to change in it
            None if answered.is_some_and(|answered| answered.own && answered.picture.is_some()) => {
                Wish::Draw(Purpose::Edit, text.clone())
            }
            None => Wish::Nothing,
        },
        Content::Bare if private => Wish::Offer,
        Content::Bare => Wish::Nothing,
        Content::Moved(to) => Wish::Move(*to),
        Content::Reachable(reachable) => Wish::Reachable(*reachable),
        Content::Button { query, data } => Wish::Press { query, data },
        Content::Command { name, arguments } => match name.as_str() {
            "imagine" | "img" | "draw" => Wish::Draw(drawn, arguments.clone()),
            "edit" => Wish::Draw(Purpose::Edit, arguments.clone()),
            "video" | "animate" => Wish::Draw(Purpose::Film, arguments.clone()),
            "ops" if private => Wish::Answer(Command::Ops, arguments),
            "story" => Wish::Tell(arguments),
            "start" => Wish::Answer(Command::Start, arguments),
            "help" => Wish::Answer(Command::Help, arguments),
            "models" => Wish::Answer(Command::Models, arguments),
            "jobs" => Wish::Answer(Command::Jobs, arguments),
            "cancel" => Wish::Answer(Command::Cancel, arguments),
            "settings" => Wish::Answer(Command::Settings, arguments),
            "privacy" => Wish::Answer(Command::Privacy, arguments),
            "export" => Wish::Answer(Command::Export, arguments),
            "forget" => Wish::Answer(Command::Forget, arguments),
            // in a group an unknown command may be meant for another bot
            _ if private => Wish::Answer(Command::Unknown, arguments),
            _ => Wish::Nothing,
        },
    }
}

/// The text without the bot's name, when it begins or ends with it.
fn mentioned(text: &str, username: &str) -> Option<String> {
    let name = format!("@{}", username.to_lowercase());
    let is_name = |word: &str| word.trim_end_matches([',', ':', '.', '!', '?']).to_lowercase() == name;
    let words: Vec<&str> = text.split_whitespace().collect();
    let (first, last) = (words.first()?, words.last()?);
    if is_name(first) {
        return Some(text.trim_start()[first.len()..].trim().to_owned());
    }
    is_name(last).then(|| text.trim_end()[..text.trim_end().len() - last.len()].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::mentioned;

    #[test]
    fn a_mention_stands_at_the_beginning_or_the_end() {
        for text in ["@Atelier_Bot a red fox", "@atelier_bot, a red fox", "a red fox @atelier_bot"] {
            assert_eq!(mentioned(text, "atelier_bot").as_deref(), Some("a red fox"), "{text}");
        }
        for text in ["a @atelier_bot fox", "@atelier_bot2 a fox", "a fox", ""] {
            assert_eq!(mentioned(text, "atelier_bot"), None, "{text}");
        }
        assert_eq!(mentioned("@atelier_bot\n- a\n- b", "atelier_bot").as_deref(), Some("- a\n- b"));
    }
}
