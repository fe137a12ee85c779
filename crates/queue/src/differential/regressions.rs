//! What the scripts once did wrong, each as the shortest list of operations that showed it.

use super::agree;
use super::operation::Operation::{self, Advance, Cancel, Expire, Retry, Steer, Step};
use super::operation::Setting;
use super::operation::Steer::{Limit, Pause, Resume};
use super::operation::Verdict::{Dead, Done, Postpone, Throttle};
use super::operation::{End, Expired, Hold, Submit, Target, Verdict};
use super::world::World;

/// Owners of weight 1, models each of its own lane, one worker that serves all.
fn world(owners: usize, models: usize) -> World {
    World {
        owners,
        weights: vec![1; owners],
        models,
        lanes: (0..models).collect(),
        chats: 2,
        workers: vec![Vec::new()],
        deaf: None,
        lease: 6000,
        amnesty: 4000,
        lost: 2,
        remembered: 3600,
        bound: 64,
    }
}

/// An owner's job on a model; the update has the job's number.
fn submit(job: u32, owner: usize, model: usize, cost: i64) -> Operation {
    Operation::Submit(order(job, owner, model, cost))
}

fn in_chat(job: u32, owner: usize, model: usize) -> Operation {
    Operation::Submit(Submit { chat: Some(1), ..order(job, owner, model, 1000) })
}

fn order(job: u32, owner: usize, model: usize, cost: i64) -> Submit {
    let jobs = vec![(job, model, cost)];
    Submit { owner, update: job, chat: None, urgent: false, pending: 50, waiting: 100, jobs }
}

fn claim(want: usize) -> Operation {
    Step { worker: 0, want, amnesty: true, notices: 0, said: None, missed: None, ends: Vec::new() }
}

fn end(job: u32, verdict: Verdict) -> Operation {
    let ends = vec![End { hold: Hold { job, later: 0 }, verdict }];
    Step { worker: 0, want: 0, amnesty: true, notices: 0, said: None, missed: None, ends }
}

#[test]
fn a_tag_set_right_below_the_models_time_is_forgotten() {
    // the second job took no time: its owner's tag fell to where the model's time is
    let again = [submit(1, 0, 0, 5000), claim(1), end(1, Done), submit(2, 0, 0, 20_000)];
    agree(&world(1, 1), &again);
    agree(&world(1, 1), &[submit(1, 0, 0, 333), claim(1), Advance(10), end(1, Dead), Retry { job: 1, owner: None }]);
}

#[test]
fn a_job_that_took_what_was_predicted_says_nothing_of_a_tag_that_was_forgotten() {
    // what the first was charged is given back, and so the tag falls behind the model's time; the second costs its millisecond
    let mut operations = vec![submit(1, 0, 0, 1000), submit(2, 0, 0, 1), claim(2), end(1, Postpone(2000))];
    operations.extend([Advance(1), end(2, Done)]);
    agree(&world(1, 1), &operations);
}

#[test]
fn a_step_looks_behind_those_that_may_not_run() {
    // three owners who run a job each already stand in front of the one who may
    let mut operations = vec![Steer(Limit(Setting::User, Some(1)))];
    operations.extend((0..4).map(|owner| submit(1 + owner, owner as usize, 0, 1)));
    operations.extend([claim(4), Advance(1), end(4, Done)]);
    operations.extend((0..4).map(|owner| submit(5 + owner, owner as usize, 0, 1)));
    operations.push(claim(1));
    agree(&world(4, 1), &operations);
}

#[test]
fn a_step_that_found_all_there_is_does_not_ask_to_be_repeated() {
    agree(&world(1, 1), &[Steer(Limit(Setting::Chat, Some(0))), in_chat(1, 0, 0), claim(1)]);
}

#[test]
fn an_urgent_job_does_not_push_newcomers_back() {
    // owner 0's urgent job starts at 20 s of its own time; owner 2 comes after it and is owner 1's equal
    let urgent = Operation::Submit(Submit { urgent: true, ..order(2, 0, 0, 1) });
    let mut operations = vec![submit(1, 0, 0, 20_000), claim(1), submit(3, 1, 0, 5000), submit(4, 1, 0, 5000)];
    operations.extend([urgent, claim(1), submit(5, 2, 0, 5000), claim(1), claim(1), claim(1)]);
    agree(&world(3, 1), &operations);
}

/// One job of the chat runs, two wait for it: the first's model is paused then.
fn chat_with_one_at_a_time() -> Vec<Operation> {
    let mut operations =
        vec![Steer(Limit(Setting::Chat, Some(1))), in_chat(1, 0, 0), in_chat(2, 1, 0), in_chat(3, 2, 1)];
    operations.extend([claim(3), Steer(Pause(Target::Model(0), "full"))]);
    operations
}

#[test]
fn a_job_that_cannot_run_does_not_keep_its_chats_place_from_others() {
    let mut operations = chat_with_one_at_a_time();
    operations.extend([end(1, Done), claim(1), Steer(Resume(Target::Model(0))), claim(1), end(3, Done), claim(1)]);
    agree(&world(3, 2), &operations);
}

#[test]
fn a_job_cancelled_in_its_chats_place_gives_it_up() {
    let mut operations = chat_with_one_at_a_time();
    operations.extend([end(1, Done), Cancel { job: 2, owner: None, tell: false }, claim(1)]);
    agree(&world(3, 2), &operations);
}

#[test]
fn a_chat_that_may_have_jobs_again_has_them_though_none_runs() {
    let mut operations = vec![Steer(Limit(Setting::Chat, Some(0))), in_chat(1, 0, 0), claim(1)];
    operations.extend([Steer(Limit(Setting::Chat, None)), claim(1)]);
    agree(&world(1, 1), &operations);
}

#[test]
fn who_comes_back_after_a_short_job_is_not_ahead_of_the_models_time() {
    // owner 1 left the ring with its chat full; its job takes no time at all while the model's time went on
    let urgent = Operation::Submit(Submit { chat: Some(1), urgent: true, ..order(4, 1, 0, 5000) });
    let mut operations = vec![Steer(Limit(Setting::Chat, Some(2))), in_chat(1, 1, 0), in_chat(2, 0, 0)];
    operations.extend([submit(3, 0, 0, 1000), urgent, claim(4), end(4, Done)]);
    agree(&world(2, 1), &operations);
}

#[test]
fn a_batch_that_is_forgotten_is_not_made_again_by_a_job_of_it() {
    let two = Operation::Submit(Submit { jobs: vec![(1, 0, 1), (2, 0, 1)], ..order(1, 0, 0, 1) });
    let mut operations = vec![two, claim(2), end(1, Done), end(2, Dead), Expire(Expired::Batch(1))];
    operations.extend([Retry { job: 2, owner: None }, claim(1), end(2, Done)]);
    agree(&world(1, 1), &operations);
}

#[test]
fn a_look_that_finds_no_job_takes_nothing_of_a_lanes_rate() {
    // when the lane opens again, the one who waits for it is at its limit
    let mut operations =
        vec![Steer(Limit(Setting::User, Some(1))), submit(1, 0, 0, 1), claim(1), end(1, Throttle(7000))];
    operations.extend([submit(2, 0, 1, 1), Steer(Pause(Target::Model(0), "full")), claim(1), Advance(7000)]);
    operations.extend([Steer(Resume(Target::Model(0))), claim(1)]);
    agree(&world(1, 2), &operations);
}

#[test]
fn pausing_what_is_paused_for_the_same_reason_changes_nothing() {
    for target in [Target::Queue, Target::Model(0), Target::User(0)] {
        let pause = |why| Steer(Pause(target, why));
        agree(
            &world(1, 1),
            &[pause("full"), Advance(6), pause("full"), Advance(6), pause("cold"), Steer(Resume(target))],
        );
    }
}

#[test]
fn who_is_parked_and_cancels_leaves_nothing_behind() {
    let operations = [Steer(Limit(Setting::User, Some(0))), submit(1, 0, 0, 1), claim(1)];
    agree(&world(1, 1), &[&operations[..], &[Cancel { job: 1, owner: None, tell: true }]].concat());
}

#[test]
fn a_model_that_was_served_and_then_had_nobody_who_may_run_has_had_its_turn() {
    let step = |worker, want, ends| Step { worker, want, amnesty: false, notices: 0, said: None, missed: None, ends };
    let several = Submit { jobs: vec![(14, 1, 1000), (16, 2, 5000)], ..order(14, 2, 1, 1000) };
    let throttled = End { hold: Hold { job: 8, later: 0 }, verdict: Throttle(2000) };
    let operations = [
        Steer(Limit(Setting::User, Some(1))),
        submit(8, 2, 0, 20_000),
        submit(9, 1, 1, 1000),
        submit(11, 1, 0, 1000),
        submit(12, 3, 0, 1000),
        step(2, 3, Vec::new()),
        step(0, 0, vec![throttled]),
        Operation::Submit(several),
        submit(17, 3, 1, 90_000),
        step(1, 1, Vec::new()),
        Operation::Heartbeat { worker: 2, slots: 3, amnesty: false, holds: Vec::new() },
        submit(20, 1, 0, 90_000),
        Advance(55_361),
        step(2, 4, Vec::new()),
    ];
    // so few are passed over in one step that somebody is left to be looked at
    let workers = vec![vec![0, 1, 2], Vec::new(), Vec::new()];
    agree(&World { workers, lost: 3, bound: 4, ..world(4, 3) }, &operations);
}

#[test]
fn a_tag_that_a_newcomer_overtook_says_nothing_whether_it_was_swept_or_not() {
    let end = |job, verdict| End { hold: Hold { job, later: 0 }, verdict };
    let step = |ends| Step { worker: 0, want: 1, amnesty: false, notices: 0, said: None, missed: None, ends };
    let operations = [
        submit(11, 2, 0, 90_000),
        step(Vec::new()),
        submit(12, 0, 0, 90_000),
        step(Vec::new()),
        Advance(1449),
        submit(18, 2, 0, 5000),
        step(vec![end(11, Verdict::Cancelled), end(12, Done)]),
        submit(19, 3, 0, 5000),
        Steer(Pause(Target::User(3), "cold")),
        step(Vec::new()),
    ];
    agree(&world(4, 1), &operations);
}
