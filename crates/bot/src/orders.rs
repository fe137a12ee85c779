//! From the text of a message to jobs in the queue.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atelier_domain::safety::Rules;
use atelier_domain::text::TextTask;
use atelier_domain::{
    ChatKind, Incoming, InputImage, Job, JobId, Language, Model, PictureWish, Place, Prefs, Request, Say, Seed, Tell,
    Usd, grammar,
};
use atelier_queue::{Budget, QueueError, Record, Retrying, Submission, Submitted};

use crate::answers::actor;
use crate::intake::language;
use crate::pictures::words;
use crate::{Front, answers, slots};

/// What became of an order.
pub(crate) enum Order {
    /// These jobs are in the queue.
    Accepted(Vec<Job>),
    /// The update came before; these are its jobs.
    Before(Vec<JobId>),
    /// It cannot be, for the reason in the sentence.
    Refused(String),
}

/// What is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A picture from words.
    Draw,
    /// A picture from another one.
    Edit,
    /// A video, from words or from a picture.
    Film,
}

/// A text, and all that decides what it means.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) text: &'a str,
    pub(crate) purpose: Purpose,
    /// The pictures that it is about.
    pub(crate) images: Vec<InputImage>,
    /// What the chat has chosen.
    pub(crate) prefs: Prefs,
}

/// Validates a text and submits its jobs in one step.
pub(crate) async fn place(front: &Arc<Front>, incoming: &Arc<Incoming>, ask: &Ask<'_>) -> Result<Order, QueueError> {
    let language = language(incoming);
    match read(front, language, ask) {
        Ok(requests) => submit(front, incoming, language, requests).await,
        Err(sentence) => Ok(Order::Refused(sentence)),
    }
}

/// The requests of a text, or the sentence that says what is wrong with it.
pub(crate) fn read(front: &Front, language: Language, ask: &Ask<'_>) -> Result<Vec<Request>, String> {
    let Ask { text, purpose, images, prefs } = ask;
    let usual = || front.catalogue.get(&front.default_model).ok_or_else(|| language.say(&Say::FullQueue));
    let chosen = prefs.model.as_ref().and_then(|id| front.catalogue.get(id));
    let (default_model, prefs) = match purpose {
        Purpose::Draw => (front.catalogue.graded(chosen.map_or_else(usual, Ok)?, prefs.quality), prefs.clone()),
        Purpose::Edit if images.is_empty() => return Err(language.tell(&Tell::PictureNone)),
        // what suits a new picture need not suit a change of one
        Purpose::Edit => {
            let able = chosen.filter(|model| images.len() == 1 && model.makes_from_images());
            let able = able.or_else(|| front.edit_model(images.len()));
            (able.ok_or_else(|| language.tell(&Tell::NoEditModel))?, Prefs::default())
        }
        Purpose::Film => {
            let model = front.video_model(!images.is_empty());
            let prefs = Prefs { ratio: prefs.ratio, ..Prefs::default() };
            (model.ok_or_else(|| language.tell(&Tell::NoVideoModel))?, prefs)
        }
    };
    // a picture alone may say what to make a video of
    let text = if *purpose == Purpose::Film && text.trim().is_empty() && !images.is_empty() {
        words(PictureWish::Animate)
    } else {
        text
    };
    let limits = grammar::Limits { pictures: front.settings.pictures, default_model, images, prefs: &prefs };
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
    let counted = match capped(front, incoming, &requests, language).await? {
        Ok(counted) => counted,
        Err(sentence) => return Ok(Order::Refused(sentence)),
    };
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
    let submitted = front.queue.submit_paid(&submission, &prices).await;
    // an answer that is missing may have been yes: the update comes again, and finds itself counted
    if let (Some((day, pictures)), Ok(answer)) = (counted, &submitted)
        && !matches!(answer, Submitted::Accepted | Submitted::Before(_))
    {
        let whose = (incoming.bot, incoming.chat.id, incoming.user.id);
        front.queue.give_back(whose, incoming.update, day, pictures).await?;
    }
    Ok(match submitted? {
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
        Submitted::NoBudget { budget, left } => Order::Refused(language.say(&poor(budget, left))),
        Submitted::QueueFull { .. } => Order::Refused(language.say(&Say::FullQueue)),
        Submitted::Closed { .. } => Order::Refused(language.say(&Say::Closed)),
    })
}

/// Puts failed jobs back into line, each with its place in the chat; how many there were, and why not the rest.
pub(crate) async fn retry(
    front: &Arc<Front>,
    incoming: &Incoming,
    records: &[Record],
) -> Result<(u32, Option<Say<'static>>), QueueError> {
    let (mut count, mut refused) = (0, None);
    for record in records {
        let price = record.job.as_ref().map_or(Usd::ZERO, |job| price(front, &job.request));
        match front.queue.retry_paid(&record.id, &actor(incoming), None, price).await? {
            Retrying::Waiting => count += 1,
            Retrying::Not | Retrying::Unknown | Retrying::Foreign => continue,
            Retrying::NoBudget { budget, left } => {
                refused = Some(poor(budget, left));
                continue;
            }
            Retrying::Closed => {
                refused = Some(Say::Closed);
                break;
            }
        }
        if let (Some(job), Some(slot)) = (record.job.clone(), record.slot) {
            let (this, batch) = (front.clone(), record.batch.clone());
            front.tasks.spawn(async move { slots::show_waiting(&this, &job, slot, batch.as_ref()).await });
        }
    }
    Ok((count, refused))
}

/// What is said when a budget is in the way.
const fn poor(budget: Budget, left: Usd) -> Say<'static> {
    match budget {
        Budget::User => Say::NoBudget { left },
        Budget::Chat => Say::NoBudgetChat,
        Budget::All => Say::NoBudgetAll,
    }
}

/// Whether a group's limits allow this, as its administrators set them: the day and the pictures that were counted, if any
/// were, or the sentence that says why not.
async fn capped(
    front: &Front,
    incoming: &Incoming,
    requests: &[Request],
    language: Language,
) -> Result<Result<Option<(u64, u32)>, String>, QueueError> {
    let pictures = requests.iter().filter(|request| request.options.task.is_none()).count();
    let pictures = u32::try_from(pictures).unwrap_or(u32::MAX);
    if incoming.chat.kind == ChatKind::Private || pictures == 0 {
        return Ok(Ok(None));
    }
    let prefs = front.queue.prefs(incoming.bot, incoming.chat.id).await?;
    if let Some(most) = prefs.most.filter(|most| pictures > most.get()) {
        return Ok(Err(language.tell(&Tell::CapMost { most: most.get() })));
    }
    let Some(daily) = prefs.daily else { return Ok(Ok(None)) };
    let whose = (incoming.bot, incoming.chat.id, incoming.user.id);
    if !front.queue.count_once(incoming.bot, incoming.update).await? {
        // the update came again: its pictures are counted
        return Ok(Ok(None));
    }
    let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400;
    let count = front.queue.take_daily(whose, day, pictures).await?;
    if count > daily.get() {
        front.queue.give_back(whose, incoming.update, day, pictures).await?;
        let left = daily.get().saturating_sub(count - pictures);
        return Ok(Err(language.tell(&Tell::CapDaily { most: daily.get(), left })));
    }
    Ok(Ok(Some((day, pictures))))
}

/// What a request is expected to cost.
pub(crate) fn price(front: &Front, request: &Request) -> Usd {
    front.catalogue.get(&request.model).map_or(Usd::ZERO, |model| model.estimate(request))
}

/// The requests that the rules let pass, and a sentence for each text that they stop.
fn screened(rules: &Rules, language: Language, requests: Vec<Request>) -> (Vec<Request>, Vec<String>) {
    let mut stopped: Vec<String> = Vec::new();
    let check = |request: &Request| {
        let own = request.options.task.as_ref().and_then(TextTask::own_words);
        rules.check(request.prompt.as_str()).or_else(|| rules.check(own?))
    };
    let passed = requests.into_iter().filter(|request| match check(request) {
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
