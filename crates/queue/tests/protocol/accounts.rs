//! Places and breakers of accounts, which all workers share.

use std::time::Duration;

use crate::server::Server;

const HOLD: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_account_has_as_many_places_as_it_was_given() {
    let server = Server::start();
    let queue = server.queue().await;
    assert!(queue.take_place("studio", "a", 2, HOLD).await.unwrap());
    assert!(queue.take_place("studio", "b", 2, HOLD).await.unwrap());
    assert!(queue.take_place("studio", "a", 2, HOLD).await.unwrap(), "its own is kept");
    assert!(!queue.take_place("studio", "c", 2, HOLD).await.unwrap(), "all are taken");
    assert!(queue.take_place("forge", "c", 1, HOLD).await.unwrap(), "another account has its own");
    queue.leave_place("studio", "b").await.unwrap();
    assert!(queue.take_place("studio", "c", 2, HOLD).await.unwrap());
    // whoever falls silent loses it
    assert!(queue.take_place("studio", "a", 2, Duration::from_millis(1)).await.unwrap());
    while !queue.take_place("studio", "d", 2, HOLD).await.unwrap() {}
    assert!(!queue.take_place("studio", "a", 2, HOLD).await.unwrap(), "the place of c outlives that of a");
}

#[tokio::test]
async fn a_mark_is_taken_away_by_one_and_only_while_it_says_what_was_read() {
    let server = Server::start();
    let queue = server.queue().await;
    assert!(queue.mark("closed:replicate", "until 5", 60).await.unwrap());
    assert!(!queue.mark("closed:replicate", "until 6", 60).await.unwrap(), "somebody did it already");
    assert!(!queue.unmark_if("closed:replicate", "until 4").await.unwrap(), "read before it was set anew");
    assert!(queue.unmark_if("closed:replicate", "until 5").await.unwrap());
    assert!(!queue.unmark_if("closed:replicate", "until 5").await.unwrap());
    assert!(queue.mark("closed:replicate", "until 7", 60).await.unwrap());
    assert!(queue.unmark("closed:replicate").await.unwrap() && !queue.unmark("closed:replicate").await.unwrap());
}

#[tokio::test]
async fn an_account_that_stumbles_in_a_row_rests_ever_longer_and_is_tried_by_one() {
    let server = Server::start();
    let queue = server.queue().await;
    let seconds = |wait: Duration| (wait.as_millis() + 500) / 1000;
    for stumbles in 0..3 {
        assert_eq!(queue.ask_breaker("forge").await.unwrap(), (Duration::ZERO, stumbles));
        queue.tell_breaker("forge", true).await.unwrap();
    }
    let (wait, stumbles) = queue.ask_breaker("forge").await.unwrap();
    assert_eq!((seconds(wait), stumbles), (5, 3));
    assert_eq!(queue.ask_breaker("studio").await.unwrap(), (Duration::ZERO, 0), "another account");

    queue.tell_breaker("forge", true).await.unwrap();
    assert_eq!(
        seconds(queue.ask_breaker("forge").await.unwrap().0),
        5,
        "those that fell with the third say nothing new"
    );
    let over = async || server.run::<()>("HSET", &["breaker:forge", "until", "1"]).await;
    over().await;
    assert_eq!(queue.ask_breaker("forge").await.unwrap().0, Duration::ZERO, "one tries");
    assert_eq!(seconds(queue.ask_breaker("forge").await.unwrap().0), 1, "the others wait");
    queue.tell_breaker("forge", true).await.unwrap();
    assert_eq!(seconds(queue.ask_breaker("forge").await.unwrap().0), 10);
    for _ in 0..20 {
        over().await;
        queue.tell_breaker("forge", true).await.unwrap();
    }
    assert_eq!(seconds(queue.ask_breaker("forge").await.unwrap().0), 300, "pauses are bounded");

    over().await;
    assert_eq!(queue.ask_breaker("forge").await.unwrap().0, Duration::ZERO);
    queue.tell_breaker("forge", false).await.unwrap();
    for _ in 0..2 {
        assert_eq!(queue.ask_breaker("forge").await.unwrap(), (Duration::ZERO, 0), "a success forgets");
    }
}
