//! Those who submit, cancel and try again: several at once, repeating whatever got no answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::{BotId, Catalogue, ChatId, Job, JobId, Language, MessageId, Place, Request, UpdateId, UserId};
use atelier_queue::{Limits, Queue, QueueError, Retrying, Submission, Submitted};
use tokio::sync::{Mutex as Shared, mpsc};
use tokio::task::JoinSet;

use crate::plan::{Order, PENDING, bot_of, job_id, user_id, weight_of};
use crate::time::now_ms;

/// What one of them is asked to do.
#[derive(Debug)]
pub(crate) enum Wish {
    Submit(Order),
    /// Of a job; its user's wish, or the operator's.
    Cancel(u32, Option<u32>),
    Retry(u32),
}

/// What became of the wishes.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// When each update's submission was answered.
    pub(crate) answered: BTreeMap<u32, u64>,
    /// Answers by kind.
    pub(crate) answers: BTreeMap<&'static str, u64>,
    /// Answers that no order of events explains.
    pub(crate) oddities: Vec<String>,
}

/// The submitters at work.
pub(crate) struct Submitters {
    wishes: Option<mpsc::Sender<Wish>>,
    desk: Arc<Mutex<Desk>>,
    unanswered: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

/// How many work at once.
const HANDS: usize = 6;
/// Before a call without an answer is repeated.
const PAUSE: Duration = Duration::from_millis(50);
/// Before a user with too many jobs tries again.
const FULL: Duration = Duration::from_millis(200);

impl Submitters {
    /// They reach the queue at that address.
    pub(crate) fn start(address: &str) -> Self {
        let (wishes, receiver) = mpsc::channel(HANDS);
        let receiver = Arc::new(Shared::new(receiver));
        let (desk, unanswered) = (Arc::new(Mutex::new(Desk::default())), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..HANDS {
            let queue = Queue::open(&address.parse().expect("an address")).expect("a queue");
            let hand = Hand { queue, desk: desk.clone() };
            let (receiver, unanswered) = (receiver.clone(), unanswered.clone());
            tasks.spawn(async move {
                loop {
                    let wish = receiver.lock().await.recv().await;
                    let Some(wish) = wish else { return };
                    hand.fulfil(wish).await;
                    unanswered.fetch_sub(1, Ordering::Relaxed);
                }
            });
        }
        Self { wishes: Some(wishes), desk, unanswered, tasks }
    }

    /// Hands a wish to the next who is free.
    pub(crate) async fn ask(&self, wish: Wish) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        let wishes = self.wishes.as_ref().expect("still at work");
        wishes.send(wish).await.expect("a submitter that works");
    }

    /// Wishes without an answer.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Waits until everything is answered.
    pub(crate) async fn end(mut self) -> Desk {
        self.wishes = None;
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a submitter that ends well");
        }
        std::mem::take(&mut self.desk.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Hand {
    queue: Queue,
    desk: Arc<Mutex<Desk>>,
}

impl Hand {
    async fn fulfil(&self, wish: Wish) {
        match wish {
            Wish::Submit(order) => self.submit(&order).await,
            Wish::Cancel(job, user) => {
                self.look(job).await;
                let (id, owner) = (job_id(job), user.map(|user| (BotId(bot_of(user)), UserId(user_id(user)))));
                let actor = user.map_or_else(|| "operator".to_owned(), |user| format!("user:{}", user_id(user)));
                let answer = self.insist(|| self.queue.cancel(&id, &actor, owner)).await;
                if let Some(answer) = answer {
                    self.count(match answer {
                        atelier_queue::Cancelling::Cancelled => "cancelled_waiting",
                        atelier_queue::Cancelling::Asked => "cancel_asked",
                        _ => "cancel_too_late",
                    });
                }
            }
            Wish::Retry(job) => {
                self.look(job).await;
                let id = job_id(job);
                let answer = self.insist(|| self.queue.retry(&id, "operator", None)).await;
                if let Some(answer) = answer {
                    self.count(if answer == Retrying::Waiting { "retried" } else { "retry_without_need" });
                }
            }
        }
    }

    async fn submit(&self, order: &Order) {
        let (jobs, ids) = jobs_of(order);
        let submission = Submission {
            bot: BotId(bot_of(order.user)),
            user: UserId(user_id(order.user)),
            update: UpdateId(order.update),
            jobs: &jobs,
            limits: Limits { pending_per_user: PENDING, ..Limits::default() },
            weight: weight_of(order.user),
            urgent: order.urgent,
        };
        let mut doubtful = false;
        loop {
            match self.queue.submit(&submission).await {
                Ok(Submitted::Accepted) => break self.count("accepted"),
                Ok(Submitted::Before(before)) => {
                    self.count("accepted_before");
                    if !doubtful || before != ids {
                        let text = format!("update {} was answered as seen before, with {before:?}", order.update);
                        self.desk().oddities.push(text);
                    }
                    break;
                }
                Ok(Submitted::UserFull { .. }) => {
                    self.count("user_full");
                    tokio::time::sleep(FULL).await;
                }
                Ok(other) => {
                    self.desk().oddities.push(format!("update {} was answered {other:?}", order.update));
                    break;
                }
                Err(error) => {
                    doubtful = true;
                    self.complain(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        self.desk().answered.insert(order.update, now_ms());
    }

    /// Asks where a job stands, as whoever is about to do something about it does.
    async fn look(&self, job: u32) {
        let id = job_id(job);
        if let Some(Some(standing)) = self.insist(|| self.queue.standing(&id, Catalogue::builtin())).await
            && standing.own_ahead > standing.ahead
        {
            self.desk().oddities.push(format!("{id} stands behind more of its own than of all: {standing:?}"));
        }
    }

    /// Repeats a call until it is answered; a refusal is an oddity, and the end of it.
    async fn insist<T, F: Future<Output = Result<T, QueueError>>>(&self, call: impl Fn() -> F) -> Option<T> {
        loop {
            match call().await {
                Ok(answer) => return Some(answer),
                Err(error) => {
                    self.complain(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn complain(&self, error: &QueueError) {
        self.count("unanswered");
        if !error.is_unreachable() {
            let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            self.desk().oddities.push(format!("a call was refused: {error}: {source}"));
        }
    }

    fn count(&self, what: &'static str) {
        *self.desk().answers.entry(what).or_default() += 1;
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn jobs_of(order: &Order) -> (Vec<(Job, Duration)>, Vec<JobId>) {
    let of = u8::try_from(order.models.len()).expect("a few");
    let place =
        Place { bot: BotId(bot_of(order.user)), chat: ChatId(order.chat()), thread: None, reply_to: MessageId(1) };
    let jobs: Vec<_> = (order.first..)
        .zip(&order.models)
        .zip(0..)
        .map(|((number, model), index)| {
            let request = Request {
                prompt: format!("{number} {}", order.input(number)).parse().expect("a prompt"),
                model: model.parse().expect("a model"),
                ratio: "1:1".parse().expect("a ratio"),
                seed: None,
                options: atelier_domain::Options::default(),
            };
            let (user, language) = (UserId(user_id(order.user)), Language::English);
            let job = Job { id: job_id(number), place, user, language, request, index, of, accepted_ms: now_ms() };
            (job, Duration::from_millis(60))
        })
        .collect();
    let ids = jobs.iter().map(|(job, _)| job.id.clone()).collect();
    (jobs, ids)
}
