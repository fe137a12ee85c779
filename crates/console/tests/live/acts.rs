//! What is done to jobs and to the queue.

use std::time::Duration;

use atelier_console::{Action, Answer, LimitChange, Selection, Wish};
use atelier_domain::{BotId, Failure, FailureClass, JobId, JobState, UserId};
use atelier_queue::{Outcome, Setting, Steering};

use crate::line::{BOT, Line, assert_says, jo};

fn all(states: &[JobState]) -> Selection {
    Selection::All(Wish { states: states.to_vec(), ..Wish::default() })
}

fn dead() -> Outcome {
    Outcome::Dead(Failure::new(FailureClass::Filtered, "NSFW"))
}

#[tokio::test]
async fn a_filter_reaches_every_job_wherever_it_waits() {
    let line = Line::start().await;
    let mut painter = line.work(1, &["seedream"]);
    let running = line.submit(1, "seedream", "runs").await;
    let (hand, answer) = painter.next().await;
    // more than one page, of many users, one of them paused and one with a long line
    for user in 0..30 {
        line.submit_all(100 + user, i64::from(user), "imagen", &["x"; 8]).await;
    }
    for message in 0..10 {
        line.submit_all(200 + message, 500, "imagen", &["x"; 100]).await;
    }
    let paused = Steering::User(BotId(BOT), UserId(3));
    line.console.pause(paused, &jo(), "").await.unwrap();
    let other = line.submit(300, "ideogram", "x").await;

    let wish = Wish { model: Some("imagen".parse().unwrap()), ..Wish::default() };
    let acted = line.console.act(Action::Cancel, &Selection::All(wish), &jo()).await.unwrap();
    assert_eq!((acted.matched, acted.touched), (1240, 1240));
    assert_eq!(acted.text(), "1240 jobs are cancelled");
    let acted = line.console.act(Action::Cancel, &all(&[]), &jo()).await.unwrap();
    assert_eq!(acted.text(), "1 running job is being stopped, 1 job is cancelled");
    hand.lease.cancelled().await;
    assert_says(&line.why(&other).await, &["it was cancelled by operator:jo@box while it waited"]);
    assert_says(&line.why(&running).await, &["\n  operator:jo@box asked to cancel it"]);
    drop(hand);
    answer.send(Outcome::Cancelled).unwrap();
    painter.stop().await;
    assert_says(&line.why(&running).await, &["it was cancelled by operator:jo@box while it ran"]);
    assert_eq!(line.queue.stats().await.unwrap().waiting, 0);

    let acted = line.console.act(Action::Retry, &all(&[]), &jo()).await.unwrap();
    assert_eq!((acted.text().as_str(), acted.is_yes()), ("no failed job fits", true));
    let acted = line.console.act(Action::Retry, &all(&[JobState::Cancelled]), &jo()).await.unwrap();
    assert_eq!(acted.text(), "1242 jobs wait in line again");
    assert_eq!(line.queue.stats().await.unwrap().waiting, 1242);
    let actions = line.console.actions(3).await.unwrap();
    let text = actions.text();
    assert_says(&text, &["cancel all: 1 running job is being stopped, 1 job is cancelled", "operator:jo@box"]);
    assert_says(
        &text,
        &["cancel model imagen: 1240 jobs are cancelled", "retry cancelled: 1242 jobs wait in line again"],
    );
}

#[tokio::test]
async fn jobs_held_back_for_their_chat_are_reached_and_say_when_they_start() {
    let line = Line::start().await;
    let one = LimitChange { setting: Setting::ChatLimit, value: Some(1) };
    line.console.limit(&[one], &jo()).await.unwrap();
    let mut painter = line.work(4, &[]);
    let ids = line.submit_all(1, 9, "imagen", &["x"; 4]).await;
    let (hand, answer) = painter.next().await;
    let why = line.why(&ids[3]).await;
    assert_says(
        &why,
        &["its chat has 1 job running, no more are allowed", "2 jobs are ahead of it (2 of the same user)"],
    );
    let start = line.console.why(&ids[3]).await.unwrap().start.unwrap();
    assert!(start.likely_ms > 0 && start.high_ms > start.low_ms, "{start:?}");
    let acted = line.console.act(Action::Cancel, &all(&[]), &jo()).await.unwrap();
    assert_eq!((acted.matched, acted.outcomes.get("cancelled"), acted.outcomes.get("asked")), (4, Some(&3), Some(&1)));
    drop(hand);
    answer.send(Outcome::Cancelled).unwrap();
    painter.stop().await;
}

#[tokio::test]
async fn named_jobs_are_told_one_by_one() {
    let line = Line::start().await;
    let mut painter = line.work(1, &[]);
    let failed = line.submit(1, "imagen", "x").await;
    assert_eq!(painter.ends(dead()).await, failed);
    painter.stop().await;
    let waiting = line.submit(2, "imagen", "x").await;
    let stranger = JobId::new(1_795_000_000_000, 1);
    let jobs = Selection::Jobs(vec![waiting.clone(), failed.clone(), stranger.clone()]);
    let acted = line.console.act(Action::Cancel, &jobs, &jo()).await.unwrap();
    assert!(!acted.is_yes());
    assert_eq!(
        acted.text(),
        format!("{waiting}  cancelled\n{failed}  not cancelled: it is dead\n{stranger}  not on record")
    );
    let acted = line.console.act(Action::Retry, &Selection::Jobs(vec![failed.clone()]), &jo()).await.unwrap();
    assert_eq!((acted.text(), acted.is_yes()), (format!("{failed}  waits in line again"), true));
    let acted = line.console.act(Action::Retry, &Selection::Jobs(vec![failed.clone()]), &jo()).await.unwrap();
    assert_eq!(acted.text(), format!("{failed}  not retried: it is waiting"));
    assert_says(&line.why(&failed).await, &["operator:jo@box had it run again (it was dead)", "in 1 claim"]);
}

#[tokio::test]
async fn a_batch_shows_its_parts_and_its_failed_ones_run_again() {
    let line = Line::start().await;
    let ids = line.submit_all(1, 9, "imagen", &["a", "b", "c"]).await;
    let mut painter = line.work(1, &[]);
    painter.ends(Outcome::Done).await;
    let failed = painter.ends(dead()).await;
    let (hand, answer) = painter.next().await;
    let batch = line.console.batch(&ids[2], false).await.unwrap();
    assert_eq!((batch.batch.left, batch.done, batch.dead), (1, 1, 1));
    assert_says(
        &batch.text(),
        &[&format!("batch {} of 3 from user 77:9", ids[0]), "1 active, 1 done, 1 dead", "filtered"],
    );
    drop(hand);
    answer.send(Outcome::Done).unwrap();
    painter.stop().await;
    assert_says(&line.console.batch(&ids[0], false).await.unwrap().text(), &["2 done, 1 dead; the last ended"]);
    let again = Selection::Batch(ids[1].clone());
    let acted = line.console.act(Action::Retry, &again, &jo()).await.unwrap();
    assert_eq!((acted.matched, acted.touched, &acted.jobs[0].id), (1, 1, &failed));
    assert_says(&line.why(&failed).await, &["; 1 waiting, 2 done."]);
}

#[tokio::test]
async fn a_purge_is_shown_before_it_is_done() {
    let line = Line::start().await;
    let ids = line.submit_all(1, 9, "imagen", &["x"; 100]).await;
    line.submit(2, "imagen", "stays").await;
    let mut painter = line.work(1, &[]);
    painter.ends(dead()).await;
    let (hand, answer) = painter.next().await;
    let rest = Selection::Jobs(ids[2..].to_vec());
    line.console.act(Action::Cancel, &rest, &jo()).await.unwrap();
    let wish = Wish { states: vec![JobState::Dead, JobState::Cancelled], ..Wish::default() };
    let preview = line.console.purge_preview(&wish).await.unwrap();
    assert_eq!((preview.done, preview.matched, preview.dropped), (false, 99, 0));
    assert_says(&preview.text(), &["would drop 99 records: 98 cancelled, 1 dead; ", "KiB", "--yes"]);
    assert_eq!(line.queue.stats().await.unwrap().ended, 98, "nothing was done");
    for nobody in [
        Wish { model: Some("sketch".parse().unwrap()), ..wish.clone() },
        Wish { user: Some((BotId(BOT), UserId(10))), ..wish.clone() },
        Wish { older_ms: Some(3_600_000), ..wish.clone() },
    ] {
        assert_eq!(line.console.purge(&nobody, &jo()).await.unwrap().text(), "no record fits");
    }
    let one = Wish { states: vec![JobState::Dead], user: Some((BotId(BOT), UserId(9))), ..Wish::default() };
    assert_eq!(line.console.purge_preview(&one).await.unwrap().matched, 1);
    let purged = line.console.purge(&wish, &jo()).await.unwrap();
    assert_eq!((purged.done, purged.dropped), (true, 99));
    let stats = line.queue.stats().await.unwrap();
    assert_eq!((stats.ended, stats.dead, stats.waiting, stats.active, stats.kept_bytes), (0, 0, 1, 1, 0));
    let actions = line.console.actions(10).await.unwrap();
    assert_says(&actions.text(), &["purge dead, cancelled: 99 records dropped"]);
    // a wish for records that cannot be dropped drops none
    let active = Wish { states: vec![JobState::Active], ..Wish::default() };
    assert_eq!(line.console.purge(&active, &jo()).await.unwrap().dropped, 0);
    drop(hand);
    answer.send(Outcome::Done).unwrap();
    painter.ends(Outcome::Done).await;
    painter.stop().await;
}

#[tokio::test]
async fn limits_are_set_shown_and_lifted() {
    let line = Line::start().await;
    let imagen = || "imagen".parse().unwrap();
    let changes = [
        LimitChange::model(imagen(), Some(4)),
        LimitChange { setting: Setting::UserLimit, value: Some(2) },
        LimitChange { setting: Setting::KeepMs, value: Some(3_600_000) },
    ];
    let limits = line.console.limit(&changes, &jo()).await.unwrap();
    assert_eq!((limits.limits.user, limits.limits.keep_ms, limits.limits.chat), (Some(2), 3_600_000, None));
    assert_says(
        &limits.text(),
        &[
            "model imagen      at most 4 running at once   (was: not limited)",
            "records kept      for 1 h   (was: for 7 d)",
        ],
    );
    assert_says(
        &line.console.stats(30_000).await.unwrap().text(),
        &["0 of 4", "limit: 2 running at once for each user"],
    );
    line.console.limit(&[LimitChange::model(imagen(), None)], &jo()).await.unwrap();
    let shown = line.console.limits().await.unwrap();
    assert!(shown.limits.models.is_empty() && !shown.text().contains("imagen"), "{}", shown.text());
    let actions = line.console.actions(10).await.unwrap();
    assert_says(
        &actions.text(),
        &["set the limit of model imagen to 4 running at once", "set the age of records to 1 h"],
    );
}

#[tokio::test]
async fn a_drain_ends_when_the_last_job_does() {
    let line = Line::start().await;
    let mut painter = line.work(1, &[]);
    line.submit_all(1, 9, "imagen", &["x", "y"]).await;
    let (hand, answer) = painter.next().await;
    let soon = line.console.drain(&jo(), "an upgrade", Some(Duration::ZERO), |_| {}).await.unwrap();
    assert!(!soon.is_yes() && soon.text().contains("1 waiting, 1 running"), "{}", soon.text());
    let numbers = line.console.stats(30_000).await.unwrap();
    assert_says(&numbers.text(), &["CLOSED 0.", "by operator:jo@box (an upgrade): new jobs are refused"]);
    let (told, mut progress) = tokio::sync::mpsc::unbounded_channel();
    let console = line.console.clone();
    let draining = tokio::spawn(async move {
        let tell = |left: &atelier_console::Drained| told.send(left.left()).unwrap();
        console.drain(&jo(), "", None, tell).await.unwrap()
    });
    assert_eq!(progress.recv().await.unwrap(), "1 waiting, 1 running");
    drop(hand);
    answer.send(Outcome::Done).unwrap();
    painter.ends(Outcome::Done).await;
    let drained = draining.await.unwrap();
    assert_eq!(drained.text(), "the queue is empty; new jobs are refused until `atelier queue reopen`");
    painter.stop().await;
    assert_eq!(line.console.reopen(&jo()).await.unwrap().text(), "the queue accepts jobs again");
    assert_eq!(line.console.reopen(&jo()).await.unwrap().text(), "the queue was not closed");
    let actions = line.console.actions(10).await.unwrap();
    assert_says(&actions.text(), &["closed the queue to new jobs: an upgrade", "reopened the queue"]);
}
