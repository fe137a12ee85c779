//! The queue through every fault of Redis, on every kind of server, against real ones.
//!
//! Times are printed where the project promises one (`cargo test -p atelier-queue --test faults -- --nocapture`), and
//! asserted with a bound that a busy machine keeps.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, as do the steps that tests share, and measured times are for people"
)]

#[path = "../asked/mod.rs"]
mod asked;
#[path = "../server/mod.rs"]
mod server;

mod cluster;
mod doors;
mod failover;
mod nodes;
mod outage;
mod proxy;
mod refusing;
mod users;
mod wire;
mod work;
