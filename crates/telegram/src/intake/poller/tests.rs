//! The loop against a script of polls, in paused time: waits are exact and take none.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use atelier_domain::{BotId, Content, Incoming};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;
use crate::error::Hindrance;
use crate::intake::{Hold, Snapshot};

type Polled = Result<Vec<Box<RawValue>>, DeliveryError>;

/// One poll as the source saw it: milliseconds since the start, offset, wait in seconds.
type Poll = (u128, Option<i32>, u64);

/// Answers polls from a list, then hangs like a long poll without updates.
struct Script {
    answers: Arc<Mutex<VecDeque<Polled>>>,
    polls: mpsc::UnboundedSender<Poll>,
    webhooks_deleted: Arc<Mutex<u32>>,
    removes_webhook: bool,
    start: Instant,
}

impl Source for Script {
    fn identify(&self) -> BoxFuture<'static, Result<Identity, DeliveryError>> {
        let (username, name) = ("atelier_bot".to_owned(), "Atelier".to_owned());
        let identity = Identity { id: BotId(4242), username, name, joins_groups: true, reads_groups: false };
        futures::future::ready(Ok(identity)).boxed()
    }

    fn poll(&self, offset: Option<i32>, wait: Duration, _limit: u8) -> BoxFuture<'static, Polled> {
        self.polls.send((self.start.elapsed().as_millis(), offset, wait.as_secs())).ok();
        let answer = self.answers.lock().unwrap().pop_front();
        async move {
            match answer {
                Some(answer) => answer,
                None if wait.is_zero() => Ok(Vec::new()),
                None => futures::future::pending().await,
            }
        }
        .boxed()
    }

    fn delete_webhook(&self) -> BoxFuture<'static, Result<(), DeliveryError>> {
        *self.webhooks_deleted.lock().unwrap() += 1;
        futures::future::ready(Ok(())).boxed()
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn removes_webhook(&self) -> bool {
        self.removes_webhook
    }
}

/// What the handler does with the text it is given, if not accept it.
#[derive(Clone, Copy)]
enum Plan {
    /// Hold so many times.
    Hold(u32),
    Panic,
    PanicAtOnce,
    /// Ask for the shutdown, and need another second to finish.
    Stop,
}

struct Run {
    task: JoinHandle<Result<(), IntakeEnd>>,
    polls: mpsc::UnboundedReceiver<Poll>,
    heard: Arc<Mutex<Vec<String>>>,
    observer: Observer,
    shutdown: CancellationToken,
    webhooks_deleted: Arc<Mutex<u32>>,
}

impl Run {
    fn start(answers: Vec<Polled>, plans: &[(&str, Plan)], removes_webhook: bool) -> Self {
        let (sender, polls) = mpsc::unbounded_channel();
        let webhooks_deleted = Arc::new(Mutex::new(0));
        let script = Script {
            answers: Arc::new(Mutex::new(answers.into())),
            polls: sender,
            webhooks_deleted: Arc::clone(&webhooks_deleted),
            removes_webhook,
            start: Instant::now(),
        };
        let plans: HashMap<_, _> = plans.iter().map(|(text, plan)| ((*text).to_owned(), *plan)).collect();
        let plans = Mutex::new(plans);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        let (observer, shutdown) = (Observer::new(), CancellationToken::new());
        let stop = shutdown.clone();
        let handler = move |incoming: Incoming| {
            let Content::Text(text) = incoming.content else { panic!("not a text") };
            log.lock().unwrap().push(text.clone());
            let mut plans = plans.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match plans.get_mut(&text) {
                Some(Plan::Hold(0)) | None => futures::future::ready(Ok(())).boxed(),
                Some(Plan::Hold(times)) => {
                    *times -= 1;
                    futures::future::ready(Err(Hold { reason: "no queue".to_owned() })).boxed()
                }
                Some(Plan::Panic) => async { panic!("in the handler's future") }.boxed(),
                Some(Plan::PanicAtOnce) => panic!("before the handler's future"),
                Some(Plan::Stop) => {
                    stop.cancel();
                    sleep(Duration::from_secs(1)).map(Ok).boxed()
                }
            }
        };
        let mut poller = Poller::new(script, Arc::new(handler), observer.clone(), shutdown.clone());
        (poller.polls, poller.holds) = (Backoff::new(|| 1.0), Backoff::new(|| 1.0));
        Self { task: tokio::spawn(poller.run()), polls, heard, observer, shutdown, webhooks_deleted }
    }

    /// The next `count` polls.
    async fn polls(&mut self, count: usize) -> Vec<Poll> {
        let mut polls = Vec::new();
        while polls.len() < count {
            polls.push(self.polls.recv().await.unwrap());
        }
        polls
    }

    /// Stops the intake; gives what it counted and what the handler was given, in order.
    async fn stop(self) -> (Snapshot, Vec<String>) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        let heard = self.heard.lock().unwrap().clone();
        (Snapshot { since_poll: None, ..self.observer.snapshot() }, heard)
    }
}

fn raw(json: impl Into<String>) -> Box<RawValue> {
    RawValue::from_string(json.into()).unwrap()
}

fn text(id: u32, text: &str) -> Box<RawValue> {
    let chat = json!({"id": 77, "type": "private"});
    let message = json!({"message_id": 5, "chat": chat, "from": {"id": 77, "first_name": "A"}, "text": text});
    raw(json!({"update_id": id, "message": message}).to_string())
}

#[tokio::test(start_paused = true)]
async fn updates_are_handed_over_in_order_and_the_offset_reached_is_confirmed() {
    let mut run = Run::start(vec![Ok(vec![text(7, "a"), text(8, "b")]), Ok(vec![text(9, "c")])], &[], false);
    assert_eq!(run.polls(3).await, [(0, None, 30), (0, Some(9), 30), (0, Some(10), 30)]);
    run.shutdown.cancel();
    assert_eq!(run.polls(1).await, [(0, Some(10), 0)]);
    let (counted, heard) = run.stop().await;
    assert_eq!(heard, ["a", "b", "c"]);
    assert_eq!(counted, Snapshot { handled: 3, ..Snapshot::default() });
}

#[tokio::test(start_paused = true)]
async fn a_hold_keeps_the_offset_and_the_order_with_growing_waits() {
    let later = || Ok(vec![text(8, "b"), text(9, "c")]);
    let answers = vec![Ok(vec![text(7, "a"), text(8, "b"), text(9, "c")]), later(), later(), later()];
    let mut run = Run::start(answers, &[("b", Plan::Hold(3))], false);
    let polls = run.polls(5).await;
    let expected = [(0, None, 30), (200, Some(8), 30), (600, Some(8), 30), (1400, Some(8), 30), (1400, Some(10), 30)];
    assert_eq!(polls, expected);
    let (counted, heard) = run.stop().await;
    assert_eq!(heard, ["a", "b", "b", "b", "b", "c"]);
    assert_eq!(counted, Snapshot { handled: 3, held: 3, ..Snapshot::default() });
}

#[tokio::test(start_paused = true)]
async fn while_held_the_observer_says_so_and_a_shutdown_does_not_wait() {
    let mut run = Run::start(vec![Ok(vec![text(7, "a")])], &[("a", Plan::Hold(u32::MAX))], false);
    run.polls(2).await;
    let (counted, _) = run.stop().await;
    assert!(counted.holding && counted.handled == 0, "{counted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_the_running_handler_finish_and_leaves_the_rest_to_the_next_process() {
    let mut run = Run::start(vec![Ok(vec![text(7, "a"), text(8, "b"), text(9, "c")])], &[("b", Plan::Stop)], false);
    assert_eq!(run.polls(2).await, [(0, None, 30), (1000, Some(9), 0)]);
    let (counted, heard) = run.stop().await;
    assert_eq!((counted.handled, heard), (2, vec!["a".to_owned(), "b".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn poisoned_updates_are_stepped_over() {
    let batch = vec![
        text(7, "panics"),
        text(8, "panics at once"),
        raw(r#"{"update_id": 9, "message": {"text": 5}}"#),
        raw(r#"{"update_id": 10, "message": {"message_id":1,"chat":{"id":1,"type":"private"},"text":"\ud83d"}}"#),
        raw(r#"{"no": "id"}"#),
        raw(r#"{"update_id": 11, "poll": {}}"#),
        text(12, "fine"),
    ];
    let plans = [("panics", Plan::Panic), ("panics at once", Plan::PanicAtOnce)];
    let mut run = Run::start(vec![Ok(batch)], &plans, false);
    assert_eq!(run.polls(2).await, [(0, None, 30), (0, Some(13), 30)]);
    let (counted, heard) = run.stop().await;
    assert_eq!(heard, ["panics", "panics at once", "fine"]);
    let expected = Snapshot { handled: 1, ignored: 1, unreadable: 3, panicked: 2, ..Snapshot::default() };
    assert_eq!(counted, expected);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_cannot_be_passed_is_not_polled_in_a_spin() {
    let stuck = || Ok(vec![raw("{}")]);
    let mut run = Run::start(vec![stuck(), stuck()], &[], false);
    assert_eq!(run.polls(3).await, [(0, None, 30), (200, None, 30), (400, None, 30)]);
    assert_eq!(run.stop().await.0.unreadable, 2);
}

#[tokio::test(start_paused = true)]
async fn after_a_quiet_week_lower_ids_are_followed() {
    let mut run = Run::start(vec![Ok(vec![text(900, "a")]), Ok(vec![text(12, "b")])], &[], false);
    let offsets: Vec<_> = run.polls(3).await.into_iter().map(|poll| poll.1).collect();
    assert_eq!(offsets, [None, Some(901), Some(13)]);
    run.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failing_polls_are_repeated_and_a_flood_is_waited_out() {
    let flood = DeliveryError::NotPosted {
        hindrance: Hindrance::Flood,
        retry_after: Some(Duration::from_secs(9)),
        scope: Scope::Unknown,
    };
    let answers = vec![Err(DeliveryError::unknown("cut")), Err(flood), Ok(vec![]), Err(DeliveryError::unknown("cut"))];
    let mut run = Run::start(answers, &[], false);
    let times: Vec<_> = run.polls(5).await.into_iter().map(|poll| poll.0).collect();
    assert_eq!(times, [0, 200, 9200, 9200, 9400]);
    assert_eq!(run.stop().await.0.failed_polls, 3);
}

#[tokio::test(start_paused = true)]
async fn a_rival_poller_is_waited_out_and_counted() {
    let conflict = || Err(DeliveryError::Conflict(Rival::Poller));
    let mut run = Run::start(vec![conflict(), conflict(), Ok(vec![text(7, "a")])], &[], false);
    assert_eq!(run.polls(2).await.last(), Some(&(200, None, 30)));
    assert!(run.observer.snapshot().rivalled);
    assert_eq!(run.polls(2).await, [(600, None, 30), (600, Some(8), 30)]);
    let (counted, _) = run.stop().await;
    assert_eq!(counted, Snapshot { handled: 1, conflicts: 2, ..Snapshot::default() });
}

#[tokio::test(start_paused = true)]
async fn a_webhook_in_the_way_is_removed_only_when_configured() {
    for (removes, deleted) in [(false, 0), (true, 1)] {
        let mut run = Run::start(vec![Err(DeliveryError::Conflict(Rival::Webhook))], &[], removes);
        run.polls(2).await;
        assert_eq!(*run.webhooks_deleted.lock().unwrap(), deleted);
        assert_eq!(run.stop().await.0.conflicts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_ends_the_intake() {
    let run = Run::start(vec![Ok(vec![text(7, "a")]), Err(DeliveryError::Unauthorised)], &[], false);
    assert_eq!(run.task.await.unwrap(), Err(IntakeEnd::Unauthorised));
}
