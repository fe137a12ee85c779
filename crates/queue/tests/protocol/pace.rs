//! What may be sent when: budgets, and the flood waits that hold for exactly what they were the answer to.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atelier_domain::{BotId, ChatId};
use atelier_queue::{Pace, Queue, Spend, Urgency};

use crate::server::Server;
use crate::work::BOT;

/// A refusal with a wait, once; then the call succeeds.
async fn flooded(queue: &Queue, spend: Spend, urgency: Urgency, wait: Duration) -> Option<u32> {
    let calls = AtomicU32::new(0);
    let call = || {
        let count = calls.fetch_add(1, Ordering::Relaxed);
        async move { if count == 0 { Err(wait) } else { Ok(count) } }
    };
    queue.paced(spend, urgency, |wait: &Duration| Some(*wait), call).await.expect("what floods is tried again")
}

async fn wait(queue: &Queue, spend: Spend) -> Duration {
    match queue.pace(spend, Urgency::Result).await.unwrap() {
        Pace::Go => Duration::ZERO,
        Pace::Wait(wait) => wait,
    }
}

/// Whether each of these may be done now.
async fn free<const N: usize>(queue: &Queue, spends: [Spend; N]) -> [bool; N] {
    let mut free = [false; N];
    for (free, spend) in free.iter_mut().zip(spends) {
        *free = wait(queue, spend).await == Duration::ZERO;
    }
    free
}

#[tokio::test]
async fn a_chat_has_one_budget_and_a_park_holds_everything() {
    let server = Server::start();
    let queue = server.queue().await;
    let went = Cell::new(0);
    while queue.pace(Spend::send(BOT, ChatId(5)), Urgency::Result).await.unwrap() == Pace::Go {
        went.set(went.get() + 1);
    }
    assert_eq!(went.get(), 4, "a short burst, the last of it a little later, then one a second");
    assert!(wait(&queue, Spend::send(BOT, ChatId(5))).await <= Duration::from_millis(400));
    assert_eq!(queue.pace(Spend::send(BOT, ChatId(6)), Urgency::Progress).await.unwrap(), Pace::Go);
    queue.park(BOT, Some(ChatId(6)), Duration::from_secs(7)).await.unwrap();
    for spend in [Spend::send(BOT, ChatId(6)), Spend::edit(BOT, ChatId(6)), Spend::free(BOT, ChatId(6), "delete")] {
        assert!(wait(&queue, spend).await > Duration::from_secs(5), "{spend:?}");
    }
    assert_eq!(free(&queue, [Spend::send(BotId(78), ChatId(6))]).await, [true], "another bot's budget");
    queue.park(BotId(78), None, Duration::from_secs(7)).await.unwrap();
    assert_eq!(free(&queue, [Spend::edit(BotId(78), ChatId(1))]).await, [false]);
}

#[tokio::test]
async fn a_flood_wait_holds_for_what_it_was_the_answer_to_and_nothing_else() {
    let server = Server::start();
    let queue = server.queue().await;
    let (send, edit, delete) =
        (Spend::send(BOT, ChatId(5)), Spend::edit(BOT, ChatId(5)), Spend::free(BOT, ChatId(5), "delete"));
    let elsewhere = Spend::send(BOT, ChatId(6));
    // progress is dropped, and the wait remembered
    let minute = Duration::from_secs(60);
    assert_eq!(flooded(&queue, edit, Urgency::Progress, minute).await, None);
    assert_eq!(free(&queue, [send, edit, delete, elsewhere]).await, [true, false, true, true]);
    assert_eq!(flooded(&queue, delete, Urgency::Progress, minute).await, None);
    assert_eq!(free(&queue, [send, edit, delete, elsewhere]).await, [true, false, false, true]);
    // what must arrive waits it out, and not a moment less
    let began = tokio::time::Instant::now();
    assert_eq!(flooded(&queue, send, Urgency::Result, Duration::from_millis(700)).await, Some(1));
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_longer_wait_is_not_shortened_by_a_later_one() {
    let server = Server::start();
    let queue = server.queue().await;
    let edit = Spend::edit(BOT, ChatId(5));
    queue.park(BOT, Some(ChatId(5)), Duration::from_secs(60)).await.unwrap();
    queue.park(BOT, Some(ChatId(5)), Duration::from_secs(1)).await.unwrap();
    assert!(wait(&queue, edit).await > Duration::from_secs(50));
}

#[tokio::test]
async fn the_same_answer_from_several_chats_at_once_is_about_the_bot() {
    let server = Server::start();
    let queue = server.queue().await;
    let (here, there) = (Spend::edit(BOT, ChatId(99)), Spend::send(BOT, ChatId(99)));
    for (chat, seconds) in [(1, 60), (2, 9), (2, 9), (1, 60)] {
        flooded(&queue, Spend::edit(BOT, ChatId(chat)), Urgency::Progress, Duration::from_secs(seconds)).await;
    }
    assert_eq!(free(&queue, [here, there]).await, [true, true], "two chats are two chats");
    flooded(&queue, Spend::edit(BOT, ChatId(3)), Urgency::Progress, Duration::from_secs(60)).await;
    assert_eq!(free(&queue, [here, there]).await, [false, true], "edits of all chats, and only those");
    let held = wait(&queue, here).await;
    assert!(held <= Duration::from_secs(9), "no longer than the shortest of them says: {held:?}");
    assert_eq!(free(&queue, [Spend::edit(BotId(78), ChatId(99))]).await, [true], "another bot's");
}

#[tokio::test]
async fn an_album_costs_as_many_as_it_has_items_and_a_group_has_twenty_a_minute() {
    let server = Server::start();
    let queue = server.queue().await;
    let album = Spend::send(BOT, ChatId(5)).items(10);
    assert_eq!(free(&queue, [album]).await, [true], "it passes when the budget is whole");
    let after = wait(&queue, Spend::send(BOT, ChatId(5))).await;
    assert!(after > Duration::from_secs(4), "ten were used up, not one: {after:?}");
    assert_eq!(free(&queue, [Spend::edit(BOT, ChatId(5))]).await, [true], "edits are counted apart");

    let group = Spend::send(BOT, ChatId(-5)).items(10);
    assert_eq!(free(&queue, [group]).await, [true]);
    let another = wait(&queue, group).await;
    assert!(another < Duration::from_secs(20), "a second one waits for its ten seconds: {another:?}");
    let third = wait(&queue, Spend::send(BOT, ChatId(-5)).items(11)).await;
    assert!(third > Duration::from_secs(50), "twenty-one do not fit into a minute: {third:?}");
}

#[tokio::test]
async fn progress_leaves_a_groups_minute_to_the_results_that_are_to_come() {
    let server = Server::start();
    let queue = server.queue().await;
    let edit = Spend::edit(BOT, ChatId(-5));
    let shown = async |coming: u32| {
        let sent = || std::future::ready(Ok::<(), std::convert::Infallible>(()));
        queue.paced(edit.before(coming), Urgency::Progress, |_| None, sent).await.unwrap().is_some()
    };
    assert!(!shown(20).await, "a minute full of results has no room");
    assert!(shown(19).await);
}
