//! Money: charges and grants count once, and every sum is what its entries say.

use atelier_domain::{BotId, Usd, UserId};
use atelier_queue::{Budget, EntryKind, Owner};

use crate::server::Server;
use crate::work::job;

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
