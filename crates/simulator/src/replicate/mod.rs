//! The Replicate server.
