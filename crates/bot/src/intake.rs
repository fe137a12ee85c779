//! One update: what it asks for, and whether it may be acknowledged.

use std::sync::{Arc, Mutex, PoisonError};

use atelier_domain::{ChatKind, Content, Incoming, Language, Say, UpdateId};
use atelier_process::breakpoint;
use atelier_telegram::intake::Hold;
use futures::FutureExt;
use futures::future::BoxFuture;
use tracing::{error, info};

use crate::orders::{self, Order};
use crate::{Front, answers, presses, slots};

/// Takes updates one after another.
#[derive(Clone)]
pub(crate) struct Intake {
    front: Arc<Front>,
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
        let (front, incoming) = (&self.front, Arc::new(incoming));
        match wish(&incoming) {
            Wish::Draw(text) => self.draw(incoming.clone(), text).await,
            Wish::Answer(command, arguments) => {
                answers::spawn_command(front, incoming.clone(), command, arguments.to_owned());
                Ok(())
            }
            Wish::Press { query, data } => presses::take(front, &incoming, query, data).await,
            Wish::Nothing => Ok(()),
        }
    }

    async fn draw(&self, incoming: Arc<Incoming>, text: &str) -> Result<(), Hold> {
        let (front, update) = (&self.front, incoming.update);
        breakpoint::reach("before-submit", &update.to_string()).await;
        let order = orders::place(front, &incoming, text).await;
        breakpoint::reach("after-submit", &update.to_string()).await;
        match order {
            Ok(Order::Accepted(jobs)) => {
                info!(update = update.0, chat = incoming.chat.id.0, jobs = jobs.len(), "prompt accepted");
                slots::spawn(front, jobs);
            }
            Ok(Order::Before(ids)) => {
                info!(update = update.0, jobs = ids.len(), "the update came again; its jobs stand");
                slots::spawn_missing(front, ids);
            }
            Ok(Order::Refused(sentence)) => answers::spawn_reply(front, incoming, sentence),
            Err(problem) if problem.is_unreachable() => {
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                if held.replace(update) != Some(update) {
                    let sentence = language(&incoming).say(&Say::Unavailable);
                    answers::spawn_reply(front, incoming, sentence);
                }
                return Err(Hold { reason: problem.to_string() });
            }
            // repeating cannot help, and holding would stop everybody: the one update is given up, and its sender told
            Err(problem) => {
                error!(update = update.0, error = %problem, "a prompt could not be accepted");
                let sentence = language(&incoming).say(&Say::UnavailableLook);
                answers::spawn_reply(front, incoming, sentence);
            }
        }
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
    Unknown,
}

/// What an update asks for.
enum Wish<'a> {
    Draw(&'a str),
    Answer(Command, &'a str),
    Press { query: &'a str, data: &'a str },
    Nothing,
}

pub(crate) fn language(incoming: &Incoming) -> Language {
    Language::from_tag(incoming.user.language_code.as_deref())
}

fn wish(incoming: &Incoming) -> Wish<'_> {
    let private = incoming.chat.kind == ChatKind::Private;
    if incoming.chat.kind == ChatKind::Channel {
        return Wish::Nothing;
    }
    match &incoming.content {
        Content::Text(text) if private => Wish::Draw(text),
        Content::Text(_) | Content::Reachable(_) => Wish::Nothing,
        Content::Button { query, data } => Wish::Press { query, data },
        Content::Command { name, arguments } => match name.as_str() {
            "imagine" | "img" | "draw" => Wish::Draw(arguments),
            "start" => Wish::Answer(Command::Start, arguments),
            "help" => Wish::Answer(Command::Help, arguments),
            "models" => Wish::Answer(Command::Models, arguments),
            "jobs" => Wish::Answer(Command::Jobs, arguments),
            "cancel" => Wish::Answer(Command::Cancel, arguments),
            // in a group an unknown command may be meant for another bot
            _ if private => Wish::Answer(Command::Unknown, arguments),
            _ => Wish::Nothing,
        },
    }
}
