//! Money: charges and grants count once, and every sum is what its entries say.

use std::time::Duration;

use atelier_domain::{BotId, ChatId, Failure, FailureClass, Job, JobState, UpdateId, Usd, UserId};
use atelier_queue::{Budget, EntryKind, Limits, Outcome, Owner, Queue, Retrying, Submission, Submitted};

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
    queue.set_budget(Budget::User, Some(cents(100)), "operator").await.unwrap();
    queue.set_budget(Budget::All, Some(cents(10_000)), "operator").await.unwrap();
    let budgets = queue.budgets().await.unwrap();
    assert_eq!((budgets.user, budgets.chat, budgets.all), (Some(cents(100)), None, Some(cents(10_000))));
    assert_eq!(queue.ledger(owner, 1).await.unwrap().budget, Some(cents(100)));
    queue.set_own_budget(owner, Some(cents(7)), "operator").await.unwrap();
    assert_eq!(queue.ledger(owner, 1).await.unwrap().budget, Some(cents(7)));
    queue.set_own_budget(owner, None, "operator").await.unwrap();
    queue.set_budget(Budget::User, None, "operator").await.unwrap();
    queue.set_budget(Budget::User, None, "operator").await.unwrap();
    assert_eq!(queue.ledger(owner, 1).await.unwrap().budget, None);
    let actions = queue.actions().await.unwrap();
    assert!(actions.iter().all(|event| (event.kind.as_str(), event.actor.as_str()) == ("budget", "operator")));
    let details: Vec<&str> = actions.iter().map(|event| event.detail.as_str()).collect();
    let expected = ["user  $1.00", "all  $100.00", "own 1:2 $0.07", "own 1:2 none", "user  none"];
    assert_eq!(details, expected, "each change leaves an entry, what is so already none");
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
async fn what_a_group_used_of_its_day_goes_along_when_its_id_changes() {
    let server = Server::start();
    let queue = server.queue().await;
    queue.set_budget(Budget::Chat, Some(cents(10)), "operator").await.unwrap();
    let (group, other, supergroup) = (ChatId(-5), ChatId(-6), ChatId(-1_000_000_000_005));
    let order = async |update: u32, chat: ChatId| {
        let mut jobs: Vec<_> = (0..2).map(|index| job(update * 100 + index, "imagen")).collect();
        for (job, _) in &mut jobs {
            job.place.chat = chat;
        }
        let (bot, user) = (jobs[0].0.place.bot, jobs[0].0.user);
        let (update, limits) = (UpdateId(update), Limits::default());
        let submission = Submission { bot, user, update, jobs: &jobs, limits, weight: 1, urgent: false };
        (bot, queue.submit_paid(&submission, &[cents(3); 2]).await.unwrap())
    };
    let (bot, first) = order(1, group).await;
    assert_eq!(first, Submitted::Accepted);
    queue.move_chat(bot, group, supergroup).await.unwrap();
    // whoever moves it once more moves nothing
    queue.move_chat(bot, group, supergroup).await.unwrap();
    assert_eq!(order(2, supergroup).await.1, Submitted::NoBudget { budget: Budget::Chat, left: cents(4) });
    assert_eq!(order(3, other).await.1, Submitted::Accepted, "another group's day is its own");
    assert_eq!(order(4, group).await.1, Submitted::Accepted, "and nothing is counted twice");
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
    queue.set_budget(Budget::User, Some(cents(10)), "operator").await.unwrap();
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
    queue.set_budget(Budget::All, Some(cents(4)), "operator").await.unwrap();
    assert_eq!(order(&queue, 1, 1).await.0, Submitted::Accepted);
    assert_eq!(order(&queue, 2, 1).await.0, Submitted::NoBudget { budget: Budget::All, left: cents(1) });
    queue.set_budget(Budget::All, None, "operator").await.unwrap();
    queue.set_budget(Budget::Chat, Some(cents(5)), "operator").await.unwrap();
    assert_eq!(order(&queue, 3, 1).await.0, Submitted::NoBudget { budget: Budget::Chat, left: cents(2) });
    queue.set_budget(Budget::Chat, None, "operator").await.unwrap();
    assert_eq!(order(&queue, 4, 10).await.0, Submitted::Accepted);
}

#[tokio::test]
async fn a_retry_by_its_user_puts_money_aside_again_within_the_budget() {
    let server = Server::start();
    let queue = server.queue().await;
    queue.set_budget(Budget::User, Some(cents(5)), "operator").await.unwrap();
    let (_, jobs) = order(&queue, 1, 1).await;
    let (id, owner) = (&jobs[0].0.id, Owner(jobs[0].0.place.bot, jobs[0].0.user));
    queue.cancel(id, "user:9", None).await.unwrap();
    assert_eq!(queue.ledger(owner, 100).await.unwrap().today, Usd::ZERO);
    assert_eq!(queue.retry_paid(id, "user:9", None, cents(3)).await.unwrap(), Retrying::Waiting);
    assert_eq!(queue.ledger(owner, 100).await.unwrap().reserved, cents(3));
    queue.cancel(id, "user:9", None).await.unwrap();
    queue.set_budget(Budget::User, Some(cents(2)), "operator").await.unwrap();
    let refused = Retrying::NoBudget { budget: Budget::User, left: cents(2) };
    assert_eq!(queue.retry_paid(id, "user:9", None, cents(3)).await.unwrap(), refused);
    let record = queue.record(id).await.unwrap().unwrap();
    assert_eq!(record.state, JobState::Cancelled, "a refusal changes nothing");
    queue.set_budget(Budget::User, None, "operator").await.unwrap();
    queue.close("operator", "an upgrade").await.unwrap();
    assert_eq!(queue.retry_paid(id, "user:9", None, cents(3)).await.unwrap(), Retrying::Closed);
    assert_eq!(queue.record(id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(queue.retry(id, "operator", None).await.unwrap(), Retrying::Waiting, "operators may");
}

/// What the ledger should say, kept beside it.
#[derive(Default)]
struct Books {
    open: std::collections::BTreeMap<usize, (u64, u64)>,
    charged: u64,
    used: u64,
    reserved_ever: u64,
    released: u64,
}

/// Long random lives of jobs: at every step the sums are what the entries and a second book say.
#[tokio::test]
async fn sums_are_what_the_entries_say_whatever_happens() {
    let server = Server::start();
    let queue = server.queue().await;
    let budget = 60;
    queue.set_budget(Budget::User, Some(cents(budget)), "operator").await.unwrap();
    let (mut books, mut jobs) = (Books::default(), Vec::new());
    let owner = Owner(job(0, "imagen").0.place.bot, job(0, "imagen").0.user);
    // a small generator of our own: the same run every time
    let mut seed = 7_u64;
    let mut random = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    for update in 1..=300_u32 {
        match random(4) {
            0 | 1 => {
                let count = 1 + random(3);
                let (submitted, new) = order(&queue, update, u32::try_from(count).unwrap()).await;
                if books.used + 3 * count > budget {
                    assert!(
                        matches!(submitted, Submitted::NoBudget { left, .. } if left == cents(budget.saturating_sub(books.used)))
                    );
                    continue;
                }
                assert_eq!(submitted, Submitted::Accepted, "update {update}");
                for (job, _) in new {
                    books.open.insert(jobs.len(), (3, 0));
                    jobs.push(job);
                }
                books.used += 3 * count;
                books.reserved_ever += 3 * count;
            }
            2 if !jobs.is_empty() => {
                let index = usize::try_from(random(jobs.len() as u64)).unwrap();
                let (creation, amount) = (format!("creation-{}", random(3)), 1 + random(4));
                let model = &jobs[index].request.model;
                if !queue.charge(&jobs[index], model, &creation, cents(amount)).await.unwrap() {
                    continue;
                }
                books.charged += amount;
                match books.open.get_mut(&index) {
                    Some((reserved, charged)) => {
                        books.used += amount - amount.min(reserved.saturating_sub(*charged));
                        *charged += amount;
                    }
                    // a charge that is heard of after the end
                    None => books.used += amount,
                }
            }
            _ if !books.open.is_empty() => {
                let nth = usize::try_from(random(books.open.len() as u64)).unwrap();
                let index = *books.open.keys().nth(nth).unwrap();
                let (reserved, charged) = books.open.remove(&index).unwrap();
                queue.cancel(&jobs[index].id, "user:9", None).await.unwrap();
                books.used -= reserved.saturating_sub(charged);
                books.released += reserved.saturating_sub(charged);
            }
            _ => {}
        }
        let ledger = queue.ledger(owner, 3).await.unwrap();
        assert_eq!((ledger.charged, ledger.today), (cents(books.charged), cents(books.used)), "update {update}");
        let sums = [EntryKind::Charge, EntryKind::Reserve, EntryKind::Release].map(|kind| ledger.sum(kind));
        assert_eq!(sums, [books.charged, books.reserved_ever, books.released].map(cents), "update {update}");
        assert_eq!(server.count("purses").await, books.open.len() as u64);
    }
    assert!(books.charged > 0 && books.released > 0 && jobs.len() > 20, "the run showed something");
}
