//! Asks an image service for pictures: create, poll, adopt, cancel, download, classify failures.
//!
//! Invariants: a creation is never sent twice by this crate, whatever happens to its answer ([`StartError`] says whether
//! one may exist); what a provider says reaches the caller only as a [`Failure`] whose class is a decision and whose
//! detail is short and free of secrets; no type of the HTTP library crosses the border.
//! Deliberately absent: retries, sleeping between polls, persistence, any look into the pictures. Those belong to the
//! caller, which owns the job.
//!
//! [`Failure`]: atelier_domain::Failure

mod contract;
mod pacing;
mod registry;
pub mod replicate;
pub mod sketch;
mod text;

pub use contract::{BadHandle, Handle, ImageRef, Order, Output, OutputRef, Provider, StartError, Started, Status};
pub use pacing::{next_poll, share};
pub use registry::Providers;
