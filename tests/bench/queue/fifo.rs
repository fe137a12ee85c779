//! Ours without fairness: the same lease, fence, record, trail and retention on one first-in-first-out list.
//!
//! What fairness costs is the difference: no line per user, no tags, no caps, no rate lanes, no estimates. Only this
//! bench runs it, with no-op jobs that need no heartbeat.

use crate::floor::Least;

/// Its scripts.
pub(crate) const LEAST: Least =
    Least { prefix: "{fifo}:", submit: include_str!("fifo/submit.lua"), step: include_str!("fifo/step.lua") };
