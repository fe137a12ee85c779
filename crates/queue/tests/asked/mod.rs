//! What the tests ask for.

#![expect(clippy::unwrap_used, reason = "a harness fails its test by panicking")]

use std::time::Duration;

use atelier_domain::{BotId, ChatId, Job, JobId, Language, MessageId, Place, Request, UserId};

pub(crate) const BOT: BotId = BotId(77);

/// A job and how long it is expected to take; its id is made of the number.
pub(crate) fn job(number: u32, model: &str) -> (Job, Duration) {
    let request = Request {
        prompt: format!("prompt {number}").parse().unwrap(),
        model: model.parse().unwrap(),
        ratio: "1:1".parse().unwrap(),
        seed: None,
        options: atelier_domain::Options::default(),
    };
    let job = Job {
        id: JobId::new(1_795_000_000_000 + u64::from(number), number),
        place: Place { bot: BOT, chat: ChatId(5), thread: None, reply_to: MessageId(1) },
        user: UserId(9),
        language: Language::English,
        request,
        index: 0,
        of: 1,
        accepted_ms: 1_795_000_000_000,
    };
    (job, Duration::from_secs(1))
}
