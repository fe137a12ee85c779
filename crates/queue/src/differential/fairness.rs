//! Fairness of the scripts as users feel it: who is served how much, while all of them wait.
//!
//! A fleet of slots serves until it has claimed enough; jobs take what was predicted. Service is the predicted work of
//! the jobs claimed, divided by the user's weight. Invariant under test (start-time fair queuing): over any stretch in
//! which two users wait, their services differ by at most one largest job of each.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::model::START;
use super::server::{Server, Texts};
use super::wire::{Call, Reply};
use crate::keys;
use crate::packed::Asked;
use crate::scripts::Verb;

/// A user as a test makes it.
#[derive(Debug, Clone)]
struct User {
    weight: i64,
    /// After how many claims it comes.
    comes: usize,
    /// Predicted milliseconds of its jobs, in turn.
    costs: Vec<i64>,
    urgent: bool,
}

/// What is known of a job.
#[derive(Debug, Clone, Copy)]
struct Job {
    user: usize,
    model: usize,
    cost: i64,
}

/// A queue under test and a fleet that works on it.
struct Fleet<'a> {
    server: &'a mut Server,
    slots: usize,
    clock: i64,
    jobs: BTreeMap<String, Job>,
    /// When they end: moment, id, fence.
    running: Vec<(i64, String, String)>,
    /// Jobs in the order of their claims.
    claimed: Vec<Job>,
}

impl<'a> Fleet<'a> {
    fn new(server: &'a mut Server, slots: usize) -> Self {
        server.reset(START);
        Self { server, slots, clock: START, jobs: BTreeMap::new(), running: Vec::new(), claimed: Vec::new() }
    }

    fn call(&mut self, verb: Verb, arguments: &[String]) -> Reply {
        let mut batch = self.server.batch(64);
        batch.call(&Call::Script(verb, arguments.to_vec()));
        batch.send().remove(0)
    }

    fn limit(&mut self, what: &str, which: &str, limit: usize) {
        let words = ["limit", "op", what, which, &limit.to_string()].map(str::to_owned);
        assert!(matches!(self.call(Verb::Steer, &words), Reply::List(_)));
    }

    /// Submits jobs of one user to one model.
    fn submit(&mut self, user: usize, model: usize, weight: i64, urgent: bool, costs: &[i64]) {
        for some in costs.chunks(100) {
            let update = self.jobs.len().to_string();
            let words = ["7", &user.to_string(), &update, "1000000", "3600", "1000000", "", &weight.to_string()];
            let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
            arguments.push(if urgent { "1".to_owned() } else { String::new() });
            for cost in some {
                let id = format!("j{:06}", self.jobs.len());
                self.jobs.insert(id.clone(), Job { user, model, cost: *cost });
                arguments.extend([id, format!("m{model}"), cost.to_string(), "body".to_owned()]);
            }
            assert_eq!(self.call(Verb::Submit, &arguments), Reply::List(vec![Reply::Text("new".to_owned())]));
        }
    }

    /// Ends what has ended, fills the free slots, and waits for the next to end; how many were claimed.
    fn turn(&mut self) -> usize {
        let (over, rest): (Vec<_>, Vec<_>) = self.running.drain(..).partition(|(at, _, _)| *at <= self.clock);
        self.running = rest;
        let free = self.slots - self.running.len();
        let numbers =
            ["1000000000", &free.to_string(), "0", "9", "0", "", &over.len().to_string(), "0"].map(str::to_owned);
        let mut arguments = vec!["w".to_owned()];
        arguments.extend(numbers);
        for (_, id, fence) in over {
            arguments.extend([id, fence].into_iter().chain(["done", "0", "", ""].map(str::to_owned)));
        }
        let Reply::List(answer) = self.call(Verb::Step, &arguments) else { panic!("a step's answer") };
        let claims = answer.len() - 5;
        for claim in &answer[5..] {
            let Reply::List(parts) = claim else { panic!("a claim") };
            let (Reply::Text(id), Reply::Text(fence)) = (&parts[0], &parts[1]) else { panic!("a claim") };
            let Some(job) = self.jobs.get_mut(id) else { panic!("a job of nobody's") };
            job.cost = predicted(self.server, id);
            self.claimed.push(*job);
            self.running.push((self.clock + job.cost, id.clone(), fence.clone()));
        }
        if let Some(next) = self.running.iter().map(|(at, _, _)| *at).min() {
            self.clock = next.max(self.clock);
            let mut batch = self.server.batch(64);
            batch.call(&Call::Plain(vec!["SET".to_owned(), keys::key("clock"), self.clock.to_string()]));
            batch.send();
        }
        claims
    }

    /// Works until so many jobs were claimed; users come in their time.
    fn serve(&mut self, users: &[User], claims: usize) {
        let mut there = vec![false; users.len()];
        while self.claimed.len() < claims {
            for (number, user) in users.iter().enumerate() {
                if !there[number] && user.comes <= self.claimed.len() {
                    there[number] = true;
                    self.submit(number, 0, user.weight, user.urgent, &user.costs);
                }
            }
            let claims = self.turn();
            assert!(claims > 0 || !self.running.is_empty(), "nothing runs, and nothing is claimed");
        }
    }

    /// The largest jobs of two users together, in service.
    fn largest(&self, users: &[User], one: usize, other: usize) -> f64 {
        let largest = |user: usize| {
            let costs = self.claimed.iter().filter(|job| job.user == user).map(|job| job.cost);
            costs.max().unwrap_or(0) as f64 / users[user].weight as f64
        };
        largest(one) + largest(other)
    }

    /// The largest difference between the services of two users over any stretch from a claim on.
    fn difference(&self, users: &[User], one: usize, other: usize) -> f64 {
        let from = users[one].comes.max(users[other].comes);
        let (mut ahead, mut least, mut most) = (0.0_f64, 0.0_f64, 0.0_f64);
        // who comes while a step is under way is served from the next on
        for job in self.claimed.iter().skip(from + self.slots) {
            let service = job.cost as f64 / users[job.user].weight as f64;
            if job.user == one {
                ahead += service;
            } else if job.user == other {
                ahead -= service;
            }
            (least, most) = (least.min(ahead), most.max(ahead));
        }
        most - least
    }
}

/// What the queue predicted of a claimed job: it knows better once it has seen others.
fn predicted(server: &mut Server, id: &str) -> i64 {
    let mut batch = server.batch(64);
    batch.call(&Call::Plain(vec!["HGET".to_owned(), keys::key("jobs"), id.to_owned()]));
    let Reply::Text(asked) = batch.send().remove(0) else { panic!("a record without its cost") };
    Asked::read(asked.as_bytes()).field("cost").unwrap().parse().unwrap()
}

/// How many claims a run has; nobody runs out of jobs before.
const CLAIMS: usize = 60;
/// An urgent job goes ahead of its turn by so much service.
const BOOST: f64 = 60_000.0;

fn user(urgent: bool) -> impl Strategy<Value = User> {
    let costs = proptest::collection::vec(1_i64..30_000, CLAIMS..=CLAIMS);
    (1_i64..=4, prop_oneof![Just(0), 0_usize..30], costs).prop_map(move |(weight, comes, costs)| User {
        weight,
        comes,
        costs,
        urgent,
    })
}

/// The users, the first of them from the beginning.
fn from_the_beginning(mut users: Vec<User>) -> Vec<User> {
    let first = users.iter().map(|user| user.comes).min().unwrap_or(0);
    for user in &mut users {
        user.comes -= first;
    }
    users
}

/// Runs a property on a server, with the same cases every time.
fn check<S: Strategy>(strategy: &S, mut property: impl FnMut(&mut Server, S::Value) -> Result<(), TestCaseError>) {
    let server = std::cell::RefCell::new(Server::start(&Texts::of_the_protocol(), &[64]));
    let property = std::cell::RefCell::new(&mut property);
    let config = Config { cases: 40, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(strategy, |value| property.borrow_mut()(&mut server.borrow_mut(), value));
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn two_users_who_wait_are_served_alike_but_for_a_largest_job_each() {
    let users = proptest::collection::vec(user(false), 2..=5);
    check(&(users, 1_usize..=4), |server, (users, slots)| {
        let users = from_the_beginning(users);
        let mut fleet = Fleet::new(server, slots);
        fleet.serve(&users, CLAIMS);
        for one in 0..users.len() {
            for other in 0..one {
                let (difference, bound) = (fleet.difference(&users, one, other), fleet.largest(&users, one, other));
                // tags are whole thousandths
                prop_assert!(difference <= bound + 1.0, "users {one}, {other}: {difference} apart, {bound} allowed");
            }
        }
        Ok(())
    });
}

#[test]
fn urgent_jobs_take_a_bounded_lead() {
    let users = (proptest::collection::vec(user(true), 1..=2), proptest::collection::vec(user(false), 2..=3));
    check(&(users, 1_usize..=4), |server, ((urgent, others), slots)| {
        let users = from_the_beginning([urgent, others].concat());
        let mut fleet = Fleet::new(server, slots);
        fleet.serve(&users, CLAIMS);
        for one in 0..users.len() {
            for other in 0..one {
                // also over one another: who comes later has its lead before it, the others had theirs
                let lead = if users[one].urgent || users[other].urgent { BOOST } else { 0.0 };
                let (difference, bound) =
                    (fleet.difference(&users, one, other), fleet.largest(&users, one, other) + lead);
                prop_assert!(difference <= bound + 1.0, "users {one}, {other}: {difference} apart, {bound} allowed");
            }
        }
        Ok(())
    });
}

#[test]
fn newcomers_are_served_in_the_order_in_which_they_came() {
    let mut server = Server::start(&Texts::of_the_protocol(), &[64]);
    let mut fleet = Fleet::new(&mut server, 1);
    let names: Vec<usize> = (0..60).map(|index| (index * 37 + 11) % 60).collect();
    // always more of them than the slot serves: two come for one that goes
    for pair in names.chunks(2) {
        for user in pair {
            fleet.submit(*user, 0, 1, false, &[1000]);
        }
        fleet.turn();
    }
    let first: Vec<usize> = fleet.claimed.iter().map(|job| job.user).collect();
    assert_eq!(first, names[..first.len()]);
    assert_eq!(first.len(), 30);
}

#[test]
fn a_user_with_500_times_the_jobs_gets_no_more_than_the_others() {
    let mut server = Server::start(&Texts::of_the_protocol(), &[64]);
    let mut fleet = Fleet::new(&mut server, 8);
    let (users, each) = (10, 40);
    let cost = |number: usize| 500 + i64::try_from(number * 7919 % 1000).unwrap();
    fleet.submit(0, 0, 1, false, &(0..500 * each).map(cost).collect::<Vec<_>>());
    for user in 1..users {
        fleet.submit(user, 0, 1, false, &(0..each).map(|job| cost(job + 31 * user)).collect::<Vec<_>>());
    }
    let mut left = vec![each; users];
    // as long as all of them wait
    while left[1..].iter().all(|left| *left > 1) {
        let before = fleet.claimed.len();
        fleet.turn();
        for job in &fleet.claimed[before..] {
            left[job.user] = left[job.user].saturating_sub(usize::from(job.user > 0));
        }
    }
    let service = |user| fleet.claimed.iter().filter(|job| job.user == user).map(|job| job.cost as f64).sum::<f64>();
    let services: Vec<f64> = (0..users).map(service).collect();
    let (sum, squares) = (services.iter().sum::<f64>(), services.iter().map(|each| each * each).sum::<f64>());
    let jain = sum * sum / (users as f64 * squares);
    assert!(jain >= 0.999, "Jain index {jain}: {services:?}");
}

#[test]
fn who_is_at_a_limit_keeps_no_slot_from_others() {
    // a user limit, a model's limit, and jobs of each user on both models
    let costs = proptest::collection::vec(1_i64..3000, 8..=20);
    let users = proptest::collection::vec((costs.clone(), costs), 2..=4);
    check(&(users, 2_usize..=6, 1_usize..=3, 1_usize..=3), |server, (users, slots, user_limit, model_limit)| {
        let mut fleet = Fleet::new(server, slots);
        fleet.limit("user_limit", "", user_limit);
        fleet.limit("model", "m0", model_limit);
        for (user, (one, other)) in users.iter().enumerate() {
            fleet.submit(user, 0, 1, false, one);
            fleet.submit(user, 1, 1, false, other);
        }
        let all = fleet.jobs.len();
        while fleet.claimed.len() < all {
            let ended = fleet.clock;
            fleet.turn();
            let running =
                |which: &dyn Fn(Job) -> bool| fleet.running.iter().filter(|(_, id, _)| which(fleet.jobs[id])).count();
            prop_assert!(running(&|job| job.model == 0) <= model_limit);
            for user in 0..users.len() {
                prop_assert!(running(&|job| job.user == user) <= user_limit);
                for model in 0..2 {
                    let of = |job: &Job| job.user == user && job.model == model;
                    let waits = fleet.jobs.values().filter(|job| of(job)).count()
                        > fleet.claimed.iter().filter(|job| of(job)).count();
                    let may = running(&|job| job.user == user) < user_limit
                        && (model == 1 || running(&|job| job.model == 0) < model_limit);
                    prop_assert!(
                        !(waits && may && fleet.running.len() < slots),
                        "an idle slot at {ended}: user {user}, model {model}"
                    );
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_job_starts_after_as_many_others_as_its_position_says() {
    // users with different numbers of like jobs, of whom some were served before anybody asks
    let users = proptest::collection::vec(1_usize..=6, 2..=9);
    check(&(users, 0_usize..=6), |server, (users, served)| {
        let mut fleet = Fleet::new(server, 1);
        for (user, jobs) in users.iter().enumerate() {
            fleet.submit(user, 0, 1, false, &vec![1000; *jobs]);
        }
        for _ in 0..served.min(fleet.jobs.len()) {
            fleet.turn();
        }
        let mut said = BTreeMap::new();
        for id in fleet.jobs.keys().cloned().collect::<Vec<_>>() {
            let Reply::List(position) = fleet.call(Verb::Position, std::slice::from_ref(&id)) else { panic!("{id}") };
            if let (Reply::Text(state), Reply::Int(mine), Reply::Int(others)) =
                (&position[0], &position[4], &position[5])
                && state == "waiting"
            {
                said.insert(id, usize::try_from(mine + others).unwrap());
            }
        }
        for rank in 0..said.len() {
            let before = fleet.running.clone();
            fleet.turn();
            let claimed = fleet.running.iter().find(|run| !before.contains(run)).map(|(_, id, _)| id.clone()).unwrap();
            prop_assert_eq!(said.get(&claimed), Some(&rank), "{} of {:?}", claimed, said);
        }
        Ok(())
    });
}
