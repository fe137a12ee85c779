//! Asks services for pictures, videos and words: create, poll, adopt, cancel, download, classify failures.
//!
//! Invariants: a creation is never sent twice by this crate, whatever happens to its answer ([`StartError`] says whether
//! one may exist); what a provider says reaches the caller only as a [`Failure`] whose class is a decision and whose
//! detail is short and free of secrets; no type of the HTTP library crosses the border.
//! Deliberately absent: retries, sleeping between polls, persistence, any look into the pictures. Those belong to the
//! caller, which owns the job.
//!
//! [`Failure`]: atelier_domain::Failure

mod accounts;
pub mod comfy;
mod contract;
mod http;
pub mod openai;
mod pacing;
mod registry;
pub mod replicate;
pub mod sdapi;
pub mod service;
pub mod sketch;
mod text;

pub use accounts::{BadAccounts, Surroundings};
pub use contract::{BadHandle, Handle, ImageRef, Order, Output, OutputRef, Provider, StartError, Started, Status};
pub use pacing::{Questions, Usual, next_poll};
pub use registry::Providers;
