//! One file per verb: its flags, and the wiring of the rooms it needs.

pub(crate) mod bot;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod ledger;
pub(crate) mod metrics;
pub(crate) mod queue;
pub(crate) mod simulate;
pub(crate) mod up;
pub(crate) mod why;
pub(crate) mod worker;
