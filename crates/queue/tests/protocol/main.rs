//! The protocol against a real redis-server: every verb, every way a job can go.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the steps that tests share fail by panicking, as tests do"
)]

mod accounts;
#[path = "../asked/mod.rs"]
mod asked;
mod handing;
mod jobs;
mod ledger;
mod pace;
mod records;
#[path = "../server/mod.rs"]
mod server;
mod steering;
mod work;
