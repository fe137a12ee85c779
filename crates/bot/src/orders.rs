//! From the text of a message to jobs in the queue.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::safety::Rules;
use atelier_domain::{Incoming, Job, JobId, Language, Model, Place, Request, Say, Seed, Usd, grammar};
use atelier_queue::{Budget, QueueError, Submission, Submitted};

use crate::intake::language;
use crate::{Front, answers};

/// What became of an order.
pub(crate) enum Order {
    /// These jobs are in the queue.
    Accepted(Vec<Job>),
    /// The update came before; these are its jobs.
    Before(Vec<JobId>),
    /// It cannot be, for the reason in the sentence.
    Refused(String),
}

/// Validates a text and submits its jobs in one step.
pub(crate) async fn place(front: &Arc<Front>, incoming: &Arc<Incoming>, text: &str) -> Result<Order, QueueError> {
    let language = language(incoming);
    match read(front, language, text) {
        Ok(requests) => submit(front, incoming, language, requests).await,
        Err(sentence) => Ok(Order::Refused(sentence)),
    }
}

/// The requests of a text, or the sentence that says what is wrong with it.
pub(crate) fn read(front: &Front, language: Language, text: &str) -> Result<Vec<Request>, String> {
    let default_model = front.catalogue.get(&front.default_model).ok_or_else(|| language.say(&Say::FullQueue))?;
    let limits = grammar::Limits { pictures: front.settings.pictures, default_model, images: &[] };
    grammar::parse(text, &front.catalogue, &limits).map_err(|unclear| language.say(&Say::Unclear(&unclear)))
}

/// Submits the jobs of these requests in one step.
///
/// Whatever way a prompt came, it passes the safety rules here. Of several the others go on, and the chat is told.
pub(crate) async fn submit(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    language: Language,
    requests: Vec<Request>,
) -> Result<Order, QueueError> {
    let (requests, stopped) = screened(&front.settings.rules, language, requests);
    if requests.is_empty() && !stopped.is_empty() {
        return Ok(Order::Refused(stopped.join("\n")));
    }
    let jobs = jobs(front, incoming, requests);
    let submission = Submission {
        bot: incoming.bot,
        user: incoming.user.id,
        update: incoming.update,
        jobs: &jobs,
        limits: front.settings.limits,
        weight: 1,
        urgent: false,
    };
    let prices: Vec<Usd> = jobs.iter().map(|(job, _)| price(front, &job.request)).collect();
    Ok(match front.queue.submit_paid(&submission, &prices).await? {
        Submitted::Accepted => {
            if !stopped.is_empty() {
                answers::spawn_reply(front, incoming.clone(), stopped.join("\n"));
            }
            Order::Accepted(jobs.into_iter().map(|(job, _)| job).collect())
        }
        Submitted::Before(ids) => Order::Before(ids),
        Submitted::UserFull { pending } => {
            let most = front.settings.limits.pending_per_user;
            Order::Refused(language.say(&Say::FullUser { pending, most }))
        }
        Submitted::NoBudget { budget, left } => Order::Refused(language.say(&match budget {
            Budget::User => Say::NoBudget { left },
            Budget::Chat => Say::NoBudgetChat,
            Budget::All => Say::NoBudgetAll,
        })),
        Submitted::QueueFull { .. } => Order::Refused(language.say(&Say::FullQueue)),
        Submitted::Closed { .. } => Order::Refused(language.say(&Say::Closed)),
    })
}

/// What a request is expected to cost.
pub(crate) fn price(front: &Front, request: &Request) -> Usd {
    front.catalogue.get(&request.model).map_or(Usd::ZERO, |model| model.estimate(request))
}

/// The requests that the rules let pass, and a sentence for each text that they stop.
fn screened(rules: &Rules, language: Language, requests: Vec<Request>) -> (Vec<Request>, Vec<String>) {
    let mut stopped: Vec<String> = Vec::new();
    let passed = requests.into_iter().filter(|request| match rules.check(request.prompt.as_str()) {
        None => true,
        Some(blocked) => {
            let sentence = language.say(&Say::Blocked { topic: blocked.topic, words: &blocked.words });
            if !stopped.contains(&sentence) {
                stopped.push(sentence);
            }
            false
        }
    });
    let passed = passed.collect();
    (passed, stopped)
}

fn jobs(front: &Front, incoming: &Incoming, requests: Vec<Request>) -> Vec<(Job, Duration)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    // the grammar bounds the number of pictures far below 255
    let of = u8::try_from(requests.len()).unwrap_or(u8::MAX);
    let place =
        Place { bot: incoming.bot, chat: incoming.chat.id, thread: incoming.chat.thread, reply_to: incoming.message };
    let job = |(index, mut request): (u8, Request)| {
        let model = front.catalogue.get(&request.model);
        if request.seed.is_none() && model.is_some_and(Model::takes_seed) {
            // drawn here and kept with the job: the caption can name it, and a retry draws the same picture
            request.seed = Some(Seed::from_random(rand::random()));
        }
        let predicted = model.map_or(Duration::ZERO, Model::typical);
        let job = Job {
            id: JobId::new(now_ms, rand::random()),
            place,
            user: incoming.user.id,
            language: language(incoming),
            request,
            index,
            of,
            accepted_ms: now_ms,
        };
        (job, predicted)
    };
    (0..of).zip(requests).map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(prompt: &str) -> Request {
        let ratio = "1:1".parse().unwrap();
        Request::new(prompt.parse().unwrap(), "sketch".parse().unwrap(), ratio)
    }

    #[test]
    fn what_the_rules_stop_is_named_once_and_the_rest_goes_on() {
        let wishes = ["a skyscraper", "a naked king", "a naked king", "grapes"].map(request).to_vec();
        let (passed, stopped) = screened(Rules::builtin(), Language::English, wishes);
        assert_eq!(passed, ["a skyscraper", "grapes"].map(request));
        assert_eq!(stopped.len(), 1);
        assert!(stopped[0].contains("“naked”") && stopped[0].contains("cost nothing"), "{stopped:?}");
    }
}
