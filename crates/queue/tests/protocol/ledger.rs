//! Money: charges and grants count once, and every sum is what its entries say.

use std::time::Duration;

use atelier_domain::{BotId, Failure, FailureClass, Job, JobState, UpdateId, Usd, UserId};
use atelier_queue::{Budget, EntryKind, Limits, Outcome, Owner, Queue, Submission, Submitted};

use crate::server::Server;
use crate::work::{Bench, job, quick, until};

fn cents(number: u64) -> Usd {
    Usd::from_micros(number * 10_000)
}

#[tokio::test]
async fn a_charge_counts_once_for_each_creation() {
    let server = Server::start();
    let queue = server.queue().await;
    let (job, _) = job(1, "imagen");
    let owner = Owner(job.place.bot, job.user);
    assert!(queue.charge(&job, &job.request.model, "handle-1", cents(3)).await.unwrap());
    assert!(
        !queue.charge(&job, &job.request.model, "handle-1", cents(3)).await.unwrap(),
        "said again by whoever went on with the job"
    );
    assert!(
        queue.charge(&job, &job.request.model, "handle-2", cents(3)).await.unwrap(),
        "another creation is another charge"
    );
    assert!(!queue.charge(&job, &job.request.model, "handle-3", Usd::ZERO).await.unwrap(), "free is no entry");
    let ledger = queue.ledger(owner, 100).await.unwrap();
    assert_eq!((ledger.charged, ledger.sum(EntryKind::Charge), ledger.today), (cents(6), cents(6), cents(6)));
    assert!(ledger.entries.iter().all(|entry| entry.job.as_ref() == Some(&job.id)), "{ledger:?}");
    let other = queue.ledger(Owner(BotId(1), UserId(1)), 100).await.unwrap();
    assert_eq!((other.charged, other.entries.len()), (Usd::ZERO, 0));
}

#[tokio::test]
async fn a_grant_counts_once_for_each_reference() {
    let server = Server::start();
    let queue = server.queue().await;
    let owner = Owner(BotId(1), UserId(2));
    assert_eq!(queue.grant_money(owner, cents(500), "payment-7", "operator").await.unwrap(), cents(500));
    assert_eq!(queue.grant_money(owner, cents(500), "payment-7", "operator").await.unwrap(), cents(500));
    assert_eq!(queue.grant_money(owner, cents(100), "payment-8", "operator").await.unwrap(), cents(600));
    let ledger = queue.ledger(owner, 100).await.unwrap();
    assert_eq!((ledger.granted, ledger.sum(EntryKind::Grant), ledger.entries.len()), (cents(600), cents(600), 2));
}

#[tokio::test]
async fn sums_stay_explained_when_old_entries_are_not_listed() {
    let server = Server::start();
    let queue = server.queue().await;
    let (job, _) = job(1, "imagen");
    let owner = Owner(job.place.bot, job.user);
    for number in 0..2_010 {
        queue.charge(&job, &job.request.model, &format!("creation-{number}"), cents(1)).await.unwrap();
    }
    let ledger = queue.ledger(owner, 5).await.unwrap();
    assert_eq!(ledger.entries.len(), 5);
    assert_eq!((ledger.charged, ledger.sum(EntryKind::Charge)), (cents(2_010), cents(2_010)));
}

#[tokio::test]
async fn budgets_are_kept_and_taken_away() {
    let server = Server::start();
    let queue = server.queue().await;
    let owner = Owner(BotId(1), UserId(2));
    queue.set_budget(Budget::User, Some(cents(100))).await.unwrap();
    queue.set_budget(Budget::All, Some(cents(10_000))).await.unwrap();
    let budgets = queue.budgets().await.unwrap();
    assert_eq!((budgets.user, budgets.chat, budgets.all), (Some(cents(100)), None, Some(cents(10_000))));
    assert_eq!(queue.ledger(owner, 1).await.unwrap().budget, Some(cents(100)));
    queue.set_own_budget(owner, Some(cents(7))).await.unwrap();
    assert_eq!(queue.ledger(owner, 1).await.unwrap().budget, Some(cents(7)));
    queue.set_own_budget(owner, None).await.unwrap();
    queue.set_budget(Budget::User, None).await.unwrap();
    assert_eq!(queue.ledger(owner, 1).await.unwrap().budget, None);
}

/// Submits `count` jobs of three cents each.
async fn order(queue: &Queue, update: u32, count: u32) -> (Submitted, Vec<(Job, Duration)>) {
    let jobs: Vec<_> = (0..count).map(|index| job(update * 100 + index, "imagen")).collect();
    let limits = Limits { pending_per_user: 1000, waiting: 1000 };
    let (bot, user) = (jobs[0].0.place.bot, jobs[0].0.user);
    let submission = Submission { bot, user, update: UpdateId(update), jobs: &jobs, limits, weight: 1, urgent: false };
    let prices = vec![cents(3); jobs.len()];
    (queue.submit_paid(&submission, &prices).await.unwrap(), jobs)
}

#[tokio::test]
async fn what_a_job_does_not_use_comes_back_with_its_end() {
    let server = Server::start();
    let queue = server.queue().await;
    let (submitted, jobs) = order(&queue, 1, 3).await;
    assert_eq!(submitted, Submitted::Accepted);
    let owner = Owner(jobs[0].0.place.bot, jobs[0].0.user);
    let ledger = queue.ledger(owner, 100).await.unwrap();
    assert_eq!((ledger.reserved, ledger.today, ledger.charged), (cents(9), cents(9), Usd::ZERO));
    assert!(matches!(order(&queue, 1, 3).await.0, Submitted::Before(_)), "the update came again");
    assert_eq!(queue.ledger(owner, 100).await.unwrap(), ledger, "and puts nothing aside again");

    // one is cancelled in line, one fails, one is delivered
    queue.cancel(&jobs[0].0.id, "user:9", None).await.unwrap();
    let mut worker = Bench::start(&queue, "worker", quick());
    for _ in 0..2 {
        let (claimed, answer) = worker.next().await;
        if claimed.job.id == jobs[1].0.id {
            answer.send(Outcome::Dead(Failure::new(FailureClass::Filtered, "nsfw"))).unwrap();
        } else {
            queue.charge(&claimed.job, &claimed.job.request.model, "handle", cents(3)).await.unwrap();
            answer.send(Outcome::Done).unwrap();
        }
    }
    until(&queue, &jobs[1].0.id, JobState::Dead).await;
    until(&queue, &jobs[2].0.id, JobState::Done).await;
    worker.end().await;
    let ledger = queue.ledger(owner, 100).await.unwrap();
    assert_eq!((ledger.reserved, ledger.today, ledger.charged), (Usd::ZERO, cents(3), cents(3)), "{ledger:?}");
    assert_eq!((ledger.sum(EntryKind::Reserve), ledger.sum(EntryKind::Release)), (cents(9), cents(6)));
    assert_eq!(server.count("purses").await, 0, "what ended holds nothing back");
}

#[tokio::test]
async fn budgets_hold_for_jobs_side_by_side() {
    let server = Server::start();
    let queue = server.queue().await;
    queue.set_budget(Budget::User, Some(cents(10))).await.unwrap();
    let orders = futures::future::join_all((1..=20).map(|update| order(&queue, update, 1))).await;
    let accepted = orders.iter().filter(|(submitted, _)| *submitted == Submitted::Accepted).count();
    assert_eq!(accepted, 3, "three times three cents of ten");
    let refused = Submitted::NoBudget { budget: Budget::User, left: cents(1) };
    assert_eq!(orders.iter().filter(|(submitted, _)| *submitted == refused).count(), 17);
    assert_eq!(queue.stats().await.unwrap().models[0].waiting, 3, "refused jobs are nowhere");
    // a grant goes on where the day's budget ends, and comes back first
    let owner = Owner(orders[0].1[0].0.place.bot, orders[0].1[0].0.user);
    queue.grant_money(owner, cents(2), "payment-1", "operator").await.unwrap();
    let (submitted, jobs) = order(&queue, 30, 1).await;
    assert_eq!(submitted, Submitted::Accepted, "one cent of the budget, two of the grant");
    let ledger = queue.ledger(owner, 100).await.unwrap();
    assert_eq!((ledger.granted, ledger.today, ledger.reserved), (Usd::ZERO, cents(10), cents(12)));
    queue.cancel(&jobs[0].0.id, "user:9", None).await.unwrap();
    let ledger = queue.ledger(owner, 100).await.unwrap();
    assert_eq!((ledger.granted, ledger.today, ledger.reserved), (cents(2), cents(9), cents(9)));
}

#[tokio::test]
async fn the_ceiling_and_a_chats_budget_hold_too() {
    let server = Server::start();
    let queue = server.queue().await;
    queue.set_budget(Budget::All, Some(cents(4))).await.unwrap();
    assert_eq!(order(&queue, 1, 1).await.0, Submitted::Accepted);
    assert_eq!(order(&queue, 2, 1).await.0, Submitted::NoBudget { budget: Budget::All, left: cents(1) });
    queue.set_budget(Budget::All, None).await.unwrap();
    queue.set_budget(Budget::Chat, Some(cents(5))).await.unwrap();
    assert_eq!(order(&queue, 3, 1).await.0, Submitted::NoBudget { budget: Budget::Chat, left: cents(2) });
    queue.set_budget(Budget::Chat, None).await.unwrap();
    assert_eq!(order(&queue, 4, 10).await.0, Submitted::Accepted);
}
